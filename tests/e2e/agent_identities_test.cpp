// Who may send packets, asked of the real daemon: tokens, certificates, reloads, and that no secret is ever said.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <csignal>
#include <filesystem>
#include <sstream>

#include "logdist/auth/token.hpp"
#include "tests/e2e/analyzers.hpp"
#include "tests/e2e/daemon_process.hpp"
#include "tests/support/certificates.hpp"
#include "tests/support/temporary_folder.hpp"

namespace logdist::e2e {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

std::string with_token(const std::string& name, const std::string& token) {
  return fmt::format("- name: {}\n  token_sha256: {}\n", name, auth::to_text(auth::digest_of(token)));
}

class AgentIdentities : public testing::Test {
 protected:
  void write(const std::string& clients) {
    const std::string path = folder_.write("clients.yaml", clients);
    std::filesystem::permissions(path, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  }
  void start(const std::string& clients, Settings more = {}) {
    write(clients);
    more.insert({{"ANALYZERS", analyzers_.setting()},
                 {"AUTH__CLIENTS", folder_.file("clients.yaml")},
                 {"AUTH__ANONYMOUS", "false"},
                 {"LOG__LEVEL", "trace"}});
    daemon_.emplace(std::move(more));
  }
  void reload(const std::string& clients, const std::string& said) {
    write(clients);
    daemon_->process().signal(SIGHUP);
    EXPECT_TRUE(daemon_->process().wait_for_line(said)) << daemon_->process().errors();
  }
  /// What curl prints of one packet: its status, or more of it.
  std::string curl(std::vector<std::string> arguments, const std::string& format = "%{http_code}") const {
    const std::vector<std::string> common{
        "-sS", "--data", R"({"messages":["a","b"]})", "-H", "Content-Type: application/json", "-o", "/dev/null",
        "-w",  format};
    arguments.insert(arguments.begin(), common.begin(), common.end());
    test::Process process({.program = "/usr/bin/curl", .arguments = std::move(arguments)});
    EXPECT_TRUE(process.wait_exit(patience));
    return process.output() + process.errors();
  }
  std::string status_of(const std::string& token) const {
    return curl({"-H", "Authorization: Bearer " + token, daemon_->packet_url() + "/v1/packets"});
  }
  double metric(const std::string& series) { return daemon_->metrics().value(series); }

  test::TemporaryFolder folder_;
  Analyzers analyzers_{{1}};
  std::optional<DaemonProcess> daemon_;
};

TEST_F(AgentIdentities, ATokenIsNeededAndNeverSaid) {
  start(with_token("edge", "s3cret-one") + with_token("core", "s3cret-two"));
  const std::string url = daemon_->packet_url() + "/v1/packets";
  EXPECT_EQ(status_of("s3cret-one"), "202");
  EXPECT_EQ(curl({"-u", "core:s3cret-two", url}), "202");
  EXPECT_EQ(curl({url}), "401");
  EXPECT_EQ(curl({"-u", "edge:s3cret-two", url}), "401");
  EXPECT_EQ(status_of("s3cret-three"), "401");
  EXPECT_TRUE(daemon_->await_delivered(2));
  EXPECT_EQ(metric(R"(logdist_client_packets_total{client="edge"})"), 1);
  EXPECT_EQ(metric(R"(logdist_client_messages_total{client="core"})"), 2);
  EXPECT_EQ(metric(R"(logdist_client_packets_total{client="anonymous"})"), 0);
  EXPECT_EQ(metric(R"(logdist_client_refused_total{client="anonymous",reason="no_identity"})"), 1);
  EXPECT_EQ(metric(R"(logdist_client_refused_total{client="anonymous",reason="unknown_identity"})"), 2);
  EXPECT_THAT(daemon_->process().errors(), Not(HasSubstr("packet_port_open")));
  daemon_->expect_clean_end();
  const std::string said = daemon_->process().errors() + daemon_->process().output();
  EXPECT_THAT(said, HasSubstr("401")) << "refusals are logged at this level";
  EXPECT_THAT(said, Not(HasSubstr("s3cret")));
}

TEST_F(AgentIdentities, AReloadTakesTheFileWholeOrNotAtAll) {
  start(with_token("edge", "one"));
  EXPECT_EQ(status_of("one"), "202");
  reload(with_token("edge", "two"), "reload \\(HUP\\): nothing has changed");
  EXPECT_EQ(status_of("one"), "401");
  EXPECT_EQ(status_of("two"), "202");
  reload(with_token("edge", "three") + "- {name: core}\n", "reload \\(HUP\\) refused");
  EXPECT_THAT(daemon_->process().errors(), HasSubstr("clients.yaml:3: core: has neither token_sha256"));
  EXPECT_EQ(status_of("two"), "202");
  EXPECT_EQ(status_of("three"), "401");
  EXPECT_EQ(metric(R"(logdist_client_packets_total{client="edge"})"), 3) << "a name goes on being counted";
  daemon_->expect_clean_end();
}

TEST_F(AgentIdentities, ACertificateOfTheAgentsIsAnIdentity) {
  const test::CertificateAuthority authority;
  folder_.write("ca.pem", authority.certificate());
  const auto issue = [&](const std::string& name, const test::CertificateSpec& spec) {
    const test::IssuedCertificate issued = authority.issue(spec);
    folder_.write(name + ".pem", issued.certificate);
    folder_.write(name + ".key", issued.key);
  };
  issue("packet", {});
  issue("cn", {.common_name = "edge-cn", .names = {}});
  issue("dns", {.common_name = "x", .names = {"DNS:a.eu.example"}});
  issue("uri", {.common_name = "x", .names = {"URI:spiffe://example/edge"}});
  issue("stranger", {.common_name = "x", .names = {"DNS:a.us.example"}});
  start(
      "- {name: by-cn, certificates: CN=edge-cn}\n- {name: by-dns, certificates: 'DNS:*.eu.example'}\n"
      "- {name: by-uri, certificates: 'URI:spiffe://example/edge'}\n" +
          with_token("by-token", "one"),
      {{"SERVER__TLS__CERTIFICATE", folder_.file("packet.pem")},
       {"SERVER__TLS__KEY", folder_.file("packet.key")},
       {"SERVER__TLS__CLIENT_CA", folder_.file("ca.pem")},
       {"SERVER__TLS__CLIENT_AUTH", "optional"}});
  const std::string url =
      "https://localhost:" + daemon_->packet_url().substr(daemon_->packet_url().rfind(':') + 1) + "/v1/packets";
  const auto send = [&](const std::string& certificate, const std::string& token = "") {
    std::vector<std::string> arguments{"--cacert", folder_.file("ca.pem"), url};
    if (!token.empty()) arguments.insert(arguments.end(), {"-H", "Authorization: Bearer " + token});
    if (!certificate.empty()) {
      arguments.insert(arguments.end(),
                       {"--cert", folder_.file(certificate + ".pem"), "--key", folder_.file(certificate + ".key")});
    }
    return curl(arguments);
  };
  for (const char* name : {"cn", "dns", "uri"}) {
    EXPECT_EQ(send(name), "202") << name;
    EXPECT_EQ(metric(fmt::format("logdist_client_packets_total{{client=\"by-{}\"}}", name)), 1) << name;
  }
  EXPECT_EQ(send("stranger"), "401");
  EXPECT_EQ(send("stranger", "one"), "202");
  EXPECT_EQ(send(""), "401");
  EXPECT_EQ(send("", "one"), "202");
  EXPECT_EQ(send("cn", "one"), "403");
  EXPECT_EQ(metric(R"(logdist_client_refused_total{client="anonymous",reason="two_identities"})"), 1);
  for (const char* version : {"1.2", "1.3"}) {
    const std::string port = daemon_->packet_url().substr(daemon_->packet_url().rfind(':') + 1);
    test::Process python({.program = "/usr/bin/python3",
                          .arguments = {LOGDIST_SOURCE_DIR "/tests/e2e/tls_client.py", port, folder_.file("ca.pem"),
                                        "--certificate", folder_.file("cn.pem"), "--key", folder_.file("cn.key"),
                                        "--tls", version, "--connections", "2"}});
    EXPECT_TRUE(python.wait_exit(patience));
    EXPECT_THAT(python.output(), HasSubstr(" resumed 202 202")) << "a session that is resumed has its certificate";
  }
  daemon_->expect_clean_end();
}

}  // namespace
}  // namespace logdist::e2e
