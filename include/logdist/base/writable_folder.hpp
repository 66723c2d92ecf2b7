// Whether files can be made in a folder, before one is.
#pragma once

#include <string>

namespace logdist {

/// The error number that making a file or a folder in `folder` would end with, as far as can be seen without making
/// one; 0: none. `access`: what we need to be allowed there, as for access(2). Root is allowed everything, also in file
/// systems of the kernel's own such as /proc, where nobody can make a file. Thread-safe.
int why_no_files_in(const std::string& folder, int access);

}  // namespace logdist
