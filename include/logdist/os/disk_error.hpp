// Errors of the disk, in words.
#pragma once

#include <string>

namespace logdist::os {

/// What the system says of the error `number` (errno), and what that means where its words do not tell it.
std::string disk_error_text(int number);

}  // namespace logdist::os
