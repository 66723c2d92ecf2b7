#include "logdist/probe/prober.hpp"

#include <boost/asio.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

namespace logdist::probe {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;

/// Longest header of an answer; its body is not read.
constexpr std::size_t header_limit_bytes = 16 * 1024;

constexpr auto as_tuple = asio::as_tuple(asio::use_awaitable);

health::ProbeResult judge(unsigned status) {
  if (status >= 200 && status < 300) return health::ProbeResult::passed;
  if (status == 404 || status == 405 || status == 501) return health::ProbeResult::missing;
  return health::ProbeResult::failed;
}

std::string host_header(const Target& target) {
  const bool is_v6 = target.host.find(':') != std::string::npos;
  const std::string host = is_v6 ? "[" + target.host + "]" : target.host;
  return target.port == "80" ? host : host + ":" + target.port;
}

/// One probe under way. Whichever comes first, its answer or its timeout, is told;
/// a name resolution that hangs longer than that is left to end by itself.
class Exchange : public std::enable_shared_from_this<Exchange> {
 public:
  Exchange(asio::io_context& io, const Target& target, std::string path, Prober::Done done)
      : target_(target), path_(std::move(path)), done_(std::move(done)), stream_(io), timer_(io) {}

  void start(Duration timeout) {
    timer_.expires_after(timeout);
    timer_.async_wait([self = shared_from_this()](beast::error_code) { self->finish(health::ProbeResult::failed); });
    asio::co_spawn(timer_.get_executor(), run(shared_from_this()), asio::detached);
  }

 private:
  static asio::awaitable<void> run(std::shared_ptr<Exchange> self) { self->finish(co_await self->ask()); }

  asio::awaitable<health::ProbeResult> ask() {
    tcp::resolver resolver(timer_.get_executor());
    const auto [resolve_error, endpoints] = co_await resolver.async_resolve(target_.host, target_.port, as_tuple);
    if (resolve_error || !done_) co_return health::ProbeResult::failed;

    const auto [connect_error, endpoint] = co_await stream_.async_connect(endpoints, as_tuple);
    if (connect_error) co_return health::ProbeResult::failed;

    http::request<http::empty_body> request(http::verb::get, path_, 11);
    for (const auto& [name, value] : target_.headers) request.set(name, value);
    request.set(http::field::host, host_header(target_));
    request.set(http::field::user_agent, "log-distributor");
    request.keep_alive(false);
    const auto [write_error, written] = co_await http::async_write(stream_, request, as_tuple);
    if (write_error) co_return health::ProbeResult::failed;

    beast::flat_buffer buffer(header_limit_bytes);
    http::response_parser<http::empty_body> parser;
    const auto [read_error, read] = co_await http::async_read_header(stream_, buffer, parser, as_tuple);
    if (read_error) co_return health::ProbeResult::failed;
    co_return judge(parser.get().result_int());
  }

  void finish(health::ProbeResult result) {
    if (!done_) return;
    std::exchange(done_, nullptr)(result);
    timer_.cancel();
    stream_.close();
  }

  const Target& target_;
  const std::string path_;
  Prober::Done done_;  ///< empty once called
  beast::tcp_stream stream_;
  asio::steady_timer timer_;
};

}  // namespace

Prober::Prober(asio::io_context& io, std::string path, Duration timeout, std::vector<Target> targets)
    : io_(io), path_(std::move(path)), timeout_(timeout), targets_(std::move(targets)) {}

void Prober::probe(AnalyzerId analyzer, Done done) {
  std::make_shared<Exchange>(io_, targets_[analyzer], path_, std::move(done))->start(timeout_);
}

}  // namespace logdist::probe
