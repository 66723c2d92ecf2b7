// idle_slots: when nobody is about to do anything, no packet that has not been sent
// waits while an analyzer in service that takes its format has a free slot, or while one in
// Testing waits for its packet. After one that was refused it may wait as long
// as for its test.
#include <algorithm>
#include <chrono>

#include "tests/sim/checker.hpp"

namespace logdist::sim {
namespace {

class IdleSlots final : public Checker {
 public:
  using Checker::Checker;

  void result_seen(const PacketHistory& history, const core::AttemptResult& result) override {
    if (result.outcome != Outcome::refused || history.analyzer >= seen_.size()) return;
    const health::MonitorOptions& health = world_.scenario().balancer.health;
    const double longest = to_seconds(health.backoff_max) * (1 + health.backoff_jitter);
    seen_[history.analyzer].may_rest_until =
        world_.now() + std::chrono::duration_cast<Duration>(std::chrono::duration<double>(longest));
  }

  void stepped() override {
    const std::vector<dispatch::AnalyzerView>& views = world_.views_after_event();
    seen_.resize(views.size());
    for (AnalyzerId id = 0; id < views.size(); ++id) look(id, views[id]);
  }

 private:
  struct Seen {
    std::uint32_t slots = 0;
    TimePoint slots_since{};
    TimePoint testing_since = never;  ///< and not paused
    TimePoint may_rest_until{};       ///< after a refused trial
  };

  void look(AnalyzerId id, const dispatch::AnalyzerView& view) {
    Seen& seen = seen_[id];
    if (view.slots != seen.slots) {
      seen.slots = view.slots;
      seen.slots_since = world_.now();
    }
    const bool testing = view.state == health::State::testing && !view.removed && !view.drained;
    const bool testable = testing && !view.paused && !probing() && world_.now() >= seen.may_rest_until;
    seen.testing_since = testable ? std::min(seen.testing_since, world_.now()) : never;
    const std::size_t waiting = trace_.untried(world_.formats(id));
    if (!world_.quiet() || waiting == 0 || world_.giving_up()) return;

    // The ramp rises with time, but its slots are given out step by step; and
    // that a pause is over is noticed a little later.
    const bool given_out = world_.now() - seen.slots_since > std::chrono::milliseconds(60);
    if (given_out && view.in_service && trace_.of(id).under_way < view.slots) {
      complain("{} packets wait, and analyzer {} has {} of {} slots taken", waiting, id, trace_.of(id).under_way,
               view.slots);
    }
    if (testable && world_.now() - seen.testing_since > 2 * lateness_max && trace_.of(id).under_way == 0) {
      complain("{} packets wait, and analyzer {} waits for one to be tested", waiting, id);
    }
  }

  bool probing() const { return world_.scenario().balancer.health.probing; }

  std::vector<Seen> seen_;
};

}  // namespace

std::unique_ptr<Checker> make_idle_slots(const World& world, Findings& findings) {
  return std::make_unique<IdleSlots>("idle_slots", world, findings);
}

}  // namespace logdist::sim
