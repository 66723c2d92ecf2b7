#include "app/file_limit.hpp"

#include <sys/resource.h>

#include <algorithm>

#include <spdlog/spdlog.h>

namespace logdist::app {
namespace {

/// For listeners, event loops, probes, admin connections and the log.
constexpr rlim_t other_files = 64;

}  // namespace

void fit_connections(config::Options& options) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0) getrlimit(RLIMIT_NOFILE, &limit);

  const rlim_t own = options.analyzers.size() * options.delivery.max_connections + other_files;
  if (limit.rlim_cur >= options.server.max_connections + own) return;
  const rlim_t reserved = std::min(own, limit.rlim_cur / 2);
  const std::size_t affordable = std::max<rlim_t>(1, limit.rlim_cur - reserved);
  if (affordable >= options.server.max_connections) return;
  spdlog::warn(
      "at most {} open files are allowed, too few for server.max_connections ({}) beside the analyzers: "
      "{} agent connections are accepted; raise the limit (ulimit -n)",
      limit.rlim_cur, options.server.max_connections, affordable);
  options.server.max_connections = affordable;
}

}  // namespace logdist::app
