// A port that stays ours while nobody listens on it.
#pragma once

#include <cstdint>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

namespace logdist::e2e {

/// Holds a loopback port by a socket that is bound but never listens: connections
/// are refused, nobody else is given the port, and who names it and sets
/// SO_REUSEADDR may listen on it.
class PortReservation {
 public:
  PortReservation() {
    const boost::asio::ip::tcp::endpoint any_port(boost::asio::ip::address_v4::loopback(), 0);
    socket_.open(any_port.protocol());
    socket_.set_option(boost::asio::socket_base::reuse_address(true));
    socket_.bind(any_port);
  }

  std::uint16_t port() const { return socket_.local_endpoint().port(); }

 private:
  boost::asio::io_context io_;
  boost::asio::ip::tcp::socket socket_{io_};
};

}  // namespace logdist::e2e
