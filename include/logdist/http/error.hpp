// What is wrong with a request, as the answer says it.
#pragma once

#include <string_view>

namespace logdist::http {

/// The answer's status and a sentence for people. Status 0: nothing is wrong.
struct Error {
  unsigned status = 0;
  std::string_view detail{};

  explicit operator bool() const { return status != 0; }
};

namespace errors {

// The request line (RFC 9112, 3).
inline constexpr Error bad_method{400, "the request line does not begin with a method (TLS is not spoken here)"};
inline constexpr Error bad_target{400,
                                  "the request line's target is empty, has a forbidden byte, or no version follows it"};
inline constexpr Error bad_target_form{400,
                                       "the request line's target is neither a path nor an http URL with a valid host"};
inline constexpr Error bad_version{400, "the request line does not end with HTTP/1.1 or HTTP/1.0"};
inline constexpr Error other_version{505, "only HTTP/1.1 and HTTP/1.0 are supported"};
inline constexpr Error long_method{501, "the method's name is too long"};
inline constexpr Error long_target{414, "the request line's target is longer than 8 KiB"};

// Lines (RFC 9112, 2.2 and 5).
inline constexpr Error bare_cr{400, "a carriage return without its line feed"};
inline constexpr Error bare_lf{400, "a line ends with a bare line feed"};
inline constexpr Error bad_value{400, "a header's value has a control character"};
inline constexpr Error bad_name{400, "a header line does not begin with a name and a colon"};
inline constexpr Error folded{400, "a header field is folded: it must be one line"};
inline constexpr Error long_head{431, "the request's head is larger than 16 KiB"};

// Fields that we act on.
inline constexpr Error no_host{400, "HTTP/1.1 requires a Host header"};
inline constexpr Error two_hosts{400, "Host is given twice"};
inline constexpr Error bad_host{400, "Host is not a host with an optional port"};
inline constexpr Error two_content_types{400, "Content-Type is given twice"};
inline constexpr Error two_idempotency_keys{400, "Idempotency-Key is given twice"};
inline constexpr Error two_origins{400, "Origin is given twice"};
inline constexpr Error bad_connection{400, "Connection is not a list of names"};

// Framing (RFC 9112, 6 and 7).
inline constexpr Error bad_length{400, "Content-Length is not a decimal number below 2^64"};
inline constexpr Error two_lengths{400, "Content-Length is given several times, and they differ"};
inline constexpr Error two_framings{400, "Content-Length and Transfer-Encoding exclude each other"};
inline constexpr Error chunked_once{400, "the only Transfer-Encoding supported is chunked, once"};
inline constexpr Error other_coding{501, "the only Transfer-Encoding supported is chunked"};
inline constexpr Error coding_in_http_1_0{400, "HTTP/1.0 has no Transfer-Encoding"};
inline constexpr Error bad_chunk{400, "a chunk's size is not a hexadecimal number, or its data is longer than that"};
inline constexpr Error bad_extension{400, "what follows a chunk's size is not an extension"};
inline constexpr Error long_chunk_lines{400, "a chunk's size line or the trailer is larger than 16 KiB"};
inline constexpr Error many_extensions{400, "the chunks' size lines are much longer than their data"};
inline constexpr Error framing_in_trailer{
    400, "the trailer has a length: Content-Length and Transfer-Encoding belong to the head"};
inline constexpr Error large_body{413, "the body is larger than allowed"};

}  // namespace errors
}  // namespace logdist::http
