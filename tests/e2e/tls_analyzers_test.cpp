// Analyzers over TLS: a relay speaks it for the reference analyzer.
#include <csignal>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "logdist/config/text.hpp"
#include "logdist/net/tls/server_tls.hpp"
#include "tests/e2e/analyzers.hpp"
#include "tests/e2e/daemon_process.hpp"
#include "tests/net/record_transport.hpp"
#include "tests/support/certificates.hpp"
#include "tests/support/temporary_folder.hpp"

namespace logdist::e2e {
namespace {

using test::CertificateSpec;

class TlsAnalyzers : public testing::Test {
 protected:
  TlsAnalyzers() { folder_.write("ca.pem", authority_.certificate()); }

  /// What the analyzer shows, and asks for, of new connections.
  void serve(const CertificateSpec& spec = {}, config::ClientAuth auth = config::ClientAuth::none) {
    const test::IssuedCertificate issued = authority_.issue(spec);
    config::PortTlsOptions options;
    options.certificate = folder_.write("analyzer.pem", issued.certificate);
    options.key = folder_.write("analyzer.key", issued.key);
    options.client_ca = folder_.file("ca.pem");
    options.client_auth = auth;
    tls_->use(*net::ServerTls::prepare(options, 1));
  }

  void write(const std::string& tls) {
    file_ = folder_.write("c.yaml",
                          fmt::format("analyzers:\n  - name: a\n    url: https://localhost:{}/\n    tls: {{{}}}\n",
                                      relay_.endpoint().port(), tls));
  }
  void start(const std::string& tls) {
    write(tls);
    daemon_.emplace(Settings{{"HEALTH__INTERVAL", "50ms"},
                             {"HEALTH__BACKOFF__INITIAL", "50ms"},
                             {"HEALTH__BACKOFF__MAX", "50ms"},
                             {"HEALTH__FAILURE_THRESHOLD", "1"}},
                    Launch{.config_file = file_});
  }
  void hang_up() {
    daemon_->process().signal(SIGHUP);
    ASSERT_TRUE(daemon_->process().wait_for_line("reload \\(HUP\\): "));
  }
  void send() {
    test::HttpClient agent(daemon_->packet_url());
    EXPECT_EQ(agent.post("/v1/packets", R"({"messages":["a"]})", {{"Content-Type", "application/json"}}).status, 202u);
  }
  std::string ca() const { return "ca: " + folder_.file("ca.pem"); }

  test::CertificateAuthority authority_;
  test::TemporaryFolder folder_;
  Analyzers analyzers_{{1}};
  std::shared_ptr<net::ServerTls> tls_ = std::make_shared<net::ServerTls>("analyzer");
  net::test::RecordRelay relay_{
      {boost::asio::ip::address_v4::loopback(),
       static_cast<std::uint16_t>(std::stoul(config::parse_http_url(analyzers_.url(0))->port))},
      net::test::RecordRelay::Side::front,
      tls_->factory(0)};
  std::string file_;
  std::optional<DaemonProcess> daemon_;
};

TEST_F(TlsAnalyzers, GetPacketsAndProbesAndResumeSessions) {
  serve();
  start(ca());
  for (int i = 0; i < 20; ++i) send();
  EXPECT_TRUE(daemon_->await_delivered(20));
  EXPECT_EQ(analyzers_.packets(), 20u);
  // Each probe has its own connection.
  EXPECT_TRUE(eventually([this] { return tls_->counts().resumed >= 3; }));
  EXPECT_EQ(tls_->counts().handshakes[static_cast<std::size_t>(net::HandshakeResult::certificate)], 0u);
  daemon_->expect_clean_end();
}

TEST_F(TlsAnalyzers, OfAnotherNameGetNothingUntilTheyAreTheRightOnes) {
  CertificateSpec spec;
  spec.names = {"DNS:alpha.example"};
  serve(spec);
  start(ca());
  ASSERT_TRUE(daemon_->process().wait_for_line("analyzer a failed: .*the certificate is for another name"));
  send();
  EXPECT_EQ(analyzers_.packets(), 0u);
  write(ca() + ", server_name: alpha.example");
  hang_up();
  EXPECT_TRUE(daemon_->await_delivered(1));
  EXPECT_EQ(analyzers_.packets(), 1u);
  daemon_->expect_clean_end();
}

TEST_F(TlsAnalyzers, OfAnUnknownAuthorityOrExpiredAreNamedSo) {
  CertificateSpec spec;
  spec.valid_for_s = -60;
  serve(spec);
  start(ca());
  ASSERT_TRUE(daemon_->process().wait_for_line("analyzer a failed: .*the certificate has expired"));
  serve();
  send();
  ASSERT_TRUE(daemon_->await_delivered(1));
  const test::CertificateAuthority other("Another CA");
  write("ca: " + folder_.write("other.pem", other.certificate()));
  hang_up();
  ASSERT_TRUE(daemon_->process().wait_for_line("analyzer a failed: .*the certificate is of an unknown CA"));
}

TEST_F(TlsAnalyzers, MayAskForOurCertificate) {
  serve({}, config::ClientAuth::required);
  start(ca());
  ASSERT_TRUE(
      daemon_->process().wait_for_line("analyzer a failed: .*the peer asks for our certificate, and we have none"));
  const test::IssuedCertificate issued = authority_.issue();
  write(ca() + ", certificate: " + folder_.write("client.pem", issued.certificate) +
        ", key: " + folder_.write("client.key", issued.key));
  hang_up();
  send();
  EXPECT_TRUE(daemon_->await_delivered(1));
  daemon_->expect_clean_end();
}

TEST_F(TlsAnalyzers, ThatNobodyVerifiesAreAWarning) {
  CertificateSpec spec;
  spec.names = {"DNS:alpha.example"};
  serve(spec);
  start("verify: false");
  EXPECT_TRUE(daemon_->process().wait_for_line("analyzers\\[0\\].tls.verify: is false"));
  send();
  EXPECT_TRUE(daemon_->await_delivered(1));
  daemon_->expect_clean_end();
}

}  // namespace
}  // namespace logdist::e2e
