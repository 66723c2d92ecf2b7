#include "logdist/os/file_limit.hpp"

#include <sys/resource.h>

#include <algorithm>

#include <fmt/format.h>

#include "logdist/telemetry/log.hpp"

namespace logdist::os {
namespace {

/// For listeners, event loops, admin connections, refused agents and the log.
constexpr std::size_t other_files = 64;

}  // namespace

ConnectionLimits fit(const config::Options& options, std::size_t files_max) {
  const std::size_t analyzers = std::max<std::size_t>(1, options.analyzers.size());
  const std::size_t agents = options.server.max_connections;
  const std::size_t to_analyzers = analyzers * options.delivery.max_connections;
  const std::size_t reserved = other_files + analyzers;  // a probe each
  if (files_max >= reserved + agents + to_analyzers) return {agents, options.delivery.max_connections};
  const std::size_t left = files_max - std::min(reserved, files_max / 2);
  const std::size_t unwanted = left - std::min(left, agents);
  const std::size_t share = std::min(to_analyzers, std::max(left / 2, unwanted));
  const std::size_t each = std::max<std::size_t>(1, share / analyzers);
  const std::size_t affordable = left - std::min(left, each * analyzers);
  return {std::clamp<std::size_t>(affordable, 1, agents), static_cast<std::uint32_t>(each)};
}

ConnectionLimits fit_now(const config::Options& options) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return {options.server.max_connections, options.delivery.max_connections};
  return fit(options, limit.rlim_cur);
}

void fit_connections(config::Options& options) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0) getrlimit(RLIMIT_NOFILE, &limit);

  const ConnectionLimits wanted{options.server.max_connections, options.delivery.max_connections};
  const ConnectionLimits fitting = fit(options, limit.rlim_cur);
  if (fitting == wanted) return;
  log::warn(
      "fd_limit_low",
      fmt::format("at most {} open files are allowed, too few for server.max_connections ({}) and "
                  "delivery.max_connections ({}): {} agent connections are accepted, and {} are made to each "
                  "analyzer; raise the limit (ulimit -n)",
                  limit.rlim_cur, wanted.of_agents, wanted.to_an_analyzer, fitting.of_agents, fitting.to_an_analyzer),
      {{"open_files_max", limit.rlim_cur},
       {"agent_connections", fitting.of_agents},
       {"connections_to_an_analyzer", fitting.to_an_analyzer}});
  options.server.max_connections = fitting.of_agents;
  options.delivery.max_connections = fitting.to_an_analyzer;
}

}  // namespace logdist::os
