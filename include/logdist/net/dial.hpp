// Connecting to the first of several addresses that answers.
#pragma once

#include <functional>
#include <memory>

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/system/error_code.hpp>

#include "logdist/base/time.hpp"
#include "logdist/net/host_addresses.hpp"

namespace logdist::net {

/// Happy eyeballs (RFC 8305): the next address is tried as soon as one has failed, or has not answered
/// for `head_start`; whichever connects first is taken. So a black-holed address hides no other.
///
/// At most `pending_max` are in progress at once. It has no timeout of its own: the caller has one, and
/// cancels. Confined to the io_context's thread; pending handlers share the ownership.
class Dial {
 public:
  static constexpr Duration head_start = std::chrono::milliseconds(250);
  static constexpr std::size_t pending_max = 6;

  using Socket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;
  /// Called once, never from within the constructor, unless cancelled: a connected socket, or why the first
  /// address that failed did so.
  using Handler = std::function<void(const boost::system::error_code&, Socket)>;

  /// `endpoints`, at least one, are tried in order.
  Dial(boost::asio::io_context& io, Endpoints endpoints, Handler handler);
  ~Dial();
  Dial(const Dial&) = delete;
  Dial& operator=(const Dial&) = delete;

  /// Closes what is in progress. The handler is not called any more.
  void cancel();
  /// Those that were tried and have failed, or not answered so far.
  Endpoints unreached() const;

 private:
  class State;
  const std::shared_ptr<State> state_;
};

}  // namespace logdist::net
