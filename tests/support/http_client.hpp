// Small blocking clients for tests: HTTP, and bytes as one likes.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/io_context.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>

#include "logdist/config/text.hpp"

namespace logdist::test {

struct HttpReply {
  unsigned status = 0;
  std::map<std::string, std::string> headers;  ///< names in lower case
  std::string body;
  bool keep_alive = false;

  /// Empty when there is none; `name` in lower case.
  std::string header(const std::string& name) const;
};

using Headers = std::map<std::string, std::string>;

/// One keep-alive connection, made anew after an answer that closes it and after
/// an error. Throws boost::system::system_error when no whole answer comes in time.
class HttpClient {
 public:
  static constexpr std::chrono::seconds patience{60};  ///< for one request

  /// `url`: http://ADDR:PORT, as the start line tells it.
  explicit HttpClient(const std::string& url);

  HttpReply get(const std::string& target, const Headers& headers = {});
  HttpReply post(const std::string& target, std::string body, const Headers& headers = {});
  HttpReply request(const std::string& method, const std::string& target, std::string body, const Headers& headers);

 private:
  const config::HttpUrl url_;
  boost::asio::io_context io_{1};
  std::optional<boost::beast::tcp_stream> stream_;
  boost::beast::flat_buffer buffer_;
};

/// A connection for bytes that are no HTTP, or not quite. Throws
/// boost::system::system_error when it cannot connect or send.
class RawSocket {
 public:
  static constexpr std::chrono::seconds patience{60};

  explicit RawSocket(const std::string& url);

  void send(std::string_view bytes);
  void close_sending();  ///< the peer sees the end, we still read

  /// Reads until `mark` came; all that came up to and with it. What came so far,
  /// without the mark, when the peer closed or the time ran out (we close then).
  std::string read_until(const std::string& mark, std::chrono::milliseconds timeout = patience);

  /// All bytes until the peer closes; none when it did not within `timeout`.
  std::optional<std::string> read_to_end(std::chrono::milliseconds timeout = patience);

 private:
  boost::asio::io_context io_{1};
  boost::beast::tcp_stream stream_;
  std::string received_;  ///< and not yet given out
};

}  // namespace logdist::test
