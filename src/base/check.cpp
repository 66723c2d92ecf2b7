#include "logdist/base/check.hpp"

#include <cstdio>
#include <cstdlib>

namespace logdist {

void check_failed(const char* what, const char* file, int line) noexcept {
  std::fprintf(stderr, "log-distributor: broken invariant: %s (%s:%d)\n", what, file, line);
  std::abort();
}

}  // namespace logdist
