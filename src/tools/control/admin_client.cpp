#include "logdist/tools/control/admin_client.hpp"

#include <fmt/format.h>

#include <boost/asio.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include "logdist/base/version.hpp"
#include "logdist/config/text.hpp"
#include "logdist/net/as_tuple.hpp"
#include "logdist/tools/agent/target_addresses.hpp"
#include "logdist/tools/control/admin_url.hpp"
#include "tools/control/admin_token.hpp"

namespace logdist::tools {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using boost::system::result;

constexpr std::size_t answer_bytes_max = std::size_t{16} << 20;  // a status of a thousand analyzers
using Request = http::request<http::string_body>;

Request request_for(const config::HttpUrl& url, http::verb verb, const std::string& token,
                    const std::optional<std::string>& body) {
  Request request(verb, url.target, 11);
  request.set(http::field::host, config::host_header(url.host, url.port));
  request.set(http::field::user_agent, user_agent());
  if (!token.empty()) request.set(http::field::authorization, "Bearer " + token);
  if (body) {
    request.set(http::field::content_type, "application/json");
    request.body() = *body;
  }
  request.keep_alive(false);
  request.prepare_payload();
  return request;
}

template <typename Stream>
asio::awaitable<result<Answer>> exchange(Stream& stream, const Request& request) {
  const auto [write_error, written] = co_await http::async_write(stream, request, net::as_tuple);
  if (write_error) co_return write_error;
  beast::flat_buffer buffer(answer_bytes_max);
  http::response_parser<http::string_body> parser;
  parser.body_limit(answer_bytes_max);
  const auto [read_error, read] = co_await http::async_read(stream, buffer, parser, net::as_tuple);
  if (read_error) co_return read_error;
  const auto& response = parser.get();
  co_return Answer{response.result_int(), std::string(response.reason()), {}, response.body()};
}

asio::awaitable<result<Answer>> ask_unix(asio::io_context& io, const std::string& path, const Request& request) {
  using Unix = asio::local::stream_protocol;
  Unix::socket socket(io);
  const auto [connect_error] = co_await socket.async_connect(Unix::endpoint(path), net::as_tuple);
  if (connect_error) co_return connect_error;
  co_return co_await exchange(socket, request);
}

/// Takes at most `timeout` for finding the host; its caller limits the whole.
asio::awaitable<result<Answer>> ask_tcp(asio::io_context& io, TargetAddresses& addresses, const Request& request,
                                        Duration timeout) {
  beast::tcp_stream stream(io);
  const result<net::Endpoints> endpoints = co_await addresses.find(timeout);
  if (endpoints.has_error()) co_return endpoints.error();
  const auto [connect_error, endpoint] = co_await stream.async_connect(*endpoints, net::as_tuple);
  if (connect_error) co_return connect_error;
  co_return co_await exchange(stream, request);
}

result<AdminAnswer, std::string> ask(const AdminPort& port, const config::Environment& environment,
                                     const std::string& path, http::verb verb, const std::optional<std::string>& body) {
  const auto url = admin_url(port.url, environment, path);
  if (!url) return url.error().text;
  const std::string where = to_string(*url);

  const auto token = admin_token(port.token_file, environment);
  if (!token) return token.error().text;
  const Request request = request_for(url->http, verb, *token, body);
  std::optional<result<Answer>> answer;
  net::NameResolver names(port.lookup);
  asio::io_context io(1);
  TargetAddresses addresses(io, names, url->http);
  const auto done = [&answer](const std::exception_ptr& fault, result<Answer> got) {
    if (fault) std::rethrow_exception(fault);
    answer = std::move(got);
  };
  if (url->is_unix()) {
    asio::co_spawn(io, ask_unix(io, url->socket_path, request), done);
  } else {
    asio::co_spawn(io, ask_tcp(io, addresses, request, 2 * port.timeout), done);
  }
  io.run_for(port.timeout);
  if (!answer) return fmt::format("{}: no answer within {}", where, config::format_duration(port.timeout));
  if (answer->has_error()) return fmt::format("{}: {}", where, answer->error().message());
  return AdminAnswer{std::move(**answer), where};
}

}  // namespace

result<AdminAnswer, std::string> ask_admin(const AdminPort& port, const config::Environment& environment,
                                           const std::string& path, const std::optional<std::string>& body) {
  return ask(port, environment, path, body ? http::verb::post : http::verb::get, body);
}

result<AdminAnswer, std::string> delete_at_admin(const AdminPort& port, const config::Environment& environment,
                                                 const std::string& path) {
  return ask(port, environment, path, http::verb::delete_, std::nullopt);
}

std::string refusal(const AdminAnswer& answer) {
  return fmt::format("{}: {} {}", answer.url, answer.status, explain(answer));
}

}  // namespace logdist::tools
