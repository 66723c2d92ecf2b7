// TLS over sockets that give and take little at a time.
#include "logdist/net/tls/tls_transport.hpp"

#include <sys/socket.h>

#include <gtest/gtest.h>
#include <boost/asio/error.hpp>

#include "logdist/net/tls/tls_error.hpp"
#include "tests/net/tls/tls_ends.hpp"

namespace logdist::net {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using test::TlsFiles;

/// Passes bytes between two sockets, as few as are asked for.
class Passage {
 public:
  Passage() : near_(test::connected_sockets()), far_(test::connected_sockets()) {}

  Stream take_near() { return std::move(near_[0]); }
  Stream take_far() { return std::move(far_[0]); }
  /// At most `count` bytes from the far side to the near one; how many.
  std::size_t to_near(std::size_t count) { return pass(far_[1], near_[1], count); }
  std::size_t to_far(std::size_t count) { return pass(near_[1], far_[1], count); }
  /// The near side sees the end.
  void close_near() { near_[1].close(); }

 private:
  static std::size_t pass(Stream& from, Stream& to, std::size_t count) {
    std::string bytes(count, '\0');
    error_code error;
    bytes.resize(from.read_some(bytes, error));
    std::size_t passed = 0;
    while (passed < bytes.size() && !error) passed += to.write_some(std::string_view(bytes).substr(passed), error);
    return passed;
  }

  std::array<Stream, 2> near_;
  std::array<Stream, 2> far_;
};

/// Both ends, which have shaken hands by `version`, with a passage in between.
class TlsTransportTest : public testing::TestWithParam<int> {
 protected:
  void SetUp() override {
    near_ = files_.server_factory()(passage_.take_near(), {});
    far_ = std::make_unique<TlsTransport>(passage_.take_far(), test::raw_client(GetParam()));
  }

  void shake_hands() {
    for (int turn = 0; turn < 6; ++turn) {
      far_error_ = far_->handshake();
      passage_.to_near(1 << 20);
      near_error_ = near_->handshake();
      passage_.to_far(1 << 20);
    }
    ASSERT_FALSE(near_error_) << near_error_.message();
    ASSERT_FALSE(far_error_) << far_error_.message();
  }

  TlsFiles files_;
  Passage passage_;
  std::unique_ptr<Transport> near_;
  std::unique_ptr<TlsTransport> far_;
  error_code near_error_;
  error_code far_error_;
  error_code error_;
};

TEST_P(TlsTransportTest, SingleBytesAreEnough) {
  const std::string sent = "a request, byte by byte";
  std::string received;
  bool is_written = false;
  near_error_ = far_error_ = asio::error::would_block;
  for (int step = 0; step < 200'000 && received.size() < sent.size(); ++step) {
    if (far_error_ == asio::error::would_block) far_error_ = far_->handshake();
    if (near_error_ == asio::error::would_block) near_error_ = near_->handshake();
    if (!far_error_ && !std::exchange(is_written, true)) far_->write_some(sent, error_);
    passage_.to_near(1);
    passage_.to_far(1);
    if (!near_error_) received += test::read_all(*near_, error_);
  }
  EXPECT_EQ(received, sent);
  EXPECT_EQ(error_, asio::error::would_block);
  EXPECT_TRUE(near_->drained());
}

TEST_P(TlsTransportTest, HalfARecordIsNothingYet) {
  shake_hands();
  far_->write_some("whole", error_);
  std::size_t passed = 0;
  for (;;) {
    std::string space(16, '\0');
    const std::size_t count = near_->read_some(space, error_);
    if (count > 0) {
      EXPECT_EQ(space.substr(0, count), "whole") << "never a part of a record, which nobody has verified";
      break;
    }
    ASSERT_EQ(error_, asio::error::would_block);
    ASSERT_TRUE(near_->drained()) << "or an edge-triggered poller would be asked in vain";
    const std::size_t more = passage_.to_near(1);
    ASSERT_EQ(more, 1u);
    passed += more;
  }
  EXPECT_GT(passed, 5u);
}

TEST_P(TlsTransportTest, SmallPiecesShareARecordAndLargeOnesFillTheirs) {
  shake_hands();
  const std::string head(300, 'h');
  const std::string body(40'000, 'b');
  const std::array pieces{asio::const_buffer(head.data(), head.size()), asio::const_buffer(body.data(), body.size()),
                          asio::const_buffer(head.data(), head.size())};
  EXPECT_EQ(near_->write_some(pieces, error_), 40'600u);
  std::string bytes(1 << 20, '\0');
  // Of the records' heads, by which they can be counted without a key: 40,600 bytes are two full ones and a rest.
  std::size_t passed = 0;
  for (std::size_t more = 0; (more = passage_.to_far(1 << 20)) > 0;) passed += more;
  EXPECT_LT(passed, 40'600u + 4 * 64u);
  EXPECT_EQ(test::read_all(*far_, error_), head + body + head);
}

TEST_P(TlsTransportTest, TheEndWithoutAFarewellIsAnEnd) {
  shake_hands();
  far_->write_some("last", error_);
  passage_.to_near(1 << 20);
  passage_.close_near();
  EXPECT_EQ(test::read_all(*near_, error_), "last");
  EXPECT_EQ(error_, asio::error::eof);
}

TEST_P(TlsTransportTest, CloseSaysFarewell) {
  shake_hands();
  error_code error;
  test::read_all(*far_, error);
  near_->close();
  EXPECT_GT(passage_.to_far(1 << 20), 0u);
  EXPECT_EQ(test::read_all(*far_, error), "");
  EXPECT_EQ(error, asio::error::eof);
  EXPECT_EQ(SSL_get_shutdown(&far_->ssl()) & SSL_RECEIVED_SHUTDOWN, SSL_RECEIVED_SHUTDOWN);
}

TEST_P(TlsTransportTest, AWriteThatFailsLeavesWhatCameToBeRead) {
  shake_hands();
  far_->write_some("an answer that explains it", error_);
  passage_.to_near(1 << 20);
  passage_.close_near();
  near_->write_some("too late", error_);
  near_->write_some("too late", error_);
  EXPECT_TRUE(error_);
  EXPECT_EQ(test::read_all(*near_, error_), "an answer that explains it");
}

TEST_P(TlsTransportTest, WhatTheSocketDoesNotTakeIsHeldAndBounded) {
  shake_hands();
  const std::string much(1 << 20, 'x');
  std::size_t taken = 0;
  for (error_.clear(); !error_;) taken += near_->write_some(much, error_);
  EXPECT_EQ(error_, asio::error::would_block);
  EXPECT_FALSE(near_->flushed());
  EXPECT_EQ(near_->write_some(much, error_), 0u) << "nothing more is taken";
  std::size_t received = 0;
  while (received < taken) {
    passage_.to_far(1 << 16);
    received += test::read_all(*far_, error_).size();
    near_->write_some(std::span<const asio::const_buffer>(), error_);
  }
  EXPECT_EQ(received, taken);
  EXPECT_TRUE(near_->flushed());
}

INSTANTIATE_TEST_SUITE_P(By, TlsTransportTest, testing::Values(TLS1_2_VERSION, TLS1_3_VERSION),
                         [](const auto& instance) { return instance.param == TLS1_2_VERSION ? "Tls12" : "Tls13"; });

}  // namespace
}  // namespace logdist::net
