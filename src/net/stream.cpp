#include "logdist/net/stream.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include <boost/asio/error.hpp>

namespace logdist::net {
namespace {

using boost::system::error_code;

/// What a call returned, as a count and an error; tried again if a signal came first.
template <typename Call>
std::size_t count_of(Call call, error_code& error) {
  ssize_t result = 0;
  do {
    result = call();
  } while (result < 0 && errno == EINTR);
  if (result >= 0) {
    error.clear();
    return static_cast<std::size_t>(result);
  }
  error.assign(errno, boost::system::system_category());
  return 0;
}

}  // namespace

Stream& Stream::operator=(Stream&& other) noexcept {
  if (this != &other) {
    close();
    socket_ = std::exchange(other.socket_, -1);
  }
  return *this;
}

std::size_t Stream::read_some(std::span<char> space, error_code& error) {
  const std::size_t count = count_of([&] { return ::recv(socket_, space.data(), space.size(), 0); }, error);
  if (!error && count == 0) error = boost::asio::error::eof;
  return count;
}

std::size_t Stream::read_some(std::span<char> space, std::span<char> more, error_code& error) {
  std::array<iovec, 2> vectors{{{space.data(), space.size()}, {more.data(), more.size()}}};
  const std::size_t count = count_of([&] { return ::readv(socket_, vectors.data(), vectors.size()); }, error);
  if (!error && count == 0) error = boost::asio::error::eof;
  return count;
}

std::size_t Stream::write_some(std::string_view bytes, error_code& error) {
  return count_of([&] { return ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL); }, error);
}

std::size_t Stream::write_some(std::span<const boost::asio::const_buffer> pieces, error_code& error) {
  std::array<iovec, max_pieces> vectors;
  const std::size_t count = std::min(pieces.size(), max_pieces);
  for (std::size_t index = 0; index < count; ++index) {
    vectors[index] = {const_cast<void*>(pieces[index].data()), pieces[index].size()};  // sendmsg() only reads them
  }
  msghdr message{};
  message.msg_iov = vectors.data();
  message.msg_iovlen = count;
  return count_of([&] { return ::sendmsg(socket_, &message, MSG_NOSIGNAL); }, error);
}

void Stream::acknowledge_now() {
  const int now = 1;
  ::setsockopt(socket_, IPPROTO_TCP, TCP_QUICKACK, &now, sizeof(now));
}

std::size_t Stream::available() const {
  int count = 0;
  return ::ioctl(socket_, FIONREAD, &count) == 0 && count > 0 ? static_cast<std::size_t>(count) : 0;
}

void Stream::shutdown_send(error_code& error) {
  error.clear();
  if (::shutdown(socket_, SHUT_WR) != 0) error.assign(errno, boost::system::system_category());
}

void Stream::close() {
  if (socket_ >= 0) ::close(std::exchange(socket_, -1));
}

}  // namespace logdist::net
