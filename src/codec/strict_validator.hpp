// The strict validator: checks what simdjson would not accept.
//
// A streaming pass of Boost.JSON (strict RFC 8259, UTF-8 checked, any size of
// number) that holds the rules of the packet port and knows where a fault is. A
// third of simdjson's speed, which a refused or unusual body may cost.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <boost/system/result.hpp>

#include "logdist/codec/decode.hpp"

namespace logdist::codec {

/// Validates `text` as a JSON body: the count of its messages, or its first fault.
/// Sets `packet_id` when the body has one.
boost::system::result<std::uint32_t, DecodeError> validate_strictly(std::string_view text, std::string& packet_id);

/// Reads a JSON body in pieces, by the same rules.
std::unique_ptr<BodyReader> read_strictly();

/// Validates single JSON values, one after the other. Keeps its parser between them, so
/// that one of two bytes costs little more than those. Confined to one thread.
class StrictValidator {
 public:
  StrictValidator();
  ~StrictValidator();

  /// The first fault of `text` as one JSON value, or none.
  std::optional<DecodeError> validate(std::string_view text);

  /// The same in parts: begin(), then each part, of which the last one `ends` the value. An error's
  /// offset is within the part.
  void begin();
  std::optional<DecodeError> validate_part(std::string_view part, bool ends);

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
};

}  // namespace logdist::codec
