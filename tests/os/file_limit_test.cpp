// How few open files are shared out.
#include "logdist/os/file_limit.hpp"

#include <gtest/gtest.h>

namespace logdist::os {
namespace {

config::Options options_of(std::size_t analyzers, std::size_t agents, std::uint32_t to_an_analyzer) {
  config::Options options;
  options.analyzers.resize(analyzers);
  options.server.max_connections = agents;
  options.delivery.max_connections = to_an_analyzer;
  return options;
}

TEST(FileLimit, LeavesWhatFitsAsItIs) {
  EXPECT_EQ(fit(options_of(2, 10'000, 32), 20'000), (ConnectionLimits{10'000, 32}));
  // 64 for all else, and a probe to each analyzer.
  EXPECT_EQ(fit(options_of(2, 100, 32), 100 + 64 + 66), (ConnectionLimits{100, 32}));
  EXPECT_EQ(fit(options_of(2, 100, 32), 100 + 64 + 65), (ConnectionLimits{99, 32}));
}

TEST(FileLimit, SharesTheRestInHalves) {
  EXPECT_EQ(fit(options_of(2, 600, 32), 64), (ConnectionLimits{16, 8}));
  EXPECT_EQ(fit(options_of(3, 10'000, 100), 267), (ConnectionLimits{101, 33}));
}

TEST(FileLimit, WhoWantsLessLeavesItToTheOther) {
  EXPECT_EQ(fit(options_of(2, 10'000, 4), 1024), (ConnectionLimits{1024 - 66 - 8, 4}));
  EXPECT_EQ(fit(options_of(2, 10, 1000), 276), (ConnectionLimits{10, 100}));
}

TEST(FileLimit, ThereIsAlwaysOne) {
  for (std::size_t files = 0; files < 40; ++files) {
    const ConnectionLimits limits = fit(options_of(50, 100, 32), files);
    EXPECT_GE(limits.of_agents, 1u);
    EXPECT_EQ(limits.to_an_analyzer, 1u);
  }
}

}  // namespace
}  // namespace logdist::os
