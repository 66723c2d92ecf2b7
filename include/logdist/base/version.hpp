// Which version this is.
#pragma once

namespace logdist {

/// "0.1.0", as the build says it (project() in CMakeLists.txt).
const char* version();

}  // namespace logdist
