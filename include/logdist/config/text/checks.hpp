// What is wrong with a text that is a name, a path or the like. Pure and thread-safe.
#pragma once

#include <optional>
#include <string_view>

#include "logdist/config/text/text.hpp"

namespace logdist::config {

/// Nothing: all is well, and where something was to be assigned, it is. Else what is wrong.
using OptionalError = std::optional<ValueError>;

/// Whether all of it are letters and digits of ASCII, or among `characters`.
bool consists_of(std::string_view text, std::string_view characters);
bool has_control_character(std::string_view text);

OptionalError check_analyzer_name(std::string_view text);
/// A name, or empty.
OptionalError check_zone(std::string_view text);
/// Path and query, or empty.
OptionalError check_request_path(std::string_view text);
/// May be empty.
OptionalError check_file_name(std::string_view text);
OptionalError check_directory(std::string_view text);
/// Names with commas between them, or empty.
OptionalError check_host_names(std::string_view text);
/// A name or an address, or empty.
OptionalError check_server_name(std::string_view text);

}  // namespace logdist::config
