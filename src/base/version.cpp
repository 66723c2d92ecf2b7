#include "logdist/base/version.hpp"

namespace logdist {

const char* version() { return LOGDIST_VERSION; }

}  // namespace logdist
