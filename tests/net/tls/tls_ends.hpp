// Both sides of TLS over a pair of sockets.
#pragma once

#include <array>
#include <memory>
#include <string>

#include <openssl/ssl.h>

#include "logdist/net/tls/client_tls.hpp"
#include "logdist/net/tls/server_tls.hpp"
#include "logdist/net/tls/tls_transport.hpp"
#include "tests/support/certificates.hpp"
#include "tests/support/temporary_folder.hpp"

namespace logdist::net::test {

std::array<Stream, 2> connected_sockets();

/// An authority, a server's certificate and a client's, as files.
class TlsFiles {
 public:
  explicit TlsFiles(const logdist::test::CertificateSpec& of_server = {},
                    const std::string& authority_name = "Test CA");

  logdist::test::CertificateAuthority authority;
  logdist::test::TemporaryFolder folder;
  config::PortTlsOptions port;
  config::AnalyzerTlsOptions analyzer;  ///< trusts the authority, and has no certificate

  /// A certificate of the authority, for `common_name`: the paths of certificate and key.
  std::array<std::string, 2> issue(const std::string& common_name, const logdist::test::CertificateSpec& spec = {});

  std::shared_ptr<ServerTls> server(Duration stalled_after = std::chrono::milliseconds(500)) const;
  TransportFactory server_factory() const { return server()->factory(0); }
  std::shared_ptr<ClientTls> client(const std::string& host = "localhost") const;
};

/// A side of OpenSSL's own, for what our sides never do: of `version` only (TLS1_2_VERSION), trusting all.
SslHandle raw_client(int version, SSL_CTX* context = nullptr);

/// Steps both until each has shaken hands or failed; their errors, near first.
std::array<boost::system::error_code, 2> shake_hands(Transport& near, Transport& far);

/// All that has come, until nothing more does; `error` says why it ended.
std::string read_all(Transport& transport, boost::system::error_code& error);

}  // namespace logdist::net::test
