// The slow reader: judges what simdjson would not accept.
//
// A streaming pass of Boost.JSON (strict RFC 8259, UTF-8 checked, any size of
// number) that holds the rules of the packet port and knows where a fault is. A
// third of simdjson's speed, which a refused or unusual body may cost.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <boost/system/result.hpp>

#include "logdist/packet/decode.hpp"

namespace logdist::packet {

/// Judges `text` as a JSON body: the count of its messages, or its first fault.
/// Sets `packet_id` when the body has one.
boost::system::result<std::uint32_t, DecodeError> judge_body(std::string_view text, std::string& packet_id);

/// Judges `text` as one JSON value: its first fault, or none.
std::optional<DecodeError> judge_value(std::string_view text);

}  // namespace logdist::packet
