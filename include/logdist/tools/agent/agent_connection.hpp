// One keep-alive connection of an agent: a packet out, its answer in.
#pragma once

#include <memory>
#include <string>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/span_body.hpp>
#include <boost/system/result.hpp>

#include "logdist/base/time.hpp"
#include "logdist/config/text.hpp"
#include "logdist/net/transport.hpp"
#include "logdist/tools/agent/packet_source.hpp"
#include "logdist/tools/agent/target_addresses.hpp"

namespace logdist::tools {

/// What the target said.
struct Answer {
  unsigned status = 0;
  std::string reason;
  std::string retry_after;  ///< header, empty when there is none
  std::string body;
};

/// Connects when it has to, stays connected while the peer lets it. Confined to
/// the io_context's thread; one exchange at a time.
class AgentConnection {
 public:
  /// `names` must outlive it, or its close(). `layer` may be empty.
  AgentConnection(boost::asio::io_context& io, net::NameResolver& names, const config::HttpUrl& target,
                  net::TransportFactory layer, Duration connect_timeout, Duration timeout);

  /// POSTs `packet` and reads the whole answer, or says what came between. A kept
  /// connection that turns out to have been closed meanwhile is replaced once.
  boost::asio::awaitable<boost::system::result<Answer>> exchange(const OutgoingPacket& packet);

  /// Breaks off an exchange under way and admits no other.
  void close();

 private:
  struct Wire;

  boost::asio::awaitable<boost::system::error_code> connect();
  boost::asio::awaitable<boost::system::result<Answer>> ask(const OutgoingPacket& packet);

  void set_limit(Duration limit);
  boost::system::error_code explain(const boost::system::error_code& error) const;

  boost::asio::io_context& io_;
  const config::HttpUrl target_;
  const net::TransportFactory layer_;
  const Duration connect_timeout_;
  const Duration timeout_;

  boost::beast::http::request<boost::beast::http::span_body<const char>> request_;
  TargetAddresses addresses_;
  std::shared_ptr<Wire> wire_;  ///< none when not connected
  boost::asio::steady_timer limit_;
  boost::beast::flat_buffer buffer_;
  bool closed_ = false;
};

}  // namespace logdist::tools
