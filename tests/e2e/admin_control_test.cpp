// An operator drains analyzers and sets weights while packets flow.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "tests/e2e/control_room.hpp"

namespace logdist::e2e {
namespace {

using testing::HasSubstr;

class AdminControl : public ControlRoom {
 protected:
  nlohmann::json analyzer(const std::string& name) { return analyzer_in(daemon_->status(), name); }

  /// A subcommand, told where the daemon is; what it printed, of one that succeeds.
  std::string run(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--url", daemon_->admin_url()});
    test::Process process(test::Process::log_distributor(arguments));
    EXPECT_EQ(process.wait_exit(patience), 0) << process.errors();
    return process.output();
  }
};

TEST_F(AdminControl, ADrainedAnalyzerFinishesAndComesBack) {
  begin_load();
  await_packets(100);
  EXPECT_THAT(run({"analyzers", "drain", "b"}), HasSubstr("b: healthy, drained, weight 30"));
  EXPECT_TRUE(daemon_->process().wait_for_line("analyzer b drained \\(by 127\\.0\\.0\\.1:[0-9]+\\)"));
  ASSERT_TRUE(daemon_->await([](const auto& status) { return analyzer_in(status, "b")["in_flight"] == 0; }));
  EXPECT_EQ(analyzer("b")["drained"], true);
  EXPECT_EQ(analyzer("b")["in_service"], false);
  EXPECT_EQ(analyzer("b")["target_share"], 0);
  EXPECT_EQ(daemon_->metrics().of("analyzer_drained", "b"), 1);
  expect_shares_of({{0, 40}, {2, 30}});
  EXPECT_GT(analyzer("b")["debt"].get<double>(), 400) << "30 of 100 messages, as far as max_debt";

  EXPECT_THAT(run({"analyzers", "undrain", "b"}), HasSubstr("b: healthy, weight 30"));
  ASSERT_TRUE(daemon_->await([](const auto& status) {
    return analyzer_in(status, "b")["deficit"].template get<double>() <= packet_messages;
  })) << "its debt is paid";
  expect_shares_of({{0, 40}, {1, 30}, {2, 30}});
  expect_nothing_lost();
}

TEST_F(AdminControl, AWeightHoldsUntilTheNextReload) {
  begin_load();
  const test::HttpReply reply = post("/v1/analyzers/a/weight", R"({"weight":90})");
  EXPECT_EQ(reply.status, 200u) << reply.body;
  EXPECT_EQ(nlohmann::json::parse(reply.body)["weight"], 90);
  EXPECT_EQ(nlohmann::json::parse(reply.body)["configured_weight"], 40);
  EXPECT_TRUE(daemon_->process().wait_for_line("analyzer a: weight 40 -> 90 \\(by 127\\.0\\.0\\.1:[0-9]+\\)"));
  EXPECT_EQ(analyzer("a")["weight"], 90);
  EXPECT_EQ(daemon_->metrics().of("analyzer_weight", "a"), 90);
  EXPECT_EQ(get("/v1/config")["config"]["analyzers"][0]["weight"], 90);
  expect_shares_of({{0, 90}, {1, 30}, {2, 30}});
  EXPECT_THAT(run({"analyzers", "weight", "b", "0.5"}), HasSubstr("b: healthy, weight 0.5 (configured 30)"));
  EXPECT_THAT(run({"analyzers"}), HasSubstr("90 (configured 40)"));

  EXPECT_EQ(post("/v1/analyzers/c/drain").status, 200u);
  EXPECT_THAT(run({"reload"}), HasSubstr("a.weight: 90 -> 40\nb.weight: 0.5 -> 30\n"));
  EXPECT_EQ(analyzer("a")["weight"], 40);
  EXPECT_EQ(analyzer("c")["drained"], true) << "a reload leaves it so";
  expect_shares_of({{0, 40}, {1, 30}});
  expect_nothing_lost();
}

TEST_F(AdminControl, WithAllDrainedPacketsWait) {
  for (const char* name : {"a", "b", "c"}) EXPECT_EQ(post(fmt::format("/v1/analyzers/{}/drain", name)).status, 200u);
  EXPECT_EQ(daemon_->readyz(), 200u) << "the queue takes packets";
  EXPECT_TRUE(daemon_->process().wait_for_line("no analyzer is in service"));
  const std::vector<Sent> sent = send_all(daemon_->packet_url(), {.agents = 2, .packets_each = 10});
  expect_answers(sent, 202);
  EXPECT_EQ(daemon_->metrics().packets("queued"), 20);
  EXPECT_EQ(post("/v1/analyzers/c/undrain").status, 200u);
  ASSERT_TRUE(daemon_->await_delivered(sent.size()));
  EXPECT_EQ(analyzers_.stats(2).packets, sent.size());
  EXPECT_EQ(daemon_->readyz(), 200u);
  daemon_->expect_clean_end();
}

TEST_F(AdminControl, WebPagesOfElsewhereChangeNothing) {
  const auto status_of = [&](const test::Headers& headers) {
    return post("/v1/analyzers/a/drain", "{}", headers).status;
  };
  EXPECT_EQ(status_of({{"Origin", "http://evil.example"}}), 403u);
  EXPECT_EQ(status_of({{"Origin", "null"}}), 403u);
  EXPECT_EQ(status_of({{"Origin", "http://evil.example"}, {"Host", "evil.example"}}), 421u) << "a name that leads here";
  EXPECT_EQ(status_of({{"Content-Type", "text/plain"}}), 415u);
  EXPECT_EQ(status_of({{"Content-Type", "application/x-www-form-urlencoded"}}), 415u);
  EXPECT_EQ(post("/v1/reload", "{}", {{"Origin", "http://evil.example"}}).status, 403u);
  EXPECT_EQ(analyzer("a")["drained"], false);
  EXPECT_EQ(status_of({{"Origin", daemon_->admin_url()}}), 200u) << "the dashboard";
  EXPECT_EQ(analyzer("a")["drained"], true);
  daemon_->expect_clean_end();
}

TEST_F(AdminControl, WhatCannotBeDoneIsAProblem) {
  const auto expect_problem = [](const test::HttpReply& reply, unsigned status) {
    EXPECT_EQ(reply.status, status) << reply.body;
    EXPECT_EQ(reply.header("content-type"), "application/problem+json");
  };
  expect_problem(post("/v1/analyzers/nobody/drain"), 404);
  expect_problem(post("/v1/analyzers/a/weight", "{}"), 422);
  expect_problem(post("/v1/analyzers/a/weight", R"({"weight":0})"), 422);
  expect_problem(post("/v1/analyzers/a/weight", R"({"weight":"7"})"), 422);
  expect_problem(post("/v1/analyzers/a/weight", "7"), 400);
  expect_problem(post("/v1/analyzers/a/explode"), 404);
  expect_problem(admin_->get("/v1/reload"), 405);
  test::Process refused(
      test::Process::log_distributor({"analyzers", "drain", "nobody", "--url", daemon_->admin_url()}));
  EXPECT_EQ(refused.wait_exit(patience), 1);
  EXPECT_EQ(refused.errors(), "log-distributor analyzers: there is no analyzer nobody; there are a, b, c\n");
  EXPECT_EQ(get("/v1/config")["revision"], 1);
  daemon_->expect_clean_end();
}

}  // namespace
}  // namespace logdist::e2e
