// The admin port over TLS, spoken to by curl, which is not ours.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <csignal>

#include "logdist/auth/token.hpp"
#include "tests/e2e/analyzers.hpp"
#include "tests/e2e/daemon_process.hpp"
#include "tests/e2e/port_reservation.hpp"
#include "tests/support/certificates.hpp"
#include "tests/support/temporary_folder.hpp"

namespace logdist::e2e {
namespace {

using test::Process;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class AdminTls : public testing::Test {
 protected:
  AdminTls() {
    folder_.write("ca.pem", authority_.certificate());
    issue("admin");
    write_tokens("one");
  }

  /// NAME.pem and NAME.key.
  void issue(const std::string& name, const test::CertificateSpec& spec = {}) {
    const test::IssuedCertificate issued = authority_.issue(spec);
    folder_.write(name + ".pem", issued.certificate);
    folder_.write(name + ".key", issued.key);
  }
  void write_tokens(const std::string& token) {
    folder_.write("tokens.yaml",
                  "- {name: alice, role: operate, token_sha256: " + auth::to_text(auth::digest_of(token)) + "}\n");
  }
  Settings settings(const Settings& more = {}) const {
    Settings all{{"ANALYZERS", analyzers_.setting()},
                 {"ADMIN__TOKENS", folder_.file("tokens.yaml")},
                 {"ADMIN__TLS__CERTIFICATE", folder_.file("admin.pem")},
                 {"ADMIN__TLS__KEY", folder_.file("admin.key")}};
    all.insert(more.begin(), more.end());
    return all;
  }
  void start(const Settings& more = {}) { daemon_.emplace(settings(more)); }

  std::string port() const { return daemon_->admin_url().substr(daemon_->admin_url().rfind(':') + 1); }
  std::string url(const std::string& path) const { return "https://localhost:" + port() + path; }
  std::vector<std::string> arguments_of(const std::vector<std::string>& arguments) const {
    std::vector<std::string> all{"-sS", "--cacert", folder_.file("ca.pem"), "-H", "Authorization: Bearer one"};
    all.insert(all.end(), arguments.begin(), arguments.end());
    return all;
  }
  /// What curl prints.
  std::string curl(const std::vector<std::string>& arguments) const {
    Process process({.program = "/usr/bin/curl", .arguments = arguments_of(arguments)});
    EXPECT_TRUE(process.wait_exit());
    return process.output() + process.errors();
  }
  /// Exit code and output of one of our own commands.
  static std::string run(const std::vector<std::string>& arguments,
                         const std::map<std::string, std::string>& environment = {}) {
    Process process(Process::log_distributor(arguments, environment));
    const auto code = process.wait_exit(patience);
    return fmt::format("{} {}{}", code.value_or(-1), process.output(), process.errors());
  }
  Samples metrics() const { return Samples(curl({url("/metrics")})); }
  bool reload(const std::string& line) {
    daemon_->process().signal(SIGHUP);
    return daemon_->process().wait_for_line(line).has_value();
  }

  test::CertificateAuthority authority_;
  test::TemporaryFolder folder_;
  Analyzers analyzers_{{1}};
  std::optional<DaemonProcess> daemon_;
};

TEST_F(AdminTls, IsAllThatThePortSpeaks) {
  start();
  EXPECT_THAT(daemon_->admin_url(), StartsWith("https://"));
  EXPECT_EQ(curl({url("/healthz")}), "alive\n");
  EXPECT_THAT(curl({"http://localhost:" + port() + "/healthz"}), HasSubstr("Empty reply"));
  EXPECT_TRUE(daemon_->process().wait_for_line(
      "admin port: TLS handshake with 127.0.0.1 failed: the peer speaks plain HTTP, not TLS"));
  const std::string both = curl({"-H", "Connection: close", url("/healthz"), url("/healthz")});
  EXPECT_EQ(both, "alive\nalive\n");
  const Samples seen = metrics();
  EXPECT_EQ(seen.value(R"(logdist_tls_handshakes_total{port="admin",result="ok"})"), 4);
  EXPECT_EQ(seen.value(R"(logdist_tls_handshakes_total{port="admin",result="protocol"})"), 1);
  EXPECT_EQ(seen.value(R"(logdist_tls_sessions_resumed_total{port="admin"})"), 1);
  EXPECT_GT(seen.value(R"(logdist_certificate_expiry_timestamp_seconds{port="admin"})"), 1.7e9);
  EXPECT_THAT(curl({url("/")}), HasSubstr("<html"));
  daemon_->expect_clean_end();
}

TEST_F(AdminTls, TheCookieOfALogInIsSecure) {
  start();
  const auto log_in = [this](const std::string& origin) {
    return curl({"-D", "-", "-H", "Authorization:", "-H", "Origin: " + origin, "--data", "token=one", url("/login")});
  };
  EXPECT_THAT(log_in("https://localhost:" + port()),
              AllOf(StartsWith("HTTP/1.1 303"), HasSubstr("; HttpOnly; SameSite=Strict; Secure\r\n")));
  EXPECT_THAT(log_in("http://localhost:" + port()), StartsWith("HTTP/1.1 403")) << "a page that was changed on its way";
  const auto drain = [this](const std::string& origin) {
    return curl({"-D", "-", "-o", "/dev/null", "-X", "POST", "-H", "Content-Type: application/json", "-H",
                 "Origin: " + origin, url("/v1/analyzers/" + analyzers_.name(0) + "/drain")});
  };
  EXPECT_THAT(drain("http://localhost:" + port()), StartsWith("HTTP/1.1 403"));
  EXPECT_THAT(drain("https://localhost:" + port()), StartsWith("HTTP/1.1 200"));
}

TEST_F(AdminTls, EventsFlowUntilTheirTokenIsGone) {
  start();
  Process events({.program = "/usr/bin/curl", .arguments = arguments_of({"-N", url("/v1/events")})});
  ASSERT_TRUE(events.wait_for_line("event: status"));
  write_tokens("two");
  ASSERT_TRUE(reload("reload \\(HUP\\): nothing has changed"));
  EXPECT_TRUE(events.wait_exit(patience)) << "ended by the daemon";
  EXPECT_THAT(events.output(), Not(HasSubstr("reload (HUP)")));
  EXPECT_THAT(curl({"-o", "/dev/null", "-w", "%{http_code}", url("/v1/status")}), "401");
  daemon_->expect_clean_end();
}

TEST_F(AdminTls, AHangUpTakesNewFilesOrNoneAtAll) {
  start();
  const double first = metrics().value(R"(logdist_certificate_expiry_timestamp_seconds{port="admin"})");
  test::CertificateSpec longer;
  longer.valid_for_s = 60L * 24 * 3600;
  const test::IssuedCertificate renewed = authority_.issue(longer);
  folder_.write("admin.pem", renewed.certificate);
  write_tokens("two");
  ASSERT_TRUE(reload("reload \\(HUP\\) refused, nothing has changed"));
  EXPECT_THAT(daemon_->process().errors(),
              HasSubstr("ADMIN__TLS__KEY: " + folder_.file("admin.key") + " is not the key"));
  EXPECT_EQ(metrics().value(R"(logdist_certificate_expiry_timestamp_seconds{port="admin"})"), first)
      << "by the old token, too";
  write_tokens("one");
  folder_.write("admin.key", renewed.key);
  ASSERT_TRUE(reload("reload \\(HUP\\): nothing has changed"));
  EXPECT_GT(metrics().value(R"(logdist_certificate_expiry_timestamp_seconds{port="admin"})"), first + 29.0 * 24 * 3600);
  daemon_->expect_clean_end();
}

TEST_F(AdminTls, AsksForCertificates) {
  start({{"ADMIN__TLS__CLIENT_CA", folder_.file("ca.pem")}, {"ADMIN__TLS__CLIENT_AUTH", "required"}});
  EXPECT_THAT(curl({url("/healthz")}), HasSubstr("certificate required"));
  issue("operator");
  EXPECT_EQ(curl({"--cert", folder_.file("operator.pem"), "--key", folder_.file("operator.key"), url("/healthz")}),
            "alive\n");
  EXPECT_TRUE(daemon_->process().wait_for_line("admin port: .*failed: the peer has sent no certificate"));
  daemon_->expect_clean_end();
}

TEST_F(AdminTls, AFileThatCannotBeUsedIsNoStart) {
  folder_.write("admin.key", "s3cret\n");
  std::map<std::string, std::string> environment;
  for (const auto& [name, value] : settings()) environment["LOGDIST_" + name] = value;
  for (const char* command : {"serve", "check"}) {
    Process process(Process::log_distributor({command}, environment));
    EXPECT_EQ(process.wait_exit(), 1) << command;
    const std::string said = process.output() + process.errors();
    EXPECT_THAT(said, HasSubstr("LOGDIST_ADMIN__TLS__KEY: " + folder_.file("admin.key") + " has no private key"));
    EXPECT_THAT(said, Not(HasSubstr("s3cret")));
  }
}

TEST_F(AdminTls, TheToolsVerifyIt) {
  const std::string socket = folder_.file("admin.sock");
  start({{"ADMIN__LISTEN", "127.0.0.1:0,unix:" + socket}});
  const std::string https = url("");
  const std::vector<std::string> by_url{"--url", https};
  const auto with = [](std::vector<std::string> arguments, const std::vector<std::string>& more) {
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  };
  const std::string ca = folder_.file("ca.pem");
  EXPECT_EQ(run(with({"health", "--ca", ca}, by_url)), "0 ");
  EXPECT_EQ(run(with({"health"}, by_url), {{"LOGDIST_CA_FILE", ca}}), "0 ");
  EXPECT_EQ(
      run(with({"health"}, by_url)),
      "1 log-distributor health: " + https + "/readyz: the certificate is of an unknown CA, or its chain has a gap\n");
  EXPECT_THAT(run(with({"health", "--ca", ca, "--server-name", "other.example"}, by_url)),
              HasSubstr("/readyz: the certificate is for another name"));
  EXPECT_THAT(run(with({"health", "--ca", folder_.file("none")}, by_url)), HasSubstr("health: --ca cannot read "));
  EXPECT_THAT(run(with({"top", "--count", "1", "--ca", folder_.file("none")}, by_url)), HasSubstr("top: --ca cannot"));
  EXPECT_EQ(run({"health", "--url", "unix:" + socket, "--ca", ca}), "0 ");
  const std::map<std::string, std::string> token{{"LOGDIST_TOKEN", "one"}, {"LOGDIST_CA_FILE", ca}};
  EXPECT_THAT(run(with({"top", "--count", "2", "--interval", "100ms"}, by_url), token), StartsWith("0 "));
  EXPECT_THAT(run(with({"analyzers", "drain", analyzers_.name(0)}, by_url), token), StartsWith("0 "));
  EXPECT_THAT(run(with({"reload"}, by_url), token), StartsWith("0 "));
  EXPECT_THAT(run(with({"replay"}, by_url), token), HasSubstr("queue.storage is not disk"));
  const Samples seen = metrics();
  EXPECT_EQ(seen.value(R"(logdist_tls_sessions_resumed_total{port="admin"})"), 2) << "top's later looks";
  EXPECT_EQ(seen.value(R"(logdist_tls_handshakes_total{port="admin",result="certificate"})"), 2);
}

TEST_F(AdminTls, AHealthCheckBesideTheDaemonFindsItByItsEnvironment) {
  const PortReservation port;
  const std::map<std::string, std::string> environment{
      {"LOGDIST_ADMIN__LISTEN", "127.0.0.1:" + std::to_string(port.port())},
      {"LOGDIST_ADMIN__TLS__CERTIFICATE", folder_.file("admin.pem")},
      {"LOGDIST_CA_FILE", folder_.file("ca.pem")},
      {"LOGDIST_SERVER_NAME", "localhost"}};
  start({{"ADMIN__LISTEN", environment.at("LOGDIST_ADMIN__LISTEN")}, {"CA_FILE", "x"}, {"SERVER_NAME", "y"}});
  EXPECT_EQ(run({"health", "--live"}, environment), "0 ") << "as the image's HEALTHCHECK";
  EXPECT_THAT(daemon_->process().errors(), Not(HasSubstr("unknown variable")));
}

TEST_F(AdminTls, TheToolsHaveACertificateIfOneIsAskedFor) {
  start({{"ADMIN__TLS__CLIENT_CA", folder_.file("ca.pem")}, {"ADMIN__TLS__CLIENT_AUTH", "required"}});
  issue("operator");
  const std::vector<std::string> health{"health", "--url", url(""), "--ca", folder_.file("ca.pem")};
  EXPECT_THAT(run(health), AllOf(StartsWith("1 "), HasSubstr("certificate")));
  std::vector<std::string> with = health;
  with.insert(with.end(), {"--certificate", folder_.file("operator.pem")});
  EXPECT_EQ(run(with), "1 log-distributor health: --certificate is given without --key; allowed: both or none\n");
  with.insert(with.end(), {"--key", folder_.file("operator.key")});
  EXPECT_EQ(run(with), "0 ");
  EXPECT_EQ(run(health, {{"LOGDIST_CERTIFICATE_FILE", folder_.file("operator.pem")},
                         {"LOGDIST_KEY_FILE", folder_.file("operator.key")}}),
            "0 ");
}

}  // namespace
}  // namespace logdist::e2e
