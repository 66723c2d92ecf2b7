// The subcommands by which a running daemon is changed.
#include "logdist/tools/control/control_commands.hpp"

#include <gmock/gmock.h>

#include "tests/support/temporary_folder.hpp"
#include "tests/tools/scripted_server.hpp"

namespace logdist::tools {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using Action = AnalyzersCommandOptions::Action;

constexpr const char* alpha = R"({"name":"alpha","url":"http://h:1/","state":"healthy","in_service":false,"paused":true,
  "drained":true,"weight":0.5,"configured_weight":40.0,"target_share":0.25,"in_flight":3})";

class ControlCommands : public testing::Test {
 protected:
  /// What a server that answers so gets, and the command prints.
  template <typename Options, typename Run>
  int run(const ScriptedAnswer& answer, Options options, Run command) {
    const ScriptedServer server([answer](const SeenRequest&, std::size_t) { return answer; });
    options.admin.url = server.url_text();
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    const int code = command(options, environment_);
    output_ = testing::internal::GetCapturedStdout();
    errors_ = testing::internal::GetCapturedStderr();
    if (!server.seen().empty()) seen_ = server.seen().front();
    return code;
  }
  int analyzers(const ScriptedAnswer& answer, const AnalyzersCommandOptions& options) {
    return run(answer, options, run_analyzers);
  }
  int reload(const ScriptedAnswer& answer) { return run(answer, ReloadCommandOptions{}, run_reload); }

  config::Environment environment_;
  std::string output_;
  std::string errors_;
  SeenRequest seen_;
};

TEST_F(ControlCommands, ListShowsEachAnalyzer) {
  const std::string body = std::string(R"({"analyzers":[)") + alpha + "]}";
  EXPECT_EQ(analyzers({.status = 200, .body = body}, {}), 0) << errors_;
  EXPECT_EQ(seen_.method, "GET");
  EXPECT_EQ(seen_.target, "/v1/analyzers");
  EXPECT_THAT(output_, AllOf(HasSubstr("NAME"), HasSubstr("alpha "), HasSubstr("healthy, drained, paused"),
                             HasSubstr("0.5 (configured 40)"), HasSubstr(" 25.0 %"), HasSubstr("http://h:1/\n")));
}

TEST_F(ControlCommands, ChangesAreJsonAndTellWhatBecameOfIt) {
  EXPECT_EQ(analyzers({.status = 200, .body = alpha}, {.action = Action::drain, .name = "alpha"}), 0) << errors_;
  EXPECT_EQ(seen_.method, "POST");
  EXPECT_EQ(seen_.target, "/v1/analyzers/alpha/drain");
  EXPECT_EQ(seen_.content_type, "application/json");
  EXPECT_EQ(output_, "alpha: healthy, drained, paused, weight 0.5 (configured 40), packets in flight: 3\n");
  EXPECT_EQ(analyzers({.status = 200, .body = alpha}, {.action = Action::weight, .name = "alpha", .weight = "0.5"}), 0);
  EXPECT_EQ(seen_.target, "/v1/analyzers/alpha/weight");
  EXPECT_EQ(seen_.body, R"({"weight":0.5})");
}

TEST_F(ControlCommands, WhatIsNotDoneIsOneLine) {
  const ScriptedAnswer unknown{.status = 404, .body = R"({"detail":"there is no analyzer beta"})"};
  EXPECT_EQ(analyzers(unknown, {.action = Action::undrain, .name = "beta"}), 1);
  EXPECT_EQ(errors_, "log-distributor analyzers: there is no analyzer beta\n");
  EXPECT_EQ(analyzers({.status = 200, .body = "hello"}, {}), 1);
  EXPECT_EQ(errors_, "log-distributor analyzers: the answer is not that of a log-distributor\n");
  EXPECT_EQ(analyzers({.status = 200, .body = "{}"}, {}), 1);
  EXPECT_EQ(analyzers({}, {.action = Action::drain, .name = "a/../b"}), 1);
  EXPECT_EQ(errors_, "log-distributor analyzers: \"a/../b\" is not the name of an analyzer\n");
  EXPECT_EQ(analyzers({}, {.action = Action::weight, .name = "a", .weight = "much"}), 1);
  EXPECT_THAT(errors_, HasSubstr("weight \"much\" "));
}

TEST_F(ControlCommands, ReloadTellsWhatHasChanged) {
  const char* body = R"({"revision":2,"added":["d"],"removed":["b"],
    "changed":[{"analyzer":"a","changes":[{"key":"weight","from":"40","to":"50"},{"key":"headers","from":"","to":""}]}],
    "taken":[{"key":"log.level","from":"info","to":"debug"}],
    "restart_needed":[{"key":"threads","from":"0","to":"2"}],"warnings":["f.yaml:1: odd"]})";
  EXPECT_EQ(reload({.status = 200, .body = body}), 0);
  EXPECT_EQ(seen_.target, "/v1/reload");
  EXPECT_EQ(output_, "removed b\nadded d\na.weight: 40 -> 50\na.headers\nlog.level: info -> debug\n");
  EXPECT_EQ(errors_, "warning: threads: 0 -> 2: takes effect only after a restart\nwarning: f.yaml:1: odd\n");
}

TEST_F(ControlCommands, ARefusedReloadTellsEveryFault) {
  EXPECT_EQ(reload({.status = 422, .body = R"({"detail":"refused","faults":["f.yaml:1: one","f.yaml:2: two"]})"}), 1);
  EXPECT_EQ(output_, "");
  EXPECT_EQ(errors_, "f.yaml:1: one\nf.yaml:2: two\nlog-distributor reload: refused\n");
}

TEST_F(ControlCommands, WithoutADaemonTheySayWhereItWasLookedFor) {
  ReloadCommandOptions options;
  options.admin.url = "http://127.0.0.1:1";
  testing::internal::CaptureStderr();
  EXPECT_EQ(run_reload(options, {}), 1);
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "log-distributor reload: http://127.0.0.1:1/v1/reload: Connection refused\n");
}

TEST_F(ControlCommands, HaveTheirTokenFromWhereItIsGiven) {
  const auto sent = [this](const std::optional<std::string>& file) {
    seen_ = {};
    AnalyzersCommandOptions options;
    options.admin.token_file = file;
    EXPECT_EQ(analyzers({.status = 200, .body = R"({"analyzers":[]})"}, options), 0) << errors_;
    return seen_.authorization;
  };
  const test::TemporaryFolder folder;
  EXPECT_EQ(sent(std::nullopt), "");
  environment_["LOGDIST_TOKEN_FILE"] = folder.write("named", "  ld_named \r\n");
  EXPECT_EQ(sent(std::nullopt), "Bearer ld_named");
  environment_["LOGDIST_TOKEN"] = "ld_variable";
  EXPECT_EQ(sent(std::nullopt), "Bearer ld_variable");
  EXPECT_EQ(sent(folder.write("given", "ld_given\n")), "Bearer ld_given");
  environment_["LOGDIST_TOKEN"] = "";
  EXPECT_EQ(sent(std::nullopt), "Bearer ld_named") << "an empty variable is none";
}

TEST_F(ControlCommands, ATokenThatIsNoneIsNotSentAndNotShown) {
  const test::TemporaryFolder folder;
  const auto said = [this](const std::string& file) {
    seen_ = {};
    AnalyzersCommandOptions options;
    options.admin.token_file = file;
    EXPECT_EQ(analyzers({.status = 200}, options), 1);
    EXPECT_EQ(seen_.method, "") << "it was asked";
    return errors_;
  };
  EXPECT_THAT(said(folder.file("none")), HasSubstr("cannot be read: No such file or directory"));
  EXPECT_THAT(said(folder.path()), HasSubstr("cannot be read"));
  for (const std::string& text :
       {std::string(), std::string(" \n"), std::string("ld_s3cret two"), std::string("ld_s3cret\r\nHost: x"),
        std::string("ld_s3cret\0", 10), std::string("ld_s3cret\xc3\xa4"), std::string(9'000, 's')}) {
    EXPECT_THAT(said(folder.write("token", text)), AllOf(HasSubstr("has no token"), testing::Not(HasSubstr("s3cret"))));
  }
}

}  // namespace
}  // namespace logdist::tools
