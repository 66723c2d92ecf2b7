// A connected socket whose readiness a Poller reports.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/system/error_code.hpp>

namespace logdist::net {

/// Owns a connected, non-blocking stream socket. Never waits: what cannot be done
/// now is boost::asio::error::would_block. Confined to its loop.
class Stream {
 public:
  static constexpr std::size_t max_pieces = 64;

  Stream() = default;
  /// Takes over `socket`, which is non-blocking.
  explicit Stream(int socket) : socket_(socket) {}
  Stream(Stream&& other) noexcept : socket_(std::exchange(other.socket_, -1)) {}
  Stream& operator=(Stream&& other) noexcept;
  ~Stream() { close(); }

  int native_handle() const { return socket_; }

  /// Bytes read, at least one unless there is an error; boost::asio::error::eof once
  /// the peer has sent its last.
  std::size_t read_some(std::span<char> space, boost::system::error_code& error);
  /// The same; what `space` does not hold goes to `more`.
  std::size_t read_some(std::span<char> space, std::span<char> more, boost::system::error_code& error);
  /// Bytes written, perhaps fewer than were given.
  std::size_t write_some(std::string_view bytes, boost::system::error_code& error);
  /// The same of many pieces in one go; those beyond `max_pieces` have to wait.
  std::size_t write_some(std::span<const boost::asio::const_buffer> pieces, boost::system::error_code& error);

  /// Acknowledges what was read at once, rather than with what is written next. A peer
  /// that holds back its next small write for it (Nagle) would wait 40 ms or more.
  void acknowledge_now();
  /// Bytes that can be read now.
  std::size_t available() const;
  /// Closes the sending direction: the peer sees the end of the stream.
  void shutdown_send(boost::system::error_code& error);
  void close();

 private:
  int socket_ = -1;
};

}  // namespace logdist::net
