// What is wrong with a JSON text, and where.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include <boost/json/error.hpp>
#include <boost/json/parse_options.hpp>

#include "logdist/codec/decode.hpp"

namespace logdist::codec {

/// How bodies are parsed: RFC 8259, and max_depth.
boost::json::parse_options strict_options();

/// A sentence for a fault of the JSON itself, found at `offset`.
std::string describe(const boost::json::error_code& error, std::string_view text, std::size_t offset);

/// The first fault of the JSON itself, if there is one, after the parser stopped at `offset`. `in_a_row`: more may
/// follow.
std::optional<DecodeError> find_syntax_fault(std::string_view text, std::size_t offset,
                                             const boost::json::error_code& error, bool in_a_row = false);

/// The same of a part of a text, which may have begun in the part before. `ends`: with this part.
std::optional<DecodeError> find_fault_of_part(std::string_view part, std::size_t stop,
                                              const boost::json::error_code& error, bool ends, bool in_a_row = false);

/// The opening quote of the string or key that closes at `closing`.
std::size_t opening_quote(std::string_view text, std::size_t closing);

}  // namespace logdist::codec
