// What all loops share: the load balancer, the bounds, the dead letters.
#pragma once

#include <memory>

#include "logdist/base/instance_id.hpp"
#include "logdist/config/options.hpp"
#include "logdist/dispatch/load_balancer.hpp"
#include "logdist/net/name_resolver.hpp"
#include "logdist/queue/memory_limiter.hpp"
#include "logdist/queue/queue_limits.hpp"
#include "logdist/registry/analyzer_registry.hpp"
#include "logdist/sink/dead_letters/dead_letter_file.hpp"

namespace logdist::server {

/// Thread-safe parts, one each for the daemon, and the registry, which is the control
/// thread's. Outlives the loops.
struct SharedState {
  /// `seed` is the source of every jitter and id; `now` is the start.
  SharedState(const config::Options& daemon_options, std::size_t loops, std::unique_ptr<sink::DeadLetterFile> letters,
              dispatch::WakeupListener& wakeups, std::uint64_t seed, TimePoint now);

  const config::Options options;  ///< of the start, fitted to this machine
  const std::uint64_t seed;
  const InstanceId instance;
  queue::QueueLimits bounds;
  queue::MemoryLimiter bodies;
  std::unique_ptr<sink::DeadLetterFile> dead_letters;
  net::NameResolver names;
  registry::AnalyzerRegistry registry;
  dispatch::LoadBalancer balancer;
};

}  // namespace logdist::server
