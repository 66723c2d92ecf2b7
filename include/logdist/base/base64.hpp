// Bytes as text (RFC 4648, 4).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace logdist {

/// With padding.
std::string to_base64(std::string_view bytes);

/// Of text as to_base64() writes it; none of any other.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace logdist
