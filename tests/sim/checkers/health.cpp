// health: each analyzer is Failed exactly when so many failures as configured
// have come one after the other, Testing when its back-off is over, neither
// earlier nor later, Healthy when its packet was taken; and it is probed as
// often as configured, no more and no less.
#include <map>
#include <utility>

#include "logdist/retry/classify.hpp"
#include "tests/sim/checker.hpp"
#include "tests/sim/outside_health.hpp"

namespace logdist::sim {
namespace {

class Health final : public Checker {
 public:
  using Checker::Checker;

  void sent(const PacketHistory& history, const core::Attempt& attempt) override {
    begun_in_[history.serial] = of(attempt.analyzer).health.stay();
  }

  void result_seen(const PacketHistory& history, const core::AttemptResult& result) override {
    OutsideHealth& health = of(history.analyzer).health;
    const std::uint32_t begun_in = begun_in_[history.serial];
    if (result.outcome == Outcome::delivered) health.packet_delivered(begun_in, world_.now());
    const bool counts = result.counts_for_health && retry::is_analyzer_failure(result.outcome);
    if (counts) health.packet_failed(begun_in, world_.now());
  }

  void probe_begun(AnalyzerId analyzer, health::Epoch epoch) override {
    Known& known = of(analyzer);
    follow(analyzer, world_.views()[analyzer]);  // Testing begins with its probe, in one event
    if (known.probed_in == known.health.stay() && world_.now() < known.probed_at + promised().interval) {
      complain("analyzer {} is probed {:.3f} s after its last probe", analyzer,
               to_seconds(world_.now() - known.probed_at));
    }
    known.probed_in = known.health.stay();
    known.probed_at = world_.now();
    known.probe_under_way = true;
    probes_[{analyzer, epoch}] = known.health.stay();
  }

  void probe_ended(AnalyzerId analyzer, health::Epoch epoch, health::ProbeResult result) override {
    Known& known = of(analyzer);
    const std::uint32_t begun_in = probes_[{analyzer, epoch}];
    if (begun_in == known.health.stay()) {
      known.probe_under_way = false;
      known.probe_ended_at = world_.now();
    }
    if (result == health::ProbeResult::failed) {
      known.health.probe_failed(begun_in, world_.now());
    } else {
      known.health.probe_passed(begun_in);
    }
  }

  void stepped() override {
    const std::vector<dispatch::AnalyzerView> views = world_.views();
    for (AnalyzerId id = 0; id < views.size(); ++id) {
      if (views[id].removed) continue;
      follow(id, views[id]);
      if (promised().probing) check_probes(id);
    }
  }

 private:
  struct Known {
    OutsideHealth health;
    std::uint32_t probed_in = ~0u;  ///< stay
    TimePoint probed_at{};
    TimePoint probe_ended_at{};
    bool probe_under_way = false;
  };

  const health::MonitorOptions& promised() const { return world_.scenario().balancer.health; }

  Known& of(AnalyzerId id) {
    while (known_.size() <= id) known_.push_back({OutsideHealth(promised(), world_.now())});
    return known_[id];
  }

  /// The end of a back-off is seen, and judged; every other change was foreseen.
  void follow(AnalyzerId id, const dispatch::AnalyzerView& view) {
    OutsideHealth& health = of(id).health;
    const bool failed = health.state() == health::State::failed;
    if (failed && view.state == health::State::testing) {
      checked();
      if (world_.now() < health.test_not_before()) {
        complain("analyzer {} is Testing {:.3f} s after it failed, too early by {:.3f} s", id,
                 to_seconds(world_.now() - health.since()), to_seconds(health.test_not_before() - world_.now()));
      }
      health.back_off_over(world_.now());
    }
    if (view.state != health.state()) {
      complain("analyzer {} is {}; by what became of its packets and probes it is {}", id,
               health::to_string(view.state), health::to_string(health.state()));
    } else if (failed && world_.now() > health.test_not_after() + 2 * lateness_max) {
      complain("analyzer {} is still Failed {:.3f} s after it has", id, to_seconds(world_.now() - health.since()));
    }
  }

  /// In Testing the first one comes at once, while Healthy within an interval.
  void check_probes(AnalyzerId id) {
    const Known& known = known_[id];
    if (known.health.state() == health::State::failed) return;
    const bool none_yet = known.probed_in != known.health.stay();
    if (!none_yet && known.probe_under_way) return;
    const bool at_once = none_yet && known.health.state() == health::State::testing;
    const TimePoint due = none_yet ? known.health.since() + (at_once ? Duration(0) : promised().interval)
                                   : std::max(known.probed_at + promised().interval, known.probe_ended_at);
    if (world_.now() > due + 2 * lateness_max) {
      complain("analyzer {} ought to have been probed {:.3f} s ago", id, to_seconds(world_.now() - due));
    }
  }

  std::vector<Known> known_;                                              ///< by AnalyzerId
  std::map<std::uint64_t, std::uint32_t> begun_in_;                       ///< stay, by packet: of its last attempt
  std::map<std::pair<AnalyzerId, health::Epoch>, std::uint32_t> probes_;  ///< stay, as probes are told of
};

}  // namespace

std::unique_ptr<Checker> make_health(const World& world, Findings& findings) {
  return std::make_unique<Health>("health", world, findings);
}

}  // namespace logdist::sim
