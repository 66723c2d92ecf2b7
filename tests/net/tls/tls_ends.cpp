#include "tests/net/tls/tls_ends.hpp"

#include <sys/socket.h>

#include <stdexcept>

#include <boost/asio/error.hpp>

namespace logdist::net::test {

namespace asio = boost::asio;
using boost::system::error_code;

std::array<Stream, 2> connected_sockets() {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends.data()) != 0) throw std::runtime_error("socketpair");
  return {Stream(ends[0]), Stream(ends[1])};
}

TlsFiles::TlsFiles(const logdist::test::CertificateSpec& of_server, const std::string& authority_name)
    : authority(authority_name) {
  const auto issued = authority.issue(of_server);
  port.certificate = folder.write("server.pem", issued.certificate);
  port.key = folder.write("server.key", issued.key);
  port.client_ca = analyzer.ca = folder.write("ca.pem", authority.certificate());
}

std::array<std::string, 2> TlsFiles::issue(const std::string& common_name, const logdist::test::CertificateSpec& spec) {
  logdist::test::CertificateSpec named = spec;
  named.common_name = common_name;
  const auto issued = authority.issue(named);
  return {folder.write(common_name + ".pem", issued.certificate), folder.write(common_name + ".key", issued.key)};
}

std::shared_ptr<ServerTls> TlsFiles::server(Duration stalled_after) const {
  auto contexts = ServerTls::prepare(port, 1);
  if (!contexts) throw std::runtime_error(contexts.error().key + ": " + contexts.error().message);
  auto made = std::make_shared<ServerTls>("packet", stalled_after);
  made->use(*contexts);
  return made;
}

std::shared_ptr<ClientTls> TlsFiles::client(const std::string& host) const {
  auto context = ClientTls::prepare(analyzer, host);
  if (!context) throw std::runtime_error(context.error().key + ": " + context.error().message);
  return std::make_shared<ClientTls>(*context);
}

SslHandle raw_client(int version, SSL_CTX* context) {
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> own(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
  SslHandle ssl(SSL_new(context != nullptr ? context : own.get()));
  SSL_set_connect_state(ssl.get());
  SSL_set_min_proto_version(ssl.get(), version);
  SSL_set_max_proto_version(ssl.get(), version);
  return ssl;
}

std::array<error_code, 2> shake_hands(Transport& near, Transport& far) {
  std::array<error_code, 2> errors{asio::error::would_block, asio::error::would_block};
  for (int turn = 0; turn < 8; ++turn) {
    if (errors[1] == asio::error::would_block) errors[1] = far.handshake();
    if (errors[0] == asio::error::would_block) errors[0] = near.handshake();
  }
  return errors;
}

std::string read_all(Transport& transport, error_code& error) {
  std::string all;
  std::array<char, 4096> space;
  for (error.clear(); !error;) all.append(space.data(), transport.read_some(space, error));
  return all;
}

}  // namespace logdist::net::test
