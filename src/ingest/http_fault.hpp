// What is wrong with a request that is no well-formed HTTP/1, in sentences for people.
#pragma once

#include <string_view>

#include <boost/beast/core/error.hpp>

namespace logdist::ingest::http_fault {

// Our own rules, and what Beast's errors do not tell apart.
inline constexpr std::string_view folded_field = "a header field is folded: it must be one line";
inline constexpr std::string_view no_host = "HTTP/1.1 wants a Host header";
inline constexpr std::string_view two_hosts = "Host is given twice";
inline constexpr std::string_view two_content_types = "Content-Type is given twice";
inline constexpr std::string_view two_content_encodings = "Content-Encoding is given twice";
inline constexpr std::string_view two_idempotency_keys = "Idempotency-Key is given twice";
inline constexpr std::string_view two_framings = "Content-Length and Transfer-Encoding exclude each other";
inline constexpr std::string_view other_coding = "the one Transfer-Encoding taken is chunked, once";
inline constexpr std::string_view coding_in_http_1_0 = "HTTP/1.0 knows no Transfer-Encoding";
inline constexpr std::string_view long_chunk_head = "a chunk's size line or the trailer is larger than 16 KiB";

/// The sentence for an error of Beast's parser; never empty. Thread-safe.
std::string_view sentence_of(const boost::beast::error_code& error);

}  // namespace logdist::ingest::http_fault
