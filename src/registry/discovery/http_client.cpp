#include "registry/discovery/http_client.hpp"

#include <cctype>
#include <optional>
#include <system_error>

#include <fmt/format.h>
#include <boost/asio.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/url/encode.hpp>
#include <boost/url/rfc/unreserved_chars.hpp>

#include "logdist/base/file_text.hpp"
#include "logdist/base/version.hpp"
#include "logdist/net/as_tuple.hpp"
#include "logdist/net/dial.hpp"
#include "logdist/net/tls/client_tls.hpp"
#include "logdist/net/transport_stream.hpp"

namespace logdist::registry {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using Failed = std::string;

/// What is read before it is parsed: a header, a chunk's or a piece of the body.
constexpr std::size_t input_bytes_max = std::size_t{64} << 10;

/// One request under way. Whichever comes first, its answer or its timeout, is told.
class SourceExchange : public std::enable_shared_from_this<SourceExchange> {
 public:
  using Done = std::function<void(HttpResult)>;

  SourceExchange(asio::io_context& io, config::HttpUrl server, net::TransportFactory layer, HttpRequest request,
                 Done done)
      : io_(io),
        server_(std::move(server)),
        layer_(std::move(layer)),
        request_(std::move(request)),
        done_(std::move(done)),
        timer_(io) {
    parser_.body_limit(request_.bytes_max);
  }

  void start(net::HostAddresses& addresses) {
    timer_.expires_after(request_.timeout);
    timer_.async_wait([self = shared_from_this()](const beast::error_code&) { self->timed_out(); });
    addresses.resolve(Clock::now(),
                      [self = shared_from_this()](const beast::error_code& error, const net::Endpoints& endpoints) {
                        if (error) return self->finish(Failed("cannot be reached: " + error.message()));
                        if (self->done_) self->connect(endpoints);
                      });
  }

 private:
  void connect(const net::Endpoints& endpoints) {
    dial_.emplace(io_, endpoints, [weak = weak_from_this()](const beast::error_code& error, net::Dial::Socket socket) {
      const auto self = weak.lock();
      if (!self) return;
      if (error) return self->finish(Failed("cannot be reached: " + error.message()));
      self->stream_.emplace(std::move(socket), self->layer_);
      asio::co_spawn(self->io_, run(self), asio::detached);
    });
  }

  static asio::awaitable<void> run(std::shared_ptr<SourceExchange> self) {
    HttpResult result = co_await self->ask();
    self->finish(std::move(result));
  }

  asio::awaitable<HttpResult> ask() {
    const auto [handshake_error] = co_await stream_->async_handshake(net::as_tuple);
    if (handshake_error) co_return Failed("TLS: " + handshake_error.message());
    http::request<http::string_body> request;
    request.version(11);
    request.method_string(request_.method);
    request.target(request_.target);
    request.set(http::field::host, config::host_header(server_.host, server_.port, server_.is_tls));
    request.set(http::field::user_agent, user_agent());
    for (const auto& [name, value] : request_.headers) request.set(name, value);
    if (!request_.body.empty()) request.set(http::field::content_type, "application/json");
    request.body() = request_.body;
    request.keep_alive(false);
    request.prepare_payload();
    const auto [write_error, written] = co_await http::async_write(*stream_, request, net::as_tuple);
    if (write_error) co_return Failed("its connection broke: " + write_error.message());
    beast::flat_buffer input(input_bytes_max);  // a chunk's extension may have no end
    while (!parser_.is_done()) {
      const auto [error, bytes] = co_await http::async_read_some(*stream_, input, parser_, net::as_tuple);
      if (error) co_return Failed("its answer is broken: " + error.message());
      if (is_enough()) break;
    }
    co_return answer();
  }

  bool is_enough() const {
    return request_.enough && parser_.is_header_done() && request_.enough(parser_.get().body());
  }

  HttpAnswer answer() {
    http::response<http::string_body>& response = parser_.get();
    return {response.result_int(), std::move(response.body()), std::string(response["X-Consul-Index"])};
  }

  void timed_out() {
    if (!done_) return;
    if (request_.enough && parser_.is_header_done()) return finish(answer());
    finish(Failed(fmt::format("gives no answer within {}", config::format_duration(request_.timeout))));
  }

  void finish(HttpResult result) {
    if (!done_) return;
    std::exchange(done_, nullptr)(std::move(result));
    timer_.cancel();
    if (dial_) dial_->cancel();
    if (stream_) stream_->close();
  }

  asio::io_context& io_;
  const config::HttpUrl server_;
  const net::TransportFactory layer_;
  const HttpRequest request_;
  Done done_;  ///< empty once called
  http::response_parser<http::string_body> parser_;
  std::optional<net::Dial> dial_;
  std::optional<net::TransportStream> stream_;  ///< once connected
  asio::steady_timer timer_;
};

}  // namespace

HttpClient::HttpClient(asio::io_context& io, net::NameResolver& names, std::string_view url,
                       const config::AnalyzerTlsOptions& tls)
    : io_(io), server_(*config::parse_url(url)), tls_(tls), addresses_(io, names, server_.host, server_.port) {}

asio::awaitable<HttpResult> HttpClient::ask(HttpRequest request) {
  net::TransportFactory layer;
  if (server_.is_tls) {
    auto context = net::ClientTls::prepare(tls_, server_.host);
    if (!context) co_return fmt::format("source_tls.{}: {}", context.error().key, context.error().message);
    layer = net::ClientTls::factory(std::make_shared<net::ClientTls>(std::move(*context)));
  }
  const auto begin = [this, &request, &layer](auto handler) {
    const auto shared = std::make_shared<decltype(handler)>(std::move(handler));
    const auto done = [&io = io_, shared](HttpResult result) {
      asio::post(io, [shared, result = std::move(result)]() mutable { std::move (*shared)(std::move(result)); });
    };
    std::make_shared<SourceExchange>(io_, server_, layer, std::move(request), done)->start(addresses_);
  };
  HttpResult result =
      co_await asio::async_initiate<const asio::use_awaitable_t<>, void(HttpResult)>(begin, asio::use_awaitable);
  co_return result;
}

std::string url_encoded(std::string_view text) { return boost::urls::encode(text, boost::urls::unreserved_chars); }

Secret read_secret(const std::string& secret) {
  constexpr std::size_t bytes_max = 4096;
  const std::string path = secret.substr(secret.find(':') + 1);
  FileText file = read_file(path, bytes_max, FileKind::regular);
  if (file.error != 0) {
    return {"", fmt::format("{} cannot be read: {}", path, std::generic_category().message(file.error))};
  }
  if (file.text.size() > bytes_max) return {"", fmt::format("{} is too large", path)};
  while (!file.text.empty() && std::isspace(static_cast<unsigned char>(file.text.back())) != 0) file.text.pop_back();
  return {std::move(file.text), ""};
}

}  // namespace logdist::registry
