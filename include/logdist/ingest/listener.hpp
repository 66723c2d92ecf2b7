// The packet port: accepts connections and deals them to the loops in turn.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "logdist/base/time.hpp"
#include "logdist/config/options.hpp"
#include "logdist/ingest/connection_slots.hpp"
#include "logdist/ingest/sessions.hpp"
#include "logdist/net/listen.hpp"

namespace logdist::ingest {

/// Lives on one loop, `home`, and is confined to it from start() on. An error of
/// accept (no file descriptor left, most of all) is logged at most once a second
/// and tried again after a pause: it neither spins nor ends the listener. When all
/// slots are taken, the connection that is idle for longest, on whichever loop, is
/// closed for the new one; when none is idle, the new one is refused. Until that is
/// settled no other is accepted, so that a listener holds one connection without a slot at
/// most. Destroy it after its loop has stopped. What it leaves on `home` refers to no loop of
/// `loops`: `home` may outlive them.
class Listener {
 public:
  /// `loops`, at least one, and `slots` outlive the listener.
  Listener(boost::asio::io_context& home, std::vector<Sessions*> loops, ConnectionSlots& slots);

  /// Binds and listens, as net::ListeningSocket does.
  boost::system::error_code open(const config::ListenAddress& address, bool v6_only = false);

  /// The same on a socket that listens already, which becomes the listener's.
  boost::system::error_code open(int listening_socket);

  /// Where it listens, once open; nothing of a unix socket.
  boost::asio::ip::tcp::endpoint endpoint() const { return socket_.endpoint(); }
  config::ListenAddress address() const { return socket_.address(); }
  /// `SCHEME://HOST:PORT` or `unix:/PATH`.
  std::string url(std::string_view scheme = "http") const { return socket_.url(scheme); }

  /// Begins to accept.
  void start();
  /// Accepts no more and closes the port; open connections are not touched.
  void stop();

 private:
  using Executor = boost::asio::io_context::executor_type;

  boost::system::error_code never_block(boost::system::error_code error);
  void wait_for_connection();
  void accept();
  bool hand_over(net::Stream connection, Sessions& loop);
  void pause_after(const boost::system::error_code& error);

  net::ListeningSocket socket_;
  boost::asio::basic_waitable_timer<Clock, boost::asio::wait_traits<Clock>, Executor> pause_;
  const std::shared_ptr<const std::vector<Sessions*>> loops_;
  ConnectionSlots& slots_;
  std::size_t next_ = 0;  ///< whose turn it is
};

}  // namespace logdist::ingest
