// The packet port over TLS, spoken to by clients that are not ours: curl and Python.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <csignal>

#include "tests/e2e/analyzers.hpp"
#include "tests/e2e/daemon_process.hpp"
#include "tests/support/certificates.hpp"
#include "tests/support/temporary_folder.hpp"

namespace logdist::e2e {
namespace {

using test::CertificateSpec;
using test::Process;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class Tls : public testing::Test {
 protected:
  Tls() {
    folder_.write("ca.pem", authority_.certificate());
    issue("packet");
  }

  /// NAME.pem and NAME.key.
  void issue(const std::string& name, const CertificateSpec& spec = {}) {
    const test::IssuedCertificate issued = authority_.issue(spec);
    folder_.write(name + ".pem", issued.certificate);
    folder_.write(name + ".key", issued.key);
  }

  Settings settings(const Settings& more = {}) const {
    Settings all{{"ANALYZERS", analyzers_.setting()},
                 {"SERVER__TLS__CERTIFICATE", folder_.file("packet.pem")},
                 {"SERVER__TLS__KEY", folder_.file("packet.key")}};
    all.insert(more.begin(), more.end());
    return all;
  }
  void start(const Settings& more = {}) { daemon_.emplace(settings(more)); }

  std::string port() const { return daemon_->packet_url().substr(daemon_->packet_url().rfind(':') + 1); }

  /// What Python's client says, a line for each connection.
  std::vector<std::string> python(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(),
                     {LOGDIST_SOURCE_DIR "/tests/e2e/tls_client.py", port(), folder_.file("ca.pem")});
    return lines_of({.program = "/usr/bin/python3", .arguments = std::move(arguments)});
  }
  /// What curl says of one packet: its status, or why there is none.
  std::vector<std::string> curl(std::vector<std::string> arguments) const {
    const std::vector<std::string> common{"-sS",
                                          "--cacert",
                                          folder_.file("ca.pem"),
                                          "--data",
                                          R"({"messages":["a"]})",
                                          "-H",
                                          "Content-Type: application/json",
                                          "-o",
                                          "/dev/null",
                                          "-w",
                                          "%{http_code}\\n"};
    arguments.insert(arguments.begin(), common.begin(), common.end());
    return lines_of({.program = "/usr/bin/curl", .arguments = std::move(arguments)});
  }
  static std::vector<std::string> lines_of(const test::ProcessOptions& options) {
    Process process(options);
    EXPECT_TRUE(process.wait_exit());
    std::istringstream text(process.output() + process.errors());
    std::vector<std::string> lines;
    for (std::string line; std::getline(text, line);) lines.push_back(line);
    return lines;
  }
  std::string localhost() const { return "https://localhost:" + port() + "/v1/packets"; }
  double handshakes(const std::string& result) {
    return daemon_->metrics().value("logdist_tls_handshakes_total{port=\"packet\",result=\"" + result + "\"}");
  }

  test::CertificateAuthority authority_;
  test::TemporaryFolder folder_;
  Analyzers analyzers_{{1}};
  std::optional<DaemonProcess> daemon_;
};

TEST_F(Tls, PythonSpeaksItByBothVersionsAndResumes) {
  start();
  EXPECT_THAT(daemon_->packet_url(), HasSubstr("https://"));
  EXPECT_THAT(python({"--tls", "1.2", "--connections", "3"}),
              ElementsAre("TLSv1.2 new 202 202", "TLSv1.2 resumed 202 202", "TLSv1.2 resumed 202 202"));
  EXPECT_THAT(python({"--tls", "1.3", "--connections", "3"}),
              ElementsAre("TLSv1.3 new 202 202", "TLSv1.3 resumed 202 202", "TLSv1.3 resumed 202 202"));
  EXPECT_TRUE(daemon_->await_delivered(12));
  EXPECT_EQ(handshakes("ok"), 6);
  EXPECT_EQ(daemon_->metrics().value(R"(logdist_tls_sessions_resumed_total{port="packet"})"), 4);
  daemon_->expect_clean_end();
}

TEST_F(Tls, CurlVerifiesItAndIsToldWhy) {
  start({{"SERVER__TLS__MIN_VERSION", "1.3"}});
  EXPECT_THAT(curl({localhost()}), ElementsAre("202"));
  EXPECT_THAT(curl({"--tls-max", "1.2", localhost()}), ElementsAre("000", HasSubstr("alert protocol version")));
  EXPECT_TRUE(daemon_->process().wait_for_line(
      "packet port: TLS handshake with 127.0.0.1 failed: the peer speaks only versions of TLS below min_version"));
  EXPECT_THAT(curl({"http://localhost:" + port() + "/v1/packets"}), ElementsAre("000", HasSubstr("Empty reply")));
  EXPECT_TRUE(daemon_->process().wait_for_line("failed: the peer speaks plain HTTP, not TLS"));
  EXPECT_EQ(handshakes("protocol"), 2);
  daemon_->expect_clean_end();
}

TEST_F(Tls, AsksForCertificates) {
  start({{"SERVER__TLS__CLIENT_CA", folder_.file("ca.pem")}, {"SERVER__TLS__CLIENT_AUTH", "required"}});
  for (const char* version : {"1.2", "1.3"}) {
    EXPECT_THAT(python({"--tls", version}), ElementsAre(HasSubstr("refused: "))) << version;
  }
  issue("agent");
  CertificateSpec expired;
  expired.valid_for_s = -60;
  issue("expired", expired);
  const auto with = [this](const std::string& name) {
    return std::vector<std::string>{"--certificate", folder_.file(name + ".pem"), "--key", folder_.file(name + ".key")};
  };
  EXPECT_THAT(python(with("agent")), ElementsAre("TLSv1.3 new 202 202"));
  EXPECT_THAT(python(with("expired")), ElementsAre(HasSubstr("refused: ")));
  EXPECT_TRUE(daemon_->process().wait_for_line("127.0.0.1 failed: the certificate has expired"));
  EXPECT_THAT(daemon_->process().errors(), HasSubstr("127.0.0.1 failed: the peer has sent no certificate"));
  EXPECT_EQ(handshakes("certificate"), 3);
  EXPECT_EQ(handshakes("ok"), 1);
  daemon_->expect_clean_end();
}

TEST_F(Tls, OurAgentVerifiesItAndSaysWhyNot) {
  start({{"SERVER__TLS__CLIENT_CA", folder_.file("ca.pem")}, {"SERVER__TLS__CLIENT_AUTH", "required"}});
  issue("agent");
  const auto agent = [this](const std::vector<std::string>& more) {
    std::vector<std::string> arguments{"agent",         "--target", "https://localhost:" + port(), "--packets", "20",
                                       "--connections", "2"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    Process process(Process::log_distributor(arguments));
    const auto code = process.wait_exit(patience);
    return fmt::format("{} {}{}", code.value_or(-1), process.output(), process.errors());
  };
  const std::vector<std::string> certificate{"--certificate", folder_.file("agent.pem"), "--key",
                                             folder_.file("agent.key")};
  std::vector<std::string> all{"--ca", folder_.file("ca.pem")};
  all.insert(all.end(), certificate.begin(), certificate.end());
  EXPECT_THAT(agent(all), testing::StartsWith("0 "));
  EXPECT_TRUE(daemon_->await_delivered(20));
  EXPECT_THAT(agent({"--ca", folder_.file("agent.key")}), HasSubstr("agent: --ca " + folder_.file("agent.key")));
  EXPECT_THAT(agent(certificate),
              testing::AllOf(testing::StartsWith("1 "),
                             HasSubstr("https://localhost:" + port() + ": the certificate's CA is not known")));
  daemon_->expect_clean_end();
}

TEST_F(Tls, ComesBehindAProxysHeader) {
  start({{"SERVER__PROXY_PROTOCOL", "true"},
         {"SERVER__TRUSTED_PROXIES", "127.0.0.1"},
         {"LOG__LEVEL", "debug"},
         {"LOG__FORMAT", "json"}});
  const std::string header = "PROXY TCP4 203.0.113.7 198.51.100.1 40000 443";
  EXPECT_THAT(python({"--proxy", header, "--connections", "2"}),
              ElementsAre("TLSv1.3 new 202 202", "TLSv1.3 resumed 202 202"));
  EXPECT_THAT(python({"--proxy", header, "--body", "no packet"}), ElementsAre("TLSv1.3 new 400"));
  EXPECT_TRUE(daemon_->process().wait_for_line(R"("event":"request_rejected",.*"client":"203\.0\.113\.7")"));
  EXPECT_THAT(python({}), ElementsAre(HasSubstr("refused: "))) << "a trusted proxy has to say who is there";
  daemon_->expect_clean_end();
}

TEST_F(Tls, AHangUpTakesNewFilesOrNoneOfThem) {
  start();
  ASSERT_THAT(python({}), ElementsAre("TLSv1.3 new 202 202"));
  const double first = daemon_->metrics().value(R"(logdist_certificate_expiry_timestamp_seconds{port="packet"})");
  const std::string good_key = folder_.lines("packet.key").at(1);
  CertificateSpec other;
  other.valid_for_s = 60L * 24 * 3600;
  const test::IssuedCertificate renewed = authority_.issue(other);
  folder_.write("packet.pem", renewed.certificate);
  daemon_->process().signal(SIGHUP);
  ASSERT_TRUE(daemon_->process().wait_for_line("is not the key of the first certificate in"));
  ASSERT_TRUE(daemon_->process().wait_for_line("reload \\(HUP\\) refused, nothing has changed"));
  EXPECT_THAT(python({}), ElementsAre("TLSv1.3 new 202 202")) << "with the old ones";
  folder_.write("packet.key", renewed.key);
  daemon_->process().signal(SIGHUP);
  ASSERT_TRUE(daemon_->process().wait_for_line("reload \\(HUP\\): nothing has changed"));
  EXPECT_THAT(python({}), ElementsAre("TLSv1.3 new 202 202"));
  const double second = daemon_->metrics().value(R"(logdist_certificate_expiry_timestamp_seconds{port="packet"})");
  EXPECT_GT(second, first + 29.0 * 24 * 3600);
  EXPECT_THAT(daemon_->process().errors(), Not(HasSubstr(good_key))) << "no secret is printed";
  EXPECT_THAT(daemon_->process().errors(), Not(HasSubstr("PRIVATE KEY")));
  daemon_->expect_clean_end();
}

TEST_F(Tls, AFileThatCannotBeUsedIsNoStart) {
  folder_.write("packet.key", "s3cret\n");
  Process process(Process::log_distributor({"serve"}, [this] {
    std::map<std::string, std::string> environment;
    for (const auto& [name, value] : settings()) environment["LOGDIST_" + name] = value;
    return environment;
  }()));
  EXPECT_EQ(process.wait_exit(), 1);
  EXPECT_THAT(process.errors(),
              HasSubstr("LOGDIST_SERVER__TLS__KEY: " + folder_.file("packet.key") + " has no private key in PEM form"));
  EXPECT_THAT(process.errors(), Not(HasSubstr("s3cret")));
}

}  // namespace
}  // namespace logdist::e2e
