// An admin server on a loop of its own, and a client that blocks.
#pragma once

#include <gtest/gtest.h>
#include <boost/asio.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include <atomic>
#include <future>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <type_traits>
#include <utility>

#include "logdist/admin/server.hpp"
#include "tests/telemetry/sample_scrape.hpp"

namespace logdist::admin {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;
using Reply = http::response<http::string_body>;

/// One connection to the server. Reads give up after 20 s, so that a server that
/// does not answer fails its test.
class Client {
 public:
  explicit Client(const tcp::endpoint& server) : stream_(io_) { stream_.socket().connect(server); }

  void send(std::string_view bytes) {
    beast::error_code ignored;  // a server that has closed shows when its answer is read
    asio::write(stream_.socket(), asio::buffer(bytes), ignored);
  }

  /// The next answer, none when the server closed instead.
  std::optional<Reply> receive(bool without_body = false) {
    http::response_parser<http::string_body> parser;
    parser.skip(without_body);
    beast::error_code error;
    run([&](auto handler) { http::async_read(stream_, buffer_, parser, std::move(handler)); }, error);
    EXPECT_NE(error, beast::error::timeout) << "the server neither answered nor closed";
    return error ? std::nullopt : std::optional<Reply>(parser.release());
  }

  std::optional<Reply> get(std::string_view target) {
    send("GET " + std::string(target) + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
    return receive();
  }

  /// What is sent up to and with `token`, consumed; what there was when the server
  /// closed before.
  std::string receive_until(std::string_view token) {
    beast::error_code error;
    std::size_t at = held().find(token);
    while (at == std::string_view::npos && !error) {
      run([&](auto handler) { stream_.async_read_some(buffer_.prepare(65'536), commit(std::move(handler))); }, error);
      at = held().find(token);
    }
    EXPECT_NE(error, beast::error::timeout) << "nothing came";
    const std::string taken(held().substr(0, error ? at : at + token.size()));
    buffer_.consume(taken.size());
    return taken;
  }

  /// Whether the server closes without another byte.
  bool sees_close() {
    char byte = 0;
    beast::error_code error;
    run([&](auto handler) { stream_.async_read_some(asio::buffer(&byte, 1), std::move(handler)); }, error);
    return error == asio::error::eof || error == asio::error::connection_reset;
  }

 private:
  template <typename Begin>
  void run(Begin begin, beast::error_code& error) {
    stream_.expires_after(std::chrono::seconds(20));
    begin([&error](beast::error_code result, std::size_t) { error = result; });
    io_.restart();
    io_.run();
  }

  /// Read, and not yet consumed.
  std::string_view held() const { return {static_cast<const char*>(buffer_.cdata().data()), buffer_.size()}; }

  template <typename Handler>
  auto commit(Handler handler) {
    return [this, handler](beast::error_code error, std::size_t bytes) mutable {
      buffer_.commit(bytes);
      handler(error, bytes);
    };
  }

  asio::io_context io_;
  beast::tcp_stream stream_;
  beast::flat_buffer buffer_;
};

class AdminTest : public ::testing::Test {
 protected:
  using ScrapeReceiver = std::function<void(telemetry::Scrape)>;

  ~AdminTest() override { stop(); }

  void start(const Limits& limits = {}) {
    Sources sources;
    sources.readiness = [this] { return ready_ ? Readiness() : Readiness{{"nobody is there"}}; };
    sources.request_scrape = [this](ScrapeReceiver receive) { request_scrape_(std::move(receive)); };
    sources.version = "1.2.3";
    sources.control = control_;
    sources.hosts = {"admin.example"};
    sources.events = events_;
    sources.tokens = [this] { return tokens_; };
    server_.emplace(loop_, std::move(sources), limits);
    ASSERT_FALSE(server_->open({"127.0.0.1", 0}));
    server_->start();
    thread_ = std::jthread([this] { loop_.run(); });
  }

  void stop() {
    if (!thread_.joinable()) return;
    on_loop([this] { server_.reset(); });
    work_.reset();
    thread_.join();
  }

  /// Runs `task` on the server's loop and waits for it.
  template <typename Task>
  std::invoke_result_t<Task> on_loop(Task task) {
    return asio::post(loop_, std::packaged_task<std::invoke_result_t<Task>()>(std::move(task))).get();
  }

  Client connect() { return Client(server_->endpoint()); }

  void happens(Event event) {
    if (!thread_.joinable()) return events_->post(std::move(event));
    on_loop([this, &event] { events_->post(std::move(event)); });
  }

  std::atomic<bool> ready_ = true;
  const std::shared_ptr<EventLog> events_ = std::make_shared<EventLog>();
  std::function<void(ScrapeReceiver)> request_scrape_ = [](const ScrapeReceiver& receive) {
    receive(telemetry::sample_scrape());
  };
  Control* control_ = nullptr;                         ///< set before start()
  std::shared_ptr<const auth::AdminTokens> tokens_{};  ///< set before start(), or on the loop
  asio::io_context loop_;
  asio::executor_work_guard<asio::io_context::executor_type> work_{loop_.get_executor()};
  std::optional<Server> server_;
  std::jthread thread_;
};

}  // namespace logdist::admin
