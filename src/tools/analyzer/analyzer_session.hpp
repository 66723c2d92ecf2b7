// One connection to the reference analyzer.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "logdist/base/time.hpp"
#include "tools/analyzer/analyzer_server.hpp"

namespace logdist::tools {

/// Reads requests and answers them in order. Answers gather while further
/// requests are already here, and leave in one write. Confined to the loop's
/// thread; lives as long as its coroutine.
class AnalyzerSession {
 public:
  static void start(boost::asio::ip::tcp::socket socket, std::shared_ptr<AnalyzerServer> server);
  AnalyzerSession(boost::asio::ip::tcp::socket socket, std::shared_ptr<AnalyzerServer> server);
  ~AnalyzerSession();
  AnalyzerSession(const AnalyzerSession&) = delete;
  AnalyzerSession& operator=(const AnalyzerSession&) = delete;

  void close();

 private:
  /// What follows an answer.
  enum class Next { read, close, reset };
  /// What a packet is answered with; the sentence may be empty.
  struct Verdict {
    unsigned status = 200;
    std::string detail;
  };
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;

  static boost::asio::awaitable<void> run(std::unique_ptr<AnalyzerSession> self);

  /// A whole request is in `parser_`; false when none will come.
  boost::asio::awaitable<bool> read_request();
  boost::asio::awaitable<bool> read_more();
  boost::asio::awaitable<bool> flush();
  /// Reads and drops what still comes, until the peer closes or `patience` ends.
  boost::asio::awaitable<void> await_end(Duration patience);

  boost::asio::awaitable<Next> answer();
  boost::asio::awaitable<Next> answer_packet(const AnalyzerBehaviour& behaviour);
  /// Resets, hangs or answers garbage instead of an answer.
  boost::asio::awaitable<Next> misbehave(const AnalyzerBehaviour& behaviour);
  Next answer_query(const AnalyzerBehaviour& behaviour, std::string_view target);
  Next change_behaviour(const AnalyzerBehaviour& behaviour);

  Verdict settle(const AnalyzerBehaviour& behaviour);
  Verdict count(unsigned status);
  Next write_answer(const AnalyzerBehaviour& behaviour, unsigned status, std::string_view body);
  void reset();

  boost::beast::tcp_stream stream_;
  boost::asio::steady_timer latency_;
  const std::shared_ptr<AnalyzerServer> server_;
  boost::beast::flat_buffer input_;
  std::optional<Parser> parser_;  ///< of the request under way: Beast's serve one message each
  std::string output_;
};

}  // namespace logdist::tools
