#include "logdist/tools/agent/agent_connection.hpp"

#include <boost/asio.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include "logdist/config/text.hpp"
#include "logdist/net/as_tuple.hpp"

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

AgentConnection::AgentConnection(asio::io_context& io, net::NameResolver& names, const config::HttpUrl& target,
                                 Duration connect_timeout, Duration timeout)
    : io_(io),
      target_(target),
      connect_timeout_(connect_timeout),
      timeout_(timeout),
      request_(http::verb::post, target.target, 11),
      addresses_(io, names, target),
      buffer_(agent_answer_bytes_max) {
  request_.set(http::field::host, config::host_header(target_.host, target_.port));
  request_.set(http::field::user_agent, "log-distributor-agent");
}

asio::awaitable<result<Answer>> AgentConnection::exchange(const OutgoingPacket& packet) {
  const bool kept = stream_.has_value();
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
  if (stream_) stream_->close();
}

asio::awaitable<error_code> AgentConnection::connect() {
  stream_.reset();
  buffer_.clear();
  const result<net::Endpoints> endpoints = co_await addresses_.find(connect_timeout_);
  if (endpoints.has_error()) co_return endpoints.error();
  stream_.emplace(io_);
  stream_->expires_after(connect_timeout_);
  auto [connect_error, endpoint] = co_await stream_->async_connect(*endpoints, net::as_tuple);
  if (!connect_error && closed_) connect_error = asio::error::operation_aborted;
  if (connect_error) {
    stream_.reset();
    addresses_.forget();
    co_return connect_error;
  }
  error_code ignored;  // Without it all is merely slower.
  stream_->socket().set_option(asio::ip::tcp::no_delay(true), ignored);
  co_return error_code();
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
  stream_->expires_after(timeout_);
  const auto [write_error, written] = co_await http::async_write(*stream_, request_, net::as_tuple);
  for (const auto& [name, value] : packet.headers) request_.erase(name);

  // Even when it could not all be written: who refuses a packet by its head may
  // answer, and close, before it has read the rest.
  http::response_parser<http::string_body> parser;
  parser.body_limit(agent_answer_bytes_max);
  const auto [read_error, read] = co_await http::async_read(*stream_, buffer_, parser, net::as_tuple);
  if (read_error || write_error || !parser.keep_alive()) stream_.reset();
  if (read_error) co_return write_error ? write_error : read_error;

  http::response<http::string_body> response = parser.release();
  Answer answer;
  answer.status = response.result_int();
  answer.reason = std::string(response.reason());
  answer.retry_after = std::string(response[http::field::retry_after]);
  answer.body = std::move(response.body());
  co_return answer;
}

}  // namespace logdist::tools
