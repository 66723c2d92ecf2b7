#include "logdist/tools/control/admin_client.hpp"

#include <fmt/format.h>

#include <boost/asio.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include "logdist/base/version.hpp"
#include "logdist/config/text.hpp"
#include "logdist/net/as_tuple.hpp"
#include "logdist/net/transport_stream.hpp"
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
  request.set(http::field::host, config::host_header(url.host, url.port, url.is_tls));
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

/// How to get there.
struct Route {
  AdminUrl url;
  net::TransportFactory layer;
  Duration timeout;
};

template <typename Socket>
asio::awaitable<result<Answer>> exchange(Socket socket, const Route& route, const Request& request) {
  net::TransportStream stream(std::move(socket), route.layer);
  const auto [handshake_error] = co_await stream.async_handshake(net::as_tuple);
  if (handshake_error) co_return handshake_error;
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

asio::awaitable<result<Answer>> ask_unix(asio::io_context& io, const Route& route, const Request& request) {
  using Unix = asio::local::stream_protocol;
  Unix::socket socket(io);
  const auto [connect_error] = co_await socket.async_connect(Unix::endpoint(route.url.socket_path), net::as_tuple);
  if (connect_error) co_return connect_error;
  co_return co_await exchange(std::move(socket), route, request);
}

/// Takes at most `timeout` for finding the host; its caller limits the whole.
asio::awaitable<result<Answer>> ask_tcp(asio::io_context& io, TargetAddresses& addresses, const Route& route,
                                        const Request& request) {
  beast::tcp_stream stream(io);
  const result<net::Endpoints> endpoints = co_await addresses.find(route.timeout);
  if (endpoints.has_error()) co_return endpoints.error();
  const auto [connect_error, endpoint] = co_await stream.async_connect(*endpoints, net::as_tuple);
  if (connect_error) co_return connect_error;
  co_return co_await exchange(stream.release_socket(), route, request);
}

result<std::shared_ptr<net::ClientTls>, std::string> client_of(const AdminPort& port, const AdminUrl& url,
                                                               const config::Environment& environment) {
  if (port.client) return port.client;
  return target_tls(url.http, with_environment(port.tls, environment));
}

/// On a unix socket TLS is spoken to who is given what it needs.
config::Parsed<AdminUrl> url_of(const AdminPort& port, const config::Environment& environment,
                                const std::string& path) {
  auto url = admin_url(port.url, environment, path);
  if (url && url->is_unix() && (port.tls.ca || port.tls.server_name)) url->http.is_tls = true;
  return url;
}

result<AdminAnswer, std::string> ask(const AdminPort& port, const config::Environment& environment,
                                     const std::string& path, http::verb verb, const std::optional<std::string>& body) {
  const auto url = url_of(port, environment, path);
  if (!url) return url.error().text;
  const std::string where = to_string(*url);

  const auto token = admin_token(port.token_file, environment);
  if (!token) return token.error().text;
  const auto tls = client_of(port, *url, environment);
  if (!tls) return tls.error();
  const Route route{*url, net::ClientTls::factory(*tls), 2 * port.timeout};
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
    asio::co_spawn(io, ask_unix(io, route, request), done);
  } else {
    asio::co_spawn(io, ask_tcp(io, addresses, route, request), done);
  }
  io.run_for(port.timeout);
  if (!answer) return fmt::format("{}: no answer within {}", where, config::format_duration(port.timeout));
  if (answer->has_error()) return fmt::format("{}: {}", where, answer->error().message());
  return AdminAnswer{std::move(**answer), where};
}

}  // namespace

result<std::shared_ptr<net::ClientTls>, std::string> admin_tls(const AdminPort& port,
                                                               const config::Environment& environment) {
  const auto url = url_of(port, environment, "");
  if (!url) return url.error().text;
  return client_of(port, *url, environment);
}

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
