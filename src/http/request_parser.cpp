#include "logdist/http/request_parser.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "http/bytes.hpp"
#include "logdist/http/authority.hpp"
#include "logdist/http/text.hpp"
#include "logdist/http/trace_context.hpp"

namespace logdist::http {
namespace {

/// "HTTP/1.1"
constexpr std::size_t version_size = 8;
/// The longest request line that is read for what is wrong with it.
constexpr std::size_t request_line_size_max =
    RequestParser::max_method_size + 1 + RequestParser::max_target_size + 1 + version_size;

Method method_of(std::string_view name) {
  if (name == "POST") return Method::post;
  if (name == "GET") return Method::get;
  if (name == "HEAD") return Method::head;
  if (name == "PUT") return Method::put;
  if (name == "DELETE") return Method::erase;
  if (name == "OPTIONS") return Method::options;
  if (name == "CONNECT") return Method::connect;
  return Method::other;
}

/// Whether all eight bytes at `bytes` are printable ASCII.
bool are_printable(const char* bytes) {
  constexpr auto each = [](std::uint64_t byte) { return byte * 0x0101010101010101; };
  std::uint64_t word = 0;
  std::memcpy(&word, bytes, sizeof word);
  // The highest bit of a byte is set in one of these when it is below ' ', above '~', or not ASCII. A borrow or carry
  // into the next byte comes only from such a one.
  return (((word - each(' ')) | (word + each(0x7f - '~')) | word) & each(0x80)) == 0;
}

/// The first byte that is no part of a line: its CR, or one that must not be there.
const char* line_end(const char* begin, const char* end) {
  while (end - begin >= 8 && are_printable(begin)) begin += 8;
  while (begin != end && is_in(*begin, line_byte)) ++begin;
  return begin;
}

}  // namespace

std::string_view to_string(Method method) {
  switch (method) {
    case Method::get: return "GET";
    case Method::head: return "HEAD";
    case Method::post: return "POST";
    case Method::put: return "PUT";
    case Method::erase: return "DELETE";
    case Method::options: return "OPTIONS";
    case Method::connect: return "CONNECT";
    case Method::other: break;
  }
  return "another method of";
}

Progress RequestParser::parse(std::string_view bytes) {
  begin_ = bytes.data();
  while (!error_) {
    const char* const stop = line_end(begin_ + scanned_, begin_ + bytes.size());
    scanned_ = static_cast<std::size_t>(stop - begin_);
    const std::string_view from_stop = bytes.substr(scanned_, 2);
    if (from_stop.empty() || from_stop == "\r") return wait(bytes);
    if (from_stop != "\r\n") return line_broken(bytes);
    const std::string_view line = bytes.substr(line_begin_, scanned_ - line_begin_);
    if (scanned_ + 2 > max_head_size) return fail(errors::long_head);
    if (!request_line_done_) {
      take_request_line(line);
      fields_begin_ = scanned_ + 2;
    } else if (!line.empty()) {
      take_field(line);
    } else {
      finish();
      if (!error_) line_begin_ = scanned_ + 2;
      return error_ ? Progress::failed : Progress::complete;
    }
    line_begin_ = scanned_ = scanned_ + 2;
  }
  return Progress::failed;
}

Progress RequestParser::fail(const Error& error) {
  error_ = error;
  return Progress::failed;
}

/// What the beginning of a request line can show, in the order of its bytes: the error of
/// a line is the same whether it comes at once or in pieces.
bool RequestParser::check_line_begin(std::string_view line) {
  const std::string_view method = line.substr(0, std::min(line.find(' '), max_method_size + 1));
  if (!is_token(method)) {
    fail(errors::bad_method);
  } else if (method.size() > max_method_size) {
    fail(errors::long_method);
  } else if (line.size() > request_line_size_max) {
    fail(errors::long_target);
  }
  return !error_;
}

/// What can be said of a line that is not whole yet.
Progress RequestParser::wait(std::string_view bytes) {
  const std::string_view line = bytes.substr(line_begin_, scanned_ - line_begin_);
  if (!request_line_done_ && !line.empty() && !check_line_begin(line)) return Progress::failed;
  return bytes.size() >= max_head_size ? fail(errors::long_head) : Progress::need_more;
}

/// A control, or a line end that is not whole, at scanned_.
Progress RequestParser::line_broken(std::string_view bytes) {
  const char byte = bytes[scanned_];
  if (!request_line_done_) {
    const std::string_view line = bytes.substr(0, scanned_);
    const bool within_method = line.find(' ') == line.npos && byte != '\r' && byte != '\n';
    if (!check_line_begin(line)) return Progress::failed;
    if (within_method) return fail(errors::bad_method);
  }
  if (scanned_ + (byte == '\r' ? 2 : 1) > max_head_size) return fail(errors::long_head);
  if (byte == '\r') return fail(errors::bare_cr);
  if (byte == '\n') return fail(errors::bare_lf);
  return fail(request_line_done_ ? errors::bad_value : errors::bad_target);
}

RequestParser::Slice RequestParser::slice(std::string_view text) const {
  return {static_cast<std::uint16_t>(text.data() - begin_), static_cast<std::uint16_t>(text.size())};
}

void RequestParser::take_request_line(std::string_view line) {
  request_line_done_ = true;
  if (!check_line_begin(line)) return;
  const std::size_t method_end = line.find(' ');
  const std::size_t target_end = method_end == line.npos ? line.npos : line.find(' ', method_end + 1);
  if (target_end == line.npos) return void(fail(errors::bad_target));
  const std::string_view target = line.substr(method_end + 1, target_end - method_end - 1);
  if (target.size() > max_target_size) return void(fail(errors::long_target));
  if (target.empty()) return void(fail(errors::bad_target));
  if (!std::all_of(target.begin(), target.end(), [](char byte) { return is_in(byte, target_byte); })) {
    return void(fail(errors::bad_target));
  }
  method_ = method_of(line.substr(0, method_end));
  take_version(line.substr(target_end + 1));
  if (!error_) take_target(target);
}

void RequestParser::take_version(std::string_view version) {
  if (version.size() != version_size || !version.starts_with("HTTP/") || !is_digit(version[5]) || version[6] != '.' ||
      !is_digit(version[7])) {
    return void(fail(errors::bad_version));
  }
  if (version[5] != '1') return void(fail(errors::other_version));
  http_1_1_ = version[7] != '0';
}

/// The four forms of RFC 9112 (3.2).
void RequestParser::take_target(std::string_view target) {
  if (method_ == Method::connect) {
    const auto authority = parse_authority(target);
    if (!authority || authority->host.empty() || authority->port.empty()) fail(errors::bad_target_form);
    authority_ = slice(target);
    absolute_ = true;
  } else if (target.starts_with('/')) {
    take_path(target);
  } else if (target == "*" && method_ == Method::options) {
    path_ = slice(target);
  } else {
    take_absolute_target(target);
  }
}

void RequestParser::take_absolute_target(std::string_view target) {
  constexpr std::string_view scheme = "http://";
  if (!iequals(target.substr(0, scheme.size()), scheme)) return void(fail(errors::bad_target_form));
  const std::size_t end = std::min(target.find_first_of("/?", scheme.size()), target.size());
  const std::string_view text = target.substr(scheme.size(), end - scheme.size());
  const auto authority = parse_authority(text);
  if (!authority || authority->host.empty()) return void(fail(errors::bad_target_form));
  authority_ = slice(text);
  absolute_ = true;
  if (end == target.size() || target[end] == '?') {
    // No path is `/`, and `*` when the options of the server as a whole are asked for.
    path_ = method_ == Method::options && end == target.size() ? Slice{} : slice(target.substr(scheme.size() - 1, 1));
    take_query(target.substr(end));
  } else {
    take_path(target.substr(end));
  }
}

void RequestParser::take_path(std::string_view path_and_query) {
  const std::string_view path = path_and_query.substr(0, path_and_query.find('?'));
  if (path.find("://") != path.npos) fail(errors::bad_target_form);
  path_ = slice(path);
  take_query(path_and_query);
}

void RequestParser::take_query(std::string_view path_and_query) {
  const std::size_t mark = path_and_query.find('?');
  if (mark != path_and_query.npos) query_ = slice(path_and_query.substr(mark + 1));
}

void RequestParser::finish() {
  if (http_1_1_ && !host_.given) return void(fail(errors::no_host));
  if (transfer_encoding_ && content_length_) return void(fail(errors::two_framings));
  if (transfer_encoding_ && !http_1_1_) return void(fail(errors::coding_in_http_1_0));
  if (other_coding_) fail(errors::other_coding);
}

RequestHead RequestParser::head(std::string_view bytes) const {
  const auto text = [bytes](const Slice& part) { return bytes.substr(part.begin, part.size); };
  const auto optional = [&text](const OptionalSlice& part) {
    return part.given ? std::optional(text(part)) : std::nullopt;
  };
  RequestHead head;
  head.method = method_;
  head.http_1_1 = http_1_1_;
  head.keep_alive = (http_1_1_ || keep_alive_) && !close_ && method_ != Method::connect;
  head.chunked = chunked_;
  head.expects_continue = expects_continue();
  head.expects_other = http_1_1_ && expects_other_;
  head.encoded = encoded_;
  head.content_coding = text(content_coding_);
  head.looped = looped_;
  head.proxied = proxied_;
  head.content_length = content_length_;
  head.path = method_ == Method::options && absolute_ && path_.size == 0 ? "*" : text(path_);
  head.query = text(query_);
  head.authority = absolute_ ? text(authority_) : text(host_);
  head.content_type = optional(content_type_);
  head.idempotency_key = optional(idempotency_key_);
  head.origin = optional(origin_);
  head.authorization = optional(authorization_);
  head.many_authorizations = many_authorizations_;
  head.fields = bytes.substr(fields_begin_, line_begin_ - 2 - fields_begin_);
  if (traceparents_ != 1 || traceparent_.size == 0) return head;
  head.traceparent = text(traceparent_);
  for (const Slice& line : tracestate_) head.tracestate.push_back(text(line));
  if (many_tracestates_ || !is_tracestate({head.tracestate.data(), head.tracestate.size()})) head.tracestate.clear();
  return head;
}

std::optional<std::string_view> RequestHead::field(std::string_view name) const {
  for (std::string_view rest = fields; !rest.empty();) {
    const std::size_t end = rest.find("\r\n");
    const std::string_view line = rest.substr(0, end);
    const std::size_t colon = line.find(':');
    if (iequals(line.substr(0, colon), name)) return trim(line.substr(colon + 1));
    rest.remove_prefix(end + 2);
  }
  return std::nullopt;
}

}  // namespace logdist::http
