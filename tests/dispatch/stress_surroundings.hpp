// What several loops share in the stress test, and the analyzers at the other end:
// the product's own load balancer and bounds, a clock that the control thread moves,
// and an upstream that ends its attempts on its loop's thread.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "logdist/base/random.hpp"
#include "logdist/dispatch/load_balancer.hpp"
#include "logdist/queue/memory_limiter.hpp"
#include "logdist/queue/queue_limits.hpp"
#include "logdist/sink/upstream.hpp"

namespace logdist::dispatch {

/// How an analyzer ends what it is sent.
enum class FaultMode : std::uint8_t { well, failing, pausing, refusing, breaking, mixed };
inline constexpr std::size_t fault_mode_count = 6;

/// One analyzer, as all threads see it. The control thread sets its fault mode.
struct StressAnalyzer {
  static constexpr std::uint32_t slots_max = 12;  ///< never more packets under way, over all loops

  std::atomic<FaultMode> fault_mode{FaultMode::well};
  std::atomic<std::uint32_t> under_way{0};
};

/// Room for all that are ever added: loops look at them while others are added.
using StressAnalyzers = std::array<StressAnalyzer, 128>;

/// Time as the control thread has it; it never goes back.
class StressClock {
 public:
  TimePoint now() const { return TimePoint{} + Duration(ticks_.load()); }
  void advance(Duration by) { ticks_ += by.count(); }

 private:
  std::atomic<Duration::rep> ticks_{Duration(std::chrono::hours(1)).count()};
};

/// What the loops share. All of it is thread-safe.
struct StressGround {
  static constexpr std::size_t body_bytes_max = 2'000;

  StressGround(const LoadBalancerOptions& options, std::span<const AnalyzerSpec> specs, std::size_t loops,
               WakeupListener& wakeups)
      : balancer(options, specs, loops, wakeups, clock.now()) {}

  /// Neither the queue nor the room for bodies was passed, at this very moment.
  void expect_within_bounds() const;

  StressClock clock;
  StressAnalyzers analyzers;
  queue::QueueLimits bounds{60, 50'000};
  queue::MemoryLimiter bodies{20'000};
  LoadBalancer balancer;
};

/// Ends attempts as the analyzers' fault modes are, a few at a time and no more than it
/// was allowed, in handlers of its loop. Confined to the loop's thread.
class StressUpstream final : public sink::Upstream {
 public:
  StressUpstream(boost::asio::io_context& io, StressGround& ground, std::uint64_t seed)
      : io_(io), ground_(ground), random_(seed) {}
  void set_listener(sink::AttemptListener& listener) { listener_ = &listener; }

  void send(core::Attempt& attempt, TimePoint now) override;
  /// Some of what was gathered stays unwritten, as if it had no connection yet.
  void flush(TimePoint now) override;
  void recall(AnalyzerId analyzer, TimePoint now) override;
  /// So many attempts more may end.
  void allow(std::size_t attempts);
  /// Ends all that is under way: no attempt is begun any more.
  void shutdown(TimePoint now);

  std::uint64_t recalled() const { return recalled_; }

 private:
  void answer_soon();
  void answer_some();
  core::AttemptResult draw_result(FaultMode fault_mode);
  void end(core::Attempt& attempt, const core::AttemptResult& result);

  boost::asio::io_context& io_;
  StressGround& ground_;
  Random random_;
  sink::AttemptListener* listener_ = nullptr;
  std::vector<core::Attempt*> unwritten_;
  std::vector<core::Attempt*> written_;
  std::size_t allowed_ = 0;
  bool answering_ = false;
  std::uint64_t recalled_ = 0;
};

}  // namespace logdist::dispatch
