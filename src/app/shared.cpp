#include "app/shared.hpp"

namespace logdist::app {
namespace {

dispatch::SchedulerOptions scheduler_options(const config::Options& options, std::uint64_t seed) {
  dispatch::SchedulerOptions result;
  result.balance = {options.balance.catch_up_threshold, options.balance.max_debt};
  result.health.probing = !options.health.path.empty();
  result.health.interval = options.health.interval;
  result.health.failure_threshold = options.health.failure_threshold;
  result.health.backoff_initial = options.health.backoff.initial;
  result.health.backoff_max = options.health.backoff.max;
  result.health.backoff_multiplier = options.health.backoff.multiplier;
  result.health.backoff_jitter = options.health.backoff.jitter;
  result.health.slow_start = options.health.slow_start;
  const config::BackoffOptions& retry = options.delivery.retry;
  result.pause = {retry.initial, retry.max, retry.multiplier, retry.jitter};
  result.seed = seed;
  return result;
}

std::vector<std::shared_ptr<upstream::SharedLimits>> make_limits(const config::Options& options, std::size_t loops) {
  std::vector<std::shared_ptr<upstream::SharedLimits>> limits;
  for (std::size_t i = 0; i < options.analyzers.size(); ++i) {
    limits.push_back(
        std::make_shared<upstream::SharedLimits>(options.delivery.max_connections, static_cast<std::uint32_t>(loops)));
  }
  return limits;
}

std::vector<dispatch::AnalyzerSpec> analyzer_specs(const config::Options& options, std::size_t loops) {
  std::vector<dispatch::AnalyzerSpec> specs;
  const std::uint32_t connections = std::max(options.delivery.max_connections, static_cast<std::uint32_t>(loops));
  for (const config::AnalyzerOptions& analyzer : options.analyzers) {
    specs.push_back({analyzer.weight.units, analyzer.max_in_flight.value_or(options.delivery.max_in_flight),
                     connections * options.delivery.pipeline});
  }
  return specs;
}

}  // namespace

Shared::Shared(const config::Options& daemon_options, std::size_t loops, std::unique_ptr<DeadLetterFile> letters,
               dispatch::Wakes& wakes, std::uint64_t seed_value, TimePoint now)
    : options(daemon_options),
      seed(seed_value),
      bounds(options.queue.max_packets, options.queue.max_bytes),
      bodies(options.server.max_buffered),
      dead_letters(std::move(letters)),
      limits(make_limits(options, loops)),
      scheduler(scheduler_options(options, seed), analyzer_specs(options, loops), loops, wakes, now) {}

}  // namespace logdist::app
