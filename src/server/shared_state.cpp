#include "logdist/server/shared_state.hpp"

#include <cmath>

namespace logdist::server {
namespace {

dispatch::LoadBalancerOptions balancer_options(const config::Options& options, std::uint64_t seed) {
  dispatch::LoadBalancerOptions result;
  result.balance = {options.balance.catch_up_threshold, options.balance.max_debt,
                    static_cast<std::uint32_t>(std::lround(options.balance.catch_up_share * 1e6))};
  result.health.probing = !options.health.path.empty();
  result.health.interval = options.health.interval;
  result.health.failure_threshold = options.health.failure_threshold;
  result.health.backoff_initial = options.health.backoff.initial;
  result.health.backoff_max = options.health.backoff.max;
  result.health.backoff_multiplier = options.health.backoff.multiplier;
  result.health.backoff_jitter = options.health.backoff.jitter;
  result.health.slow_start = options.health.slow_start;
  const config::OutlierOptions& outlier = options.health.outlier;
  result.outlier = {outlier.enabled,      outlier.success_rate_below, outlier.latency_factor, outlier.min_packets,
                    outlier.min_failures, outlier.interval,           outlier.max_ejected};
  const config::BackoffOptions& retry = options.delivery.retry;
  result.pause = {retry.initial, retry.max, retry.multiplier, retry.jitter};
  result.max_retries = options.delivery.circuit.max_retries;
  result.seed = seed;
  return result;
}

InstanceId make_instance_id(std::uint64_t seed) {
  Random random(seed);
  return InstanceId(random);
}

/// Its ids stay below 2^53, where JavaScript's numbers are exact.
std::unique_ptr<queue::AckRegistry> make_ack_registry(std::uint64_t seed) {
  using queue::AckRegistry;
  Random random(~seed);
  const std::uint64_t first_channel = random.next();
  return std::make_unique<AckRegistry>(first_channel, AckRegistry::default_channels_max, AckRegistry::default_ids_max,
                                       random.next() >> 12);
}

}  // namespace

SharedState::SharedState(const config::Options& daemon_options, std::size_t loop_count,
                         std::unique_ptr<sink::DeadLetterFile> letters, dispatch::WakeupListener& wakeups,
                         std::uint64_t seed_value, TimePoint now)
    : options(daemon_options),
      seed(seed_value),
      loops(loop_count),
      instance(make_instance_id(seed_value)),
      bounds(options.queue.max_packets, options.queue.max_bytes),
      bodies(options.server.max_buffered),
      acks(options.server.acks ? make_ack_registry(seed_value) : nullptr),
      dead_letters(std::move(letters)),
      tls(loops),
      registry(options, loops),
      balancer(balancer_options(options, seed), registry.specs(options.delivery), loops, wakeups, now) {
  for (const AnalyzerId id : registry.present()) {
    dead_letters->name(id, registry[id].configured.name, registry[id].configured.host);
  }
}

admin::Readiness SharedState::readiness(TimePoint now) {
  admin::ReadinessFacts facts{
      .draining = draining, .analyzer_in_service = balancer.ready(), .queue_full = queue_is_full()};
  if (storage) {
    const storage::RecoveryProgress recovery = storage->recovery_progress();
    facts.recovering = recovery.stage != storage::RecoveryProgress::Stage::over;
    facts.recovered_packets = recovery.packets;
    facts.recovered_read = recovery.packets_read;
  }
  const MutexLock lock(readiness_mutex_);
  return readiness_rule_.look(facts, now);
}

bool SharedState::queue_is_full() const { return storage ? !storage->facts().taking_packets : bounds.full(); }

}  // namespace logdist::server
