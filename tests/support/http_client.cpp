#include "tests/support/http_client.hpp"

#include <boost/algorithm/string/case_conv.hpp>
#include <boost/asio.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <stdexcept>

namespace logdist::test {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using boost::system::error_code;
using boost::system::system_error;

config::HttpUrl parse(const std::string& url) {
  auto parsed = config::parse_http_url(url);
  if (!parsed) throw std::invalid_argument(parsed.error().text);
  return *parsed;
}

/// Runs what was begun to its end. The operations are asynchronous because only
/// those of Beast have timeouts.
void run(asio::io_context& io) {
  io.restart();
  io.run();
}

void connect(asio::io_context& io, beast::tcp_stream& stream, const config::HttpUrl& url,
             std::chrono::seconds timeout) {
  asio::ip::tcp::resolver resolver(io);
  const auto endpoints = resolver.resolve(url.host, url.port);
  error_code error;
  stream.expires_after(timeout);
  stream.async_connect(endpoints, [&error](error_code ended, const asio::ip::tcp::endpoint&) { error = ended; });
  run(io);
  if (error) throw system_error(error, "connect");
  stream.socket().set_option(asio::ip::tcp::no_delay(true));
}

}  // namespace

std::string HttpReply::header(const std::string& name) const {
  const auto found = headers.find(name);
  return found == headers.end() ? std::string() : found->second;
}

HttpClient::HttpClient(const std::string& url) : url_(parse(url)) {}

HttpReply HttpClient::get(const std::string& target, const Headers& headers) {
  return request("GET", target, {}, headers);
}

HttpReply HttpClient::post(const std::string& target, std::string body, const Headers& headers) {
  Headers all{{"Content-Type", "application/json"}};
  for (const auto& [name, value] : headers) all[name] = value;
  return request("POST", target, std::move(body), all);
}

HttpReply HttpClient::request(const std::string& method, const std::string& target, std::string body,
                              const Headers& headers) {
  if (!stream_) {
    buffer_.clear();
    stream_.emplace(io_);
    connect(io_, *stream_, url_, patience);
  }
  http::request<http::string_body> request;
  request.method_string(method);
  request.target(target);
  request.version(11);
  request.set(http::field::host, url_.host + ":" + url_.port);
  for (const auto& [name, value] : headers) request.set(name, value);
  request.body() = std::move(body);
  request.prepare_payload();

  error_code error;
  stream_->expires_after(patience);
  // An answer may come, and the connection end, before all was written.
  http::async_write(*stream_, request, [](error_code, std::size_t) {});
  http::response_parser<http::string_body> parser;
  parser.body_limit(std::uint64_t{64} << 20);
  if (method == "HEAD") parser.skip(true);
  http::async_read(*stream_, buffer_, parser, [&error](error_code ended, std::size_t) { error = ended; });
  run(io_);
  if (error) {
    stream_.reset();
    throw system_error(error, method + " " + target);
  }
  HttpReply reply;
  const auto& response = parser.get();
  reply.status = response.result_int();
  for (const auto& field : response) {
    reply.headers[boost::to_lower_copy(std::string(field.name_string()))] = std::string(field.value());
  }
  reply.body = response.body();
  reply.keep_alive = parser.keep_alive();
  if (!reply.keep_alive) stream_.reset();
  return reply;
}

RawSocket::RawSocket(const std::string& url) : stream_(io_) { connect(io_, stream_, parse(url), patience); }

void RawSocket::send(std::string_view bytes) {
  error_code error;
  stream_.expires_after(patience);
  asio::async_write(stream_, asio::buffer(bytes), [&error](error_code ended, std::size_t) { error = ended; });
  run(io_);
  if (error) throw system_error(error, "send");
}

void RawSocket::close_sending() {
  error_code ignored;
  stream_.socket().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
}

std::string RawSocket::read_until(const std::string& mark, std::chrono::milliseconds timeout) {
  std::size_t length = 0;
  stream_.expires_after(timeout);
  asio::async_read_until(stream_, asio::dynamic_buffer(received_), mark,
                         [&length](error_code, std::size_t count) { length = count; });
  run(io_);
  if (length == 0) length = received_.size();
  std::string result = received_.substr(0, length);
  received_.erase(0, length);
  return result;
}

std::optional<std::string> RawSocket::read_to_end(std::chrono::milliseconds timeout) {
  error_code error;
  stream_.expires_after(timeout);
  asio::async_read(stream_, asio::dynamic_buffer(received_), asio::transfer_all(),
                   [&error](error_code ended, std::size_t) { error = ended; });
  run(io_);
  if (error == beast::error::timeout) return std::nullopt;
  return std::exchange(received_, {});
}

}  // namespace logdist::test
