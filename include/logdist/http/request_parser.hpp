// Reads the head of an HTTP/1 request.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include <boost/container/static_vector.hpp>

#include "logdist/http/error.hpp"

namespace logdist::http {

/// How a parser went on.
enum class Progress : std::uint8_t {
  need_more,  ///< all is well so far
  complete,
  failed,  ///< the parser's error() says why; nothing behind it can be understood
};

enum class Method : std::uint8_t { get, head, post, put, erase, options, connect, other };

/// As in a request; of `other` a description.
std::string_view to_string(Method method);

/// The head of a request. Views point into the bytes it was made of.
struct RequestHead {
  /// Lines of `tracestate` that are passed on; with more there is none.
  static constexpr std::size_t max_tracestate_lines = 8;

  Method method = Method::other;
  bool http_1_1 = false;          ///< or a later HTTP/1
  bool keep_alive = false;        ///< what its version and Connection ask for
  bool chunked = false;           ///< else the body is `content_length` long
  bool expects_continue = false;  ///< HTTP/1.1 only, as is the next
  bool expects_other = false;     ///< an unknown expectation
  bool encoded = false;           ///< a Content-Encoding other than identity, maybe several
  bool looped = false;            ///< its Via has our own name
  bool proxied = false;           ///< it has a Via
  std::optional<std::uint64_t> content_length;
  std::string_view path;       ///< of the target, without its query, not decoded; `*`; of CONNECT empty
  std::string_view query;      ///< of the target, behind its `?`; empty without
  std::string_view authority;  ///< valid for parse_authority(): the target's, else Host; empty without
  std::optional<std::string_view> content_type;
  std::optional<std::string_view> idempotency_key;
  std::optional<std::string_view> origin;
  std::optional<std::string_view> authorization;  ///< a secret; of several the last
  bool many_authorizations = false;               ///< there are several
  std::string_view content_coding;                ///< the one other than identity; empty when there are several
  std::string_view traceparent;                   ///< empty unless valid by W3C Trace Context
  boost::container::static_vector<std::string_view, max_tracestate_lines> tracestate;  ///< valid with a traceparent
  std::string_view fields;  ///< all lines, each with its CRLF

  /// The value of the first line of such a name, in lower case, among all fields.
  std::optional<std::string_view> field(std::string_view name) const;
};

/// The only parser of requests, for both ports. It is strict wherever two readers could
/// disagree on where a request ends, which host it is for or which path it has (RFC 9112,
/// 3.2, 5, 6 and 11.2): bare CR or LF, blanks before a colon, folded lines, controls, a Host that
/// is none or not alone, any Transfer-Encoding but one `chunked`, a Transfer-Encoding
/// beside a Content-Length or in HTTP/1.0, lengths that differ, targets with a
/// fragment or with a `://` that begins no http URL.
///
/// Reports an error as soon as the line that shows it is there. Time is linear in the
/// bytes, however they are split. Allocates nothing. One for each request. Confined to
/// one thread.
class RequestParser {
 public:
  static constexpr std::size_t max_head_size = 16 * 1024;
  static constexpr std::size_t max_target_size = 8 * 1024;
  static constexpr std::size_t max_method_size = 64;

  /// `via_name`: our own name in Via, for `RequestHead::looped`; it outlives the parser.
  explicit RequestParser(std::string_view via_name = {}) : via_name_(via_name) {}

  /// `bytes` begins with the request's first byte, each time, empty lines before it
  /// left out; they may lie elsewhere than the last time.
  Progress parse(std::string_view bytes);

  /// Once parse() has said `complete`: the head, of the same bytes.
  RequestHead head(std::string_view bytes) const;
  /// Bytes of the head.
  std::size_t head_size() const { return line_begin_; }
  bool chunked() const { return chunked_; }
  bool expects_continue() const { return http_1_1_ && expects_continue_; }

  /// Once parse() has said `failed`.
  const Error& error() const { return error_; }

 private:
  /// A part of the head, by its place.
  struct Slice {
    std::uint16_t begin = 0;
    std::uint16_t size = 0;
  };
  struct OptionalSlice : Slice {
    bool given = false;
  };

  Progress fail(const Error& error);
  Progress wait(std::string_view bytes);
  Progress line_broken(std::string_view bytes);
  bool check_line_begin(std::string_view line);
  Slice slice(std::string_view text) const;

  void take_request_line(std::string_view line);
  void take_target(std::string_view target);
  void take_absolute_target(std::string_view target);
  void take_path(std::string_view path_and_query);
  void take_query(std::string_view path_and_query);
  void take_version(std::string_view version);

  void take_field(std::string_view line);
  void take_known_field(std::string_view name, std::string_view value);
  void take_once(OptionalSlice& place, std::string_view value, const Error& if_taken);
  void take_authorization(std::string_view value);
  void take_host(std::string_view value);
  void take_expect(std::string_view list);
  void take_connection(std::string_view list);
  void take_content_length(std::string_view list);
  void take_transfer_encoding(std::string_view list);
  void take_content_encoding(std::string_view list);
  void take_via(std::string_view list);
  void take_tracestate(std::string_view value);
  void finish();

  const std::string_view via_name_;
  const char* begin_ = nullptr;  ///< of the bytes in parse()
  Error error_;
  std::size_t line_begin_ = 0;  ///< up to here whole lines are parsed
  std::size_t scanned_ = 0;     ///< up to here there is no line end

  Method method_ = Method::other;
  bool request_line_done_ = false;
  bool http_1_1_ = false;
  bool close_ = false;
  bool keep_alive_ = false;
  bool transfer_encoding_ = false;
  bool chunked_ = false;
  bool other_coding_ = false;
  bool expects_continue_ = false;
  bool expects_other_ = false;
  bool encoded_ = false;
  bool looped_ = false;
  bool proxied_ = false;
  bool absolute_ = false;  ///< the target names the authority
  std::uint8_t traceparents_ = 0;
  bool many_tracestates_ = false;  ///< more lines than are passed on
  std::optional<std::uint64_t> content_length_;
  Slice path_;
  Slice query_;
  Slice authority_;
  OptionalSlice host_;
  OptionalSlice content_type_;
  OptionalSlice idempotency_key_;
  OptionalSlice origin_;
  OptionalSlice authorization_;
  bool many_authorizations_ = false;
  Slice content_coding_;
  Slice traceparent_;
  boost::container::static_vector<Slice, RequestHead::max_tracestate_lines> tracestate_;
  std::size_t fields_begin_ = 0;
};

}  // namespace logdist::http
