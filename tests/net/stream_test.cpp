#include "logdist/net/stream.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <boost/asio/error.hpp>

namespace logdist::net {
namespace {

using boost::system::error_code;

class StreamTest : public testing::Test {
 protected:
  StreamTest() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends.data()), 0);
    stream_ = Stream(ends[0]);
    far_ = Stream(ends[1]);
  }

  std::string heard_afar() {
    std::string heard(1 << 20, '\0');
    error_code error;
    heard.resize(far_.read_some(heard, error));
    return heard;
  }

  Stream stream_;
  Stream far_;
  error_code error_;
};

TEST_F(StreamTest, ReadsWhatIsThere) {
  EXPECT_EQ(far_.write_some("hello", error_), 5u);
  EXPECT_EQ(stream_.available(), 5u);
  std::array<char, 3> space{};
  EXPECT_EQ(stream_.read_some(space, error_), 3u);
  EXPECT_EQ(stream_.read_some(space, error_), 2u);
  EXPECT_FALSE(error_);
  EXPECT_EQ(stream_.read_some(space, error_), 0u);
  EXPECT_EQ(error_, boost::asio::error::would_block);
}

TEST_F(StreamTest, ReadsOnIntoASecondPlace) {
  far_.write_some("body and head", error_);
  std::string body(4, '.');
  std::string head(16, '.');
  EXPECT_EQ(stream_.read_some(body, head, error_), 13u);
  EXPECT_EQ(body + head, "body and head.......");
}

TEST_F(StreamTest, TellsTheEnd) {
  far_.write_some("last", error_);
  far_.shutdown_send(error_);
  std::array<char, 8> space{};
  EXPECT_EQ(stream_.read_some(space, error_), 4u);
  EXPECT_FALSE(error_);
  EXPECT_EQ(stream_.read_some(space, error_), 0u);
  EXPECT_EQ(error_, boost::asio::error::eof);
  EXPECT_EQ(stream_.read_some(space, space, error_), 0u);
  EXPECT_EQ(error_, boost::asio::error::eof);
  EXPECT_EQ(stream_.write_some("still", error_), 5u) << "the other way is open";
}

TEST_F(StreamTest, WritesManyPiecesInOneGo) {
  const std::vector<std::string> texts(Stream::max_pieces + 1, "ab");
  std::vector<boost::asio::const_buffer> pieces;
  for (const std::string& text : texts) pieces.push_back(boost::asio::buffer(text));
  EXPECT_EQ(stream_.write_some(pieces, error_), 2 * Stream::max_pieces) << "the last one has to wait";
  EXPECT_EQ(heard_afar().size(), 2 * Stream::max_pieces);
}

TEST_F(StreamTest, NeverWaitsForRoom) {
  const std::string much(1 << 20, 'x');
  while (!error_) stream_.write_some(much, error_);
  EXPECT_EQ(error_, boost::asio::error::would_block);
}

TEST_F(StreamTest, ABrokenPipeIsAnErrorAndNoSignal) {
  far_.close();
  EXPECT_EQ(stream_.write_some("x", error_), 0u);
  EXPECT_EQ(error_, boost::asio::error::broken_pipe);
  const std::array pieces{boost::asio::const_buffer("x", 1)};
  EXPECT_EQ(stream_.write_some(pieces, error_), 0u);
  EXPECT_EQ(error_, boost::asio::error::broken_pipe);
}

TEST_F(StreamTest, ClosesWhatItOwns) {
  const int socket = stream_.native_handle();
  Stream other(std::move(stream_));
  EXPECT_EQ(other.native_handle(), socket);
  other = std::move(far_);
  EXPECT_LT(::write(socket, "x", 1), 0);
  other.close();
  EXPECT_EQ(other.native_handle(), -1);
  other.shutdown_send(error_);
  EXPECT_EQ(error_, boost::asio::error::bad_descriptor);
}

}  // namespace
}  // namespace logdist::net
