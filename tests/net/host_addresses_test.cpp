// Addresses of an analyzer, told on its loop.
#include "logdist/net/host_addresses.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <thread>

#include <boost/asio/executor_work_guard.hpp>

#include "tests/net/scripted_names.hpp"

namespace logdist::net {
namespace {

using boost::asio::ip::make_address;
using boost::asio::ip::tcp;
using boost::system::error_code;

class HostAddressesTest : public ::testing::Test {
 protected:
  HostAddressesTest() { scripted.set("analyzer", {"127.0.0.1", "::1"}); }

  HostAddresses::Handler handler() {
    return [this](const error_code& error, const Endpoints& endpoints) {
      EXPECT_EQ(std::this_thread::get_id(), test_thread);
      last_error = error;
      last = endpoints;
      ++told;
    };
  }
  /// Runs the loop until so many handlers have been called.
  bool run_until_told(std::size_t times) {
    io->restart();
    const auto work = boost::asio::make_work_guard(*io);
    const TimePoint limit = Clock::now() + std::chrono::seconds(30);
    while (told < times && io->run_one_until(limit) > 0) {
    }
    return told == times;
  }

  const std::thread::id test_thread = std::this_thread::get_id();
  const Endpoints found{{make_address("127.0.0.1"), 9101}, {make_address("::1"), 9101}};
  ScriptedNames scripted;
  NameResolver names{scripted.lookup()};
  std::optional<boost::asio::io_context> io{1};
  std::size_t told = 0;
  error_code last_error;
  Endpoints last;
};

TEST_F(HostAddressesTest, AnAddressIsKnownAtOnceAndNeverLookedUp) {
  for (const char* host : {"127.0.0.1", "::1"}) {
    HostAddresses addresses(*io, names, host, "9101");
    addresses.resolve(Clock::now(), handler());
    addresses.forget();
    addresses.resolve(Clock::now(), handler());
    EXPECT_EQ(last, Endpoints({tcp::endpoint(make_address(host), 9101)}));
    EXPECT_EQ(scripted.asked(host), 0u);
  }
  EXPECT_EQ(told, 4u);
  EXPECT_EQ(io->poll(), 0u);
}

TEST_F(HostAddressesTest, ANameIsToldOnTheLoopAndThenAtOnce) {
  HostAddresses addresses(*io, names, "analyzer", "9101");
  for (int asker = 0; asker < 3; ++asker) addresses.resolve(Clock::now(), handler());
  EXPECT_EQ(told, 0u);
  ASSERT_TRUE(run_until_told(3));
  EXPECT_FALSE(last_error);
  EXPECT_EQ(last, found);
  addresses.resolve(Clock::now(), handler());
  EXPECT_EQ(told, 4u);
  EXPECT_EQ(scripted.asked("analyzer"), 1u);
}

TEST_F(HostAddressesTest, LoopsAndPortsShareWhatIsKnownOfAName) {
  HostAddresses first(*io, names, "analyzer", "9101");
  HostAddresses second(*io, names, "analyzer", "9102");
  first.resolve(Clock::now(), handler());
  ASSERT_TRUE(run_until_told(1));
  second.resolve(Clock::now(), handler());
  EXPECT_EQ(told, 2u);
  EXPECT_EQ(last, Endpoints({{make_address("127.0.0.1"), 9102}, {make_address("::1"), 9102}}));
  second.forget();
  first.resolve(Clock::now(), handler());
  EXPECT_EQ(told, 2u) << "it looks anew";
  ASSERT_TRUE(run_until_told(3));
  EXPECT_EQ(scripted.asked("analyzer"), 2u);
}

TEST_F(HostAddressesTest, AHandlerMayAskAgain) {
  HostAddresses addresses(*io, names, "nowhere", "9101");
  addresses.resolve(Clock::now(), [&](const error_code& error, const Endpoints& none) {
    handler()(error, none);
    addresses.resolve(Clock::now(), handler());
  });
  ASSERT_TRUE(run_until_told(2));
  EXPECT_EQ(last_error, error_code(boost::asio::error::host_not_found));
  EXPECT_TRUE(last.empty());
  EXPECT_EQ(scripted.asked("nowhere"), 2u);
}

TEST_F(HostAddressesTest, AnAnswerAfterTheAskersEndIsHarmless) {
  std::optional<HostAddresses> addresses(std::in_place, *io, names, "analyzer", "9101");
  NameAnswer told_next;
  {
    const ScriptedNames::Silence silence(scripted, "analyzer");
    addresses->resolve(Clock::now(), handler());
    names.find("analyzer", Clock::now(), told_next.handler());
    addresses.reset();
    io.reset();
  }
  EXPECT_FALSE(told_next.get().first);
  EXPECT_EQ(told, 0u);
}

TEST_F(HostAddressesTest, AnAnswerOnItsWayToAStoppedAskerIsDropped) {
  HostAddresses addresses(*io, names, "analyzer", "9101");
  NameAnswer told_next;
  {
    const ScriptedNames::Silence silence(scripted, "analyzer");
    addresses.resolve(Clock::now(), handler());
    names.find("analyzer", Clock::now(), told_next.handler());
  }
  EXPECT_FALSE(told_next.get().first);
  addresses.stop();
  EXPECT_EQ(io->poll(), 1u) << "it was on its way";
  EXPECT_EQ(told, 0u);
}

}  // namespace
}  // namespace logdist::net
