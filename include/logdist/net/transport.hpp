// How bytes pass over a connection: as they are, or through a layer such as TLS.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/system/error_code.hpp>

#include "logdist/base/ip_address.hpp"
#include "logdist/core/certificate_names.hpp"
#include "logdist/net/poller.hpp"
#include "logdist/net/stream.hpp"

namespace logdist::net {

/// Owns a connection and the layer on it. Never waits: what cannot be done now is
/// boost::asio::error::would_block, and is tried again when the readiness of the socket, as
/// translate() reads it, says so. Confined to its loop.
///
/// How a peer's bytes relate to those of the socket is the layer's affair: a read that is short says
/// nothing (drained() does), and readiness to read may be what a write waits for.
class Transport {
 public:
  /// Most pieces of one gathered write.
  static constexpr std::size_t max_pieces = Stream::max_pieces;

  explicit Transport(Stream stream) : stream_(std::move(stream)) {}
  virtual ~Transport() = default;
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;

  /// -1 once closed.
  int native_handle() const { return stream_.native_handle(); }
  /// The peer's address; none of a unix socket.
  IpAddress peer() const;

  /// Does what comes before the first byte of either side, as far as that can be done now. Before it has
  /// succeeded, which it says by no error, nothing is read or written.
  virtual boost::system::error_code handshake() = 0;
  /// Whether there is something to be done before the first byte.
  virtual bool needs_handshake() const { return true; }

  /// The names in the peer's certificate, where it has shown one that was verified. Asked once the handshake is over;
  /// the names stay as long as the transport.
  virtual const core::CertificateNames* peer_certificate() { return nullptr; }

  /// What the readiness of the socket means to those who read and write here.
  virtual Readiness translate(Readiness of_socket) const { return of_socket; }

  /// Bytes read, to `space` first and then to `more`: at least one unless there is an error;
  /// boost::asio::error::eof once the peer has sent its last.
  virtual std::size_t read_some(std::span<char> space, std::span<char> more, boost::system::error_code& error) = 0;
  std::size_t read_some(std::span<char> space, boost::system::error_code& error) { return read_some(space, {}, error); }
  /// Whether the last read has taken all that had come by then: one more would find nothing but the
  /// peer's end. While this is false, no readiness announces what is left. A read that was served from what
  /// the layer held has not looked at the socket, and drains nothing.
  virtual bool drained() const = 0;
  /// Bytes that can be read now; 0 may also mean that this cannot be known without a read.
  virtual std::size_t available() const = 0;

  /// Bytes taken, perhaps fewer than were given; none of those that were not taken leaves. A layer may hold
  /// what it took until the socket has room: see flushed(). Without pieces it sends only that.
  virtual std::size_t write_some(std::span<const boost::asio::const_buffer> pieces,
                                 boost::system::error_code& error) = 0;
  std::size_t write_some(std::string_view bytes, boost::system::error_code& error);

  /// Whether all that was taken has left. If not, write again when it can be: there may be nothing more to
  /// be given.
  virtual bool flushed() const = 0;

  /// Says to the peer that nothing more comes.
  virtual void shutdown_send(boost::system::error_code& error) = 0;
  /// Acknowledges what was read at once: see Stream.
  void acknowledge_now() { stream_.acknowledge_now(); }
  /// Closes the connection, at once.
  virtual void close() { stream_.close(); }

  /// Gives the connection away, to put a layer on it.
  Stream release() { return std::move(stream_); }

 protected:
  Stream stream_;
};

/// Puts a layer on a connection. `received`: what was read from it before the layer came.
using TransportFactory = std::function<std::unique_ptr<Transport>(Stream, std::string_view received)>;

/// No layer: the bytes of the socket.
class PlainTransport final : public Transport {
 public:
  using Transport::Transport;

  boost::system::error_code handshake() override { return {}; }
  bool needs_handshake() const override { return false; }
  std::size_t read_some(std::span<char> space, std::span<char> more, boost::system::error_code& error) override;
  bool drained() const override { return drained_; }
  std::size_t available() const override { return stream_.available(); }
  std::size_t write_some(std::span<const boost::asio::const_buffer> pieces, boost::system::error_code& error) override;
  bool flushed() const override { return true; }
  void shutdown_send(boost::system::error_code& error) override { stream_.shutdown_send(error); }

 private:
  bool drained_ = false;  ///< the last read was short, which has emptied the socket
};

}  // namespace logdist::net
