// Values of the configuration that may be in a file of their own, because they are secrets.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "logdist/config/text/text.hpp"

namespace logdist::config {

/// Of `file:PATH` what the file has, without the ends of lines behind it; all else stays the value itself. No error
/// shows it. Reads the file: of at most `bytes_max`, and none that has to be waited for. Thread-safe.
std::optional<ValueError> read_secret(std::string& value, std::size_t bytes_max);

}  // namespace logdist::config
