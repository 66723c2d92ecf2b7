// Listening sockets.
#pragma once

#include <boost/asio/ip/tcp.hpp>

#include "logdist/config/options.hpp"

namespace logdist::net {

/// Opens `acceptor` and listens on `address`; port 0 takes any free one, which
/// acceptor.local_endpoint() tells. A host that is no address is looked up, which
/// may block, and the first of its addresses is taken. After an error, which says
/// why the port cannot be had, `acceptor` is closed and can be opened again.
boost::system::error_code listen(boost::asio::ip::tcp::acceptor& acceptor, const config::ListenAddress& address);

/// Opens `acceptor` on a socket that listens already, and is its owner from then
/// on. After an error `acceptor` is closed, and so is the socket.
boost::system::error_code adopt(boost::asio::ip::tcp::acceptor& acceptor, int listening_socket);

}  // namespace logdist::net
