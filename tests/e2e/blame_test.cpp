// Packets that fail wherever they are asked for cost the others nothing, whatever
// the way they fail, and end as dead letters.
#include <gmock/gmock.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "tests/e2e/checks.hpp"
#include "tests/e2e/daemon_process.hpp"
#include "tests/e2e/delivered.hpp"
#include "tests/e2e/ledger_watch.hpp"
#include "tests/e2e/load.hpp"
#include "tests/e2e/raw_analyzer.hpp"
#include "tests/support/temporary_folder.hpp"

namespace logdist::e2e {
namespace {

using namespace std::chrono_literals;

/// A way of failing that a packet brings on.
struct Poison {
  std::string name;
  Manner manner;
  std::string reason = "max_rounds";  ///< of its dead letter
};

Manner answering(const std::string& status) {
  Manner manner;
  manner.answer = "HTTP/1.1 " + status + "\r\nContent-Length: 0\r\n\r\n";
  manner.takes = false;
  return manner;
}

Manner ending(const std::string& answer, Manner::Then then) {
  Manner manner;
  manner.answer = answer;
  manner.then = then;
  manner.takes = false;
  return manner;
}

Manner late(Manner manner) {
  manner.pause = 300ms;
  return manner;
}

std::vector<Poison> poisons() {
  return {{"InternalError", answering("500 Internal Server Error")},
          {"Forbidden", answering("403 Forbidden")},
          {"Moved", answering("302 Found")},
          {"HeaderTooLarge", answering("431 Request Header Fields Too Large"), "refused"},
          {"Dropped", ending("", Manner::Then::close)},
          {"Reset", ending("", Manner::Then::reset)},
          {"HalfAnAnswer", ending("HTTP/1.1 200 OK\r\nContent-Le", Manner::Then::close)},
          {"BrokenHttp", ending("220 smtp.example.com ESMTP\r\n\r\n", Manner::Then::close)},
          {"Silent", ending("", Manner::Then::hold)},
          {"LateError", late(answering("500 Internal Server Error"))},
          {"LateEnd", late(ending("", Manner::Then::close))}};
}

/// Some of which fail at once, some keep a slot for as long as they may.
std::vector<Poison> mixture() {
  std::vector<Poison> all = poisons();
  std::erase_if(all, [](const Poison& poison) { return poison.reason != "max_rounds"; });
  return all;
}

struct Room {
  std::string name;
  std::vector<Poison> poisons;
  std::size_t analyzers = 3;
  int threads = 1;
};

void PrintTo(const Room& room, std::ostream* out) { *out << room.name; }

/// Begins the ids of its packets.
std::string id_of(const Poison& poison) { return "bad-" + poison.name; }

bool some_are_silent(const Room& room) {
  return std::ranges::any_of(room.poisons, [](const Poison& poison) { return poison.name == "Silent"; });
}

bool all_are_slow(const Room& room) {
  return std::ranges::all_of(room.poisons, [](const Poison& poison) {
    return poison.manner.pause > Duration(0) || poison.manner.then == Manner::Then::hold;
  });
}

/// Analyzers that are well, and meet packets that are called as a poison as it says.
class PoisonRoom {
 public:
  explicit PoisonRoom(const Room& room) : daemon_(settings(room)) {}

  DaemonProcess& daemon() { return daemon_; }
  std::vector<std::string> dead_letters() const { return folder_.lines("dead"); }
  std::vector<Entry> journal() const { return read_journal(folder_.file("journal")); }

 private:
  Settings settings(const Room& room) {
    std::string analyzers;
    for (std::size_t i = 0; i < room.analyzers; ++i) {
      RawAnalyzer& made = *analyzers_.emplace_back(std::make_unique<RawAnalyzer>(folder_.file("journal")));
      for (const Poison& poison : room.poisons) made.behave_to(id_of(poison), poison.manner);
      analyzers += (i == 0 ? "" : ", ") + ("a" + std::to_string(i)) + "=" + made.url() + "/ weight=1";
    }
    return {{"ANALYZERS", analyzers},
            {"THREADS", std::to_string(room.threads)},
            {"DELIVERY__DEAD_LETTER", folder_.file("dead")},
            {"DELIVERY__MAX_ROUNDS", "3"},
            {"DELIVERY__RETRY__INITIAL", "10ms"},
            {"DELIVERY__RETRY__MAX", "100ms"},
            // What is never answered is given up; all else has more time than it needs.
            {"DELIVERY__TIMEOUT", some_are_silent(room) ? "500ms" : "60s"},
            // Slow attempts, ten at a time, take long; the smaller mixtures meet the budget all the same.
            {"DELIVERY__CIRCUIT__MAX_RETRIES", all_are_slow(room) || room.analyzers > 3 ? "1" : "0.2"},
            {"HEALTH__TIMEOUT", "60s"},
            {"HEALTH__INTERVAL", "5s"}};
  }

  const test::TemporaryFolder folder_;
  std::vector<std::unique_ptr<RawAnalyzer>> analyzers_;
  DaemonProcess daemon_;
};

std::size_t taken(const std::vector<Entry>& journal) {
  return static_cast<std::size_t>(std::ranges::count_if(journal, &Entry::taken));
}

class BlameOnTheWire : public testing::TestWithParam<Room> {};

TEST_P(BlameOnTheWire, GoodPacketsFlowAndBadOnesEndAsDeadLetters) {
  PoisonRoom room(GetParam());
  LedgerWatch watch(room.daemon().admin_url());
  // A fifth of all is bad as long as it is looked on.
  LoadPlan good{.name = "good", .agents = 8, .packets_each = LoadPlan::endless, .packets_per_second = 160};
  Load good_load(room.daemon().packet_url(), good);
  std::vector<std::unique_ptr<Load>> bad_loads;
  const std::size_t ways = GetParam().poisons.size();
  for (const Poison& poison : GetParam().poisons) {
    LoadPlan bad{.name = id_of(poison), .agents = ways == 1 ? 4u : 1u, .packets_each = LoadPlan::endless};
    bad.packets_per_second = 40.0 / static_cast<double>(ways);
    bad_loads.push_back(std::make_unique<Load>(room.daemon().packet_url(), bad));
  }

  // While bad ones keep coming the good ones do.
  for (std::size_t more = 100; more <= 400; more += 100) {
    ASSERT_TRUE(eventually([&] { return taken(room.journal()) >= more; })) << "good packets stand still at " << more;
  }
  std::size_t all_bad = 0;
  for (const auto& bad_load : bad_loads) {
    bad_load->stop();
    const std::size_t sent = bad_load->finish().size();
    ASSERT_GT(sent, 0u);
    all_bad += sent;
  }
  // And while good ones do the bad ones come to their end.
  ASSERT_TRUE(eventually([&] { return room.dead_letters().size() >= all_bad; }))
      << room.dead_letters().size() << " of " << all_bad << " are dead letters";
  good_load.stop();
  const std::vector<Sent> all_good = good_load.finish();
  ASSERT_TRUE(room.daemon().await_delivered(all_good.size()));
  watch.expect_balanced();
  room.daemon().expect_clean_end();

  for (const std::string& line : room.dead_letters()) {
    const auto letter = nlohmann::json::parse(line);
    EXPECT_TRUE(letter["packet_id"].get<std::string>().starts_with("bad")) << line;
    EXPECT_EQ(letter["reason"], GetParam().poisons.front().reason) << line;
  }
  const Delivered delivered = compare(all_good, room.journal());
  EXPECT_THAT(delivered.lost, testing::IsEmpty());
  EXPECT_THAT(delivered.altered, testing::IsEmpty());
}

std::vector<Room> rooms() {
  std::vector<Room> all;
  for (const Poison& poison : poisons()) {
    all.push_back({poison.name, {poison}, 3, 1});
    all.push_back({poison.name, {poison}, 3, 2});
  }
  for (const char* name : {"InternalError", "Reset"}) {
    const auto with_name = [name](const Poison& poison) { return poison.name == name; };
    const std::vector<Poison> known = poisons();
    all.push_back({name, {*std::ranges::find_if(known, with_name)}, 2, 1});
    all.push_back({name, {*std::ranges::find_if(known, with_name)}, 20, 2});
  }
  all.push_back({"Mixed", mixture(), 2, 1});
  all.push_back({"Mixed", mixture(), 3, 2});
  all.push_back({"Mixed", mixture(), 20, 2});
  return all;
}

INSTANTIATE_TEST_SUITE_P(Ways, BlameOnTheWire, testing::ValuesIn(rooms()), [](const auto& one) {
  return one.param.name + "_" + std::to_string(one.param.analyzers) + "_analyzers_" +
         std::to_string(one.param.threads) + "_loops";
});

/// No good ones come any more, so nothing shows that the bad ones are to blame: they
/// are kept when the grace is over, and the good ones are delivered before.
TEST(BlameOnTheWire, TheDrainEndsInTimeWithPoisonInTheQueue) {
  const test::TemporaryFolder folder;
  RawAnalyzer analyzer(folder.file("journal"));
  analyzer.behave_to("bad", answering("500 Internal Server Error"));
  DaemonProcess daemon({{"ANALYZERS", "a=" + analyzer.url() + "/ weight=1"},
                        {"DELIVERY__DEAD_LETTER", folder.file("dead")},
                        {"DELIVERY__MAX_ROUNDS", "1000"},
                        {"DELIVERY__RETRY__INITIAL", "10ms"},
                        {"HEALTH__BACKOFF__INITIAL", "20ms"},  // the bad ones come first, and look like an outage
                        {"HEALTH__BACKOFF__MAX", "100ms"},
                        {"SHUTDOWN__GRACE", "3s"}});
  expect_answers(send_all(daemon.packet_url(), {.name = "bad", .agents = 5, .packets_each = 20}), 202);
  expect_answers(send_all(daemon.packet_url(), {.name = "good", .agents = 5, .packets_each = 20}), 202);
  daemon.process().terminate();
  EXPECT_EQ(daemon.process().wait_exit(patience), 2) << daemon.process().errors();
  EXPECT_EQ(taken(read_journal(folder.file("journal"))), 100u);
  EXPECT_EQ(folder.lines("dead").size(), 100u);
  for (const std::string& line : folder.lines("dead")) {
    EXPECT_THAT(line, testing::HasSubstr(R"("packet_id":"bad)"));
    EXPECT_THAT(line, testing::HasSubstr(R"("reason":"shutdown")"));
  }
}

/// An outage of all, however long, makes no dead letter of what waits.
TEST(BlameOnTheWire, AnOutageMakesNoDeadLetters) {
  const test::TemporaryFolder folder;
  RawAnalyzer analyzer(folder.file("journal"));
  analyzer.behave(answering("500 Internal Server Error"));
  DaemonProcess daemon({{"ANALYZERS", "a=" + analyzer.url() + "/ weight=1"},
                        {"DELIVERY__DEAD_LETTER", folder.file("dead")},
                        {"DELIVERY__MAX_ROUNDS", "1"},
                        {"DELIVERY__RETRY__INITIAL", "1ms"},
                        {"DELIVERY__RETRY__MAX", "5ms"},
                        {"HEALTH__PATH", ""},
                        {"HEALTH__BACKOFF__INITIAL", "1ms"},
                        {"HEALTH__BACKOFF__MAX", "5ms"}});
  expect_answers(send_all(daemon.packet_url(), {.name = "p", .agents = 5, .packets_each = 4}), 202);
  ASSERT_TRUE(eventually([&] { return read_journal(folder.file("journal")).size() > 200; }));
  EXPECT_THAT(folder.lines("dead"), testing::IsEmpty());
  analyzer.behave({});
  ASSERT_TRUE(daemon.await_delivered(20));
  daemon.expect_clean_end();
}

}  // namespace
}  // namespace logdist::e2e
