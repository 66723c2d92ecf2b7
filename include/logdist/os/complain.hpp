// How a subcommand ends when it cannot do what it was asked.
#pragma once

#include <string>

#include <fmt/format.h>

namespace logdist::os {

/// Says on stderr what is wrong with `command`; returns its exit status.
inline int complain(const char* command, const std::string& what) {
  fmt::print(stderr, "log-distributor {}: {}\n", command, what);
  return 1;
}

}  // namespace logdist::os
