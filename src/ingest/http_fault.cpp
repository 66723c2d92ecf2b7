#include "ingest/http_fault.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include <boost/beast/http/error.hpp>

namespace logdist::ingest::http_fault {
namespace {

using boost::beast::http::error;

constexpr std::pair<error, std::string_view> sentences[] = {
    {error::bad_method, "the request line does not begin with a method (TLS is not spoken here)"},
    {error::bad_target, "the request line's target is empty, has a forbidden byte, or no version follows it"},
    {error::bad_version, "the request line does not end with HTTP/1.1 or HTTP/1.0"},
    {error::bad_line_ending, "a carriage return without its line feed"},
    {error::bad_field, "a header line does not begin with a name and a colon"},
    {error::bad_value, "a header's value has a control character, ends with a bare line feed, or is no list"},
    {error::bad_content_length, "Content-Length is no decimal number below 2^64"},
    {error::multiple_content_length, "Content-Length is given several times, and they differ"},
    {error::bad_transfer_encoding, other_coding},
    {error::bad_chunk, "a chunk's size is no hexadecimal number, or its data is longer than that"},
    {error::bad_chunk_extension, "what follows a chunk's size is no extension"},
    {error::header_limit, "a folded field of the trailer is too long"},
};

}  // namespace

std::string_view sentence_of(const boost::beast::error_code& error) {
  const auto* const found = std::find_if(std::begin(sentences), std::end(sentences),
                                         [&error](const auto& known) { return error == known.first; });
  return found == std::end(sentences) ? "the request is not well-formed HTTP/1" : found->second;
}

}  // namespace logdist::ingest::http_fault
