#include "app/health_command.hpp"

#include <fmt/format.h>

#include <boost/asio.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include "app/admin_url.hpp"
#include "app/agent_verdict.hpp"
#include "app/target_addresses.hpp"
#include "logdist/config/text.hpp"

namespace logdist::app {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using boost::system::error_code;
using boost::system::result;

constexpr std::size_t answer_bytes_max = std::size_t{64} << 10;
constexpr auto as_tuple = asio::as_tuple(asio::use_awaitable);

/// Takes at most `timeout` for finding the host; its caller limits the whole.
asio::awaitable<result<Answer>> get(asio::io_context& io, TargetAddresses& addresses, const config::HttpUrl& url,
                                    Duration timeout) {
  beast::tcp_stream stream(io);
  const result<upstream::Endpoints> endpoints = co_await addresses.find(timeout);
  if (endpoints.has_error()) co_return endpoints.error();
  const auto [connect_error, endpoint] = co_await stream.async_connect(*endpoints, as_tuple);
  if (connect_error) co_return connect_error;

  http::request<http::empty_body> request(http::verb::get, url.target, 11);
  request.set(http::field::host, config::host_header(url.host, url.port));
  request.set(http::field::user_agent, "log-distributor-health");
  request.keep_alive(false);
  const auto [write_error, written] = co_await http::async_write(stream, request, as_tuple);
  if (write_error) co_return write_error;

  beast::flat_buffer buffer(answer_bytes_max);
  http::response_parser<http::string_body> parser;
  parser.body_limit(answer_bytes_max);
  const auto [read_error, read] = co_await http::async_read(stream, buffer, parser, as_tuple);
  if (read_error) co_return read_error;
  const auto& response = parser.get();
  co_return Answer{response.result_int(), std::string(response.reason()), {}, response.body()};
}

int complain(const std::string& what) {
  fmt::print(stderr, "log-distributor health: {}\n", what);
  return 1;
}

}  // namespace

int run_health(const HealthCommandOptions& options, const config::Environment& environment) {
  const auto url = admin_url(options.url, environment, "/readyz");
  if (!url) return complain(url.error().text);
  const std::string where = fmt::format("http://{}{}", config::host_header(url->host, url->port), url->target);

  std::optional<result<Answer>> answer;
  upstream::NameResolver names(options.lookup);
  asio::io_context io(1);
  TargetAddresses addresses(io, names, *url);
  asio::co_spawn(io, get(io, addresses, *url, 2 * options.timeout),
                 [&answer](const std::exception_ptr& fault, result<Answer> got) {
                   if (fault) std::rethrow_exception(fault);
                   answer = std::move(got);
                 });
  io.run_for(options.timeout);
  if (!answer) return complain(fmt::format("{}: no answer within {}", where, config::format_duration(options.timeout)));
  if (answer->has_error()) return complain(fmt::format("{}: {}", where, answer->error().message()));
  if ((*answer)->status != 200) return complain(fmt::format("{}: {} {}", where, (*answer)->status, explain(**answer)));
  return 0;
}

}  // namespace logdist::app
