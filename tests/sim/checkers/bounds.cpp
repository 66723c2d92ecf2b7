// bounds: no queue or analyzer ever holds more than its limit, and what
// they say they hold is what they hold. After a recovery an analyzer's limit
// rises from one packet as health.slow_start says, by the clock.
#include <algorithm>
#include <map>

#include "tests/sim/checker.hpp"

namespace logdist::sim {
namespace {

class QueueLimits final : public Checker {
 public:
  using Checker::Checker;

  void sent(const PacketHistory& history, const core::Attempt& attempt) override {
    const std::uint32_t limit = ramped(attempt.analyzer, world_.views()[attempt.analyzer], 1e-6);
    const std::uint32_t under_way = trace_.of(attempt.analyzer).under_way;
    if (under_way >= limit) {
      complain("packet {} is sent to analyzer {}, which has {} in flight of {} allowed", history.serial,
               attempt.analyzer, under_way, limit);
    }
  }

  void stepped() override {
    const Scenario& scenario = world_.scenario();
    hold("queue.max_packets", world_.bounds().packets(), scenario.queue_packets, trace_.held_packets());
    hold("queue.max_bytes", world_.bounds().bytes(), scenario.queue_bytes, trace_.held_bytes());
    const std::vector<dispatch::AnalyzerView>& views = world_.views_after_event();
    for (AnalyzerId id = 0; id < views.size(); ++id) check_slots(id, views[id]);
  }

 private:
  struct Seen {
    health::State state = health::State::healthy;
    bool drained = false;
    TimePoint ramps_since = TimePoint::min();
  };

  void check_slots(AnalyzerId id, const dispatch::AnalyzerView& view) {
    if (view.removed) return;
    const std::uint32_t least = ramped(id, view, -1e-6);
    const std::uint32_t most = ramped(id, view, 1e-6);
    if (least < world_.slots(id)) checked();
    if (view.slots < least || view.slots > most) {
      complain("analyzer {} is said to take {} packets; {} are configured, and by its slow start it is {}", id,
               view.slots, world_.slots(id), most);
    }
  }

  /// Packets in flight allowed now: from the first to all, in a line.
  std::uint32_t ramped(AnalyzerId id, const dispatch::AnalyzerView& view, double rounding) {
    const bool healthy = view.state == health::State::healthy;
    Seen& seen = seen_[id];
    const bool recovered = seen.state == health::State::testing && healthy;
    if (recovered || (seen.drained && !view.drained && healthy)) seen.ramps_since = world_.now();
    seen.state = view.state;
    seen.drained = view.drained;
    const std::uint32_t all = world_.slots(id);
    const Duration slow_start = world_.scenario().balancer.health.slow_start;
    const bool over = seen.ramps_since == TimePoint::min() || world_.now() - seen.ramps_since >= slow_start;
    if (!healthy || over || all <= 1) return all;
    const double part = to_seconds(world_.now() - seen.ramps_since) / to_seconds(slow_start);
    return 1 + static_cast<std::uint32_t>(std::max(0.0, (all - 1) * part + rounding));
  }

  void hold(const char* bound, std::size_t held, std::size_t limit, std::size_t seen) {
    if (held > limit) complain("{}: {} are held of {}", bound, held, limit);
    if (held != seen) complain("{}: {} are said to be held, {} are", bound, held, seen);
  }

  std::map<AnalyzerId, Seen> seen_;
};

}  // namespace

std::unique_ptr<Checker> make_bounds(const World& world, Findings& findings) {
  return std::make_unique<QueueLimits>("bounds", world, findings);
}

}  // namespace logdist::sim
