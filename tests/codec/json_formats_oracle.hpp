// What a body of a JSON format is worth by an independent reading of a tree.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "logdist/codec/decode.hpp"

namespace logdist::codec {

/// How many messages `body` has; nothing when it must be refused.
std::optional<std::uint32_t> count_by_tree(Format format, std::string_view body);

}  // namespace logdist::codec
