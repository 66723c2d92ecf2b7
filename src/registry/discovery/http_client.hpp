// One HTTP request to a source at a time.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/system/result.hpp>

#include "logdist/base/time.hpp"
#include "logdist/config/text.hpp"
#include "logdist/net/host_addresses.hpp"

namespace logdist::registry {

/// What is sent: GET without a body, POST or PUT with JSON.
struct HttpRequest {
  std::string method = "GET";
  std::string target;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  Duration timeout = std::chrono::seconds(10);  ///< for everything, the look-up of the name included
  std::size_t bytes_max = 0;                    ///< of the answer's body
  /// Of an answer without an end: it is enough when this is true of what has come of its body. The timeout is its end.
  std::function<bool(std::string_view)> enough = {};
};

struct HttpAnswer {
  unsigned status = 0;
  std::string body;
  std::string consul_index;
};

/// What is wrong is the end of a sentence.
using HttpResult = boost::system::result<HttpAnswer, std::string>;

/// Asks one server, a connection for each request. Confined to the thread of `io`, which runs no more of its handlers
/// once this is destroyed, as `names` outlives it.
class HttpClient {
 public:
  /// `url` is good; `tls` is for one of https, whose files are read for each request.
  HttpClient(boost::asio::io_context& io, net::NameResolver& names, std::string_view url,
             const config::AnalyzerTlsOptions& tls);

  boost::asio::awaitable<HttpResult> ask(HttpRequest request);
  /// The URL's own path and query.
  const std::string& target() const { return server_.target; }

 private:
  boost::asio::io_context& io_;
  const config::HttpUrl server_;
  const config::AnalyzerTlsOptions tls_;
  net::HostAddresses addresses_;
};

/// As a segment of a path or a value of a query.
std::string url_encoded(std::string_view text);

/// What is in the file of `file:PATH`, without the blanks at its end.
struct Secret {
  std::string text;
  std::string error;  ///< the end of a sentence; empty: it was read
};
Secret read_secret(const std::string& secret);

}  // namespace logdist::registry
