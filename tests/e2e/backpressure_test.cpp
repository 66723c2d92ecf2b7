// A full queue holds the agents back, and nothing else.
#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <optional>
#include <set>

#include "tests/e2e/checks.hpp"
#include "tests/e2e/ledger_watch.hpp"

namespace logdist::e2e {
namespace {

using namespace std::chrono_literals;

Settings quick_health(Settings settings) {
  settings.insert({{"HEALTH__INTERVAL", "200ms"},
                   {"HEALTH__TIMEOUT", "500ms"},
                   {"HEALTH__BACKOFF__INITIAL", "100ms"},
                   {"HEALTH__BACKOFF__MAX", "500ms"},
                   {"HEALTH__SLOW_START", "0"},
                   {"DELIVERY__TIMEOUT", "1s"},
                   {"DELIVERY__RETRY__MAX", "200ms"}});
  return settings;
}

/// How long GET `target` takes, as a rule: a single one may wait for the processor.
Duration usual_time(const std::string& url, const std::string& target, unsigned status) {
  test::HttpClient client(url);
  std::array<Duration, 21> times{};
  for (Duration& time : times) {
    const TimePoint begun = Clock::now();
    EXPECT_EQ(client.get(target).status, status);
    time = Clock::now() - begun;
  }
  std::sort(times.begin(), times.end());
  return times[times.size() / 2];
}

TEST(Backpressure, AQueueOf50AcceptsJust50PacketsOfSilentAnalyzers) {
  Analyzers analyzers;
  analyzers.behave({.hang = true});
  DaemonProcess daemon(quick_health(
      {{"ANALYZERS", analyzers.setting()}, {"QUEUE__MAX_PACKETS", "50"}, {"DELIVERY__CALLER_RUNS_TIMEOUT", "3s"}}));
  LedgerWatch watch(daemon.admin_url());
  LoadPlan plan;
  plan.agents = 80;
  plan.messages_max = 10;
  Load load(daemon.packet_url(), plan);
  ASSERT_TRUE(daemon.await(
      [](const auto& status) { return status["queue"]["packets"] == 50 && status["totals"]["caller_runs"] == 30; }));
  // Every caller waits now, and no loop is blocked by that: neither the admin
  // port's nor the two that take packets in turn.
  EXPECT_LT(usual_time(daemon.admin_url(), "/healthz", 200), 100ms);
  EXPECT_LT(usual_time(daemon.packet_url(), "/elsewhere", 404), 100ms);
  EXPECT_LT(usual_time(daemon.packet_url(), "/elsewhere", 404), 100ms);
  EXPECT_EQ(load.answered(), 50u);

  const std::vector<Sent> sent = load.finish();
  const std::vector<Sent> accepted = with_status(sent, 202);
  const std::vector<Sent> held_back = with_status(sent, 503);
  EXPECT_EQ(accepted.size(), 50u);
  EXPECT_EQ(held_back.size(), 30u);
  expect_retry_after(held_back);
  for (const Sent& packet : held_back) EXPECT_GE(packet.elapsed, 2900ms) << packet.id;

  analyzers.behave({});
  ASSERT_TRUE(daemon.await_delivered(50));
  expect_taken(analyzers.ids(), ids_of(accepted));
  watch.expect_balanced();
  const Samples samples = daemon.metrics();
  EXPECT_EQ(samples.packets("handed_back"), 30);
  EXPECT_EQ(samples.messages("handed_back"), static_cast<double>(messages_of(held_back)));
  EXPECT_EQ(samples.messages("delivered"), static_cast<double>(messages_of(accepted)));
  EXPECT_EQ(samples.value("logdist_caller_runs_total"), 30);
  daemon.expect_clean_end();
}

TEST(Backpressure, TheNextRequestOfAWaitingConnectionIsNotRead) {
  Analyzers analyzers;
  analyzers.behave({.hang = true});
  DaemonProcess daemon(quick_health({{"ANALYZERS", analyzers.setting()}, {"QUEUE__MAX_PACKETS", "1"}}));
  const std::string request =
      "POST /v1/packets HTTP/1.1\r\nHost: t\r\nContent-Type: application/json\r\nContent-Length: 5\r\n\r\n[\"a\"]";
  test::RawSocket socket(daemon.packet_url());
  socket.send(request + request + request + request);
  EXPECT_THAT(socket.read_until("}"), testing::StartsWith("HTTP/1.1 202"));
  ASSERT_TRUE(daemon.await([](const auto& status) { return status["totals"]["caller_runs"] == 1; }));
  EXPECT_EQ(daemon.status()["totals"]["packets_received"], 2);

  analyzers.behave({});
  for (int i = 0; i < 3; ++i) EXPECT_THAT(socket.read_until("}"), testing::ContainsRegex("HTTP/1.1 20[02]"));
  ASSERT_TRUE(daemon.await_delivered(4));
  daemon.expect_clean_end();
}

TEST(Backpressure, AQueueThatHasDrainedGivesItsMemoryBack) {
  Analyzers analyzers;
  analyzers.behave({.hang = true});
  DaemonProcess daemon(quick_health({{"ANALYZERS", analyzers.setting()}, {"THREADS", "1"}}));
  const double quiet_bytes = resident_bytes(daemon);
  LoadPlan plan;
  plan.agents = 8;
  plan.packets_each = 150;
  plan.messages_min = plan.messages_max = 1000;
  const std::vector<Sent> sent = send_all(daemon.packet_url(), plan);
  expect_answers(sent, 202);
  const auto queued_bytes = daemon.status()["queue"]["bytes"].get<double>();
  ASSERT_GT(queued_bytes, 40e6);
  EXPECT_GT(resident_bytes(daemon), quiet_bytes + queued_bytes);

  analyzers.behave({});
  ASSERT_TRUE(daemon.await_delivered(sent.size()));
  // What a loop keeps for the next packets, and the edges of pages, may stay.
  expect_memory_back(daemon, quiet_bytes, (8 << 20) + queued_bytes / 4);
  daemon.expect_clean_end();
}

class AllDown : public testing::Test {
 protected:
  AllDown() {
    analyzers_.stop_all();
    daemon_.emplace(quick_health(
        {{"ANALYZERS", analyzers_.setting()}, {"QUEUE__MAX_PACKETS", "20"}, {"DELIVERY__CALLER_RUNS_TIMEOUT", "1s"}}));
  }

  Analyzers analyzers_;
  std::optional<DaemonProcess> daemon_;
};

TEST_F(AllDown, TheQueueFillsAndAgentsAreSentAway) {
  LedgerWatch watch(daemon_->admin_url());
  LoadPlan plan;
  plan.agents = 30;
  const std::vector<Sent> sent = send_all(daemon_->packet_url(), plan);
  const std::vector<Sent> accepted = with_status(sent, 202);
  EXPECT_EQ(accepted.size(), 20u);
  EXPECT_EQ(with_status(sent, 503).size(), 10u);
  expect_retry_after(with_status(sent, 503));
  EXPECT_TRUE(eventually([&] { return daemon_->readyz() == 503; }))
      << "no analyzer is in service and the queue is full";
  EXPECT_TRUE(daemon_->process().wait_for_line("no analyzer is in service: packets wait"));
  EXPECT_TRUE(daemon_->process().wait_for_line("the queue is full \\(20 packets"));
  EXPECT_TRUE(daemon_->process().wait_for_line("requests are handed back with 503"));
  EXPECT_EQ(daemon_->metrics().value("logdist_ready"), 0);
  EXPECT_GT(daemon_->metrics().value("logdist_oldest_packet_age_seconds"), 0);
  EXPECT_EQ(daemon_->status()["queue"]["packets"], 20);

  analyzers_.start(1);
  ASSERT_TRUE(daemon_->await_delivered(20));
  EXPECT_EQ(analyzers_.stats(1).packets, 20u) << "all to the one that came back";
  EXPECT_TRUE(eventually([&] { return daemon_->readyz() == 200; })) << "five seconds later";
  EXPECT_TRUE(daemon_->process().wait_for_line("an analyzer is in service again"));
  EXPECT_EQ(daemon_->metrics().value("logdist_ready"), 1);
  EXPECT_EQ(daemon_->metrics().value("logdist_oldest_packet_age_seconds"), 0);
  expect_taken(analyzers_.ids(), ids_of(accepted));
  watch.expect_balanced();
  daemon_->expect_clean_end();
}

TEST_F(AllDown, AgentsThatComeAgainLoseNothing) {
  LedgerWatch watch(daemon_->admin_url());
  test::Process agent(test::Process::log_distributor(
      {"agent", "--target", daemon_->packet_url(), "--packets", "60", "--batch", "7", "--connections", "6"}));
  ASSERT_TRUE(daemon_->await([](const auto& status) { return status["ledger"]["handed_back"]["packets"] > 0; }));
  analyzers_.start(0);
  analyzers_.start(2);
  EXPECT_EQ(agent.wait_exit(patience), 0) << agent.output() << agent.errors();
  EXPECT_THAT(agent.output(), testing::HasSubstr("packets    60 accepted, 0 rejected"));
  ASSERT_TRUE(daemon_->await_delivered(60));
  watch.expect_balanced();
  const std::vector<std::string> ids = analyzers_.ids();
  EXPECT_EQ(std::set(ids.begin(), ids.end()).size(), 60u);
  EXPECT_EQ(analyzers_.packets(), 60u);
  daemon_->expect_clean_end();
}

}  // namespace
}  // namespace logdist::e2e
