// A transport that is as unlike a bare socket as TLS is, and a relay for peers that do not speak it.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include <boost/asio/ip/tcp.hpp>

#include "logdist/net/transport.hpp"

namespace logdist::net::test {

/// A handshake of one message each way; then records of up to `max_record_bytes`, each byte changed, behind
/// two bytes of length. Like TLS it takes from the socket more than it gives, so that a short read does not
/// drain it and bytes are there while the socket is empty; it holds a record that was taken until the socket
/// has room; and an empty record is a question that it answers with another before it reads on, so that a
/// read may wait for the socket to take something.
class RecordTransport : public Transport {
 public:
  static constexpr std::size_t max_record_bytes = 1000;
  enum class Role : std::uint8_t { client, server };

  /// `received`: read from the connection before.
  RecordTransport(Stream stream, Role role, std::string_view received = {});

  /// As a TransportFactory of that side.
  static TransportFactory factory(Role role);

  boost::system::error_code handshake() override;
  Readiness translate(Readiness of_socket) const override;
  std::size_t read_some(std::span<char> space, std::span<char> more, boost::system::error_code& error) override;
  bool drained() const override;
  std::size_t available() const override;
  std::size_t write_some(std::span<const boost::asio::const_buffer> pieces, boost::system::error_code& error) override;
  bool flushed() const override { return unsent_.empty(); }
  void shutdown_send(boost::system::error_code& error) override;

  /// Asks the peer to say something before it reads on.
  void ask(boost::system::error_code& error);

 private:
  enum class Greeting : std::uint8_t { to_send, to_flush, to_receive, done };

  boost::system::error_code flush();
  boost::system::error_code fill();
  boost::system::error_code greet();
  bool holds_record() const;
  bool answer_questions(boost::system::error_code& error);
  void append_record(std::string_view bytes);

  const Role role_;
  Greeting greeting_;
  std::string received_;   ///< records, the first perhaps read in part
  std::size_t taken_ = 0;  ///< of the first record's bytes
  std::string unsent_;
  bool emptied_ = false;  ///< the socket, by the last read
  bool asked_ = false;    ///< a question is to be answered before the next read
};

/// Relays bytes between peers of which only one side has a layer, each connection until either side
/// ends. For tests whose clients and servers know only sockets. Runs on a thread of its own.
class RecordRelay {
 public:
  /// Whether the layer is towards those who connect to it, or towards `target`.
  enum class Side : std::uint8_t { front, back };

  RecordRelay(const boost::asio::ip::tcp::endpoint& target, Side layered, TransportFactory layer);
  ~RecordRelay();
  RecordRelay(const RecordRelay&) = delete;
  RecordRelay& operator=(const RecordRelay&) = delete;

  boost::asio::ip::tcp::endpoint endpoint() const { return endpoint_; }

 private:
  void run();

  const boost::asio::ip::tcp::endpoint target_;
  const Side layered_;
  const TransportFactory layer_;
  int listener_ = -1;
  boost::asio::ip::tcp::endpoint endpoint_;
  std::atomic<bool> stopped_{false};
  std::thread thread_;
};

}  // namespace logdist::net::test
