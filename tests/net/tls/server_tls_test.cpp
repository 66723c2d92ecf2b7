// A port's handshakes: counted, bounded, resumed, with and without clients' certificates.
#include "logdist/net/tls/server_tls.hpp"

#include <vector>

#include <gmock/gmock.h>
#include <boost/asio/error.hpp>

#include "logdist/net/tls/tls_error.hpp"
#include "tests/net/tls/tls_ends.hpp"

namespace logdist::net {
namespace {

using boost::system::error_code;
using test::TlsFiles;
using testing::ElementsAre;

/// One connection, both sides.
struct Connected {
  std::unique_ptr<Transport> near;
  std::unique_ptr<Transport> far;
  error_code near_error;
  error_code far_error;

  bool is_resumed() const { return SSL_session_reused(&static_cast<TlsTransport&>(*near).ssl()) == 1; }
};

Connected connect(const TransportFactory& factory, ClientTls& client) {
  auto [near, far] = test::connected_sockets();
  Connected made{factory(std::move(near), {}), client.connect(std::move(far)), {}, {}};
  const auto errors = test::shake_hands(*made.near, *made.far);
  made.near_error = errors[0];
  made.far_error = errors[1];
  error_code error;
  test::read_all(*made.far, error);  // tickets come behind the handshake
  return made;
}

TEST(ServerTls, WithoutContextsConnectionsArePlain) {
  ServerTls server("packet");
  EXPECT_FALSE(server.is_on());
  EXPECT_EQ(server.expiry(), 0);
  auto [near, far] = test::connected_sockets();
  EXPECT_FALSE(server.factory(0)(std::move(near), {})->needs_handshake());
  EXPECT_FALSE(ServerTls::prepare({}, 1)->get());
}

TEST(ServerTls, ResumesSessionsAndCountsThem) {
  TlsFiles files;
  const auto server = files.server();
  const auto client = files.client();
  const TransportFactory factory = server->factory(0);
  EXPECT_FALSE(connect(factory, *client).is_resumed());
  EXPECT_TRUE(connect(factory, *client).is_resumed());
  EXPECT_TRUE(connect(factory, *client).is_resumed()) << "each gets a ticket for the next";
  EXPECT_EQ(server->counts().resumed, 2u);
  EXPECT_THAT(server->counts().handshakes, ElementsAre(3, 0, 0, 0, 0, 0));
}

TEST(ServerTls, SessionsAreOfAllLoopsAndOutliveANewCertificate) {
  TlsFiles files;
  const auto client = files.client();
  ServerTls server("packet");
  server.use(*ServerTls::prepare(files.port, 2));
  EXPECT_FALSE(connect(server.factory(0), *client).is_resumed());
  EXPECT_TRUE(connect(server.factory(1), *client).is_resumed());
  const auto renewed = files.issue("renewed");
  files.port.certificate = renewed[0];
  files.port.key = renewed[1];
  server.use(*ServerTls::prepare(files.port, 2));
  EXPECT_TRUE(connect(server.factory(0), *client).is_resumed());
}

TEST(ServerTls, ASessionOfOtherClientCasIsNotResumed) {
  TlsFiles files;
  const auto identity = files.issue("agent");
  files.analyzer.certificate = identity[0];
  files.analyzer.key = identity[1];
  files.port.client_auth = config::ClientAuth::required;
  const auto server = files.server();
  const auto client = files.client();
  const TransportFactory factory = server->factory(0);
  EXPECT_FALSE(connect(factory, *client).is_resumed());
  EXPECT_TRUE(connect(factory, *client).is_resumed());
  EXPECT_FALSE(connect(factory, *client).is_resumed()) << "a certificate is looked at again";
  TlsFiles others({}, "Another CA");
  files.port.client_ca = others.port.client_ca;
  server->use(*ServerTls::prepare(files.port, 1));
  const Connected refused = connect(factory, *client);
  EXPECT_TRUE(is_certificate_error(refused.near_error)) << refused.near_error.message();
  EXPECT_THAT(server->counts().handshakes, ElementsAre(3, 1, 0, 0, 0, 0));
}

TEST(ServerTls, AsksForACertificate) {
  TlsFiles files;
  files.port.client_auth = config::ClientAuth::required;
  const auto server = files.server();
  const auto stranger = files.client();
  const TransportFactory factory = server->factory(0);
  EXPECT_EQ(connect(factory, *stranger).near_error.message(), "the peer has sent no certificate");
  const auto identity = files.issue("agent");
  files.analyzer.certificate = identity[0];
  files.analyzer.key = identity[1];
  EXPECT_FALSE(connect(factory, *files.client()).near_error);
  TlsFiles others({}, "Another CA");
  const auto of_others = others.issue("agent");
  files.analyzer.certificate = of_others[0];
  files.analyzer.key = of_others[1];
  EXPECT_EQ(connect(factory, *files.client()).near_error.message(),
            "the certificate is of an unknown CA, or its chain has a gap");
  EXPECT_THAT(server->counts().handshakes, ElementsAre(1, 2, 0, 0, 0, 0));
}

TEST(ServerTls, AnOptionalCertificateMayBeMissingButNotBad) {
  TlsFiles files;
  files.port.client_auth = config::ClientAuth::optional;
  const auto server = files.server();
  EXPECT_FALSE(connect(server->factory(0), *files.client()).near_error);
  logdist::test::CertificateSpec spec;
  spec.valid_for_s = -60;
  const auto identity = files.issue("agent", spec);
  files.analyzer.certificate = identity[0];
  files.analyzer.key = identity[1];
  EXPECT_EQ(connect(server->factory(0), *files.client()).near_error.message(), "the certificate has expired");
}

/// A raw client's handshake at `server`; the server's error.
error_code try_raw(ServerTls& server, SslHandle ssl) {
  auto [near, far] = test::connected_sockets();
  const auto serving = server.factory(0)(std::move(near), {});
  TlsTransport client(std::move(far), std::move(ssl));
  return test::shake_hands(*serving, client)[0];
}

TEST(ServerTls, VersionsBelowTheLeastAreRefused) {
  TlsFiles files;
  EXPECT_FALSE(try_raw(*files.server(), test::raw_client(TLS1_2_VERSION)));
  EXPECT_FALSE(try_raw(*files.server(), test::raw_client(TLS1_3_VERSION)));
  files.port.min_version = config::TlsVersion::tls_1_3;
  const auto server = files.server();
  EXPECT_EQ(try_raw(*server, test::raw_client(TLS1_2_VERSION)).message(),
            "the peer speaks only versions of TLS below min_version");
  EXPECT_FALSE(try_raw(*server, test::raw_client(TLS1_3_VERSION)));
  EXPECT_THAT(server->counts().handshakes, ElementsAre(1, 0, 1, 0, 0, 0));
}

TEST(ServerTls, OtherProtocolsThanHttp11AreRefused) {
  TlsFiles files;
  const auto server = files.server();
  SslHandle ssl = test::raw_client(TLS1_3_VERSION);
  const std::string only_h2("\2h2", 3);
  SSL_set_alpn_protos(ssl.get(), reinterpret_cast<const unsigned char*>(only_h2.data()), 3);
  EXPECT_EQ(try_raw(*server, std::move(ssl)).message(), "the peer's protocols (ALPN) do not include http/1.1");
  ssl = test::raw_client(TLS1_2_VERSION);
  const std::string both("\2h2\x8http/1.1", 12);
  SSL_set_alpn_protos(ssl.get(), reinterpret_cast<const unsigned char*>(both.data()), 12);
  EXPECT_FALSE(try_raw(*server, std::move(ssl)));
}

TEST(ServerTls, PlainHttpIsNamed) {
  TlsFiles files;
  const auto server = files.server();
  auto [near, far] = test::connected_sockets();
  error_code error;
  far.write_some("GET / HTTP/1.1\r\nHost: a\r\n\r\n", error);
  const auto serving = server->factory(0)(std::move(near), {});
  EXPECT_EQ(serving->handshake().message(), "the peer speaks plain HTTP, not TLS");
  EXPECT_THAT(server->counts().handshakes, ElementsAre(0, 0, 1, 0, 0, 0));
}

TEST(ServerTls, OneMoreHandshakeIsRefusedWhileTheOthersAreYoung) {
  TlsFiles files;
  files.port.max_handshakes = 2;
  const auto server = files.server(std::chrono::hours(1));
  const TransportFactory factory = server->factory(0);
  auto first = test::connected_sockets();
  auto second = test::connected_sockets();
  auto transport = factory(std::move(first[0]), {});
  const auto other = factory(std::move(second[0]), {});
  EXPECT_EQ(transport->handshake(), boost::asio::error::would_block);
  const auto client = files.client();
  const Connected third = connect(factory, *client);
  EXPECT_EQ(third.near_error, TlsError::too_many_handshakes);
  EXPECT_TRUE(third.far_error);
  EXPECT_THAT(server->counts().handshakes, ElementsAre(0, 0, 0, 0, 0, 1));
  transport.reset();
  EXPECT_FALSE(connect(factory, *client).near_error) << "there is a place again";
  EXPECT_THAT(server->counts().handshakes, ElementsAre(1, 0, 0, 0, 1, 1));
}

TEST(ServerTls, OneThatHasStalledMakesRoom) {
  TlsFiles files;
  files.port.max_handshakes = 2;
  const auto server = files.server(Duration::zero());
  const TransportFactory factory = server->factory(0);
  auto first = test::connected_sockets();
  auto second = test::connected_sockets();
  const auto oldest = factory(std::move(first[0]), {});
  const auto younger = factory(std::move(second[0]), {});
  EXPECT_FALSE(connect(factory, *files.client()).near_error);
  EXPECT_EQ(oldest->handshake(), TlsError::made_room);
  EXPECT_EQ(younger->handshake(), boost::asio::error::would_block);
  error_code error;
  EXPECT_EQ(test::read_all(*std::make_unique<PlainTransport>(std::move(first[1])), error), "");
  EXPECT_EQ(error, boost::asio::error::eof);
  EXPECT_THAT(server->counts().handshakes, ElementsAre(1, 0, 0, 0, 0, 1));
}

}  // namespace
}  // namespace logdist::net
