// `replay` asks for it, looks until it has ended, and says what came of it.
#include "logdist/tools/control/replay_command.hpp"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "tests/tools/scripted_server.hpp"

namespace logdist::tools {
namespace {

using testing::HasSubstr;

std::string replay_json(const std::string& state, bool dry_run, int unreadable = 0) {
  return nlohmann::json{
      {"id", "r1"},         {"state", state},       {"dry_run", dry_run},    {"read_share", 0.5},
      {"packets_found", 7}, {"messages_found", 21}, {"packets_replayed", 5}, {"segments_unreadable", unreadable}}
      .dump();
}

class ReplayCommand : public testing::Test {
 protected:
  /// The first answer is that to the POST, the last one stays.
  int run(const std::vector<ScriptedAnswer>& answers, ReplayCommandOptions options = {}) {
    const ScriptedServer server(
        [answers](const SeenRequest&, std::size_t number) { return answers[std::min(number, answers.size() - 1)]; });
    options.admin.url = server.url_text();
    options.interval = std::chrono::milliseconds(1);
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    const int code = run_replay(options, config::Environment{});
    output_ = testing::internal::GetCapturedStdout();
    errors_ = testing::internal::GetCapturedStderr();
    seen_ = server.seen();
    return code;
  }

  std::string output_;
  std::string errors_;
  std::vector<SeenRequest> seen_;
};

TEST_F(ReplayCommand, LooksUntilItIsDone) {
  ReplayCommandOptions options;
  options.from = "-15m";
  options.ids = {"a", "b"};
  options.dead_letters = true;
  options.analyzer = "b";
  options.rate = 10;
  EXPECT_EQ(run({{.status = 202, .body = replay_json("running", false)},
                 {.status = 200, .body = replay_json("running", false)},
                 {.status = 200, .body = replay_json("done", false)}},
                options),
            0)
      << errors_;
  EXPECT_EQ(output_, "5 of 7 packets replayed\n");
  EXPECT_EQ(errors_, "") << "no bar where there is no terminal";
  ASSERT_EQ(seen_.size(), 3u);
  EXPECT_EQ(seen_[0].method, "POST");
  EXPECT_EQ(seen_[0].target, "/v1/replay");
  EXPECT_EQ(nlohmann::json::parse(seen_[0].body),
            nlohmann::json::parse(R"({"from":"-15m","ids":["a","b"],"dead_letters":true,"analyzer":"b","rate":10.0})"));
  EXPECT_EQ(seen_[2].method, "GET");
  EXPECT_EQ(seen_[2].target, "/v1/replay/r1");
}

TEST_F(ReplayCommand, ADryRunCounts) {
  ReplayCommandOptions options;
  options.dry_run = true;
  EXPECT_EQ(run({{.status = 202, .body = replay_json("done", true)}}, options), 0);
  EXPECT_EQ(output_, "7 packets with 21 messages would be replayed\n");
  EXPECT_EQ(seen_[0].body, R"({"dry_run":true})");
}

TEST_F(ReplayCommand, SaysWhatWentWrong) {
  EXPECT_EQ(run({{.status = 409, .body = R"({"detail":"a replay is running"})"}}), 1);
  EXPECT_THAT(errors_, HasSubstr("a replay is running"));
  EXPECT_EQ(run({{.status = 202, .body = replay_json("stopped", false)}}), 1);
  EXPECT_THAT(errors_, HasSubstr("stopped"));
  EXPECT_EQ(run({{.status = 202, .body = replay_json("done", false, 2)}}), 1);
  EXPECT_THAT(errors_, HasSubstr("2 files could not be read"));
  auto failed = nlohmann::json::parse(replay_json("done", false));
  failed["packets_failed"] = 2;
  EXPECT_EQ(run({{.status = 202, .body = failed.dump()}}), 1);
  EXPECT_THAT(output_, HasSubstr("5 of 7 packets replayed"));
  EXPECT_THAT(errors_, HasSubstr("2 packets were not taken by the analyzer"));
  EXPECT_EQ(run({{.status = 202, .body = "[]"}}), 1);
  EXPECT_THAT(errors_, HasSubstr("not that of a log-distributor"));
  EXPECT_EQ(run({{.status = 202, .body = replay_json("running", false)}, {.status = 404, .body = "{}"}}), 1);
}

}  // namespace
}  // namespace logdist::tools
