// A request to the admin port.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "logdist/http/chunk_decoder.hpp"
#include "logdist/http/request_parser.hpp"

namespace logdist::admin {

/// One request, whole.
struct Request {
  logdist::http::Method method = logdist::http::Method::other;
  std::string path;       ///< not decoded, without its query
  std::string authority;  ///< whom it is for, as it was sent; empty when it does not say
  std::optional<std::string> content_type;
  std::optional<std::string> origin;
  std::optional<std::string> authorization;  ///< a secret, as is the next
  std::optional<std::string> cookies;
  std::string body;
  bool http_1_1 = true;
  bool keep_alive = false;
  bool is_tls = false;  ///< it came over TLS

  bool reads() const { return method == logdist::http::Method::get || method == logdist::http::Method::head; }
};

/// Reads one request out of a connection's bytes: the head by the house's parser,
/// then the body, into memory.
class RequestReader {
 public:
  using Progress = logdist::http::Progress;

  /// A larger body is a 413.
  explicit RequestReader(std::size_t max_body) : chunks_(max_body), max_body_(max_body) {}

  struct Step {
    Progress progress = Progress::need_more;
    std::size_t consumed = 0;
  };
  /// Reads on. What is not consumed must be given again, with more behind it: that is
  /// at most a head.
  Step read(std::string_view bytes);

  /// Whether the peer waits for a 100 before it sends the body. True once.
  bool take_expectation();

  /// Once `complete`.
  Request& request() { return request_; }
  /// Once `failed`.
  const logdist::http::Error& error() const { return error_; }

 private:
  std::size_t read_head(std::string_view bytes);
  std::size_t read_chunks(std::string_view bytes);
  std::size_t read_body(std::string_view bytes);
  std::size_t fail(const logdist::http::Error& error);

  logdist::http::RequestParser parser_;
  logdist::http::ChunkDecoder chunks_;
  const std::size_t max_body_;
  Request request_;
  logdist::http::Error error_;
  Progress progress_ = Progress::need_more;
  std::size_t body_unread_ = 0;  ///< of a body of known length
  bool head_done_ = false;
  bool continue_wanted_ = false;
};

}  // namespace logdist::admin
