// health: each analyzer is Failed exactly when so many failures as configured
// have come one after the other, a packet's first one only and none of a packet sent before another that was taken, and
// no packet sent before that was known may still be taken; Testing when its back-off is over, neither
// earlier nor later, or when with nobody in service its probe passes; Healthy when its
// packet was taken, or, with only suspect packets waiting, its probe has passed; and it is probed as
// often as configured, no more and no less.
#include <algorithm>
#include <map>
#include <utility>

#include "tests/sim/checker.hpp"
#include "tests/sim/outside_health.hpp"

namespace logdist::sim {
namespace {

class Health final : public Checker {
 public:
  using Checker::Checker;

  void sent(const PacketHistory& history, const core::Attempt& attempt) override {
    OutsideHealth& health = of(attempt.analyzer).health;
    // That only suspect packets wait is known in the turn that sends them.
    if (health.state() == health::State::testing && history.suspect()) {
      follow(attempt.analyzer, world_.views()[attempt.analyzer]);
    }
    sent_[history.serial] = {health.stay(), history.suspect() ? 0 : health.packet_sent(), world_.now()};
  }

  void attempt_ended(const PacketHistory& history, const core::AttemptResult&) override {
    Sent& sent = sent_[history.serial];
    sent.lasted = world_.now() - sent.at;
  }

  void result_seen(const PacketHistory& history, const core::AttemptResult& result) override {
    OutsideHealth& health = of(history.analyzer).health;
    const Sent& sent = sent_[history.serial];
    const bool was_failed = health.state() == health::State::failed;
    if (result.outcome == Outcome::delivered)
      health.packet_delivered(sent.in, world_.now() - sent.lasted, world_.now());
    if (is_failure(result) && !history.suspect()) {
      health.packet_failed(sent.in, world_.now() - sent.lasted, world_.now());
    }
    if (!history.suspect()) health.packet_over(sent.in, sent.ticket, world_.now());
    if (!was_failed) of(history.analyzer).failed_by_packet = health.state() == health::State::failed;
  }

  void probe_begun(AnalyzerId analyzer, health::Epoch epoch) override {
    Known& known = of(analyzer);
    follow(analyzer, world_.views()[analyzer]);  // Testing begins with its probe, in one event
    const bool first = known.probed_in != known.health.stay();
    const bool while_failed = known.health.state() == health::State::failed;
    const Duration pause = !first ? promised().interval : while_failed ? pause_while_failed(known) : Duration(0);
    if (world_.now() < known.probed_at + pause) {
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
    const bool passed = result != health::ProbeResult::failed;
    if (begun_in == known.health.stay() && known.health.state() == health::State::failed) {
      if (!passed || !world_.all_out_for(analyzer, world_.views())) return;
      known.health.back_off_over(world_.now());
      known.probed_in = known.probe_passed_in = known.health.stay();
      return;
    }
    if (passed && begun_in == known.health.stay()) known.probe_passed_in = begun_in;
    if (!passed) {
      const bool was_failed = known.health.state() == health::State::failed;
      known.health.probe_failed(begun_in, world_.now());
      if (!was_failed && known.health.state() == health::State::failed) known.failed_by_packet = false;
    } else {
      known.health.probe_passed(begun_in);
    }
  }

  void stepped() override {
    const std::vector<dispatch::AnalyzerView>& views = world_.views_after_event();
    for (AnalyzerId id = 0; id < views.size(); ++id) {
      TimePoint& since = of(id).all_out_since;
      since = world_.all_out_for(id, views) ? std::min(since, world_.now()) : never;
      if (views[id].removed) continue;
      follow(id, views[id]);
      if (promised().probing) check_probes(id);
    }
  }

 private:
  struct Known {
    OutsideHealth health;
    std::uint32_t probed_in = ~0u;        ///< stay
    std::uint32_t probe_passed_in = ~0u;  ///< stay
    TimePoint probed_at{};
    TimePoint probe_ended_at{};
    bool probe_under_way = false;
    std::uint64_t ejections = 0;
    bool failed_by_packet = false;    ///< else by a probe
    TimePoint all_out_since = never;  ///< nobody is in service for a format that it takes
  };

  /// An attempt.
  struct Sent {
    std::uint32_t in = 0;      ///< stay
    std::uint64_t ticket = 0;  ///< of one that is not suspect
    TimePoint at{};
    Duration lasted{};
  };

  const health::MonitorOptions& promised() const { return world_.scenario().balancer.health; }

  Known& of(AnalyzerId id) {
    while (known_.size() <= id) known_.push_back({OutsideHealth(promised(), world_.now())});
    return known_[id];
  }

  /// The end of a back-off is seen, and judged; every other change was foreseen.
  void follow(AnalyzerId id, const dispatch::AnalyzerView& view) {
    if (view.ejections > of(id).ejections) ejected(id, view);
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
    if (health.state() == health::State::testing && view.state == health::State::healthy) trust(id);
    if (view.state == health::State::failed && world_.now() >= health.waits_until()) {
      checked();
      health.waited_enough(world_.now());
      of(id).failed_by_packet = true;
    }
    if (view.state != health.state()) {
      complain("analyzer {} is {}; by what became of its packets and probes it is {}", id,
               health::to_string(view.state), health::to_string(health.state()));
    } else if (failed && world_.now() > health.test_not_after() + 2 * lateness_max) {
      complain("analyzer {} is still Failed {:.3f} s after it has", id, to_seconds(world_.now() - health.since()));
    } else if (world_.now() - 2 * lateness_max > health.waits_until()) {
      complain("analyzer {} is not Failed yet", id);
    }
  }

  /// Whether it ought to be, `outliers` judges.
  void ejected(AnalyzerId id, const dispatch::AnalyzerView& view) {
    Known& known = of(id);
    known.ejections = view.ejections;
    const Duration interval = world_.scenario().balancer.outlier.interval;
    const Duration most = std::min<Duration>(std::chrono::minutes(5), static_cast<int>(view.ejections) * interval);
    known.health.ejected(world_.now(), interval, most);
    known.failed_by_packet = false;
  }

  /// Its probe has made it Healthy: only suspect packets waited.
  void trust(AnalyzerId id) {
    Known& known = of(id);
    const bool passed = promised().probing && known.probe_passed_in == known.health.stay();
    const auto waits = [this, id](const PacketHistory& history) {
      const bool long_enough = world_.now() - history.admitted_at > 2 * lateness_max;
      return history.attempts_begun == 0 && !history.settled() && long_enough && world_.takes(id, history.format);
    };
    if (!passed || !known.health.may_be_trusted(world_.now())) return;  // and follow() complains
    if (std::ranges::any_of(trace_.histories(), waits)) return;
    checked();
    known.health.probe_trusted(world_.now());
  }

  /// Between the last probe and the first one in Failed: a run of bad packets is soon over.
  Duration pause_while_failed(const Known& known) const {
    const Duration after_packet = std::chrono::milliseconds(20);
    return std::min(known.failed_by_packet ? after_packet : promised().interval, promised().backoff_initial);
  }

  /// In Testing the first one comes at once, while Healthy within an interval, while
  /// Failed only as long as nobody is in service.
  void check_probes(AnalyzerId id) {
    const Known& known = known_[id];
    if (known.health.state() == health::State::failed) return check_probes_while_failed(known, id);
    const bool none_yet = known.probed_in != known.health.stay();
    if (!none_yet && known.probe_under_way) return;
    const bool at_once = none_yet && known.health.state() == health::State::testing;
    const TimePoint due = none_yet ? known.health.since() + (at_once ? Duration(0) : promised().interval)
                                   : std::max(known.probed_at + promised().interval, known.probe_ended_at);
    if (world_.now() > due + 2 * lateness_max) {
      complain("analyzer {} ought to have been probed {:.3f} s ago", id, to_seconds(world_.now() - due));
    }
  }

  void check_probes_while_failed(const Known& known, AnalyzerId id) {
    const bool none_yet = known.probed_in != known.health.stay();
    if (known.all_out_since == never || (!none_yet && known.probe_under_way)) return;
    const Duration pause = none_yet ? pause_while_failed(known) : promised().interval;
    const TimePoint last = none_yet ? known.probed_at : std::max(known.probed_at, known.probe_ended_at - pause);
    const TimePoint due = std::max({known.all_out_since, known.health.since(), last + pause});
    if (world_.now() > due + 2 * lateness_max) {
      complain("analyzer {} ought to have been probed {:.3f} s ago, since nobody is in service for what it takes", id,
               to_seconds(world_.now() - due));
    }
  }

  std::vector<Known> known_;                                              ///< by AnalyzerId
  std::map<std::uint64_t, Sent> sent_;                                    ///< by packet: its last attempt
  std::map<std::pair<AnalyzerId, health::Epoch>, std::uint32_t> probes_;  ///< stay, as probes are told of
};

}  // namespace

std::unique_ptr<Checker> make_health(const World& world, Findings& findings) {
  return std::make_unique<Health>("health", world, findings);
}

}  // namespace logdist::sim
