// Packets that fill the memory of a durable queue, and cannot be delivered now, cost those behind them nothing.
#include <gmock/gmock.h>

#include <algorithm>
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
using testing::IsEmpty;

/// What an analyzer does with a packet that is called "bad…".
struct Way {
  std::string name;
  std::string answer;  ///< empty: it closes
};

void PrintTo(const Way& way, std::ostream* out) { *out << way.name; }

Manner manner_of(const Way& way) {
  Manner manner;
  manner.takes = false;
  manner.answer = way.answer;
  if (way.answer.empty()) manner.then = Manner::Then::close;
  return manner;
}

const Way internal_error{"InternalError", "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n"};

/// Two analyzers that are well, and a queue on the disk with ten places in memory.
class FullOf : public testing::Test {
 protected:
  void behave_to_bad(const Manner& manner) {
    for (RawAnalyzer* const analyzer : {&a_, &b_}) analyzer->behave_to("bad", manner);
  }
  Settings settings(Settings more = {}) const {
    more.insert({{"ANALYZERS", "a=" + a_.url() + "/ weight=1, b=" + b_.url() + "/ weight=1"},
                 {"QUEUE__STORAGE", "disk"},
                 {"QUEUE__DIRECTORY", folder_.file("queue")},
                 {"QUEUE__SEGMENT_SIZE", "256KiB"},
                 {"QUEUE__MAX_PACKETS", "10"},
                 {"THREADS", "2"},
                 {"DELIVERY__DEAD_LETTER", folder_.file("dead")},
                 {"DELIVERY__MAX_ROUNDS", "3"},
                 {"DELIVERY__RETRY__INITIAL", "10ms"},
                 {"DELIVERY__RETRY__MAX", "100ms"},
                 {"DELIVERY__TIMEOUT", "60s"},
                 {"HEALTH__BACKOFF__INITIAL", "20ms"},  // the bad ones come first, and look like an outage
                 {"HEALTH__BACKOFF__MAX", "100ms"}});
    return more;
  }
  std::vector<Sent> send(DaemonProcess& daemon, const std::string& name, std::size_t each) const {
    const std::vector<Sent> sent = send_all(daemon.packet_url(), {.name = name, .agents = 4, .packets_each = each});
    expect_answers(sent, 202);
    return sent;
  }
  std::size_t taken() const {
    return static_cast<std::size_t>(std::ranges::count_if(read_journal(folder_.file("journal")), &Entry::taken));
  }
  bool await_taken(std::size_t packets) const {
    return eventually([&] { return taken() >= packets; });
  }
  void expect_none_is_missing(const std::vector<Sent>& sent) const {
    const Delivered delivered =
        compare(sent, read_journal(folder_.file("journal")), dead_letter_ids(folder_.lines("dead")));
    EXPECT_THAT(delivered.lost, IsEmpty());
    EXPECT_THAT(delivered.altered, IsEmpty());
    EXPECT_THAT(delivered.invented, IsEmpty());
  }

  const test::TemporaryFolder folder_;
  RawAnalyzer a_{folder_.file("journal")};
  RawAnalyzer b_{folder_.file("journal")};
};

class FullOfBadOnes : public FullOf, public testing::WithParamInterface<Way> {};

TEST_P(FullOfBadOnes, TheOthersAreDeliveredAndTheBadOnesLater) {
  behave_to_bad(manner_of(GetParam()));
  DaemonProcess daemon(settings({{"DELIVERY__MAX_ROUNDS", "1000000"}}));
  LedgerWatch watch(daemon.admin_url());
  std::vector<Sent> sent = send(daemon, "bad", 10);
  const std::vector<Sent> good = send(daemon, "good", 25);
  sent.insert(sent.end(), good.begin(), good.end());
  EXPECT_TRUE(await_taken(100)) << taken() << " of 100";
  EXPECT_LE(daemon.metrics().value("logdist_queue_packets"), 10);
  behave_to_bad({});
  ASSERT_TRUE(daemon.await_delivered(140)) << daemon.status()["ledger"];
  watch.expect_balanced();
  EXPECT_EQ(daemon.metrics().packets("spilled"), 0);
  daemon.expect_clean_end();
  expect_none_is_missing(sent);
  EXPECT_THAT(folder_.lines("dead"), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(Ways, FullOfBadOnes,
                         testing::Values(internal_error, Way{"Dropped", ""},
                                         Way{"AlwaysPaused",
                                             "HTTP/1.1 429 Too Many Requests\r\nContent-Length: 0\r\n\r\n"}),
                         [](const auto& one) { return one.param.name; });

TEST_F(FullOf, PoisonThatWasParkedEndsAsADeadLetterWithItsAnswers) {
  behave_to_bad(manner_of(internal_error));
  DaemonProcess daemon(settings());
  LedgerWatch watch(daemon.admin_url());
  std::vector<Sent> sent = send(daemon, "bad", 10);
  Load load(daemon.packet_url(),
            {.name = "good", .agents = 2, .packets_each = LoadPlan::endless, .packets_per_second = 100});
  EXPECT_TRUE(eventually([&] { return folder_.lines("dead").size() >= 40; })) << folder_.lines("dead").size();
  load.stop();
  const std::vector<Sent> good = load.finish();
  sent.insert(sent.end(), good.begin(), good.end());
  ASSERT_TRUE(daemon.await_delivered(good.size()));
  watch.expect_balanced();
  daemon.expect_clean_end();
  for (const std::string& line : folder_.lines("dead")) {
    const auto letter = nlohmann::json::parse(line);
    EXPECT_EQ(letter["reason"], "max_rounds");
    EXPECT_GE(letter["attempts"], 3) << "a round that counts has one at least: " << line;
    ASSERT_FALSE(letter["analyzers"].empty()) << line;
    EXPECT_EQ(letter["analyzers"][0]["status"], 500) << line;
  }
  expect_none_is_missing(sent);
}

TEST_F(FullOf, AfterAKillTheOthersAreDeliveredToo) {
  behave_to_bad(manner_of(internal_error));
  std::vector<Sent> sent;
  {
    DaemonProcess daemon(settings());
    sent = send(daemon, "bad", 2);  // less than the memory holds, more than half of it
    daemon.process().signal(SIGKILL);
    EXPECT_EQ(daemon.process().wait_exit(patience), 128 + SIGKILL);
  }
  DaemonProcess daemon(settings({{"DELIVERY__MAX_ROUNDS", "1000000"}}));
  const std::vector<Sent> good = send(daemon, "good", 25);
  EXPECT_TRUE(await_taken(100)) << taken() << " of 100";
  behave_to_bad({});
  ASSERT_TRUE(daemon.await_delivered(108));
  daemon.expect_clean_end();
}

TEST_F(FullOf, AStopLeavesWhatIsParkedOnTheDisk) {
  behave_to_bad(manner_of(internal_error));
  std::vector<Sent> sent;
  {
    DaemonProcess daemon(settings({{"SHUTDOWN__GRACE", "100ms"}, {"DELIVERY__MAX_ROUNDS", "1000000"}}));
    sent = send(daemon, "bad", 10);
    const std::vector<Sent> good = send(daemon, "good", 10);
    sent.insert(sent.end(), good.begin(), good.end());
    EXPECT_TRUE(await_taken(40));
    daemon.process().terminate();
    EXPECT_EQ(daemon.process().wait_exit(patience), 2);
    EXPECT_THAT(daemon.process().errors(), testing::HasSubstr("40 accepted packets could not be delivered"));
  }
  behave_to_bad({});
  DaemonProcess daemon(settings());
  ASSERT_TRUE(daemon.await_delivered(40));
  daemon.expect_clean_end();
  expect_none_is_missing(sent);
  EXPECT_THAT(folder_.lines("dead"), IsEmpty());
}

/// An analyzer for each of two formats, of which one is down.
TEST_F(FullOf, AFormatThatNobodyTakesNowCostsTheOthersNothing) {
  Manner closed;
  closed.listens = false;
  b_.behave(closed);
  const std::string file = folder_.file("config.yaml");
  folder_.write("config.yaml", "analyzers:\n- {name: a, url: '" + a_.url() +
                                   "/', weight: 1, formats: [packet]}\n- {name: b, url: '" + b_.url() +
                                   "/', weight: 1, formats: [gelf]}\n");
  Settings own = settings();
  own.erase("ANALYZERS");
  DaemonProcess daemon(own, {.config_file = file});
  LedgerWatch watch(daemon.admin_url());
  test::HttpClient client(daemon.packet_url());
  for (int i = 0; i < 30; ++i) {
    ASSERT_EQ(client.post("/gelf", R"({"version":"1.1","host":"h","short_message":"m"})").status, 202u);
  }
  send(daemon, "good", 25);
  EXPECT_TRUE(await_taken(100)) << taken() << " of 100";
  b_.behave({});
  ASSERT_TRUE(daemon.await_delivered(130));
  watch.expect_balanced();
  daemon.expect_clean_end();
}

}  // namespace
}  // namespace logdist::e2e
