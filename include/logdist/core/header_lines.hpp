// The lines that go along with a packet.
#pragma once

#include <optional>
#include <string_view>

namespace logdist::core {

/// The value of the first line of that name, spelled so, among `lines`, each `Name: value\r\n`.
std::optional<std::string_view> header_value(std::string_view lines, std::string_view name);

}  // namespace logdist::core
