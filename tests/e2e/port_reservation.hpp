// A port that stays ours while nobody listens on it.
#pragma once

#include <cstdint>
#include <string>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>

namespace logdist::e2e {

/// Holds a port of an address of this machine by a socket that is bound but never listens: connections
/// are refused, nobody else is given the port, and who names it and sets
/// SO_REUSEADDR may listen on it.
class PortReservation {
 public:
  /// Port 0: any free one.
  explicit PortReservation(const std::string& address = "127.0.0.1", std::uint16_t port = 0) {
    const boost::asio::ip::tcp::endpoint wanted(boost::asio::ip::make_address(address), port);
    socket_.open(wanted.protocol());
    socket_.set_option(boost::asio::socket_base::reuse_address(true));
    socket_.bind(wanted);
  }

  boost::asio::ip::tcp::endpoint endpoint() const { return socket_.local_endpoint(); }
  std::uint16_t port() const { return endpoint().port(); }

 private:
  boost::asio::io_context io_;
  boost::asio::ip::tcp::socket socket_{io_};
};

}  // namespace logdist::e2e
