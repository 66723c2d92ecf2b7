#include "tests/net/test_layer.hpp"

#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string_view>

#include "logdist/net/tls/client_tls.hpp"
#include "logdist/net/tls/server_tls.hpp"
#include "tests/net/record_transport.hpp"
#include "tests/support/certificates.hpp"
#include "tests/support/temporary_folder.hpp"

namespace logdist::net::test {
namespace {

TestLayer records() {
  return {RecordTransport::factory(RecordTransport::Role::server),
          RecordTransport::factory(RecordTransport::Role::client)};
}

/// `localhost`'s certificate, verified.
TestLayer tls() {
  const logdist::test::CertificateAuthority authority;
  const logdist::test::IssuedCertificate issued = authority.issue();
  const logdist::test::TemporaryFolder folder;
  config::PortTlsOptions port;
  port.certificate = folder.write("certificate.pem", issued.certificate);
  port.key = folder.write("key.pem", issued.key);
  port.max_handshakes = 10'000;
  config::AnalyzerTlsOptions analyzer;
  analyzer.ca = folder.write("ca.pem", authority.certificate());
  auto contexts = ServerTls::prepare(port, 1);
  auto context = ClientTls::prepare(analyzer, "localhost");
  if (!contexts || !context) throw std::runtime_error("the test's TLS cannot be used");
  const auto server = std::make_shared<ServerTls>("packet");
  server->use(*contexts);
  const auto client = std::make_shared<ClientTls>(*context);
  // A loop's own: tests run several loops, each with its factory's copy.
  return {[server](Stream stream, std::string_view received) {
            thread_local const TransportFactory factory = server->factory(0);
            return factory(std::move(stream), received);
          },
          [client](Stream stream, std::string_view) { return client->connect(std::move(stream)); }};
}

std::unique_ptr<const TestLayer> make() {
  const char* const named = std::getenv("LOGDIST_TEST_TRANSPORT");
  if (named == nullptr) return nullptr;
  return std::make_unique<const TestLayer>(std::string_view(named) == "tls" ? tls() : records());
}

}  // namespace

const TestLayer* test_layer() {
  static const std::unique_ptr<const TestLayer> layer = make();
  return layer.get();
}

}  // namespace logdist::net::test
