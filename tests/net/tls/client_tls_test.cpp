// What is verified of a server, and what is said when that fails.
#include <gtest/gtest.h>
#include <boost/asio/error.hpp>

#include "logdist/net/tls/tls_error.hpp"
#include "tests/net/tls/tls_ends.hpp"

namespace logdist::net {
namespace {

using boost::system::error_code;
using logdist::test::CertificateSpec;
using test::TlsFiles;

/// Why a client does not accept a server with `spec`; empty when it does.
std::string refusal(const CertificateSpec& spec, const std::string& host = "localhost", bool verify = true) {
  TlsFiles files(spec);
  files.analyzer.verify = verify;
  auto [near, far] = test::connected_sockets();
  const auto server = files.server_factory()(std::move(near), {});
  const auto client = files.client(host)->connect(std::move(far));
  const auto errors = test::shake_hands(*server, *client);
  return errors[1] ? errors[1].message() : "";
}

TEST(ClientTls, AcceptsWhatIsAsItShouldBe) {
  EXPECT_EQ(refusal({}), "");
  EXPECT_EQ(refusal({}, "127.0.0.1"), "") << "by address";
}

TEST(ClientTls, RefusesAnExpiredCertificate) {
  CertificateSpec spec;
  spec.valid_from_s = -7200;
  spec.valid_for_s = -3600;
  EXPECT_EQ(refusal(spec), "the certificate has expired");
}

TEST(ClientTls, RefusesOneThatIsNotValidYet) {
  CertificateSpec spec;
  spec.valid_from_s = 3600;
  EXPECT_EQ(refusal(spec), "the certificate is not valid yet");
}

TEST(ClientTls, RefusesAnotherNameOrAddress) {
  EXPECT_EQ(refusal({}, "analyzer.example"), "the certificate is for another name");
  EXPECT_EQ(refusal({}, "127.0.0.2"), "the certificate is for another IP address");
}

TEST(ClientTls, TheCommonNameIsNoName) {
  CertificateSpec spec;
  spec.common_name = "localhost";
  spec.names.clear();
  EXPECT_EQ(refusal(spec), "the certificate has no subject alternative name");
}

TEST(ClientTls, AWildcardIsForOneLevel) {
  CertificateSpec spec;
  spec.names = {"DNS:*.example.net"};
  EXPECT_EQ(refusal(spec, "a.example.net"), "");
  EXPECT_EQ(refusal(spec, "a.b.example.net"), "the certificate is for another name");
  spec.names = {"DNS:a*.example.net"};
  EXPECT_EQ(refusal(spec, "ab.example.net"), "the certificate is for another name") << "no partial ones";
}

TEST(ClientTls, TheServersNameCanBeGiven) {
  CertificateSpec spec;
  spec.names = {"DNS:analyzer.example"};
  TlsFiles files(spec);
  files.analyzer.server_name = "analyzer.example";
  auto [near, far] = test::connected_sockets();
  const auto server = files.server_factory()(std::move(near), {});
  const auto client = files.client("10.0.0.1")->connect(std::move(far));
  EXPECT_FALSE(test::shake_hands(*server, *client)[1]);
  auto& ssl = static_cast<TlsTransport&>(*server).ssl();
  EXPECT_STREQ(SSL_get_servername(&ssl, TLSEXT_NAMETYPE_host_name), "analyzer.example");
  const unsigned char* protocol = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(&ssl, &protocol, &size);
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(protocol), size), "http/1.1");
}

TEST(ClientTls, RefusesAnUnknownAuthority) {
  TlsFiles files;
  TlsFiles others({}, "Another CA");
  auto [near, far] = test::connected_sockets();
  const auto server = files.server_factory()(std::move(near), {});
  const auto client = others.client()->connect(std::move(far));
  const auto errors = test::shake_hands(*server, *client);
  EXPECT_EQ(errors[1].message(), "the certificate is of an unknown CA, or its chain has a gap");
  EXPECT_TRUE(is_certificate_error(errors[1]));
  EXPECT_EQ(errors[0].message(), "the peer does not accept our certificate: it does not know its CA");
  EXPECT_TRUE(is_certificate_error(errors[0]));
}

TEST(ClientTls, RefusesAnAuthorityOfTheSameName) {
  TlsFiles files;
  TlsFiles others;
  auto [near, far] = test::connected_sockets();
  const auto server = files.server_factory()(std::move(near), {});
  const auto client = others.client()->connect(std::move(far));
  EXPECT_EQ(test::shake_hands(*server, *client)[1].message(),
            "the certificate is signed by another CA of the same name");
}

TEST(ClientTls, VerifiesNothingWhenAskedTo) {
  CertificateSpec spec;
  spec.valid_for_s = -60;
  spec.names.clear();
  EXPECT_EQ(refusal(spec, "whatever.example", false), "");
}

TEST(ClientTls, ANewContextIsForNewConnections) {
  TlsFiles files;
  TlsFiles others({}, "Another CA");
  const auto client = files.client();
  const auto server = others.server();
  const auto try_once = [&] {
    auto [near, far] = test::connected_sockets();
    const auto serving = server->factory(0)(std::move(near), {});
    const auto connecting = client->connect(std::move(far));
    return test::shake_hands(*serving, *connecting)[1];
  };
  EXPECT_TRUE(try_once());
  client->use(*ClientTls::prepare(others.analyzer, "localhost"));
  EXPECT_FALSE(try_once());
}

TEST(ClientTls, AWriteThatFailsSaysWhatThePeerHasSaid) {
  TlsFiles files;
  files.port.client_auth = config::ClientAuth::required;
  auto [near, far] = test::connected_sockets();
  auto server = files.server_factory()(std::move(near), {});
  const auto client = files.client()->connect(std::move(far));
  const auto errors = test::shake_hands(*server, *client);
  EXPECT_TRUE(errors[0]);
  ASSERT_FALSE(errors[1]) << "of TLS 1.3: the client is done before the server has seen its certificate";
  server.reset();
  error_code error;
  client->write_some("a request", error);
  EXPECT_EQ(error.message(), "the peer asks for our certificate, and we have none");
  std::string space(16, '\0');
  client->read_some(space, error);
  EXPECT_EQ(error.message(), "the peer asks for our certificate, and we have none");
}

}  // namespace
}  // namespace logdist::net
