#include "admin/session.hpp"

#include <boost/asio.hpp>
#include <boost/beast/http.hpp>

#include <sys/socket.h>

#include <ctime>
#include <string_view>
#include <tuple>
#include <utility>

#include "admin/event_stream.hpp"
#include "admin/pages.hpp"
#include "logdist/config/text.hpp"
#include "logdist/http/text.hpp"
#include "logdist/net/as_tuple.hpp"
#include "logdist/net/listen.hpp"
#include "logdist/telemetry/log.hpp"

namespace logdist::admin {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;

/// What is read at once while nothing is known of the request.
constexpr std::size_t first_read_bytes = 4'096;

/// The interim answer to `Expect: 100-continue`.
constexpr std::string_view proceed = "HTTP/1.1 100 Continue\r\n\r\n";

/// The kernel keeps no more for a reader of events that does not read.
constexpr int stream_buffer_bytes = 64 * 1024;

// A peer that is still sending when we close would get a reset instead of our
// answer: so much of its bytes is read away first, for so long.
constexpr std::size_t linger_bytes_max = 1024 * 1024;
constexpr Duration linger_timeout = std::chrono::seconds(2);

/// From one try to end what takes too long to the next.
constexpr Duration cancel_again_interval = std::chrono::milliseconds(10);

std::string name_of(tcp::socket& socket) {
  if (!net::peer_of(socket.native_handle()).is_set()) return "unix";
  error_code ignored;
  const tcp::endpoint endpoint = socket.remote_endpoint(ignored);
  return config::format_listen_address({endpoint.address().to_string(), endpoint.port()});
}

}  // namespace

Session::Session(tcp::socket socket, std::shared_ptr<SessionOwner> owner, std::shared_ptr<const Sources> sources,
                 std::shared_ptr<StatusFeed> feed, const Limits& limits)
    : peer_(name_of(socket)),
      stream_(std::move(socket), sources->layer),
      deadline_(stream_.get_executor()),
      owner_(std::move(owner)),
      sources_(std::move(sources)),
      feed_(std::move(feed)),
      limits_(limits) {}

void Session::start() {
  waiting_since_ = Clock::now();
  asio::co_spawn(stream_.get_executor(), run(shared_from_this()), asio::detached);
}

void Session::close() {
  owner_->turns().cancel(this);
  stream_.close();
}

asio::awaitable<void> Session::run(std::shared_ptr<Session> self) {
  try {
    co_await self->serve();
  } catch (const std::exception& failure) {  // out of memory, most of all: it costs this connection, not its place
    log::error("admin_failed", std::string("admin port: a request failed: ") + failure.what(),
               {{"cause", failure.what()}});
  }
  self->stop_deadline();
  self->close();
  self->owner_->session_ended(*self);
}

asio::awaitable<void> Session::serve() {
  // One co_await a statement: GCC 12 compiles && and ?: around it wrongly.
  bool goes_on = co_await shake_hands();
  while (goes_on) {
    goes_on = co_await await_request();
    if (!goes_on) co_return;
    goes_on = co_await serve_request();
  }
}

/// Why it fails is logged by the layer.
asio::awaitable<bool> Session::shake_hands() {
  if (!stream_.needs_handshake()) co_return true;
  set_deadline(limits_.request_timeout);
  const auto [error] = co_await stream_.async_handshake(net::as_tuple);
  co_return !error;
}

std::string_view Session::held() const {
  return {static_cast<const char*>(buffer_.cdata().data()), buffer_.cdata().size()};
}

/// False when the connection has ended, or its time is over.
asio::awaitable<bool> Session::read_more() {
  const auto [error, bytes] = co_await stream_.async_read_some(buffer_.prepare(first_read_bytes), net::as_tuple);
  if (error) co_return false;
  buffer_.commit(bytes);
  co_return true;
}

/// Empty lines before a request are ignored, and renew nothing.
asio::awaitable<bool> Session::await_request() {
  waiting_since_ = Clock::now();
  set_deadline(limits_.idle_timeout);
  for (;;) {
    buffer_.consume(logdist::http::empty_lines_size(held()));
    if (!held().empty() && held() != "\r") break;
    const bool more = co_await read_more();
    if (!more) co_return false;
  }
  waiting_since_ = Clock::now();
  co_return true;
}

asio::awaitable<bool> Session::serve_request() {
  set_deadline(limits_.request_timeout);
  RequestReader reader(limits_.body_bytes);
  std::optional<Response> refusal = co_await read_request(reader);
  if (ended_) co_return false;
  if (refusal) co_return co_await send(std::move(*refusal), {});
  waiting_since_ = never;
  Request request = std::move(reader.request());
  request.is_tls = stream_.needs_handshake();
  const Manner manner{.version = request.http_1_1 ? 11U : 10U,
                      .keep_alive = request.keep_alive,
                      .header_only = request.method == logdist::http::Method::head};
  if (std::optional<Response> stranger = refuse_stranger(request))
    co_return co_await send(std::move(*stranger), manner);
  std::optional<CostlyTurns::Turn> turn;
  if (const auto page = find_page(request.path); page && is_costly(*page)) {
    waiting_since_ = Clock::now();  // others wait, too, and this one may make room for them
    std::optional<CostlyTurns::Turn> taken = co_await owner_->turns().take(this);
    if (!taken) co_return false;
    turn = std::move(taken);
    waiting_since_ = never;
  }
  std::optional<Response> response = co_await answer(request);
  turn.reset();
  if (!response) co_return co_await stream_events(request, manner);
  co_return co_await send(std::move(*response), manner);
}

/// None when it is whole, or `ended_`: nobody would read an answer. Else why it is not taken.
asio::awaitable<std::optional<Response>> Session::read_request(RequestReader& reader) {
  for (;;) {
    const RequestReader::Step step = reader.read(held());
    buffer_.consume(step.consumed);
    if (step.progress == logdist::http::Progress::complete) co_return std::nullopt;
    if (step.progress == logdist::http::Progress::failed) {
      co_return problem(http::int_to_status(reader.error().status), reader.error().detail);
    }
    if (reader.take_expectation() && buffer_.size() == 0) {
      const auto [error, sent] = co_await asio::async_write(stream_, asio::buffer(proceed), net::as_tuple);
      if (error) ended_ = true;
      if (ended_) co_return std::nullopt;
    }
    const bool more = co_await read_more();
    if (more) continue;
    if (timed_out_) co_return problem(http::status::request_timeout, "the request did not arrive in time");
    ended_ = true;
    co_return std::nullopt;
  }
}

asio::awaitable<bool> Session::send(Response response, Manner manner) {
  set_common_fields(response, manner);
  response.prepare_payload();

  waiting_since_ = Clock::now();
  set_deadline(limits_.request_timeout);
  http::response_serializer<http::string_body> serializer(response);
  error_code error;
  if (manner.header_only) {
    std::tie(error, std::ignore) = co_await http::async_write_header(stream_, serializer, net::as_tuple);
  } else {
    std::tie(error, std::ignore) = co_await http::async_write(stream_, serializer, net::as_tuple);
  }
  if (error) co_return false;
  if (!manner.keep_alive) co_await linger();
  co_return manner.keep_alive;
}

void Session::set_common_fields(Response& response, const Manner& manner) {
  response.version(manner.version);
  response.keep_alive(manner.keep_alive);
  response.set(http::field::date, date_.at(std::time(nullptr)));
  response.set(http::field::cache_control, "no-store");
  response.set("X-Content-Type-Options", "nosniff");
}

asio::awaitable<bool> Session::stream_events(const Request& request, Manner manner) {
  EventStream stream(stream_.get_executor(), feed_);
  if (!stream.joined()) {
    co_return co_await send(
        problem(http::status::service_unavailable, "there are already too many readers of the events"), manner);
  }
  manner.keep_alive = false;  // its end is the end of the connection
  ::setsockopt(stream_.native_handle(), SOL_SOCKET, SO_SNDBUF, &stream_buffer_bytes, sizeof(stream_buffer_bytes));
  Response head = ok(event_stream_type, {});
  set_common_fields(head, manner);
  set_deadline(limits_.request_timeout);
  http::response_serializer<http::string_body> serializer(head);
  auto [error, bytes] = co_await http::async_write_header(stream_, serializer, net::as_tuple);
  while (!error) {
    stop_deadline();
    const std::string_view chunk = co_await stream.next();
    if (chunk.empty() || !may_go_on(request)) break;
    set_deadline(limits_.request_timeout);
    std::tie(error, bytes) = co_await asio::async_write(stream_, asio::buffer(chunk), net::as_tuple);
  }
  co_return false;
}

asio::awaitable<void> Session::linger() {
  set_deadline(linger_timeout);
  stream_.shutdown_send();
  for (std::size_t total = 0; total < linger_bytes_max;) {
    buffer_.clear();
    const auto [error, bytes] = co_await stream_.async_read_some(buffer_.prepare(first_read_bytes), net::as_tuple);
    if (error) co_return;
    total += bytes;
  }
}

void Session::set_deadline(Duration timeout) {
  timed_out_ = false;
  cancel_after(timeout);
}

/// Not by cancel(): a handler that is on its way already would take the time that is
/// over for its own.
void Session::stop_deadline() { deadline_.expires_at(boost::asio::steady_timer::time_point::max()); }

void Session::cancel_after(Duration wait) {
  deadline_.expires_after(wait);
  deadline_.async_wait([self = shared_from_this()](const error_code& error) {
    // A wait whose handler was on its way when the deadline was moved is no timeout.
    if (error || self->deadline_.expiry() > Clock::now()) return;
    self->timed_out_ = true;
    self->stream_.cancel();
    // Between two steps of a long write there was nothing to cancel.
    self->cancel_after(cancel_again_interval);
  });
}

}  // namespace logdist::admin
