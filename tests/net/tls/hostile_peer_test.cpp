// Peers that stop halfway, ask for what is not given, or send what is no TLS.
#include <gtest/gtest.h>
#include <boost/asio/error.hpp>

#include "logdist/base/random.hpp"
#include "logdist/net/tls/tls_error.hpp"
#include "tests/net/tls/tls_ends.hpp"

namespace logdist::net {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using test::TlsFiles;

class HostilePeer : public testing::TestWithParam<int> {
 protected:
  TlsFiles files_;
  std::shared_ptr<ServerTls> server_ = files_.server();
  TransportFactory factory_ = server_->factory(0);
  error_code error_;
};

/// What a client sends in a handshake, in order.
std::string bytes_of_client(const TransportFactory& factory, int version) {
  auto [near, near_wire] = test::connected_sockets();
  auto [far, far_wire] = test::connected_sockets();
  const auto server = factory(std::move(near), {});
  TlsTransport client(std::move(far), test::raw_client(version));
  std::string all;
  std::array<char, 1 << 16> bytes;
  for (int turn = 0; turn < 6; ++turn) {
    error_code error;
    client.handshake();
    const std::size_t sent = far_wire.read_some(bytes, error);
    all.append(bytes.data(), sent);
    near_wire.write_some({bytes.data(), sent}, error);
    server->handshake();
    const std::size_t answered = near_wire.read_some(bytes, error);
    far_wire.write_some({bytes.data(), answered}, error);
  }
  EXPECT_FALSE(server->handshake());
  return all;
}

TEST_P(HostilePeer, MayStopAtAnyByteOfTheHandshake) {
  const std::size_t size = bytes_of_client(factory_, GetParam()).size();
  ASSERT_GT(size, 200u);
  const TlsCounts before = server_->counts();
  for (std::size_t cut = 0; cut < size; ++cut) {
    auto [near, near_wire] = test::connected_sockets();
    auto [far, far_wire] = test::connected_sockets();
    const auto server = factory_(std::move(near), {});
    TlsTransport client(std::move(far), test::raw_client(GetParam()));
    std::size_t left = cut;
    error_code near_error = asio::error::would_block;
    for (int turn = 0; turn < 6 && near_error == asio::error::would_block; ++turn) {
      std::array<char, 1 << 16> bytes;
      client.handshake();
      error_code error;
      const std::size_t sent = far_wire.read_some({bytes.data(), std::min(left, bytes.size())}, error);
      left -= sent;
      near_wire.write_some({bytes.data(), sent}, error);
      near_error = server->handshake();
      const std::size_t answered = near_wire.read_some(bytes, error);
      far_wire.write_some({bytes.data(), answered}, error);
      if (left == 0) break;
    }
    if (!near_error) continue;  // another client's may be a byte shorter: the lengths of signatures vary
    ASSERT_EQ(near_error, asio::error::would_block) << cut;
    near_wire.close();
    ASSERT_EQ(server->handshake(), TlsError::closed) << cut;
  }
  const TlsCounts after = server_->counts();
  const auto closed = static_cast<std::size_t>(HandshakeResult::closed);
  EXPECT_GE(after.handshakes[closed] - before.handshakes[closed], size - 8);
}

TEST_P(HostilePeer, MayChangeAnyByteOfTheHandshake) {
  const std::string good = bytes_of_client(factory_, GetParam());
  for (std::size_t at = 0; at < good.size(); ++at) {
    auto [near, wire] = test::connected_sockets();
    const auto server = factory_(std::move(near), {});
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 0x55);
    wire.write_some(bad, error_);
    wire.shutdown_send(error_);
    for (int turn = 0; turn < 3; ++turn) ASSERT_TRUE(server->handshake()) << at;
  }
}

TEST_P(HostilePeer, MaySendNoise) {
  Random random(7);
  for (int round = 0; round < 300; ++round) {
    auto [near, wire] = test::connected_sockets();
    const auto server = factory_(std::move(near), {});
    std::string noise(1 + random.below(2000), '\0');
    for (char& byte : noise) byte = static_cast<char>(random.below(256));
    if (round % 2 == 0)
      noise.replace(0, std::min<std::size_t>(noise.size(), 3), "\x16\x03\x01", std::min<std::size_t>(noise.size(), 3));
    wire.write_some(noise, error_);
    wire.shutdown_send(error_);
    const error_code error = server->handshake();
    ASSERT_TRUE(error);
    ASSERT_NE(error, asio::error::would_block);
    ASSERT_FALSE(error.message().empty());
  }
}

TEST_P(HostilePeer, MayNotBreakARecordInTheMiddleOfTheConnection) {
  auto [near, wire] = test::connected_sockets();
  auto [far, far_wire] = test::connected_sockets();
  const auto server = factory_(std::move(near), {});
  TlsTransport client(std::move(far), test::raw_client(GetParam()));
  std::array<char, 1 << 16> bytes;
  const auto pass = [&](Stream& from, Stream& to, std::size_t change) {
    const std::size_t count = from.read_some(bytes, error_);
    if (change < count) bytes[change] = static_cast<char>(bytes[change] ^ 1);
    to.write_some({bytes.data(), count}, error_);
  };
  for (int turn = 0; turn < 6; ++turn) {
    client.handshake();
    pass(far_wire, wire, bytes.size());
    server->handshake();
    pass(wire, far_wire, bytes.size());
  }
  client.write_some("a packet", error_);
  pass(far_wire, wire, 12);
  EXPECT_EQ(test::read_all(*server, error_), "");
  EXPECT_NE(error_, asio::error::would_block);
  EXPECT_NE(error_, asio::error::eof);
  EXPECT_EQ(server->write_some("no more", error_), 0u);
  EXPECT_TRUE(error_);
}

INSTANTIATE_TEST_SUITE_P(By, HostilePeer, testing::Values(TLS1_2_VERSION, TLS1_3_VERSION),
                         [](const auto& instance) { return instance.param == TLS1_2_VERSION ? "Tls12" : "Tls13"; });

TEST(Renegotiation, IsRefused) {
  TlsFiles files;
  auto [near, far] = test::connected_sockets();
  const auto server = files.server_factory()(std::move(near), {});
  TlsTransport client(std::move(far), test::raw_client(TLS1_2_VERSION));
  const auto errors = test::shake_hands(*server, client);
  ASSERT_FALSE(errors[0] || errors[1]);
  SSL_clear_options(&client.ssl(), SSL_OP_NO_RENEGOTIATION);
  ASSERT_EQ(SSL_renegotiate(&client.ssl()), 1);
  EXPECT_NE(SSL_do_handshake(&client.ssl()), 1);
  error_code error;
  for (int turn = 0; turn < 4; ++turn) {
    EXPECT_EQ(test::read_all(*server, error), "");
    EXPECT_NE(SSL_do_handshake(&client.ssl()), 1);
  }
  EXPECT_EQ(SSL_total_renegotiations(&static_cast<TlsTransport&>(*server).ssl()), 0);
}

TEST(KeyUpdates, AreAnsweredButNeverHoarded) {
  TlsFiles files;
  auto [near, far] = test::connected_sockets();
  const auto server = files.server_factory()(std::move(near), {});
  TlsTransport client(std::move(far), test::raw_client(TLS1_3_VERSION));
  const auto errors = test::shake_hands(*server, client);
  ASSERT_FALSE(errors[0] || errors[1]);
  error_code error;
  const std::string much(1 << 20, 'x');
  for (error.clear(); !error;) server->write_some(much, error);  // no answer leaves now
  // Each is answered with a record. OpenSSL holds one answer back while it waits to be sent, but ours always takes it.
  bool is_full = false;
  for (int round = 0; round < 20'000 && !is_full; ++round) {
    ASSERT_EQ(SSL_key_update(&client.ssl(), SSL_KEY_UPDATE_REQUESTED), 1);
    const std::size_t sent = client.write_some("x", error);
    std::array<char, 64> space;
    const std::size_t count = server->read_some(space, error);
    is_full = count == 0 && sent == 1;
  }
  EXPECT_TRUE(is_full) << "what is held has a bound";
  EXPECT_EQ(error, asio::error::would_block);
  EXPECT_TRUE(server->translate({false, true, false, false}).readable) << "it can be read when it can be written";
  for (std::size_t received = 1; received > 0;) {
    received = test::read_all(client, error).size();
    server->write_some(std::span<const asio::const_buffer>(), error);
  }
  EXPECT_TRUE(server->flushed());
  EXPECT_EQ(test::read_all(*server, error), "x");
}

TEST(EarlyBytes, AreTheHandshakes) {
  TlsFiles files;
  auto [near, far] = test::connected_sockets();
  TlsTransport client(std::move(far), test::raw_client(TLS1_3_VERSION));
  EXPECT_EQ(client.handshake(), asio::error::would_block);
  std::string early(64, '\0');
  error_code error;
  early.resize(near.read_some(early, error));
  const auto server = files.server_factory()(std::move(near), early);
  const auto errors = test::shake_hands(*server, client);
  EXPECT_FALSE(errors[0] || errors[1]);
}

}  // namespace
}  // namespace logdist::net
