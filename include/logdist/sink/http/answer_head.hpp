// The head of an analyzer's answer, read as leniently as nginx, curl and Go read it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <boost/system/result.hpp>

namespace logdist::sink {

/// Longest head of an answer; more is broken HTTP.
inline constexpr std::size_t max_answer_head_bytes = 16 * 1024;
/// Most interim (1xx) answers before the final one; more is broken HTTP.
inline constexpr unsigned max_interim_answers = 16;

/// How the end of an answer's body is found (RFC 9112, 6.3).
enum class Framing : std::uint8_t {
  none,     ///< there is no body
  length,   ///< after `content_length` bytes
  chunked,  ///< after the last chunk and its trailers
  to_end    ///< when the connection closes
};

/// Of an answer's head, what matters here.
struct AnswerHead {
  unsigned status = 0;      ///< 100 to 999
  bool keep_alive = false;  ///< the connection can be used after it
  Framing framing = Framing::none;
  std::uint64_t content_length = 0;  ///< for Framing::length; what is beyond 64 bits is the largest
  std::string retry_after;           ///< as sent; empty when there was none, or one too long to mean anything
  // Of these only when they are asked for, and may be passed on as they are; else empty.
  std::string content_type;
  std::string content_encoding;
};

/// How many bytes the head takes that begins at the start of `input`, its empty line included;
/// npos while that has not come. `searched`: how many bytes were looked at before.
std::size_t find_end_of_head(std::string_view input, std::size_t searched = 0);

/// Parses a whole head, as find_end_of_head() has measured it. Pure.
///
/// Taken, because it can mean one thing only: bare LF as the end of a line, no space after the status,
/// several before it, HTTP/1.2 and later as 1.1, blanks before a colon, folded lines, names that are no
/// tokens (ignored), equal Content-Lengths. An error, a value of boost::beast::http::error, is what can
/// be read in two ways: different lengths, a length beside Transfer-Encoding, `chunked` twice or not
/// last, a CR within a line, a NUL, a line without colon.
/// `with_content_fields`: the head has content_type and content_encoding.
boost::system::result<AnswerHead> parse_answer_head(std::string_view head, bool with_content_fields = false);

}  // namespace logdist::sink
