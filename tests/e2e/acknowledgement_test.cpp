// delivery.ack: delivered. The agent hears what became of its packet.
#include <gmock/gmock.h>

#include <array>

#include "tests/e2e/checks.hpp"
#include "tests/e2e/delivered.hpp"
#include "tests/e2e/ledger_watch.hpp"
#include "tests/e2e/raw_analyzer.hpp"
#include "tests/support/temporary_folder.hpp"

namespace logdist::e2e {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class Acknowledgement : public testing::Test {
 protected:
  DaemonProcess start(Settings settings = {}) {
    settings.insert({{"ANALYZERS", analyzers_.setting()}, {"DELIVERY__ACK", "delivered"}});
    return DaemonProcess(std::move(settings));
  }

  Analyzers analyzers_;
};

TEST_F(Acknowledgement, Is200OnlyAfterAnAnalyzersOwn) {
  DaemonProcess daemon = start();
  test::HttpClient client(daemon.packet_url());
  for (std::uint64_t packet = 1; packet <= 10; ++packet) {
    EXPECT_EQ(client.post("/v1/packets", R"(["a","b"])").status, 200u);
    EXPECT_EQ(analyzers_.packets(), packet) << "taken before it was acknowledged";
  }
  analyzers_.behave({.latency = 300ms});
  const TimePoint begun = Clock::now();
  EXPECT_EQ(client.post("/v1/packets", R"(["a"])", {{"Idempotency-Key", "slow"}}).body,
            R"({"packet_id":"slow","messages":1})");
  EXPECT_GE(Clock::now() - begun, 300ms);
  daemon.expect_clean_end();
}

TEST_F(Acknowledgement, HoldsUnderLoad) {
  DaemonProcess daemon = start();
  LoadPlan plan;
  plan.agents = 10;
  plan.packets_each = 20;
  plan.messages_max = 20;
  LedgerWatch watch(daemon.admin_url());
  const std::vector<Sent> sent = send_all(daemon.packet_url(), plan);
  expect_answers(sent, 200);
  expect_taken(analyzers_.ids(), ids_of(sent));
  expect_shares(analyzers_.messages(), analyzers_.weights(), plan.messages_max);
  ASSERT_TRUE(daemon.await_delivered(sent.size()));
  watch.expect_balanced();
  expect_books(daemon.metrics(), sent, analyzers_);
  daemon.expect_clean_end();
}

TEST_F(Acknowledgement, Is503WhenNoAnalyzerTakesThePacket) {
  analyzers_.stop_all();
  DaemonProcess daemon = start({{"DELIVERY__CALLER_RUNS_TIMEOUT", "500ms"}});
  test::HttpClient client(daemon.packet_url());
  const TimePoint begun = Clock::now();
  const test::HttpReply reply = client.post("/v1/packets", R"(["a"])");
  EXPECT_GE(Clock::now() - begun, 500ms);
  EXPECT_EQ(reply.status, 503u);
  EXPECT_EQ(reply.header("content-type"), "application/problem+json");
  EXPECT_THAT(reply.header("retry-after"), testing::MatchesRegex("[0-9]+"));
  const Samples samples = daemon.metrics();
  EXPECT_EQ(samples.packets("handed_back"), 1);
  EXPECT_EQ(samples.value("logdist_packets_handed_back_total"), 1);
  EXPECT_EQ(samples.imbalance(), "");
  daemon.expect_clean_end();
}

TEST_F(Acknowledgement, Is422AndADeadLetterWhenTwoAnalyzersRefuseThePacket) {
  const test::TemporaryFolder folder;
  analyzers_.behave({.status = 422});
  DaemonProcess daemon = start({{"DELIVERY__DEAD_LETTER", folder.file("dead")}});
  test::HttpClient client(daemon.packet_url());
  const std::string body = R"({"packet_id":"refused","messages":["ä\"\n",{"n":1}]})";
  const test::HttpReply reply = client.post("/v1/packets", body);
  EXPECT_EQ(reply.status, 422u);
  EXPECT_EQ(reply.header("content-type"), "application/problem+json");

  ASSERT_TRUE(eventually([&] { return !folder.lines("dead").empty(); }));
  const std::vector<std::string> lines = folder.lines("dead");
  ASSERT_EQ(lines.size(), 1u);
  const auto letter = nlohmann::json::parse(lines[0]);
  EXPECT_EQ(letter["packet_id"], "refused");
  EXPECT_EQ(letter["reason"], "refused");
  EXPECT_EQ(letter["messages"], 2);
  EXPECT_EQ(letter["content_type"], "application/json");
  EXPECT_EQ(letter["body"], body);
  std::uint64_t asked = 0;
  for (std::size_t i = 0; i < 3; ++i) asked += analyzers_.stats(i).requests;
  EXPECT_EQ(asked, 2u) << "a second analyzer is asked once";

  const Samples samples = daemon.metrics();
  EXPECT_EQ(samples.value(R"(logdist_packets_dead_lettered_total{reason="refused"})"), 1);
  EXPECT_EQ(samples.imbalance(), "");
  const nlohmann::json status = daemon.status();
  for (const auto& analyzer : status["analyzers"]) EXPECT_EQ(analyzer["failures"], 0) << analyzer;
  daemon.expect_clean_end();
}

TEST_F(Acknowledgement, APacketThatEveryAnalyzerFailsAtIsDeadLettered) {
  const test::TemporaryFolder folder;
  RawAnalyzer analyzer(folder.file("journal"));
  Manner failing;
  failing.answer = "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n";
  failing.takes = false;
  analyzer.behave_to("poison", failing);
  DaemonProcess daemon({{"ANALYZERS", "a=" + analyzer.url() + "/ weight=1"},
                        {"DELIVERY__ACK", "delivered"},
                        {"DELIVERY__CALLER_RUNS_TIMEOUT", "60s"},
                        {"DELIVERY__DEAD_LETTER", folder.file("dead")},
                        {"DELIVERY__MAX_ROUNDS", "2"},
                        {"DELIVERY__RETRY__INITIAL", "10ms"}});
  Load others(daemon.packet_url(), {.name = "wholesome", .packets_each = LoadPlan::endless, .packets_per_second = 50});
  test::HttpClient client(daemon.packet_url());
  EXPECT_EQ(client.post("/v1/packets", R"(["x"])", {{"Idempotency-Key", "poison"}}).status, 422u);
  others.stop();
  expect_answers(others.finish(), 200);
  ASSERT_TRUE(eventually([&] { return folder.lines("dead").size() == 1; }));
  EXPECT_THAT(folder.lines("dead")[0], HasSubstr(R"("reason":"max_rounds")"));
  EXPECT_EQ(daemon.metrics().imbalance(), "");
  daemon.expect_clean_end();
}

/// A daemon that is killed while many packets are under way to slow analyzers.
class KilledDaemon {
 public:
  /// What its agents hold a 2xx for, beside what analyzers took.
  Delivered live(const std::string& acknowledgement) {
    Manner slow;
    slow.byte_pause = 1ms;  // an answer takes tens of them
    std::string setting;
    for (RawAnalyzer& analyzer : analyzers_) {
      analyzer.behave(slow);
      setting += (setting.empty() ? "" : ", ") + std::to_string(analyzer.port()) + "=" + analyzer.url() + "/ weight=1";
    }
    DaemonProcess daemon(
        {{"ANALYZERS", setting}, {"DELIVERY__ACK", acknowledgement}, {"DELIVERY__MAX_CONNECTIONS", "2"}});
    LedgerWatch watch(daemon.admin_url());
    Load load(daemon.packet_url(), {.agents = 64, .packets_each = LoadPlan::endless, .messages_max = 20});
    EXPECT_TRUE(daemon.await([](const auto& status) {
      return status["ledger"]["delivered"]["packets"] > 100 && status["ledger"]["in_flight"]["packets"] > 20;
    }));
    daemon.process().signal(SIGKILL);
    EXPECT_EQ(daemon.process().wait_exit(patience), 128 + SIGKILL);
    load.stop();
    const std::vector<Sent> sent = load.finish();
    watch.expect_balanced_to_its_end();
    // Agents that are answered at once may all be between two requests: then what was lost shows that packets were.
    if (acknowledgement == "delivered") {
      EXPECT_FALSE(with_status(sent, 0).empty()) << "it was killed with packets under way";
    }
    return compare(sent, read_journal(folder_.file("journal")));
  }

 private:
  const test::TemporaryFolder folder_;
  std::array<RawAnalyzer, 2> analyzers_{RawAnalyzer{folder_.file("journal")}, RawAnalyzer{folder_.file("journal")}};
};

TEST_F(Acknowledgement, A200SurvivesAKilledDaemon) {
  const Delivered delivered = KilledDaemon().live("delivered");
  EXPECT_GT(delivered.accepted, 100u);
  EXPECT_THAT(delivered.lost, testing::IsEmpty());
  EXPECT_THAT(delivered.altered, testing::IsEmpty());
  EXPECT_THAT(delivered.invented, testing::IsEmpty());
}

/// Not promised, and the reason to ask for `delivered`. It shows that the test above bites, too.
TEST_F(Acknowledgement, A202IsLostWithAKilledDaemon) {
  EXPECT_THAT(KilledDaemon().live("queued").lost, testing::Not(testing::IsEmpty()));
}

}  // namespace
}  // namespace logdist::e2e
