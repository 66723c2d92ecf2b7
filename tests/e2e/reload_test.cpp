// The configuration changes while packets flow.
#include <csignal>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "tests/e2e/control_room.hpp"

namespace logdist::e2e {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;

class Reload : public ControlRoom {
 protected:
  void hang_up(const std::string& expected_line) {
    daemon_->process().signal(SIGHUP);
    ASSERT_TRUE(daemon_->process().wait_for_line(expected_line)) << expected_line;
  }

  std::string newest_event() { return daemon_->status()["events"].back()["text"]; }

  /// An analyzer's deficit, in messages.
  double deficit(const std::string& name) { return analyzer_in(daemon_->status(), name)["deficit"].get<double>(); }
};

TEST_F(Reload, AnalyzersComeGoAndChangeTheirWeightsUnderLoad) {
  begin_load();
  expect_shares_of({{0, 40}, {1, 30}, {2, 30}});

  write(configuration({{0, 40}, {1, 30}, {2, 30}, {3, 50}}));
  hang_up("reload \\(HUP\\): d added");
  expect_shares_of({{0, 40}, {1, 30}, {2, 30}, {3, 50}});

  // b is slow: packets are under way there when it goes.
  analyzers_.behave(1, {.latency = std::chrono::milliseconds(500)});
  ASSERT_TRUE(daemon_->await([](const auto& status) { return analyzer_in(status, "b")["in_flight"] > 5; }));
  const auto removed = reload(configuration({{0, 40}, {2, 30}, {3, 50}}));
  EXPECT_EQ(removed["removed"], nlohmann::json::array({"b"}));
  EXPECT_EQ(removed["revision"], 3);
  ASSERT_TRUE(daemon_->await([](const auto& status) {
    const auto& gone = status["removed_analyzers"];
    return status["analyzers"].size() == 3 && gone.size() == 1 && gone[0]["in_flight"] == 0;
  }));
  expect_shares_of({{0, 40}, {2, 30}, {3, 50}});

  reload(configuration({{0, 10}, {2, 60}, {3, 30}}));
  EXPECT_EQ(analyzer_in(daemon_->status(), "c")["weight"], 60);
  expect_shares_of({{0, 10}, {2, 60}, {3, 30}});

  // It comes again: what it has counted goes on.
  analyzers_.behave(1, {});
  reload(configuration({{0, 10}, {1, 10}, {2, 60}, {3, 30}}));
  expect_shares_of({{0, 10}, {1, 10}, {2, 60}, {3, 30}});
  EXPECT_THAT(daemon_->status()["removed_analyzers"], IsEmpty());
  await_packets(400);
  expect_nothing_lost();
}

TEST_F(Reload, AllOfThemMayBeReplacedAtOnceUnderLoad) {
  begin_load();
  await_packets(100);
  for (int round = 0; round < 4; ++round) {
    reload(configuration({{3, 1}}));
    await_packets(50);
    reload(configuration({{0, 40}, {1, 30}, {2, 30}}));
    await_packets(50);
  }
  expect_shares_of({{0, 40}, {1, 30}, {2, 30}});
  expect_nothing_lost();
}

/// More come and go than are shown by their names: the latest ones have the ids of the first.
TEST_F(Reload, ManyMayComeAndGoUnderLoad) {
  begin_load();
  await_packets(50);
  for (int round = 0; round < 4; ++round) {
    std::string pods = configuration({{0, 40}, {1, 30}, {2, 30}});
    for (int pod = 0; pod < 50; ++pod) {
      pods += fmt::format("- {{name: pod-{}-{}, url: '{}', weight: 1}}\n", round, pod, analyzers_.url(0));
    }
    EXPECT_EQ(reload(pods)["added"].size(), 50u);
    await_packets(100);
    EXPECT_EQ(reload(configuration({{0, 40}, {1, 30}, {2, 30}}))["removed"].size(), 50u);
    await_packets(20);
  }
  const auto gone = daemon_->status()["removed_analyzers"];
  EXPECT_LE(gone.size(), 101u);
  EXPECT_EQ(gone.back()["name"], "gone");
  const std::size_t sent = expect_all_taken();
  const Samples samples = daemon_->metrics();
  for (const std::size_t one :
       {std::size_t{1}, std::size_t{2}}) {  // those that stayed, and have an address of their own
    EXPECT_EQ(samples.of("packets_delivered_total", Analyzers::name(one)), analyzers_.stats(one).packets);
  }
  EXPECT_GT(samples.of("packets_delivered_total", "gone"), 0);
  EXPECT_EQ(samples.packets("delivered"), static_cast<double>(sent));
  daemon_->expect_clean_end();
}

TEST_F(Reload, OneThatHasMovedKeepsItsNameAndItsDrain) {
  EXPECT_EQ(post("/v1/analyzers/b/drain").status, 200u);
  std::string moved = configuration({{0, 40}, {2, 30}});
  moved += fmt::format("- {{name: b, url: '{}', weight: 30}}\n", analyzers_.url(3));
  const auto report = reload(moved);
  EXPECT_EQ(report["added"], nlohmann::json::array({"b"}));
  EXPECT_EQ(report["removed"], nlohmann::json::array({"b"}));
  const auto status = daemon_->status();
  EXPECT_EQ(analyzer_in(status, "b")["url"], analyzers_.url(3));
  EXPECT_EQ(analyzer_in(status, "b")["drained"], true);
  EXPECT_THAT(status["removed_analyzers"], IsEmpty()) << "its successor has its name";
  EXPECT_EQ(post("/v1/analyzers/b/undrain").status, 200u);
  const std::vector<Sent> sent = send_all(daemon_->packet_url(), {.agents = 4, .packets_each = 25});
  ASSERT_TRUE(daemon_->await_delivered(sent.size()));
  EXPECT_EQ(analyzers_.stats(1).packets, 0u);
  // How many depends on its slow start, which bounds its slots.
  EXPECT_GT(analyzers_.stats(3).packets, 0u);
  daemon_->expect_clean_end();
}

TEST_F(Reload, AFaultyFileIsRefusedWithEveryReason) {
  begin_load();
  const auto before = get("/v1/config");
  write("queue: {max_packets: none}\nunknown: 1\nanalyzers:\n- {name: a, url: 'ftp://h', weight: 0}\n");
  const test::HttpReply reply = post("/v1/reload");
  EXPECT_EQ(reply.status, 422u);
  EXPECT_EQ(reply.header("content-type"), "application/problem+json");
  const auto problem = nlohmann::json::parse(reply.body);
  EXPECT_EQ(problem["status"], 422);
  const auto faults = problem["faults"].get<std::vector<std::string>>();
  EXPECT_THAT(faults, ElementsAre(HasSubstr(":1: queue.max_packets: "), HasSubstr(":2: unknown: "),
                                  HasSubstr(":4: analyzers[0].url: "), HasSubstr(":4: analyzers[0].weight: ")));
  for (const std::string& fault : faults) EXPECT_THAT(fault, testing::StartsWith(file_));
  hang_up("reload \\(HUP\\) refused, nothing has changed; errors: 4");
  EXPECT_THAT(daemon_->process().errors(), HasSubstr(":1: queue.max_packets: "));
  EXPECT_THAT(newest_event(), HasSubstr("errors: 4; the first: " + file_ + ":1: queue.max_packets: "));

  std::filesystem::remove(file_);
  hang_up(file_ + ": cannot be read");
  std::filesystem::create_directory(file_);
  EXPECT_EQ(post("/v1/reload").status, 422u);
  std::filesystem::remove(file_);

  EXPECT_EQ(get("/v1/config"), before);
  expect_shares_of({{0, 40}, {1, 30}, {2, 30}});
  expect_nothing_lost();
}

TEST_F(Reload, WhatOnlyARestartChangesIsSaidAndTheRestIsTaken) {
  const auto report =
      reload(configuration({{0, 41}, {1, 30}, {2, 30}}, "queue: {max_packets: 7}\nlog: {level: debug}\n"));
  const nlohmann::json restart{{{"key", "queue.max_packets"}, {"from", "10000"}, {"to", "7"}}};
  EXPECT_EQ(report["restart_needed"], restart);
  EXPECT_EQ(report["changed"][0]["analyzer"], "a");
  EXPECT_EQ(report["changed"][0]["changes"][0], (nlohmann::json{{"key", "weight"}, {"from", "40"}, {"to", "41"}}));
  EXPECT_EQ(report["taken"][0]["key"], "log.level");
  EXPECT_TRUE(daemon_->process().wait_for_line("queue.max_packets: 10000 -> 7: takes effect only after a restart"));
  EXPECT_THAT(newest_event(), EndsWith("; needs a restart: queue.max_packets"));

  const auto config = get("/v1/config");
  EXPECT_EQ(config["restart_needed"], restart);
  EXPECT_EQ(config["revision"], 2);
  EXPECT_EQ(config["config"]["queue"]["max_packets"], 10000);
  EXPECT_EQ(config["config"]["log"]["level"], "debug");
  EXPECT_EQ(config["config"]["analyzers"][0]["weight"], 41);
  EXPECT_THAT(reload(configuration({{0, 41}, {1, 30}, {2, 30}}))["restart_needed"], IsEmpty());
  daemon_->expect_clean_end();
}

TEST_F(Reload, WithNothingNewNothingChanges) {
  const std::vector<Sent> sent =
      send_all(daemon_->packet_url(), {.agents = 3, .packets_each = 7, .messages_min = 1, .messages_max = 90});
  ASSERT_TRUE(daemon_->await_delivered(sent.size()));
  const double owed = deficit("a");
  hang_up("reload \\(HUP\\): nothing has changed");
  EXPECT_EQ(deficit("a"), owed);
  daemon_->expect_clean_end();
}

TEST_F(Reload, HeadersAreNeverShown) {
  std::string text = configuration({{0, 40}, {1, 30}});
  text += fmt::format("- {{name: c, url: '{}', weight: 30, headers: {{X-Key: hush}}}}\n", analyzers_.url(2));
  EXPECT_EQ(reload(text)["changed"][0]["changes"][0]["key"], "headers");
  EXPECT_EQ(get("/v1/config")["config"]["analyzers"][2]["headers"]["X-Key"], "***");
  EXPECT_THAT(daemon_->process().errors(), testing::Not(HasSubstr("hush")));
  daemon_->expect_clean_end();
}

}  // namespace
}  // namespace logdist::e2e
