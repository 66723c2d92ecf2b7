#include "tests/tools/scripted_server.hpp"

#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include "logdist/net/as_tuple.hpp"

namespace logdist::tools {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;

}  // namespace

ScriptedServer::ScriptedServer(Script script)
    : script_(std::move(script)),
      acceptor_(io_, tcp::endpoint(asio::ip::address_v4::loopback(), 0)),
      accepted_(io_, TimePoint::max()) {
  asio::co_spawn(io_, accept(), asio::detached);
  thread_ = std::thread([this] { io_.run(); });
}

ScriptedServer::~ScriptedServer() {
  io_.stop();
  thread_.join();
}

config::HttpUrl ScriptedServer::url(const std::string& target) const {
  return {"127.0.0.1", std::to_string(acceptor_.local_endpoint().port()), target};
}

std::string ScriptedServer::url_text() const { return "http://127.0.0.1:" + url().port; }

std::vector<SeenRequest> ScriptedServer::seen() const {
  const std::lock_guard lock(mutex_);
  return seen_;
}

std::size_t ScriptedServer::remember(SeenRequest request) {
  const std::lock_guard lock(mutex_);
  seen_.push_back(std::move(request));
  return seen_.size() - 1;
}

asio::awaitable<void> ScriptedServer::accept() {
  for (;;) {
    auto [error, socket] = co_await acceptor_.async_accept(net::as_tuple);
    if (error) co_return;
    auto stream = std::make_shared<beast::tcp_stream>(std::move(socket));
    asio::co_spawn(io_, serve(stream, connections_++), asio::detached);
    accepted_.cancel();
  }
}

asio::awaitable<void> ScriptedServer::serve(std::shared_ptr<beast::tcp_stream> stream, std::size_t connection) {
  beast::flat_buffer buffer;
  for (;;) {
    http::request<http::string_body> request;
    const auto [error, read] = co_await http::async_read(*stream, buffer, request, net::as_tuple);
    if (error) co_return;
    SeenRequest seen;
    seen.method = std::string(request.method_string());
    seen.target = std::string(request.target());
    seen.content_type = std::string(request[http::field::content_type]);
    seen.idempotency_key = std::string(request["Idempotency-Key"]);
    seen.authorization = std::string(request["Authorization"]);
    seen.body = request.body();
    seen.connection = connection;
    seen.at = Clock::now();
    const std::size_t index = remember(seen);
    const bool goes_on = co_await answer(*stream, script_(seen, index));
    if (!goes_on) co_return;
  }
}

asio::awaitable<bool> ScriptedServer::answer(beast::tcp_stream& stream, ScriptedAnswer answer) {
  while (connections_ < answer.connections_min) co_await accepted_.async_wait(net::as_tuple);
  if (answer.delay > Duration::zero()) {
    asio::steady_timer timer(io_, answer.delay);
    co_await timer.async_wait(net::as_tuple);
  }
  if (answer.silent) co_return false;
  http::response<http::string_body> response(static_cast<http::status>(answer.status), 11);
  if (!answer.retry_after.empty()) response.set(http::field::retry_after, answer.retry_after);
  response.body() = answer.body;
  response.prepare_payload();
  const auto [error, written] = co_await http::async_write(stream, response, net::as_tuple);
  co_return !error && !answer.close;
}

}  // namespace logdist::tools
