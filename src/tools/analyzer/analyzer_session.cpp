#include "tools/analyzer/analyzer_session.hpp"

#include <charconv>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include <boost/asio.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <nlohmann/json.hpp>

#include "tools/analyzer/analyzer_control.hpp"

#include "logdist/net/as_tuple.hpp"

namespace logdist::tools {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using boost::system::error_code;

constexpr std::size_t read_bytes = std::size_t{64} << 10;
/// For the peer to close too, once it has all answers: closing with bytes unread
/// would reset the connection and take the last answers with it.
constexpr auto linger = std::chrono::seconds(1);
constexpr auto for_ever = Duration::zero();
/// Whether a request meets no answer at all.
bool misbehaves(const AnalyzerBehaviour& behaviour) { return behaviour.reset || behaviour.hang || behaviour.garbage; }

std::string problem(std::string_view detail) { return nlohmann::json{{"detail", detail}}.dump(); }

std::optional<std::uint64_t> whole_number(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

void AnalyzerSession::start(asio::ip::tcp::socket socket, std::shared_ptr<AnalyzerServer> server) {
  const auto executor = socket.get_executor();
  auto session = std::make_unique<AnalyzerSession>(std::move(socket), std::move(server));
  asio::co_spawn(executor, run(std::move(session)), asio::detached);
}

AnalyzerSession::AnalyzerSession(asio::ip::tcp::socket socket, std::shared_ptr<AnalyzerServer> server)
    : stream_(std::move(socket)), latency_(stream_.get_executor()), server_(std::move(server)) {
  error_code ignored;
  stream_.socket().set_option(asio::ip::tcp::no_delay(true), ignored);
  server_->enter(*this);
}

AnalyzerSession::~AnalyzerSession() { server_->leave(*this); }

void AnalyzerSession::close() {
  stream_.close();
  latency_.cancel();
}

asio::awaitable<void> AnalyzerSession::run(std::unique_ptr<AnalyzerSession> self) {
  Next next = Next::read;
  while (next == Next::read) {
    const bool here = co_await self->read_request();
    if (!here) break;
    next = co_await self->answer();
  }
  if (next == Next::reset) {
    self->reset();
    co_return;
  }
  const bool flushed = co_await self->flush();
  if (!flushed) co_return;
  error_code ignored;
  self->stream_.socket().shutdown(asio::socket_base::shutdown_send, ignored);
  co_await self->await_end(linger);
}

asio::awaitable<bool> AnalyzerSession::read_request() {
  parser_.emplace();
  parser_->eager(true);
  parser_->body_limit(ReferenceAnalyzer::max_body_bytes);
  bool continued = false;
  for (;;) {
    error_code error;
    if (input_.size() > 0) input_.consume(parser_->put(input_.data(), error));
    if (error && error != http::error::need_more) {
      output_ += "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
      co_return false;
    }
    if (parser_->is_done()) co_return true;
    if (!continued && parser_->is_header_done() &&
        beast::iequals(parser_->get()[http::field::expect], "100-continue")) {
      output_ += "HTTP/1.1 100 Continue\r\n\r\n";
      continued = true;
    }
    const bool more = co_await read_more();
    if (!more) co_return false;
  }
}

asio::awaitable<bool> AnalyzerSession::read_more() {
  const bool flushed = co_await flush();
  if (!flushed) co_return false;
  const auto [error, bytes] = co_await stream_.async_read_some(input_.prepare(read_bytes), net::as_tuple);
  input_.commit(bytes);
  co_return !error;
}

asio::awaitable<bool> AnalyzerSession::flush() {
  if (output_.empty()) co_return true;
  const auto [error, bytes] = co_await asio::async_write(stream_, asio::buffer(output_), net::as_tuple);
  output_.clear();
  co_return !error;
}

asio::awaitable<void> AnalyzerSession::await_end(Duration patience) {
  if (patience != for_ever) stream_.expires_after(patience);
  for (;;) {
    const auto [error, bytes] = co_await stream_.async_read_some(input_.prepare(read_bytes), net::as_tuple);
    if (error) co_return;
  }
}

asio::awaitable<AnalyzerSession::Next> AnalyzerSession::answer() {
  const AnalyzerBehaviour behaviour = server_->behaviour();
  const auto& request = parser_->get();
  const std::string_view target(request.target().data(), request.target().size());
  const bool posted = request.method() == http::verb::post;
  if (posted && target == "/control") co_return change_behaviour(behaviour);
  if (posted) {
    const Next next = co_await answer_packet(behaviour);
    co_return next;
  }
  if (target == "/health" && misbehaves(behaviour)) {
    const Next next = co_await misbehave(behaviour);
    co_return next;
  }
  co_return answer_query(behaviour, target);
}

asio::awaitable<AnalyzerSession::Next> AnalyzerSession::answer_packet(const AnalyzerBehaviour& behaviour) {
  if (behaviour.latency > Duration::zero() && !behaviour.reset && !behaviour.hang) {
    const bool flushed = co_await flush();
    if (!flushed) co_return Next::close;
    latency_.expires_after(behaviour.latency);
    co_await latency_.async_wait(net::as_tuple);
  }
  if (misbehaves(behaviour)) {
    server_->tally().failed();
    const Next next = co_await misbehave(behaviour);
    co_return next;
  }
  const Verdict verdict = settle(behaviour);
  co_return write_answer(behaviour, verdict.status, verdict.detail);
}

asio::awaitable<AnalyzerSession::Next> AnalyzerSession::misbehave(const AnalyzerBehaviour& behaviour) {
  if (behaviour.reset) co_return Next::reset;
  if (!behaviour.hang) {
    output_ += "this is not HTTP\r\n\r\n";
    co_return Next::close;
  }
  const bool flushed = co_await flush();
  if (flushed) co_await await_end(for_ever);
  co_return Next::close;
}

AnalyzerSession::Next AnalyzerSession::answer_query(const AnalyzerBehaviour& behaviour, std::string_view target) {
  const auto method = parser_->get().method();
  if (method != http::verb::get && method != http::verb::head) return write_answer({}, 405, problem("GET or POST"));
  if (target == "/health") return write_answer({}, behaviour.unhealthy ? 503 : 200, {});
  if (target == "/stats") return write_answer({}, 200, to_json(server_->tally().stats()));
  if (target == "/ids") return write_answer({}, 200, nlohmann::json(server_->tally().ids()).dump());
  if (target == "/control") return write_answer({}, 200, to_json(behaviour));
  return write_answer({}, 404, problem("/stats, /ids, /health and /control are here"));
}

AnalyzerSession::Next AnalyzerSession::change_behaviour(const AnalyzerBehaviour& behaviour) {
  const auto result = changed(behaviour, parser_->get().body());
  if (!result) return write_answer({}, 400, problem(result.error().detail));
  server_->behave(*result);
  return write_answer({}, 200, to_json(*result));
}

AnalyzerSession::Verdict AnalyzerSession::settle(const AnalyzerBehaviour& behaviour) {
  const Verdict verdict = count(server_->draw_status(behaviour));
  if (verdict.status >= 300) {
    server_->tally().failed();
  } else if (behaviour.record_ids) {
    const auto id = parser_->get()["Idempotency-Key"];
    if (!id.empty()) server_->tally().record({id.data(), id.size()});
  }
  return verdict;
}

/// Counts the packet if `status` accepts it and its messages can be counted.
AnalyzerSession::Verdict AnalyzerSession::count(unsigned status) {
  constexpr unsigned bad_request = 400;
  if (status >= 300) return {status, {}};
  const auto& request = parser_->get();
  const auto header = request["Packet-Messages"];
  if (!header.empty()) {
    const auto messages = whole_number({header.data(), header.size()});
    if (!messages) return {bad_request, problem("Packet-Messages must be a whole number")};
    server_->tally().accepted(*messages, request.body().size());
    return {status, {}};
  }
  const bool lines = request[http::field::content_type].starts_with("application/x-ndjson");
  const auto decoded = server_->decode(lines ? codec::Format::ndjson : codec::Format::json, request.body());
  if (!decoded) return {bad_request, problem(decoded.error().detail)};
  server_->tally().accepted(decoded->messages, request.body().size());
  return {status, {}};
}

AnalyzerSession::Next AnalyzerSession::write_answer(const AnalyzerBehaviour& behaviour, unsigned status,
                                                    std::string_view body) {
  constexpr unsigned no_content = 204;
  const auto& request = parser_->get();
  const bool old_agent = request.version() < 11;
  const bool closes = behaviour.http10 || behaviour.close_after_answer || !request.keep_alive();
  auto out = std::back_inserter(output_);
  const auto reason = http::obsolete_reason(http::int_to_status(status));
  fmt::format_to(out, "HTTP/1.{} {} {}\r\n", behaviour.http10 ? 0 : 1, status,
                 std::string_view(reason.data(), reason.size()));
  if (closes && !behaviour.http10) output_ += "Connection: close\r\n";
  if (!closes && old_agent) output_ += "Connection: keep-alive\r\n";
  if (status >= 300 && behaviour.retry_after.count() > 0) {
    fmt::format_to(out, "Retry-After: {}\r\n", behaviour.retry_after.count());
  }
  if (!body.empty()) output_ += "Content-Type: application/json\r\n";
  if (status != no_content) fmt::format_to(out, "Content-Length: {}\r\n", body.size());
  output_ += "\r\n";
  if (request.method() != http::verb::head) output_ += body;
  return closes || behaviour.close_silently ? Next::close : Next::read;
}

void AnalyzerSession::reset() {
  error_code ignored;
  stream_.socket().set_option(asio::socket_base::linger(true, 0), ignored);
  stream_.close();
}

}  // namespace logdist::tools
