// Analyzers that a source gives and takes away while packets flow.
#include <algorithm>
#include <filesystem>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "tests/e2e/control_room.hpp"

namespace logdist::e2e {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

/// The four analyzers are in a file that is watched, by their names.
class DiscoveryRoom : public ControlRoom {
 protected:
  DiscoveryRoom() {
    give({{0, 40}, {1, 30}, {2, 30}});
    daemon_->expect_clean_end();
    daemon_.emplace(Settings{}, Launch{.config_file = folder_.write("with-source.yaml", sources())});
    admin_.emplace(daemon_->admin_url());
    await({{0, 40}, {1, 30}, {2, 30}});
  }

  std::string sources() const {
    return fmt::format("discovery:\n- file: {{path: '{}', source: pods}}\n- cache: '{}'\n", folder_.file("d/*.yaml"),
                       folder_.file("cache"));
  }

  /// Replaces the file in one piece.
  void give(const std::vector<Share>& shares, const std::string& more = "") {
    const std::string written = folder_.write("d/new", configuration(shares) + more);
    std::filesystem::rename(written, folder_.file("d/pods.yaml"));
  }

  /// Until these are the analyzers, with these weights.
  void await(const std::vector<Share>& shares) {
    ASSERT_TRUE(daemon_->await([&](const auto& status) {
      const auto& analyzers = status["analyzers"];
      return analyzers.size() == shares.size() && std::ranges::all_of(shares, [&](const Share& share) {
               return std::ranges::any_of(analyzers, [&](const auto& analyzer) {
                 return analyzer["name"] == Analyzers::name(share.first) && analyzer["weight"] == share.second;
               });
             });
    }));
  }

  void give_and_await(const std::vector<Share>& shares) {
    give(shares);
    await(shares);
  }
};

TEST_F(DiscoveryRoom, AnalyzersComeGoAndChangeTheirWeightsUnderLoad) {
  begin_load();
  expect_shares_of({{0, 40}, {1, 30}, {2, 30}});
  give_and_await({{0, 40}, {1, 30}, {2, 30}, {3, 50}});
  expect_shares_of({{0, 40}, {1, 30}, {2, 30}, {3, 50}});
  give_and_await({{0, 40}, {2, 30}, {3, 50}});
  expect_shares_of({{0, 40}, {2, 30}, {3, 50}});
  give_and_await({{0, 10}, {2, 60}, {3, 30}});
  expect_shares_of({{0, 10}, {2, 60}, {3, 30}});
  give_and_await({{0, 10}, {1, 10}, {2, 60}, {3, 30}});
  expect_shares_of({{0, 10}, {1, 10}, {2, 60}, {3, 30}});
  EXPECT_THAT(daemon_->status()["removed_analyzers"], IsEmpty()) << "one that returns gets its counters back";
  const auto status = daemon_->status();
  EXPECT_EQ(status["sources"][0]["name"], "pods");
  EXPECT_EQ(status["sources"][0]["reachable"], true);
  EXPECT_EQ(status["sources"][0]["analyzers"], 4);
  EXPECT_EQ(analyzer_in(status, "a")["source"], "pods");
  EXPECT_EQ(daemon_->metrics().value("logdist_discovery_up{source=\"pods\"}"), 1);
  EXPECT_GT(daemon_->metrics().value("logdist_discovery_last_success_timestamp_seconds{source=\"pods\"}"), 1e9);
  expect_nothing_lost();
}

TEST_F(DiscoveryRoom, WhatAnOperatorHasSetStays) {
  EXPECT_EQ(post("/v1/analyzers/a/weight", R"({"weight": 70})").status, 200u);
  EXPECT_EQ(post("/v1/analyzers/b/drain").status, 200u);
  give({{0, 40}, {1, 30}, {2, 30}, {3, 50}});
  await({{0, 70}, {1, 30}, {2, 30}, {3, 50}});
  EXPECT_EQ(analyzer_in(daemon_->status(), "b")["drained"], true);
  give({{0, 20}, {1, 30}, {2, 30}, {3, 50}});
  await({{0, 20}, {1, 30}, {2, 30}, {3, 50}});  // the source says otherwise now
  daemon_->expect_clean_end();
}

TEST_F(DiscoveryRoom, AReloadKeepsThemAndAStartWithoutTheSourceDoesToo) {
  begin_load();
  await_packets(50);
  EXPECT_EQ(post("/v1/reload").status, 200u);
  await({{0, 40}, {1, 30}, {2, 30}});
  expect_shares_of({{0, 40}, {1, 30}, {2, 30}});
  expect_nothing_lost();
  std::filesystem::rename(folder_.file("d"), folder_.file("off"));
  daemon_.emplace(Settings{}, Launch{.config_file = folder_.file("with-source.yaml")});
  EXPECT_EQ(daemon_->status()["analyzers"].size(), 3u) << "of the cache, from the first moment";
  const std::vector<Sent> sent = send_all(daemon_->packet_url(), {.agents = 2, .packets_each = 5});
  expect_answers(sent, 202);
  ASSERT_TRUE(daemon_->await_delivered(sent.size()));
  daemon_->expect_clean_end();
}

TEST_F(DiscoveryRoom, GarbageCostsOneInstanceAndIsToldOnce) {
  give({{0, 40}, {1, 30}, {2, 30}}, "- {name: bad, url: 'http://h:1/', weight: -3}\n");
  ASSERT_TRUE(daemon_->process().wait_for_line("discovery pods: .* is skipped: .*weight.*positive"));
  await({{0, 40}, {1, 30}, {2, 30}});
  EXPECT_EQ(daemon_->status()["sources"][0]["skipped"], 1);
  daemon_->expect_clean_end();
}

}  // namespace
}  // namespace logdist::e2e
