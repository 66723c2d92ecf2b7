// /metrics of a daemon with some history, judged by Prometheus' own tool.
#include <gtest/gtest.h>

#include "tests/e2e/checks.hpp"
#include "tests/support/temporary_folder.hpp"

namespace logdist::e2e {
namespace {

TEST(Exposition, PassesPromtool) {
  const std::string promtool = "/usr/bin/promtool";
  if (!std::filesystem::exists(promtool)) GTEST_SKIP() << "no " << promtool << " here";
  Analyzers analyzers;
  analyzers.behave(0, {.status = 500});
  DaemonProcess daemon({{"ANALYZERS", analyzers.setting()}});
  const std::vector<Sent> sent = send_all(daemon.packet_url(), {.agents = 4, .packets_each = 10, .messages_max = 9});
  expect_answers(sent, 202);
  ASSERT_TRUE(daemon.await_delivered(sent.size()));

  const test::TemporaryFolder folder;
  test::Process check({.program = promtool,
                       .arguments = {"check", "metrics"},
                       .environment = {},
                       .input_path = folder.write("metrics", daemon.metrics_text())});
  EXPECT_EQ(check.wait_exit(patience), 0) << check.output() << check.errors();
  EXPECT_EQ(check.output() + check.errors(), "");
  daemon.expect_clean_end();
}

}  // namespace
}  // namespace logdist::e2e
