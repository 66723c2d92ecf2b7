#include "tests/e2e/scenario.hpp"

#include <gtest/gtest.h>

#include "tests/e2e/checks.hpp"
#include "tests/e2e/ledger_watch.hpp"

namespace logdist::e2e {

void run(const Scenario& scenario) {
  Analyzers analyzers;
  DaemonProcess daemon({{"ANALYZERS", analyzers.setting()}, {"THREADS", std::to_string(scenario.threads)}});
  LedgerWatch watch(daemon.admin_url());
  const std::vector<Sent> sent = send_all(daemon.packet_url(), scenario.plan);
  EXPECT_EQ(sent.size(), scenario.plan.agents * scenario.plan.packets_each);
  expect_answers(sent, 202);
  EXPECT_TRUE(daemon.await_delivered(sent.size()));
  watch.expect_balanced();
  expect_taken(analyzers.ids(), ids_of(sent));
  expect_shares(analyzers.messages(), analyzers.weights(), scenario.plan.messages_max);
  expect_books(daemon.metrics(), sent, analyzers);
  daemon.expect_clean_end();
}

}  // namespace logdist::e2e
