#include "logdist/base/version.hpp"

namespace logdist {

const char* version() { return LOGDIST_VERSION; }

const char* user_agent() { return "log-distributor/" LOGDIST_VERSION; }

}  // namespace logdist
