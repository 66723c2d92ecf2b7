#include "logdist/net/listen.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <string>

namespace logdist::net {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

tcp::endpoint resolve(const tcp::acceptor::executor_type& executor, const config::ListenAddress& address,
                      error_code& error) {
  const asio::ip::address literal = asio::ip::make_address(address.host, error);
  if (!error) return {literal, address.port};
  tcp::resolver resolver(executor);
  const auto found = resolver.resolve(address.host, std::to_string(address.port), tcp::resolver::passive, error);
  return error ? tcp::endpoint() : found.begin()->endpoint();
}

}  // namespace

error_code listen(tcp::acceptor& acceptor, const config::ListenAddress& address) {
  error_code error;
  const tcp::endpoint wanted = resolve(acceptor.get_executor(), address, error);
  if (!error) acceptor.open(wanted.protocol(), error);
  if (!error) acceptor.set_option(asio::socket_base::reuse_address(true), error);
  if (!error) acceptor.bind(wanted, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) {
    error_code ignored;
    acceptor.close(ignored);
  }
  return error;
}

error_code adopt(tcp::acceptor& acceptor, int listening_socket) {
  tcp::endpoint endpoint;
  auto size = static_cast<socklen_t>(endpoint.capacity());
  error_code error;
  if (::getsockname(listening_socket, endpoint.data(), &size) != 0) error = {errno, boost::system::system_category()};
  if (!error) acceptor.assign(endpoint.protocol(), listening_socket, error);
  if (error) ::close(listening_socket);
  return error;
}

}  // namespace logdist::net
