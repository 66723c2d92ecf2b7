// The admin port: health, readiness, metrics, status and the dashboard over HTTP.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "logdist/admin/control.hpp"
#include "logdist/admin/events.hpp"
#include "logdist/admin/readiness.hpp"
#include "logdist/auth/admin_tokens.hpp"
#include "logdist/base/time.hpp"
#include "logdist/config/options.hpp"
#include "logdist/net/transport.hpp"
#include "logdist/telemetry/scrape.hpp"

namespace logdist::admin {

/// Where the facts come from. All are called on the server's loop and must not
/// block it.
struct Sources {
  /// Whether packets are taken.
  std::function<Readiness()> readiness;
  /// Gathers a scrape and hands it, once, to the function given, from whichever
  /// thread. If that never happens, the request is answered 503.
  std::function<void(std::function<void(telemetry::Scrape)>)> request_scrape;
  /// Of this build.
  std::string version;
  /// Of the daemon: uptime counts from then.
  TimePoint started_at = Clock::now();
  /// What /v1/events tells of. Observed by the server.
  std::shared_ptr<EventLog> events = std::make_shared<EventLog>();
  /// Names by which this port may be asked, besides its addresses and `localhost`, in
  /// lower case: whoever owns another name could let it lead a browser here.
  std::vector<std::string> hosts{};
  /// Who may use the port, as of now; an empty function, or one that returns null: whoever reaches it.
  std::function<std::shared_ptr<const auth::AdminTokens>()> tokens{};
  /// What is between the bytes and each connection, such as TLS; empty: nothing.
  net::TransportFactory layer{};
  /// Carries out what operators ask for; null: nothing can be asked for.
  Control* control = nullptr;
};

/// Bounds, with what happens when they are met.
struct Limits {
  /// Then the one that has kept us waiting for longest is closed: idle, with half a
  /// request, or not reading its answer. While all are being served, the next waits.
  std::size_t connections = 256;
  std::size_t body_bytes = 64 * config::KiB;  ///< then 413
  /// For a handshake, or to send: closed; to receive a request: 408; for a scrape: 503.
  Duration request_timeout = std::chrono::seconds(10);
  Duration idle_timeout = std::chrono::seconds(75);  ///< between requests: closed
  std::size_t event_streams = 32;  ///< of those connections, kept open by readers of /v1/events; then 503
  Duration heartbeat_interval = std::chrono::seconds(5);  ///< /v1/events is never silent for longer
  Duration status_interval = std::chrono::seconds(1);     ///< between two statuses of /v1/events
};

/// An HTTP/1.1 server on one loop, confined to its thread. Routes: GET and HEAD
/// of / (the dashboard and its files), /login (a form, by which a browser has a token along), /healthz, /health,
/// /readyz, /metrics, /v1/status and /v1/events (server-sent events, until one of both sides closes); with a Control,
/// what operators ask for (docs/run.md), and /openapi.json; all else is answered
/// with application/problem+json (RFC 9457), 421 when it is for another host, 401 and 403 by the tokens. Each request
/// that changes something is one line of the log, `admin_change`. May be destroyed while requests are under way: their
/// connections are closed.
class Server {
 public:
  Server(boost::asio::io_context& loop, Sources sources, const Limits& limits = {});
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Binds and listens, as net::ListeningSocket does; once for each of its addresses,
  /// before start().
  boost::system::error_code open(const config::ListenAddress& address, bool v6_only = false);

  /// The first of them that is no unix socket.
  boost::asio::ip::tcp::endpoint endpoint() const;
  /// All of them, with blanks between: `SCHEME://HOST:PORT`, `unix:/PATH`.
  std::string urls(std::string_view scheme = "http") const;

  /// Begins to accept.
  void start();
  /// Accepts no more and closes the port and every connection.
  void stop();

  /// Open connections.
  std::size_t connections() const;

 private:
  class Listener;
  std::shared_ptr<Listener> listener_;
};

}  // namespace logdist::admin
