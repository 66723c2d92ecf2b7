#include "admin/session.hpp"

#include <boost/asio.hpp>
#include <boost/beast/http.hpp>

#include <algorithm>
#include <ctime>
#include <string_view>
#include <tuple>
#include <utility>

#include "admin/event_stream.hpp"
#include "admin/pages.hpp"
#include "admin/status.hpp"
#include "logdist/config/text.hpp"
#include "logdist/http/authority.hpp"
#include "logdist/http/text.hpp"
#include "logdist/net/as_tuple.hpp"
#include "logdist/net/listen.hpp"
#include "logdist/telemetry/catalogue.hpp"
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

constexpr std::string_view event_stream_type = "text/event-stream";

/// The kernel keeps no more for a reader of events that does not read.
constexpr int stream_buffer_bytes = 64 * 1024;

// A peer that is still sending when we close would get a reset instead of our
// answer: so much of its bytes is read away first, for so long.
constexpr std::size_t linger_bytes_max = 1024 * 1024;
constexpr Duration linger_timeout = std::chrono::seconds(2);

/// From one try to end what takes too long to the next.
constexpr Duration cancel_again_interval = std::chrono::milliseconds(10);

/// Where something asked for arrives.
template <typename Content>
struct Box {
  explicit Box(const asio::any_io_executor& loop) : arrived(loop) {}

  asio::steady_timer arrived;  ///< cancelled by the arrival
  std::optional<Content> content;
};

}  // namespace

Session::Session(tcp::socket socket, std::shared_ptr<SessionOwner> owner, std::shared_ptr<const Sources> sources,
                 std::shared_ptr<StatusFeed> feed, const Limits& limits)
    : socket_(std::move(socket)),
      deadline_(socket_.get_executor()),
      owner_(std::move(owner)),
      sources_(std::move(sources)),
      feed_(std::move(feed)),
      limits_(limits) {}

void Session::start() {
  waiting_since_ = Clock::now();
  asio::co_spawn(socket_.get_executor(), run(shared_from_this()), asio::detached);
}

void Session::close() {
  error_code ignored;
  socket_.close(ignored);
}

asio::awaitable<void> Session::run(std::shared_ptr<Session> self) {
  // One co_await a statement: GCC 12 compiles && and ?: around it wrongly.
  try {
    while (co_await self->await_request()) {
      const bool reusable = co_await self->serve_request();
      if (!reusable) break;
    }
  } catch (const std::exception& failure) {  // out of memory, most of all: it costs this connection, not its place
    log::error("admin_failed", std::string("admin port: a request failed: ") + failure.what(),
               {{"cause", failure.what()}});
  }
  self->stop_deadline();
  self->close();
  self->owner_->session_ended(*self);
}

std::string_view Session::held() const {
  return {static_cast<const char*>(buffer_.cdata().data()), buffer_.cdata().size()};
}

/// False when the connection has ended, or its time is over.
asio::awaitable<bool> Session::read_more() {
  const auto [error, bytes] = co_await socket_.async_read_some(buffer_.prepare(first_read_bytes), net::as_tuple);
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
  const Request request = std::move(reader.request());
  const Manner manner{.version = request.http_1_1 ? 11U : 10U,
                      .keep_alive = request.keep_alive,
                      .header_only = request.method == logdist::http::Method::head};
  std::optional<CostlyTurns::Turn> turn;
  if (const auto page = find_page(request.path); page && is_costly(*page)) {
    CostlyTurns::Turn taken = co_await owner_->turns().take();
    turn = std::move(taken);
  }
  std::optional<Response> response = co_await answer(request);
  turn.reset();
  if (!response) co_return co_await stream_events(manner);
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
      const auto [error, sent] = co_await asio::async_write(socket_, asio::buffer(proceed), net::as_tuple);
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
    std::tie(error, std::ignore) = co_await http::async_write_header(socket_, serializer, net::as_tuple);
  } else {
    std::tie(error, std::ignore) = co_await http::async_write(socket_, serializer, net::as_tuple);
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

asio::awaitable<bool> Session::stream_events(Manner manner) {
  EventStream stream(socket_.get_executor(), feed_);
  if (!stream.joined()) {
    co_return co_await send(
        problem(http::status::service_unavailable, "there are already too many readers of the events"), manner);
  }
  manner.keep_alive = false;  // its end is the end of the connection
  error_code ignored;
  socket_.set_option(asio::socket_base::send_buffer_size(stream_buffer_bytes), ignored);
  Response head = ok(event_stream_type, {});
  set_common_fields(head, manner);
  set_deadline(limits_.request_timeout);
  http::response_serializer<http::string_body> serializer(head);
  auto [error, bytes] = co_await http::async_write_header(socket_, serializer, net::as_tuple);
  while (!error) {
    stop_deadline();
    const std::string_view chunk = co_await stream.next();
    if (chunk.empty()) break;
    set_deadline(limits_.request_timeout);
    std::tie(error, bytes) = co_await asio::async_write(socket_, asio::buffer(chunk), net::as_tuple);
  }
  co_return false;
}

asio::awaitable<std::optional<Response>> Session::answer(const Request& request) {
  if (!is_for_us(request)) {
    co_return problem(http::status::misdirected_request, "Host must be an address, localhost or a name in admin.hosts");
  }
  const std::string_view path = request.path;
  if (path == "*") {  // the options of the port as a whole
    Response response = ok("text/plain; charset=utf-8", {});
    response.set(http::field::allow, "GET, HEAD, POST, OPTIONS");
    co_return response;
  }
  const auto call = sources_->control == nullptr ? std::nullopt : find_control(path);
  if (call) {
    Response response = co_await answer_control(request, *call);
    co_return response;
  }
  const auto page = find_page(path);
  if (!page) co_return problem(http::status::not_found, "there is nothing at this path; GET / is the dashboard");
  if (!request.reads()) {
    Response response = problem(http::status::method_not_allowed, "only GET and HEAD are allowed here");
    response.set(http::field::allow, "GET, HEAD");
    co_return response;
  }
  switch (*page) {
    case Page::dashboard: co_return dashboard_file(path);
    case Page::events:
      if (request.method == logdist::http::Method::get) co_return std::nullopt;
      co_return ok(event_stream_type, {});
    case Page::healthz: co_return ok("text/plain; charset=utf-8", "alive\n");
    case Page::readyz: co_return readiness();
    case Page::openapi: co_return openapi_document();
    case Page::metrics:
    case Page::status: break;
  }
  const std::optional<telemetry::Scrape> scrape = co_await take_scrape();
  if (!scrape) co_return problem(http::status::service_unavailable, "the event loops did not report in time");
  co_return *page == Page::metrics
      ? ok(telemetry::text_content_type, telemetry::to_text(*scrape, sources_->version))
      : ok("application/json", to_status_json(*scrape, facts_of(*sources_), *sources_->events));
}

/// Against names of others that lead a browser here (DNS rebinding). Who sends no
/// Host, as HTTP/1.0 may, is no browser.
bool Session::is_for_us(const Request& request) const {
  const auto authority = logdist::http::parse_authority(request.authority);
  if (!authority) return false;
  if (request.authority.empty()) return !request.http_1_1;
  if (logdist::http::is_address(*authority) || logdist::http::iequals(authority->host, "localhost")) return true;
  return std::any_of(sources_->hosts.begin(), sources_->hosts.end(),
                     [&authority](const std::string& name) { return logdist::http::iequals(authority->host, name); });
}

Response Session::readiness() const {
  const Readiness readiness = sources_->readiness();
  Response response = ok("application/json", to_json(readiness));
  if (!readiness.ready()) {
    response.result(http::status::service_unavailable);
    response.set(http::field::retry_after, "1");
  }
  return response;
}

asio::awaitable<std::optional<telemetry::Scrape>> Session::take_scrape() {
  const auto box = std::make_shared<Box<telemetry::Scrape>>(socket_.get_executor());
  box->arrived.expires_after(limits_.request_timeout);
  sources_->request_scrape([box](telemetry::Scrape scrape) {
    asio::post(box->arrived.get_executor(), [box, scrape = std::move(scrape)]() mutable {
      box->content = std::move(scrape);
      box->arrived.cancel();
    });
  });
  co_await box->arrived.async_wait(net::as_tuple);
  co_return std::move(box->content);
}

asio::awaitable<Response> Session::answer_control(const Request& request, const ControlCall& call) {
  std::optional<Response> refusal = refuse(call, request);
  if (refusal) co_return std::move(*refusal);
  if (call.kind != ControlCall::Kind::reload) co_return carry_out(call, request, *sources_->control, peer());
  const auto box = std::make_shared<Box<ReloadReport>>(socket_.get_executor());
  box->arrived.expires_after(limits_.request_timeout);
  sources_->control->reload(peer(), [box](const ReloadReport& report) {
    asio::post(box->arrived.get_executor(), [box, report] {
      box->content = report;
      box->arrived.cancel();
    });
  });
  co_await box->arrived.async_wait(net::as_tuple);
  if (!box->content)
    co_return problem(http::status::service_unavailable,
                      "the event loops did not confirm the reload in time; it is still being applied");
  co_return to_response(*box->content);
}

std::string Session::peer() {
  if (!net::peer_of(socket_.native_handle()).is_set()) return "unix";
  error_code ignored;
  const tcp::endpoint endpoint = socket_.remote_endpoint(ignored);
  return config::format_listen_address({endpoint.address().to_string(), endpoint.port()});
}

asio::awaitable<void> Session::linger() {
  set_deadline(linger_timeout);
  error_code ignored;
  socket_.shutdown(tcp::socket::shutdown_send, ignored);
  for (std::size_t total = 0; total < linger_bytes_max;) {
    buffer_.clear();
    const auto [error, bytes] = co_await socket_.async_read_some(buffer_.prepare(first_read_bytes), net::as_tuple);
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
    error_code ignored;
    self->socket_.cancel(ignored);
    // Between two steps of a long write there was nothing to cancel.
    self->cancel_after(cancel_again_interval);
  });
}

}  // namespace logdist::admin
