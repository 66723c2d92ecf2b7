// What is said of a name that is not known.
#pragma once

#include <string>
#include <string_view>

namespace logdist::config {

/// "; did you mean `delivery.timeout`?" for the key `wrong` found at the level
/// `level` ("" at the top); empty when nothing is close. A key of the same level
/// is named without it.
std::string key_suggestion(std::string_view level, std::string_view wrong);

/// The same for the name of an environment variable.
std::string variable_suggestion(std::string_view wrong);

}  // namespace logdist::config
