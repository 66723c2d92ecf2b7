// What a body is worth by an independent reading: nlohmann/json builds a tree,
// and the rules of the packet port are applied to the tree.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "logdist/codec/decode.hpp"

namespace logdist::codec {

/// What the oracle finds in a valid body.
struct Verdict {
  std::uint32_t messages = 0;
  std::string packet_id;
  friend bool operator==(const Verdict&, const Verdict&) = default;
};

/// Nothing when `body` must be refused.
std::optional<Verdict> consult_oracle(Format format, std::string_view body);

}  // namespace logdist::codec
