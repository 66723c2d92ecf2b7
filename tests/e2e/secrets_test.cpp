// All that a daemon says, searched for all that it is told in confidence.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <csignal>
#include <sstream>

#include "logdist/auth/token.hpp"
#include "logdist/base/base64.hpp"
#include "tests/e2e/analyzers.hpp"
#include "tests/e2e/daemon_process.hpp"
#include "tests/support/certificates.hpp"
#include "tests/support/temporary_folder.hpp"

namespace logdist::e2e {
namespace {

using test::Process;
using testing::HasSubstr;
using testing::Not;

class Secrets : public testing::Test {
 protected:
  Secrets() {
    folder_.write("ca.pem", authority_.certificate());
    for (const char* name : {"packet", "admin", "client"}) issue(name);
    keep_secret(operator_token_);
    keep_secret(reader_token_);
    keep_secret(new_token_);
    keep_secret("api-key-5d1c");
    keep_secret("password-90ab");
    folder_.write("tokens.yaml", entry("alice", "operate", operator_token_) + entry("bob", "read", reader_token_));
  }

  void keep_secret(const std::string& secret) {
    secrets_.push_back(secret);
    secrets_.push_back(to_base64(secret).substr(0, 10));
    secrets_.push_back(auth::to_text(auth::digest_of(secret)));
  }
  void issue(const std::string& name) {
    const test::IssuedCertificate issued = authority_.issue();
    folder_.write(name + ".pem", issued.certificate);
    folder_.write(name + ".key", issued.key);
    for (const std::string& line : folder_.lines(name + ".key")) {
      if (!line.starts_with("-----")) secrets_.push_back(line.substr(0, 16));
    }
    secrets_.push_back("PRIVATE KEY");
  }
  static std::string entry(const std::string& name, const std::string& role, const std::string& token) {
    return fmt::format("- {{name: {}, role: {}, token_sha256: {}}}\n", name, role,
                       auth::to_text(auth::digest_of(token)));
  }

  void start() {
    folder_.write("daemon.yaml", fmt::format(R"(analyzers:
  - name: a
    url: {}
    headers: {{X-Api-Key: api-key-5d1c}}
  - name: far
    url: https://localhost:9/x
    headers: {{Authorization: Basic password-90ab}}
    tls: {{ca: {}, certificate: {}, key: {}}}
)",
                                             analyzers_.url(0), folder_.file("ca.pem"), folder_.file("client.pem"),
                                             folder_.file("client.key")));
    daemon_.emplace(Settings{{"SERVER__TLS__CERTIFICATE", folder_.file("packet.pem")},
                             {"SERVER__TLS__KEY", folder_.file("packet.key")},
                             {"ADMIN__TLS__CERTIFICATE", folder_.file("admin.pem")},
                             {"ADMIN__TLS__KEY", folder_.file("admin.key")},
                             {"ADMIN__TOKENS", folder_.file("tokens.yaml")},
                             {"TOKEN", operator_token_},
                             {"LOG__FORMAT", "json"},
                             {"LOG__LEVEL", "trace"}},
                    Launch{.config_file = folder_.file("daemon.yaml")});
  }

  /// What it prints, its errors, and what is answered: kept for the search, too.
  std::string run(const test::ProcessOptions& options) {
    Process process(options);
    EXPECT_TRUE(process.wait_exit(patience));
    const std::string said = process.output() + process.errors();
    said_ += said;
    return said;
  }
  std::string curl(const std::string& url, const std::vector<std::string>& arguments) {
    std::vector<std::string> all{"-sS", "-i", "--max-time", "3", "--cacert", folder_.file("ca.pem"), url};
    all.insert(all.end(), arguments.begin(), arguments.end());
    return run({.program = "/usr/bin/curl", .arguments = all});
  }
  std::string ask(const std::string& path, const std::string& token, std::vector<std::string> more = {}) {
    more.insert(more.end(), {"-H", "Authorization: Bearer " + token});
    return curl(at(daemon_->admin_url(), path), more);
  }
  std::string send(const std::string& path, const std::string& authorization, const std::string& body) {
    return curl(at(daemon_->packet_url(), path),
                {"-H", "Authorization: " + authorization, "-H", "Content-Type: application/json", "--data", body});
  }
  static std::string at(const std::string& url, const std::string& path) {
    return "https://localhost" + url.substr(url.rfind(':')) + path;
  }
  void reload(const std::string& line) {
    daemon_->process().signal(SIGHUP);
    EXPECT_TRUE(daemon_->process().wait_for_line(line)) << line;
  }

  void expect_no_secret(const std::string& text) const {
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
      for (const std::string& secret : secrets_) EXPECT_THAT(line, Not(HasSubstr(secret)));
    }
  }

  const std::string operator_token_ = auth::make_token();
  const std::string reader_token_ = auth::make_token();
  const std::string new_token_ = auth::make_token();
  test::CertificateAuthority authority_;
  test::TemporaryFolder folder_;
  Analyzers analyzers_{{1}};
  std::vector<std::string> secrets_;
  std::string said_;
  std::optional<DaemonProcess> daemon_;
};

TEST_F(Secrets, AreInNothingThatTheDaemonSays) {
  start();
  for (const char* path : {"/v1/config", "/v1/status", "/metrics", "/v1/events", "/v1/analyzers", "/", "/none"}) {
    ask(path, operator_token_);
    ask(path, new_token_);  // nobody's yet
  }
  EXPECT_THAT(said_, HasSubstr("X-Api-Key")) << "the configuration is shown, but for its values";
  EXPECT_THAT(said_, HasSubstr("401"));
  const std::vector<std::string> change{"-X", "POST", "-H", "Content-Type: application/json"};
  EXPECT_THAT(ask("/v1/analyzers/a/drain", reader_token_, change), HasSubstr("403"));
  EXPECT_THAT(ask("/v1/analyzers/a/drain", operator_token_, change), HasSubstr("200"));
  EXPECT_THAT(ask("/v1/analyzers/a/undrain", operator_token_, change), HasSubstr("200"));
  EXPECT_THAT(curl(at(daemon_->admin_url(), "/login"), {"--data", "token=" + new_token_}), HasSubstr("401"));
  curl(at(daemon_->admin_url(), "/v1/status"), {"-H", "Cookie: logdist_token=" + new_token_});
  for (const std::string& authorization :
       {"Bearer " + new_token_, "Splunk " + new_token_, std::string("Basic password-90ab")}) {
    send("/v1/packets", authorization, R"({"messages":["a"]})");
    send("/v1/packets", authorization, "no packet");
    send("/services/collector/event", authorization, R"({"event":1})");
    send("/none", authorization, "x");
  }
  ASSERT_TRUE(daemon_->process().wait_for_line(
      R"("event":"analyzer_failed",.*"analyzer":"far")"));  // the one with headers and a key

  folder_.write("tokens.yaml", "- {name: carol, role: read, token_sha256: " + new_token_ + "}\n");  // the token itself
  reload("refused, nothing has changed");
  folder_.write("tokens.yaml", entry("carol", "operate", new_token_));
  folder_.write("admin.pem", folder_.lines("packet.key").at(1));
  reload("admin.pem has no certificate");
  folder_.write("admin.pem", authority_.issue().certificate);
  reload("is not the key of the first certificate");

  daemon_->process().terminate();
  EXPECT_TRUE(daemon_->process().wait_exit(patience));
  said_ += daemon_->process().output() + daemon_->process().errors();
  EXPECT_THAT(said_, HasSubstr("admin_refused")) << "the log is in it, fields and all";
  expect_no_secret(said_);
}

TEST_F(Secrets, AreInNoErrorOfAConfiguration) {
  const auto check = [this](const std::string& yaml) {
    std::vector<std::string> arguments{"check", "--config", folder_.write("bad.yaml", yaml)};
    return run(Process::log_distributor(arguments, {{"LOGDIST_TOKEN", operator_token_}}));
  };
  EXPECT_THAT(check("analyzers:\n  - {name: a, url: 'http://me:password-90ab@host/x'}\n"), HasSubstr("names a user"));
  check("analyzers:\n  - name: a\n    url: http://h/x\n    headers: {Bad Name: api-key-5d1c}\n");
  check("analyzers:\n  - name: a\n    url: http://h/x\n    headers: {X-Api-Key: \"api-key-5d1c\\r\\nX: y\"}\n");
  check("analyzers:\n  - name: a\n    url: http://h/x\n    headers: {X-Api-Key: [api-key-5d1c]}\n");
  expect_no_secret(said_);
}

}  // namespace
}  // namespace logdist::e2e
