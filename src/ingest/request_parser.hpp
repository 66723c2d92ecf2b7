// Reads one HTTP/1 request, keeping only what the packet port needs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include <boost/beast/http/basic_parser.hpp>
#include <boost/container/static_vector.hpp>

#include "logdist/packet/buffer.hpp"

namespace logdist::ingest {

/// The head of a request. Views point into the bytes that were parsed.
struct RequestHead {
  /// `traceparent` and `tracestate` lines, at most so many of them.
  static constexpr std::size_t max_trace_lines = 4;
  struct TraceLine {
    std::string_view name;
    std::string_view value;
  };

  bool is_post = false;
  bool is_head = false;
  bool http_1_1 = false;
  bool keep_alive = false;  ///< what its version and Connection header ask for
  bool chunked = false;
  bool expects_continue = false;
  bool expects_else = false;  ///< an expectation that nobody knows
  std::optional<std::uint64_t> content_length;
  std::string_view target;
  std::optional<std::string_view> content_type;
  std::optional<std::string_view> content_encoding;
  std::optional<std::string_view> idempotency_key;
  boost::container::static_vector<TraceLine, max_trace_lines> trace;
};

/// One request's parser, on top of Beast's. Stricter than it where leniency lets
/// two servers disagree on where a request ends: folded lines, any
/// Transfer-Encoding but `chunked`, none or two of Host, doubled headers that we
/// act on are malformed (RFC 9112, sections 3.2, 5.2, 6.1 and 11.2).
class RequestParser final : private boost::beast::http::basic_parser<true> {
 public:
  enum class Progress : std::uint8_t {
    need_more,  ///< all is well so far
    complete,   ///< the head, or the chunked body, is whole
    malformed,  ///< fault() says why
    too_large,  ///< the head passes `max_head_size`, or the chunked body `max_body`
  };

  /// Longest head accepted.
  static constexpr std::size_t max_head_size = 16 * 1024;

  RequestParser();

  /// Parses the head. `bytes` begins with the request's first byte, each time.
  Progress parse_head(std::string_view bytes);
  /// Bytes of the head, once it is complete.
  std::size_t head_size() const { return consumed_; }
  /// The head, once it is complete; views into the last `bytes`.
  const RequestHead& head() const { return head_; }

  /// How parse_chunks() went on.
  struct Chunks {
    Progress progress = Progress::need_more;
    std::size_t consumed = 0;  ///< bytes of the input that are used
  };
  /// Parses what follows the head of a chunked request and appends the payload to
  /// `body`, which grows to `max_body` at most. What is not consumed must be
  /// given again, with more behind it.
  Chunks parse_chunks(std::string_view bytes, packet::Buffer& body, std::size_t max_body);
  /// What is malformed, a sentence for people.
  std::string_view fault() const { return fault_; }

 private:
  using Base = boost::beast::http::basic_parser<true>;
  using ErrorCode = boost::beast::error_code;
  using Text = boost::beast::string_view;
  using Field = boost::beast::http::field;

  /// A part of the head, by its place: the bytes may move while the head grows.
  struct Slice {
    std::uint16_t begin = 0;
    std::uint16_t size = 0;
  };
  struct TraceSlice {
    bool is_state = false;
    Slice value;
  };

  Slice slice(Text text) const;
  std::string_view text(Slice slice) const;
  std::optional<std::string_view> text(const std::optional<Slice>& slice) const;
  void finish_head();
  void take_field(Field field, Text value, ErrorCode& error);
  void take_once(std::optional<Slice>& place, Text value, std::string_view fault_if_taken, ErrorCode& error);
  void refuse(std::string_view fault, ErrorCode& error);
  Progress malformed(const ErrorCode& error);

  void on_request_impl(boost::beast::http::verb verb, Text method, Text target, int version, ErrorCode& error) override;
  void on_field_impl(Field field, Text name, Text value, ErrorCode& error) override;
  void on_header_impl(ErrorCode& error) override;
  void on_body_init_impl(const boost::optional<std::uint64_t>& length, ErrorCode& error) override;
  std::size_t on_body_impl(Text bytes, ErrorCode& error) override;
  void on_chunk_header_impl(std::uint64_t size, Text extensions, ErrorCode& error) override;
  std::size_t on_chunk_body_impl(std::uint64_t remaining, Text bytes, ErrorCode& error) override;
  void on_finish_impl(ErrorCode& error) override;
  void on_response_impl(int, Text, int, ErrorCode&) override {}

  std::string_view bytes_;  ///< of the head so far
  std::size_t consumed_ = 0;
  bool head_done_ = false;
  bool content_length_ = false;
  bool transfer_encoding_ = false;
  bool host_ = false;
  Slice target_;
  std::optional<Slice> content_type_;
  std::optional<Slice> content_encoding_;
  std::optional<Slice> idempotency_key_;
  boost::container::static_vector<TraceSlice, RequestHead::max_trace_lines> trace_;
  RequestHead head_;
  std::string_view fault_;

  packet::Buffer* body_ = nullptr;  ///< during parse_chunks()
  std::size_t max_body_ = 0;
};

}  // namespace logdist::ingest
