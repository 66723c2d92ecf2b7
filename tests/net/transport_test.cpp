// What every Transport holds to: the plain one, and one with a layer.
#include "logdist/net/transport.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <boost/asio/error.hpp>

#include "tests/net/record_transport.hpp"
#include "tests/net/tls/tls_ends.hpp"

namespace logdist::net {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using test::RecordTransport;

/// Both ends of a connection.
struct Ends {
  std::unique_ptr<Transport> near;
  std::unique_ptr<Transport> far;
};

std::array<Stream, 2> connected_streams() {
  std::array<int, 2> ends{};
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends.data()), 0);
  return {Stream(ends[0]), Stream(ends[1])};
}

Ends plain_ends() {
  auto [near, far] = connected_streams();
  return {std::make_unique<PlainTransport>(std::move(near)), std::make_unique<PlainTransport>(std::move(far))};
}

Ends record_ends() {
  auto [near, far] = connected_streams();
  return {std::make_unique<RecordTransport>(std::move(near), RecordTransport::Role::server),
          std::make_unique<RecordTransport>(std::move(far), RecordTransport::Role::client)};
}

Ends tls_ends() {
  auto [near, far] = connected_streams();
  test::TlsFiles files;
  return {files.server_factory()(std::move(near), {}), files.client()->connect(std::move(far))};
}

class TransportTest : public testing::TestWithParam<Ends (*)()> {
 protected:
  TransportTest() {
    for (int turn = 0; turn < 4; ++turn) {  // TLS takes three
      near_error_ = ends_.near->handshake();
      far_error_ = ends_.far->handshake();
    }
    EXPECT_FALSE(near_error_);
    EXPECT_FALSE(far_error_);
  }

  /// Reads `count` bytes at the near end, `space_bytes` at a time.
  std::string read(std::size_t count, std::size_t space_bytes) {
    std::string all;
    while (all.size() < count) {
      std::string some(std::min(space_bytes, count - all.size()), '\0');
      some.resize(ends_.near->read_some(some, error_));
      if (error_) break;
      all += some;
    }
    return all;
  }

  Ends ends_ = GetParam()();
  error_code near_error_;
  error_code far_error_;
  error_code error_;
};

TEST_P(TransportTest, GivesWhatWasSentAndSaysWhenThatIsAll) {
  const std::string sent = "a request and a half";
  EXPECT_EQ(ends_.far->write_some(sent, error_), sent.size());
  EXPECT_TRUE(ends_.far->flushed());
  EXPECT_GT(ends_.near->available(), 0u);
  EXPECT_EQ(read(3, 3), sent.substr(0, 3));
  EXPECT_FALSE(ends_.near->drained()) << "there is more";
  EXPECT_EQ(read(sent.size() - 3, 64), sent.substr(3));
  EXPECT_FALSE(error_);
  EXPECT_EQ(read(1, 64), "");
  EXPECT_EQ(error_, asio::error::would_block);
  EXPECT_TRUE(ends_.near->drained());
  EXPECT_EQ(ends_.near->available(), 0u);
}

TEST_P(TransportTest, PiecesAreTakenInOrderAndOnlyOnce) {
  std::string sent;
  std::string received;
  for (int index = 0; sent.size() < 300'000; ++index) sent += std::to_string(index) + ' ';
  std::size_t taken = 0;
  while (received.size() < sent.size()) {
    const std::size_t half = (sent.size() - taken) / 2;
    const std::array pieces{asio::const_buffer(sent.data() + taken, half),
                            asio::const_buffer(sent.data() + taken + half, sent.size() - taken - half)};
    taken += ends_.far->write_some({pieces.data(), taken < sent.size() ? 2u : 0u}, error_);
    ASSERT_TRUE(!error_ || error_ == asio::error::would_block) << error_;
    received += read(70'000, 7'000);
    ASSERT_TRUE(!error_ || error_ == asio::error::would_block) << error_;
  }
  EXPECT_EQ(received, sent);
  EXPECT_TRUE(ends_.far->flushed());
}

TEST_P(TransportTest, WhatDidNotFitWaitsForRoom) {
  const std::string much(1 << 20, 'x');
  std::size_t taken = 0;
  while (!error_) taken += ends_.far->write_some(much, error_);
  EXPECT_EQ(error_, asio::error::would_block);
  const std::size_t before = taken;
  std::size_t received = 0;
  while (received < before) {
    received += read(4'096, 4'096).size();
    if (error_ == asio::error::would_block) ends_.far->write_some(std::span<const asio::const_buffer>(), error_);
    ASSERT_TRUE(!error_ || error_ == asio::error::would_block) << error_;
  }
  EXPECT_EQ(received, before);
  EXPECT_TRUE(ends_.far->flushed());
}

TEST_P(TransportTest, TheEndComesBehindTheLastByte) {
  ends_.far->write_some("last", error_);
  ends_.far->shutdown_send(error_);
  EXPECT_EQ(read(4, 64), "last");
  EXPECT_EQ(read(1, 64), "");
  EXPECT_EQ(error_, asio::error::eof);
  EXPECT_EQ(ends_.near->write_some("still", error_), 5u) << "the other way is open";
}

TEST_P(TransportTest, AReadIntoTwoPlacesFillsTheFirstOneFirst) {
  ends_.far->write_some("body and head", error_);
  std::string body(4, '.');
  std::string head(16, '.');
  std::size_t count = ends_.near->read_some(body, head, error_);
  EXPECT_EQ(body, "body");
  if (count == body.size()) count += ends_.near->read_some(head, error_);
  EXPECT_EQ(count, 13u);
  EXPECT_EQ(head.substr(0, 9), " and head");
}

TEST_P(TransportTest, IsClosedOnce) {
  ends_.near->close();
  EXPECT_EQ(ends_.near->native_handle(), -1);
  EXPECT_EQ(read(0, 1), "");
  std::string space(8, '\0');
  EXPECT_EQ(ends_.far->read_some(space, error_), 0u);
  EXPECT_EQ(error_, asio::error::eof);
}

INSTANTIATE_TEST_SUITE_P(Of, TransportTest, testing::Values(plain_ends, record_ends, tls_ends),
                         [](const auto& instance) {
                           return instance.index == 0 ? "Plain" : instance.index == 1 ? "Records" : "Tls";
                         });

TEST(RecordTransport, AReadMayWaitUntilSomethingIsWritten) {
  Ends ends = record_ends();
  for (int turn = 0; turn < 4; ++turn) {
    ends.near->handshake();
    ends.far->handshake();
  }
  error_code error;
  const std::string much(1 << 20, 'x');
  while (!error) ends.near->write_some(much, error);  // it cannot answer now
  static_cast<RecordTransport&>(*ends.far).ask(error);
  ends.far->write_some("behind the question", error);
  std::string space(64, '\0');
  EXPECT_EQ(ends.near->read_some(space, error), 0u);
  EXPECT_EQ(error, asio::error::would_block);
  EXPECT_TRUE(ends.near->translate({false, true, false}).readable) << "it can be read when it can be written";
  std::string heard(1 << 20, '\0');
  while (ends.far->read_some(heard, error) > 0) {
  }
  EXPECT_EQ(ends.near->read_some(space, error), 19u) << error;
  EXPECT_FALSE(ends.near->translate({false, true, false}).readable);
}

TEST(RecordTransport, StartsWithWhatWasReadBefore) {
  auto [near, far] = connected_streams();
  RecordTransport client(std::move(far), RecordTransport::Role::client);
  EXPECT_EQ(client.handshake(), asio::error::would_block);
  std::string early(64, '\0');
  error_code error;
  early.resize(near.read_some(early, error));
  RecordTransport server(std::move(near), RecordTransport::Role::server, early);
  EXPECT_FALSE(server.handshake());
  EXPECT_FALSE(client.handshake());
}

TEST(RecordTransport, AWrongGreetingFails) {
  auto [near, far] = connected_streams();
  error_code error;
  far.write_some("GET / HTTP/1.1\r\n", error);
  RecordTransport server(std::move(near), RecordTransport::Role::server);
  EXPECT_EQ(server.handshake(), asio::error::invalid_argument);
}

}  // namespace
}  // namespace logdist::net
