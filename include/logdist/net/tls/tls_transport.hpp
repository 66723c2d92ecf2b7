// TLS over a connection.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "logdist/net/transport.hpp"

struct ssl_st;

namespace logdist::net {

/// Frees what OpenSSL keeps of a connection.
struct FreeSsl {
  void operator()(ssl_st* ssl) const;
};
using SslHandle = std::unique_ptr<ssl_st, FreeSsl>;

/// Told of one handshake, by the transport that owns it. Destroyed without ended(): the connection was closed while the
/// handshake was under way.
class HandshakeWatch {
 public:
  virtual ~HandshakeWatch() = default;

  /// Why it may not go on; asked before each step.
  virtual boost::system::error_code refused() const { return {}; }
  /// Once, with why it failed, or nothing. The watch is destroyed next.
  virtual void ended(ssl_st& ssl, const boost::system::error_code& error) = 0;
};

/// A Transport whose bytes are those of TLS records. OpenSSL gets and gives the socket's bytes through a BIO of our
/// own, which never refuses what is to be written: what the socket does not take is held here. So a record that was
/// taken is never offered to OpenSSL again, and a read that has to write (an answer to a key update) only
/// holds a few bytes more. While more than `held_bytes_max` are held, nothing is read.
///
/// Writes are gathered: small pieces are put together into records of 16 KiB; of a large one each record is made from
/// where it is, without a copy. Renegotiation is refused, and a peer that ends the connection without TLS's farewell
/// has ended it: HTTP knows by itself whether something is missing.
///
/// Confined to its loop. Errors: those of the socket, and those of tls_error.hpp.
class TlsTransport final : public Transport {
 public:
  static constexpr std::size_t record_bytes_max = 16 * 1024;
  static constexpr std::size_t held_bytes_max = 64 * 1024;

  /// `ssl` is a side that has not begun. `received`: what was read from the connection before. `watch`, if there is
  /// one, is told how the handshake ends.
  TlsTransport(Stream stream, SslHandle ssl, std::string_view received = {},
               std::unique_ptr<HandshakeWatch> watch = nullptr);
  ~TlsTransport() override;

  boost::system::error_code handshake() override;
  bool needs_handshake() const override { return true; }
  const core::CertificateNames* peer_certificate() override;
  Readiness translate(Readiness of_socket) const override;
  std::size_t read_some(std::span<char> space, std::span<char> more, boost::system::error_code& error) override;
  using Transport::read_some;
  bool drained() const override { return drained_; }
  std::size_t available() const override;
  std::size_t write_some(std::span<const boost::asio::const_buffer> pieces, boost::system::error_code& error) override;
  using Transport::write_some;
  bool flushed() const override { return held_.empty(); }
  void shutdown_send(boost::system::error_code& error) override;
  /// Says farewell, as far as the socket takes it now.
  void close() override;

  /// For who needs to know more of the peer: its certificate, the version. Not to be read or written by.
  ssl_st& ssl() const { return *ssl_; }

 private:
  struct Wire;

  boost::system::error_code flush();
  boost::system::error_code why(int result);
  boost::system::error_code explain(const boost::system::error_code& failed);
  boost::system::error_code handshake_failed(const boost::system::error_code& error);
  bool fill(std::span<char> space, std::size_t& count, boost::system::error_code& error);
  std::size_t write_record(std::string_view bytes, boost::system::error_code& error);

  SslHandle ssl_;
  std::unique_ptr<const core::CertificateNames> peer_names_;  ///< once they were asked for
  std::unique_ptr<HandshakeWatch> watch_;                     ///< while the handshake is under way
  std::string received_;                                      ///< before the layer came, and not read yet
  std::string held_;                                          ///< written, and not taken by the socket yet
  boost::system::error_code read_error_;
  boost::system::error_code write_error_;
  bool shaken_hands_ = false;
  bool broken_ = false;  ///< nothing more may be asked of OpenSSL
  bool said_farewell_ = false;
  bool emptied_ = false;  ///< the socket, by the last look at it
  bool drained_ = false;
  bool at_end_ = false;  ///< the socket's end was read
};

}  // namespace logdist::net
