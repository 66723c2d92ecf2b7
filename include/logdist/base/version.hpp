// Which version this is.
#pragma once

namespace logdist {

/// "0.1.0", as the build says it (project() in CMakeLists.txt).
const char* version();

/// "log-distributor/0.1.0": the User-Agent of the daemon's requests.
const char* user_agent();

}  // namespace logdist
