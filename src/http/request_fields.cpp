// The fields that the parser acts on.
#include <algorithm>
#include <limits>
#include <utility>

#include "http/bytes.hpp"
#include "logdist/http/authority.hpp"
#include "logdist/http/request_parser.hpp"
#include "logdist/http/text.hpp"
#include "logdist/http/trace_context.hpp"

namespace logdist::http {
namespace {

/// Whether a field's name, a token, is `known`, which is in lower case.
bool is_name(std::string_view name, std::string_view known) {
  // With this bit a token's letters are in lower case, and its other bytes no letters or `-`.
  return std::equal(name.begin(), name.end(), known.begin(), known.end(),
                    [](char byte, char known_byte) { return static_cast<char>(byte | 0x20) == known_byte; });
}

std::optional<std::uint64_t> parse_length(std::string_view digits) {
  constexpr std::uint64_t max = std::numeric_limits<std::uint64_t>::max();
  if (digits.empty()) return std::nullopt;
  std::uint64_t length = 0;
  for (const char byte : digits) {
    if (!is_digit(byte)) return std::nullopt;
    const auto digit = static_cast<std::uint64_t>(byte - '0');
    if (length > (max - digit) / 10) return std::nullopt;
    length = length * 10 + digit;
  }
  return length;
}

}  // namespace

void RequestParser::take_field(std::string_view line) {
  if (line.front() == ' ' || line.front() == '\t') return void(fail(errors::folded));
  std::size_t name_size = 0;
  while (name_size < line.size() && is_token_byte(line[name_size])) ++name_size;
  if (name_size == 0 || name_size == line.size() || line[name_size] != ':') return void(fail(errors::bad_name));
  take_known_field(line.substr(0, name_size), trim(line.substr(name_size + 1)));
}

void RequestParser::take_known_field(std::string_view name, std::string_view value) {
  switch (name.size()) {
    case 3:
      if (is_name(name, "via")) take_via(value);
      break;
    case 4:
      if (is_name(name, "host")) take_host(value);
      break;
    case 6:
      if (is_name(name, "expect")) take_expect(value);
      if (is_name(name, "origin")) take_once(origin_, value, errors::two_origins);
      break;
    case 10:
      if (is_name(name, "connection")) take_connection(value);
      if (is_name(name, "tracestate")) take_tracestate(value);
      break;
    case 11:
      if (!is_name(name, "traceparent")) break;
      if (traceparents_ < 2) ++traceparents_;
      traceparent_ = is_traceparent(value) ? slice(value) : Slice{};
      break;
    case 12:
      if (is_name(name, "content-type")) take_once(content_type_, value, errors::two_content_types);
      break;
    case 13:
      if (is_name(name, "authorization")) take_authorization(value);
      break;
    case 14:
      if (is_name(name, "content-length")) take_content_length(value);
      break;
    case 15:
      if (is_name(name, "idempotency-key")) take_once(idempotency_key_, value, errors::two_idempotency_keys);
      break;
    case 16:
      if (is_name(name, "content-encoding")) take_content_encoding(value);
      break;
    case 17:
      if (is_name(name, "transfer-encoding")) take_transfer_encoding(value);
      break;
    default: break;
  }
}

void RequestParser::take_once(OptionalSlice& place, std::string_view value, const Error& if_taken) {
  if (place.given) return void(fail(if_taken));
  static_cast<Slice&>(place) = slice(value);
  place.given = true;
}

/// Whether several are an error is for those to say who read them.
void RequestParser::take_authorization(std::string_view value) {
  many_authorizations_ = authorization_.given;
  static_cast<Slice&>(authorization_) = slice(value);
  authorization_.given = true;
}

void RequestParser::take_host(std::string_view value) {
  take_once(host_, value, errors::two_hosts);
  if (!error_ && !parse_authority(value)) fail(errors::bad_host);
}

/// A list (RFC 9110, 10.1.1); an empty one expects nothing.
void RequestParser::take_expect(std::string_view list) {
  while (!list.empty()) {
    const std::string_view expectation = next_element(list);
    if (expectation.empty()) continue;
    (iequals(expectation, "100-continue") ? expects_continue_ : expects_other_) = true;
  }
}

void RequestParser::take_connection(std::string_view list) {
  while (!list.empty()) {
    const std::string_view option = next_element(list);
    if (option.empty()) continue;
    if (!is_token(option)) return void(fail(errors::bad_connection));
    if (iequals(option, "close")) close_ = true;
    if (iequals(option, "keep-alive")) keep_alive_ = true;
  }
}

/// A list of the same length is that length (RFC 9112, 6.3).
void RequestParser::take_content_length(std::string_view list) {
  do {
    const bool more = list.find(',') != list.npos;
    const auto length = parse_length(next_element(list));
    if (!length) return void(fail(errors::bad_length));
    if (content_length_ && *content_length_ != *length) return void(fail(errors::two_lengths));
    content_length_ = length;
    if (more && list.empty()) return void(fail(errors::bad_length));  // it ends with a comma
  } while (!list.empty());
}

/// Members may be empty, but not all of a line: who reads the last line alone would see no coding.
void RequestParser::take_transfer_encoding(std::string_view list) {
  transfer_encoding_ = true;
  bool again = list.find_first_not_of(", \t") == list.npos;
  while (!list.empty()) {
    const std::string_view coding = next_element(list);
    if (coding.empty()) continue;
    if (!iequals(coding, "chunked")) {
      other_coding_ = true;
    } else if (std::exchange(chunked_, true)) {
      again = true;
    }
  }
  if (again && !other_coding_) fail(errors::chunked_once);
}

void RequestParser::take_content_encoding(std::string_view list) {
  while (!list.empty()) {
    const std::string_view coding = next_element(list);
    if (coding.empty() || iequals(coding, "identity")) continue;
    content_coding_ = encoded_ ? Slice{} : slice(coding);
    encoded_ = true;
  }
}

/// Each element is protocol, received-by and maybe a comment (RFC 9110, 7.6.3).
void RequestParser::take_via(std::string_view list) {
  proxied_ = true;
  if (via_name_.empty()) return;
  for (std::size_t at = list.find(via_name_); at != list.npos; at = list.find(via_name_, at + 1)) {
    const std::string_view before = list.substr(0, at);
    const std::string_view behind = list.substr(at + via_name_.size());
    const bool begins = before.ends_with(' ') || before.ends_with('\t');
    const bool ends = behind.empty() || !is_token_byte(behind.front());
    if (begins && ends) looped_ = true;
  }
}

void RequestParser::take_tracestate(std::string_view value) {
  if (tracestate_.size() < tracestate_.capacity()) {
    tracestate_.push_back(slice(value));
  } else {
    many_tracestates_ = true;
  }
}

}  // namespace logdist::http
