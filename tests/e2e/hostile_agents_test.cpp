// Agents that hold what others need, against the whole daemon: the others are served.
#include <gmock/gmock.h>

#include <deque>

#include "tests/e2e/checks.hpp"
#include "tests/e2e/ledger_watch.hpp"

namespace logdist::e2e {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

std::string head_of(std::size_t length) {
  return "POST /v1/packets HTTP/1.1\r\nHost: t\r\nContent-Type: application/json\r\nContent-Length: " +
         std::to_string(length) + "\r\n\r\n";
}

class HostileAgents : public testing::Test {
 protected:
  DaemonProcess start(Settings settings = {}) {
    settings.insert({{"ANALYZERS", analyzers_.setting()},
                     {"SERVER__HEADER_TIMEOUT", "1h"},
                     {"SERVER__BODY_TIMEOUT", "1h"},
                     {"SERVER__IDLE_TIMEOUT", "1h"},
                     {"DELIVERY__CALLER_RUNS_TIMEOUT", "1h"},
                     {"SHUTDOWN__GRACE", "1h"}});
    return DaemonProcess(std::move(settings));
  }

  Analyzers analyzers_;
};

TEST_F(HostileAgents, AnnouncedBodiesThatTrickleHoldUpNobody) {
  DaemonProcess daemon = start();
  std::deque<test::RawSocket> announcers;
  for (int i = 0; i < 13; ++i) announcers.emplace_back(daemon.packet_url()).send(head_of(10 * 1024 * 1024) + "[");
  ASSERT_TRUE(daemon.await([](const auto& status) { return status["connections"] == 13; }));
  std::size_t sent = 0;
  for (int round = 0; round < 5; ++round) {
    for (test::RawSocket& announcer : announcers) announcer.send("\"");
    const LoadPlan plan{.name = "round-" + std::to_string(round), .agents = 4, .packets_each = 10};
    expect_answers(send_all(daemon.packet_url(), plan), 202);
    sent += 40;
  }
  EXPECT_TRUE(daemon.await_delivered(sent));
  EXPECT_LE(daemon.status()["buffered_bytes"].get<std::size_t>(), 13u * 64 * 1024);
  daemon.expect_clean_end();  // does not wait its hour for them
}

TEST_F(HostileAgents, SilentConnectionsLockNobodyOut) {
  DaemonProcess daemon = start({{"SERVER__MAX_CONNECTIONS", "20"}});
  std::deque<test::RawSocket> silent;
  for (int i = 0; i < 60; ++i) silent.emplace_back(daemon.packet_url());
  expect_answers(send_all(daemon.packet_url(), {.agents = 4, .packets_each = 10}), 202);
  for (int i = 0; i < 60; ++i) silent.emplace_back(daemon.packet_url());
  expect_answers(send_all(daemon.packet_url(), {.name = "again", .agents = 4, .packets_each = 10}), 202);
  EXPECT_LE(daemon.status()["connections"].get<int>(), 20);
}

TEST_F(HostileAgents, TheDrainDoesNotWaitForThem) {
  DaemonProcess daemon = start();
  std::deque<test::RawSocket> stuck;
  for (const std::string& half : {std::string("POST /v1/pack"), head_of(100) + "[", head_of(10'000'000) + "["}) {
    for (int i = 0; i < 3; ++i) stuck.emplace_back(daemon.packet_url()).send(half);
  }
  const std::vector<Sent> sent = send_all(daemon.packet_url(), {.agents = 4, .packets_each = 10});
  expect_answers(sent, 202);
  daemon.process().terminate();
  EXPECT_EQ(daemon.process().wait_exit(patience), 0) << "its grace is an hour";
  expect_taken(analyzers_.ids(), ids_of(sent));
  for (test::RawSocket& agent : stuck) {
    const std::string answer = agent.read_to_end().value_or("");
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 503 "));
    EXPECT_THAT(answer, HasSubstr("Connection: close\r\n"));
  }
}

TEST_F(HostileAgents, ABodyAboveTheQueuesBytesWaitsForItsDelivery) {
  DaemonProcess daemon = start({{"QUEUE__MAX_BYTES", "1000"}});
  test::RawSocket agent(daemon.packet_url());
  const std::string large = "[\"" + std::string(2'000, 'x') + "\"]";
  agent.send(head_of(large.size()) + large);
  EXPECT_THAT(agent.read_until("\"messages\":1}"), StartsWith("HTTP/1.1 200 "));
  const std::string small = R"(["x"])";
  agent.send(head_of(small.size()) + small);
  EXPECT_THAT(agent.read_until("\"messages\":1}"), StartsWith("HTTP/1.1 202 "));
}

}  // namespace
}  // namespace logdist::e2e
