// What all loops share: the load balancer, the bounds, the durable queue, the dead letters.
#pragma once

#include <atomic>
#include <memory>

#include "logdist/admin/readiness.hpp"
#include "logdist/base/instance_id.hpp"
#include "logdist/base/mutex.hpp"
#include "logdist/config/options.hpp"
#include "logdist/dispatch/load_balancer.hpp"
#include "logdist/net/name_resolver.hpp"
#include "logdist/queue/ack_registry.hpp"
#include "logdist/queue/disk/files/posix_file_system.hpp"
#include "logdist/queue/memory_limiter.hpp"
#include "logdist/queue/queue_limits.hpp"
#include "logdist/registry/analyzer_registry.hpp"
#include "logdist/server/admin_access.hpp"
#include "logdist/server/agent_access.hpp"
#include "logdist/server/tls_state.hpp"
#include "logdist/sink/dead_letters/dead_letter_file.hpp"
#include "logdist/storage/disk_storage.hpp"

namespace logdist::server {

/// Thread-safe parts, one each for the daemon, and the registry, which is the control
/// thread's. Outlives the loops.
struct SharedState {
  /// `seed` is the source of every jitter and id; `now` is the start.
  SharedState(const config::Options& daemon_options, std::size_t loop_count,
              std::unique_ptr<sink::DeadLetterFile> letters, dispatch::WakeupListener& wakeups, std::uint64_t seed,
              TimePoint now);

  /// queue.storage `disk`: opens the directory, before a loop is made. The error is a sentence.
  std::string open_storage();

  /// Whether packets are accepted, as both ports say it. Any thread.
  admin::Readiness readiness(TimePoint now);
  /// A packet that comes now would find no place, neither in memory nor on the disk. Any thread.
  bool queue_is_full() const;

  const config::Options options;  ///< of the start, fitted to this machine
  const std::uint64_t seed;
  const std::size_t loops;
  const InstanceId instance;
  queue::QueueLimits bounds;
  queue::MemoryLimiter bodies;
  std::unique_ptr<queue::AckRegistry> acks;       ///< of HEC; null: they are turned off
  std::unique_ptr<queue::FileSystem> files;       ///< of `storage`
  std::unique_ptr<storage::DiskStorage> storage;  ///< null: accepted packets are in memory only
  std::unique_ptr<sink::DeadLetterFile> dead_letters;
  net::NameResolver names;
  TlsState tls;
  AdminAccess admin_access;  ///< the control thread's
  AgentAccess agent_access;
  registry::AnalyzerRegistry registry;
  dispatch::LoadBalancer balancer;
  std::atomic<bool> draining{false};

 private:
  Mutex readiness_mutex_;
  admin::ReadinessRule readiness_rule_ LOGDIST_GUARDED_BY(readiness_mutex_);
};

}  // namespace logdist::server
