// The token by which the small tools use an admin port.
#pragma once

#include <optional>
#include <string>

#include "logdist/config/load.hpp"
#include "logdist/config/text.hpp"

namespace logdist::tools {

/// What is in `file`, when given; else LOGDIST_TOKEN, else what is in the file that LOGDIST_TOKEN_FILE names; empty
/// without any. Blanks and line ends around it are left out. The error is a line, which never has the token in it.
config::Parsed<std::string> admin_token(const std::optional<std::string>& file, const config::Environment& environment);

}  // namespace logdist::tools
