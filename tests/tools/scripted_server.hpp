// An HTTP server that answers by a script and remembers what it was asked.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio.hpp>
#include <boost/beast/core/tcp_stream.hpp>

#include "logdist/base/time.hpp"
#include "logdist/config/text.hpp"

namespace logdist::tools {

/// One request as it came.
struct SeenRequest {
  std::string method;
  std::string target;
  std::string content_type;
  std::string idempotency_key;
  std::string authorization;
  std::string body;
  std::size_t connection = 0;  ///< counted from 0, as accepted
  TimePoint at{};
};

/// What to do with a request.
struct ScriptedAnswer {
  unsigned status = 202;
  std::string body{};
  std::string retry_after{};
  Duration delay{};                 ///< before it is answered
  std::size_t connections_min = 0;  ///< not answered before so many connections are there
  bool close = false;               ///< after the answer, without a word of it
  bool silent = false;              ///< close without an answer
};

/// 202 to each request.
inline ScriptedAnswer accept_all(const SeenRequest&, std::size_t) { return {}; }

/// Listens on the loopback, port 0, on a thread of its own.
class ScriptedServer {
 public:
  /// Called on the server's thread; `index` counts the requests from 0.
  using Script = std::function<ScriptedAnswer(const SeenRequest& request, std::size_t index)>;

  explicit ScriptedServer(Script script);
  ~ScriptedServer();

  config::HttpUrl url(const std::string& target = "/v1/packets") const;
  std::string url_text() const;  ///< http://127.0.0.1:PORT
  std::vector<SeenRequest> seen() const;

 private:
  boost::asio::awaitable<void> accept();
  boost::asio::awaitable<void> serve(std::shared_ptr<boost::beast::tcp_stream> stream, std::size_t connection);
  boost::asio::awaitable<bool> answer(boost::beast::tcp_stream& stream, ScriptedAnswer answer);
  std::size_t remember(SeenRequest request);

  const Script script_;
  boost::asio::io_context io_{1};
  boost::asio::ip::tcp::acceptor acceptor_;
  boost::asio::steady_timer accepted_;  ///< cancelled at each new connection
  std::size_t connections_ = 0;
  mutable std::mutex mutex_;
  std::vector<SeenRequest> seen_;  ///< guarded by mutex_
  std::thread thread_;
};

}  // namespace logdist::tools
