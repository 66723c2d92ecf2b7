// How a subcommand ends when it fails.
#pragma once

#include <string>

#include <fmt/format.h>

namespace logdist::os {

/// Writes to stderr what is wrong with `command`; returns its exit status, 1.
inline int complain(const char* command, const std::string& what) {
  fmt::print(stderr, "log-distributor {}: {}\n", command, what);
  return 1;
}

}  // namespace logdist::os
