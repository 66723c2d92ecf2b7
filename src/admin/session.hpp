// One connection of the admin port.
#pragma once

#include <memory>
#include <optional>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>

#include "admin/control_calls.hpp"
#include "admin/costly_turns.hpp"
#include "admin/replies.hpp"
#include "admin/request.hpp"
#include "logdist/admin/server.hpp"
#include "logdist/base/http_date.hpp"
#include "logdist/net/transport_stream.hpp"

namespace logdist::admin {

class Session;
class StatusFeed;

/// Who keeps the sessions.
class SessionOwner {
 public:
  virtual void session_ended(Session& session) = 0;
  /// Of all sessions together.
  virtual CostlyTurns& turns() = 0;

 protected:
  ~SessionOwner() = default;
};

/// Reads requests and answers them, one after the other, until the peer is done,
/// silent for too long, or close() is called. Its buffer holds one head and a read more. Confined to its loop. Keeps
/// itself and its owner alive until session_ended().
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(boost::asio::ip::tcp::socket socket, std::shared_ptr<SessionOwner> owner,
          std::shared_ptr<const Sources> sources, std::shared_ptr<StatusFeed> feed, const Limits& limits);

  void start();
  void close();

  /// Since when it waits for its peer: for a request, the rest of one, or that an
  /// answer is read; `never` while it works for it.
  TimePoint waiting_since() const { return waiting_since_; }

 private:
  /// How an answer is sent; the default suits a request that could not be read.
  struct Manner {
    unsigned version = 11;  ///< of HTTP
    bool keep_alive = false;
    bool header_only = false;
  };

  static boost::asio::awaitable<void> run(std::shared_ptr<Session> self);
  boost::asio::awaitable<void> serve();

  // Each says whether the connection can be used for another request.
  boost::asio::awaitable<bool> shake_hands();
  boost::asio::awaitable<bool> await_request();
  boost::asio::awaitable<bool> serve_request();
  boost::asio::awaitable<std::optional<Response>> read_request(RequestReader& reader);
  boost::asio::awaitable<bool> read_more();
  boost::asio::awaitable<bool> send(Response response, Manner manner);

  boost::asio::awaitable<bool> stream_events(const Request& request, Manner manner);

  /// None: the events are wanted.
  boost::asio::awaitable<std::optional<Response>> answer(const Request& request);
  void set_common_fields(Response& response, const Manner& manner);
  std::optional<Response> refuse_stranger(const Request& request);
  Response answer_login(const Request& request);
  boost::asio::awaitable<Response> answer_control(const Request& request, const ControlCall& call);
  boost::asio::awaitable<Response> reload();
  void record_change(const Request& request, const Response& response);
  bool may_go_on(const Request& request) const;
  std::string caller() const;
  Response readiness() const;
  bool is_for_us(const Request& request) const;
  std::string_view held() const;
  boost::asio::awaitable<std::optional<telemetry::Scrape>> take_scrape();
  boost::asio::awaitable<void> linger();

  /// What is under way is ended after `timeout`, unless it is set again or cancelled.
  void set_deadline(Duration timeout);
  void stop_deadline();
  void cancel_after(Duration wait);

  const std::string peer_;  ///< its address, for the log
  net::TransportStream stream_;
  boost::asio::steady_timer deadline_;
  const std::shared_ptr<SessionOwner> owner_;
  const std::shared_ptr<const Sources> sources_;
  const std::shared_ptr<StatusFeed> feed_;
  const Limits limits_;
  boost::beast::flat_buffer buffer_;
  HttpDate date_;
  std::string caller_name_;  ///< of the request's token; empty without one
  TimePoint waiting_since_ = never;
  bool timed_out_ = false;
  bool ended_ = false;  ///< the peer has gone amid a request
};

}  // namespace logdist::admin
