// Tokens of the admin port: from the file, through a reload, and by the tools.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <csignal>
#include <filesystem>

#include "logdist/auth/token.hpp"
#include "tests/e2e/analyzers.hpp"
#include "tests/e2e/daemon_process.hpp"
#include "tests/support/temporary_folder.hpp"

namespace logdist::e2e {
namespace {

using testing::HasSubstr;
using testing::Not;

class AdminRights : public testing::Test {
 protected:
  std::string entry(const std::string& name, const std::string& role, const std::string& token) const {
    return fmt::format("- {{name: {}, role: {}, token_sha256: {}}}\n", name, role,
                       auth::to_text(auth::digest_of(token)));
  }
  void start(const std::string& tokens) {
    using std::filesystem::perms;
    std::filesystem::permissions(folder_.write("tokens.yaml", tokens), perms{0644});
    daemon_.emplace(Settings{
        {"ANALYZERS", analyzers_.setting()}, {"ADMIN__TOKENS", folder_.file("tokens.yaml")}, {"LOG__FORMAT", "json"}});
  }
  /// Sends HUP, and waits for what the log says of it.
  void reload(const std::string& tokens, const std::string& line) {
    folder_.write("tokens.yaml", tokens);
    daemon_->process().signal(SIGHUP);
    EXPECT_TRUE(daemon_->process().wait_for_line(line)) << line;
  }
  /// By curl, which is not ours.
  std::string status_of(const std::string& token, std::vector<std::string> arguments = {}) {
    std::vector<std::string> all{"-s", "-o", "/dev/null", "-w", "%{http_code}", "-H", "Authorization: Bearer " + token};
    if (arguments.empty()) arguments = {daemon_->admin_url() + "/v1/status"};
    all.insert(all.end(), arguments.begin(), arguments.end());
    test::Process process({.program = "/usr/bin/curl", .arguments = all});
    EXPECT_TRUE(process.wait_exit());
    return process.output();
  }
  std::string drain(const std::string& token) {
    return status_of(token, {"-X", "POST", "-H", "Content-Type: application/json",
                             daemon_->admin_url() + "/v1/analyzers/" + analyzers_.name(0) + "/drain"});
  }

  test::TemporaryFolder folder_;
  Analyzers analyzers_{{1}};
  std::optional<DaemonProcess> daemon_;
};

TEST_F(AdminRights, AReloadTakesTheFileOrLeavesItAll) {
  start(entry("alice", "operate", "one"));
  EXPECT_TRUE(daemon_->process().wait_for_line("tokens.yaml: others may read or change it"));
  EXPECT_EQ(status_of("one"), "200");
  EXPECT_EQ(status_of("two"), "401");
  reload(entry("alice", "operate", "two"), "\"event\":\"reloaded\"");
  EXPECT_EQ(status_of("one"), "401");
  EXPECT_EQ(status_of("two"), "200");
  reload(entry("alice", "admin", "three"), "tokens.yaml:1: \\[0\\].role: is no role; allowed: read or operate");
  EXPECT_TRUE(daemon_->process().wait_for_line("\"event\":\"reload_refused\""));
  EXPECT_EQ(status_of("two"), "200");
  EXPECT_EQ(status_of("three"), "401");
  EXPECT_EQ(daemon_->readyz(), 200u) << "probes have no token";
}

TEST_F(AdminRights, AChangeIsOneLineWithWhoWhatAndFromWhere) {
  start(entry("alice", "operate", "one") + entry("prometheus", "read", "two"));
  EXPECT_EQ(drain("two"), "403");
  EXPECT_EQ(drain("one"), "200");
  EXPECT_TRUE(daemon_->process().wait_for_line(
      R"("event":"admin_change",.*"who":"alice","what":"POST /v1/analyzers/[^"]*/drain","from":"127\.0\.0\.1:[0-9]+","status":200)"));
  EXPECT_TRUE(daemon_->process().wait_for_line("drained \\(by alice from 127\\.0\\.0\\.1:[0-9]+\\)"));
}

TEST_F(AdminRights, NoStartWithABrokenFileOrBeyondLoopbackWithoutOne) {
  folder_.write("tokens.yaml", "[]");
  const std::map<std::string, std::string> environment{{"LOGDIST_ANALYZERS", analyzers_.setting()}};
  const auto said = [&](std::map<std::string, std::string> more) {
    more.insert(environment.begin(), environment.end());
    test::ProcessOptions options = test::Process::log_distributor({"serve"});
    options.environment = more;
    test::Process process(options);
    EXPECT_EQ(process.wait_exit(patience), 1);
    return process.errors() + process.output();
  };
  EXPECT_THAT(said({{"LOGDIST_ADMIN__TOKENS", folder_.file("tokens.yaml")}}), HasSubstr("has no list of tokens"));
  EXPECT_THAT(said({{"LOGDIST_ADMIN__LISTEN", "0.0.0.0:0"}}), HasSubstr("is beyond loopback"));
}

TEST_F(AdminRights, TheToolsHaveATokenAndProbesNeedNone) {
  start(entry("alice", "operate", "one"));
  const auto run = [&](std::vector<std::string> arguments, const std::string& token) {
    arguments.insert(arguments.end(), {"--url", daemon_->admin_url()});
    test::Process process(test::Process::log_distributor(
        arguments, token.empty() ? std::map<std::string, std::string>{}
                                 : std::map<std::string, std::string>{{"LOGDIST_TOKEN", token}}));
    const auto code = process.wait_exit(patience);
    return fmt::format("{} {}{}", code.value_or(-1), process.output(), process.errors());
  };
  EXPECT_EQ(run({"health", "--live"}, ""), "0 ") << "as the image's HEALTHCHECK";
  EXPECT_EQ(run({"health"}, ""), "0 ");
  EXPECT_THAT(run({"top", "--count", "1"}, ""), HasSubstr("401"));
  EXPECT_THAT(run({"top", "--count", "1"}, "one"), testing::StartsWith("0 "));
  EXPECT_THAT(run({"reload"}, ""), testing::StartsWith("1 "));
  EXPECT_THAT(run({"reload"}, "one"), testing::StartsWith("0 "));
  EXPECT_THAT(run({"analyzers", "drain", analyzers_.name(0)}, "one"), testing::StartsWith("0 "));
}

}  // namespace
}  // namespace logdist::e2e
