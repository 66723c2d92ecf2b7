#include "app/file_limit.hpp"

#include <sys/resource.h>

#include <spdlog/spdlog.h>

namespace logdist::app {
namespace {

/// For listeners, event loops, the log, and what libraries open.
constexpr rlim_t other_files = 64;

}  // namespace

void raise_file_limit(const config::Options& options) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0) getrlimit(RLIMIT_NOFILE, &limit);
  const rlim_t needed =
      options.server.max_connections + options.analyzers.size() * options.delivery.max_connections + other_files;
  if (limit.rlim_cur < needed) {
    spdlog::warn(
        "at most {} open files are allowed, but server.max_connections and the analyzers may need {}: "
        "raise the limit (ulimit -n), or connections will have to wait",
        limit.rlim_cur, needed);
  }
}

}  // namespace logdist::app
