#include "logdist/tools/agent/agent_connection.hpp"

#include <boost/asio.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include "logdist/config/text.hpp"
#include "logdist/net/as_tuple.hpp"
#include "logdist/net/transport_stream.hpp"

namespace logdist::tools {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using boost::system::error_code;
using boost::system::result;

constexpr std::size_t agent_answer_bytes_max = std::size_t{64} << 10;
/// Whether a peer that has closed an idle connection would look like this.
bool looks_closed_before(const error_code& error) {
  return error == http::error::end_of_stream || error == asio::error::connection_reset ||
         error == asio::error::broken_pipe || error == asio::error::connection_aborted;
}

}  // namespace

/// Closed when its time is over. The timer may be late, and the time another by then.
struct AgentConnection::Wire {
  template <typename Socket>
  Wire(Socket socket, const net::TransportFactory& layer) : stream(std::move(socket), layer) {}

  net::TransportStream stream;
  TimePoint until = never;
};

AgentConnection::AgentConnection(asio::io_context& io, net::NameResolver& names, const config::HttpUrl& target,
                                 net::TransportFactory layer, Duration connect_timeout, Duration timeout)
    : io_(io),
      target_(target),
      layer_(std::move(layer)),
      connect_timeout_(connect_timeout),
      timeout_(timeout),
      request_(http::verb::post, target.target, 11),
      addresses_(io, names, target),
      limit_(io),
      buffer_(agent_answer_bytes_max) {
  request_.set(http::field::host, config::host_header(target_.host, target_.port, target_.is_tls));
  request_.set(http::field::user_agent, "log-distributor-agent");
}

void AgentConnection::set_limit(Duration limit) {
  wire_->until = Clock::now() + limit;
  limit_.expires_at(wire_->until);
  limit_.async_wait([weak = std::weak_ptr(wire_)](const error_code& error) {
    const auto wire = weak.lock();
    if (!error && wire && Clock::now() >= wire->until) wire->stream.close();
  });
}

error_code AgentConnection::explain(const error_code& error) const {
  const bool is_over = !closed_ && error == asio::error::operation_aborted && Clock::now() >= wire_->until;
  return is_over ? make_error_code(beast::error::timeout) : error;
}

asio::awaitable<result<Answer>> AgentConnection::exchange(const OutgoingPacket& packet) {
  const bool kept = wire_ != nullptr;
  if (!kept) {
    const error_code error = co_await connect();
    if (error) co_return error;
  }
  result<Answer> answer = co_await ask(packet);
  if (kept && answer.has_error() && looks_closed_before(answer.error()) && !closed_) {
    const error_code error = co_await connect();
    if (error) co_return error;
    answer = co_await ask(packet);
  }
  co_return answer;
}

void AgentConnection::close() {
  closed_ = true;
  addresses_.stop();
  limit_.cancel();
  if (wire_) wire_->stream.close();
}

asio::awaitable<error_code> AgentConnection::connect() {
  wire_.reset();
  buffer_.clear();
  const result<net::Endpoints> endpoints = co_await addresses_.find(connect_timeout_);
  if (endpoints.has_error()) co_return endpoints.error();
  beast::tcp_stream socket(io_);
  socket.expires_after(connect_timeout_);
  auto [error, endpoint] = co_await socket.async_connect(*endpoints, net::as_tuple);
  if (!error && closed_) error = asio::error::operation_aborted;
  if (error) {
    addresses_.forget();
    co_return error;
  }
  error_code ignored;  // Without it all is merely slower.
  socket.socket().set_option(asio::ip::tcp::no_delay(true), ignored);
  wire_ = std::make_shared<Wire>(socket.release_socket(), layer_);
  set_limit(connect_timeout_);
  const std::shared_ptr<Wire> wire = wire_;
  const auto [handshake_error] = co_await wire->stream.async_handshake(net::as_tuple);
  if (!handshake_error) co_return error_code();
  const error_code failed = explain(handshake_error);
  limit_.cancel();
  wire_.reset();
  co_return failed;
}

asio::awaitable<result<Answer>> AgentConnection::ask(const OutgoingPacket& packet) {
  request_.target(packet.target.empty() ? target_.target : packet.target);
  request_.erase(http::field::content_type);
  if (!packet.content_type.empty()) request_.set(http::field::content_type, packet.content_type);
  request_.set("Idempotency-Key", packet.id);
  request_.erase(http::field::content_encoding);
  if (!packet.content_encoding.empty()) request_.set(http::field::content_encoding, packet.content_encoding);
  for (const auto& [name, value] : packet.headers) request_.insert(name, value);
  request_.body() = {packet.body.data(), packet.body.size()};
  request_.content_length(packet.body.size());
  const std::shared_ptr<Wire> wire = wire_;
  set_limit(timeout_);
  const auto [write_error, written] = co_await http::async_write(wire->stream, request_, net::as_tuple);
  for (const auto& [name, value] : packet.headers) request_.erase(name);

  // Even when it could not all be written: who refuses a packet by its head may
  // answer, and close, before it has read the rest.
  http::response_parser<http::string_body> parser;
  parser.body_limit(agent_answer_bytes_max);
  const auto [read_error, read] = co_await http::async_read(wire->stream, buffer_, parser, net::as_tuple);
  limit_.cancel();
  const error_code failed = explain(write_error ? write_error : read_error);
  if (read_error || write_error || !parser.keep_alive()) wire_.reset();
  if (read_error) co_return failed;

  http::response<http::string_body> response = parser.release();
  Answer answer;
  answer.status = response.result_int();
  answer.reason = std::string(response.reason());
  answer.retry_after = std::string(response[http::field::retry_after]);
  answer.body = std::move(response.body());
  co_return answer;
}

}  // namespace logdist::tools
