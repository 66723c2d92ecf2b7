// Whether the conservation check bites: a daemon whose ledger misses one event
// must show it on /metrics, and a whole one must not.
#include <gtest/gtest.h>

#include "tests/e2e/checks.hpp"

namespace logdist::e2e {
namespace {

TEST(Conservation, AnEventThatIsNotCountedShowsAsAnImbalance) {
  Analyzers analyzers;
  DaemonProcess daemon({{"ANALYZERS", analyzers.setting()}}, {.program = LOGDIST_BINARY_WITHOUT_DELIVERED});
  const std::vector<Sent> sent = send_all(daemon.packet_url(), {.agents = 5, .packets_each = 4, .messages_max = 9});
  expect_answers(sent, 202);
  ASSERT_TRUE(eventually([&] { return analyzers.packets() == sent.size(); }));
  // Its queue is kept by other books, which tell when all is settled.
  ASSERT_TRUE(daemon.await([](const auto& status) { return status["queue"]["packets"] == 0; }));
  const Samples samples = daemon.metrics();
  EXPECT_EQ(samples.value("logdist_ledger_imbalance_packets"), static_cast<double>(sent.size()));
  EXPECT_EQ(samples.value("logdist_ledger_imbalance_messages"), static_cast<double>(messages_of(sent)));
  EXPECT_NE(samples.imbalance(), "") << "what the other tests go by";
  EXPECT_EQ(daemon.status()["ledger"]["imbalance"]["packets"], sent.size());
}

}  // namespace
}  // namespace logdist::e2e
