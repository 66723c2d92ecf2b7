// Names looked up by threads of their own.
#include "logdist/net/name_resolver.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>

#include "tests/net/scripted_names.hpp"

namespace logdist::net {
namespace {

using boost::asio::ip::make_address;
using boost::system::error_code;

class NameResolverTest : public ::testing::Test {
 protected:
  const TimePoint start = Clock::now();
  ScriptedNames scripted;
};

TEST_F(NameResolverTest, TellsTheAddressesOrTheError) {
  scripted.set("both", {"127.0.0.1", "::1"});
  NameResolver names(scripted.lookup());
  NameAnswer found;
  NameAnswer missing;
  EXPECT_FALSE(names.find("both", start, found.handler()));
  EXPECT_FALSE(names.find("nowhere", start, missing.handler()));
  EXPECT_EQ(found.get(), std::pair(error_code(), Addresses({make_address("127.0.0.1"), make_address("::1")})));
  EXPECT_EQ(missing.get().first, error_code(boost::asio::error::host_not_found));
}

TEST_F(NameResolverTest, NoAddressesAreAnError) {
  NameResolver names([](const std::string&, error_code&) { return Addresses(); });
  NameAnswer answer;
  names.find("empty", start, answer.handler());
  EXPECT_EQ(answer.get().first, error_code(boost::asio::error::host_not_found));
}

TEST_F(NameResolverTest, ASilentNameHoldsUpNoOther) {
  for (const char* host : {"silent", "first", "second"}) scripted.set(host, {"127.0.0.1"});
  NameResolver names(scripted.lookup());
  NameAnswer late;
  {
    const ScriptedNames::Silence silence(scripted, "silent");
    names.find("silent", start, late.handler());
    ASSERT_TRUE(scripted.wait_until_asked("silent", 1));
    for (const char* host : {"first", "second"}) {
      NameAnswer answer;
      names.find(host, start, answer.handler());
      EXPECT_FALSE(answer.get().first) << host;
    }
    EXPECT_FALSE(late.told());
  }
  EXPECT_FALSE(late.get().first);
}

TEST_F(NameResolverTest, ThoseWhoAskMeanwhileShareTheLookUp) {
  scripted.set("name", {"127.0.0.1"});
  NameResolver names(scripted.lookup());
  std::deque<NameAnswer> answers(5);
  {
    const ScriptedNames::Silence silence(scripted, "name");
    for (NameAnswer& answer : answers) names.find("name", start, answer.handler());
    ASSERT_TRUE(scripted.wait_until_asked("name", 1));
  }
  for (NameAnswer& answer : answers) EXPECT_EQ(answer.get().second, Addresses({make_address("127.0.0.1")}));
  EXPECT_EQ(scripted.asked("name"), 1u);
}

TEST_F(NameResolverTest, RemembersAnAnswerForAWhileUnlessToldToForget) {
  scripted.set("name", {"127.0.0.1"});
  NameResolver names(scripted.lookup());
  NameAnswer first;
  names.find("name", start, first.handler());
  EXPECT_FALSE(first.get().first);
  const TimePoint found_by = Clock::now();
  NameAnswer never_told;
  EXPECT_EQ(names.find("name", start + NameResolver::kept_for, never_told.handler()),
            Addresses({make_address("127.0.0.1")}));

  scripted.set("name", {"127.0.0.2"});
  NameAnswer stale;
  EXPECT_FALSE(names.find("name", found_by + NameResolver::kept_for, stale.handler()));
  EXPECT_EQ(stale.get().second, Addresses({make_address("127.0.0.2")}));

  names.forget("name");
  NameAnswer forgotten;
  EXPECT_FALSE(names.find("name", start, forgotten.handler()));
  EXPECT_FALSE(forgotten.get().first);
  EXPECT_EQ(scripted.asked("name"), 3u);
  EXPECT_FALSE(never_told.told());
}

TEST_F(NameResolverTest, NamesOfThoseThatCameAndWentAreNotKept) {
  NameResolver names([](const std::string&, error_code&) { return Addresses{make_address("127.0.0.1")}; });
  std::size_t most = 0;
  for (int i = 0; i < 1'000; ++i) {
    NameAnswer answer;
    const TimePoint later = start + i * 2 * NameResolver::kept_for;
    names.find("pod-" + std::to_string(i), later, answer.handler());
    answer.get();
    most = std::max(most, names.size());
  }
  EXPECT_LE(most, 64u);
  EXPECT_GE(most, 2u);
}

TEST_F(NameResolverTest, RemembersNoFailure) {
  NameResolver names(scripted.lookup());
  NameAnswer failure;
  names.find("name", start, failure.handler());
  EXPECT_TRUE(failure.get().first);
  scripted.set("name", {"127.0.0.1"});
  NameAnswer success;
  EXPECT_FALSE(names.find("name", start, success.handler()));
  EXPECT_FALSE(success.get().first);
}

TEST_F(NameResolverTest, NamesBeyondTheThreadsWaitForOne) {
  const auto host = [](std::size_t index) { return "name-" + std::to_string(index); };
  NameResolver names(scripted.lookup());
  std::deque<NameAnswer> answers(NameResolver::threads_max + 1);
  {
    std::deque<ScriptedNames::Silence> silences;
    for (std::size_t index = 0; index < answers.size(); ++index) {
      silences.emplace_back(scripted, host(index));
      names.find(host(index), start, answers[index].handler());
    }
    for (std::size_t index = 0; index < NameResolver::threads_max; ++index) {
      ASSERT_TRUE(scripted.wait_until_asked(host(index), 1));
    }
    EXPECT_EQ(scripted.asked(host(NameResolver::threads_max)), 0u);
    silences.pop_front();
    EXPECT_TRUE(answers.front().get().first) << "it has no addresses";
    EXPECT_TRUE(scripted.wait_until_asked(host(NameResolver::threads_max), 1));
  }
  EXPECT_TRUE(answers.back().get().first);
}

TEST_F(NameResolverTest, ItsEndWaitsForNoLookUpAndTellsNobody) {
  for (const char* host : {"silent", "quick"}) scripted.set(host, {"127.0.0.1"});
  std::optional<ScriptedNames::Silence> silence(std::in_place, scripted, "silent");
  std::optional<NameResolver> names(scripted.lookup());
  NameAnswer quick;
  names->find("quick", start, quick.handler());
  EXPECT_FALSE(quick.get().first);
  std::weak_ptr<int> handlers_part;
  {
    const auto part = std::make_shared<int>();
    handlers_part = part;
    names->find("silent", start,
                [part](const error_code&, const Addresses&) { ADD_FAILURE() << "told after the end"; });
  }
  ASSERT_TRUE(scripted.wait_until_asked("silent", 1));
  names.reset();
  EXPECT_TRUE(handlers_part.expired()) << "what waits is dropped at once";
  silence.reset();
}

TEST_F(NameResolverTest, TheSystemKnowsThisMachine) {
  NameResolver names;
  NameAnswer answer;
  names.find("localhost", start, answer.handler());
  const auto [error, addresses] = answer.get();
  ASSERT_FALSE(error) << error.message();
  for (const auto& address : addresses) EXPECT_TRUE(address.is_loopback()) << address;
}

TEST_F(NameResolverTest, TheSystemDoesNotKnowAnInvalidName) {
  error_code error;
  EXPECT_TRUE(system_lookup("no such name", error).empty());
  EXPECT_TRUE(error);
}

}  // namespace
}  // namespace logdist::net
