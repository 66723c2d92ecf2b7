// blame: a fault of a packet is not charged to the analyzers, nor one of theirs to a
// packet. An analyzer fails on evidence from different packets; a packet is poison only
// when those that failed it took others; suspects hold their share of the slots and no
// more while others wait that may go there; and where all analyzers are well and up to a fifth of the packets bad, the
// good ones keep their rate and the bad ones end as dead letters.
#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "tests/sim/checker.hpp"

namespace logdist::sim {
namespace {

class Blame final : public Checker {
 public:
  using Checker::Checker;

  void admitted(const PacketHistory& history) override { untried_like(history).insert(history.serial); }

  void sent(const PacketHistory& history, const core::Attempt& attempt) override {
    untried_like(history).erase(history.serial);
    if (attempt.alone != (history.suspect() || broken_.contains(history.serial))) {
      complain("packet {} goes {}alone", history.serial, attempt.alone ? "" : "not ");
    }
    if (history.suspect()) send_suspect(attempt.analyzer, history);
  }

  void result_seen(const PacketHistory& history, const core::AttemptResult& result) override {
    const AnalyzerId analyzer = history.analyzer;
    if (history.suspect()) --suspects_[analyzer];
    if (result.outcome == Outcome::connection_broken && !result.counts_for_health) broken_.insert(history.serial);
    if (result.outcome == Outcome::delivered) {
      last_delivery_ = delivered_by_[analyzer] = world_.now();
      if (world_.scenario().poisoned) delivered_after(history);
    }
    if (!is_failure(result)) return;
    failed_at_[analyzer].insert(history.serial);
    Failures& failures = failures_[{history.serial, analyzer}];
    failures = {world_.now(), failures.last};
  }

  void probe_ended(AnalyzerId analyzer, health::Epoch, health::ProbeResult result) override {
    if (result == health::ProbeResult::failed) ++failed_probes_[analyzer];
  }

  void dead_lettered(const PacketHistory& history, DeadLetterReason reason) override {
    untried_like(history).erase(history.serial);
    if (reason != DeadLetterReason::max_rounds) return;
    checked();
    // It failed a moment ago, and those that failed it had taken others: in this round or lately. An operator may have
    // drained all of them between two rounds.
    const Duration longest = world_.scenario().balancer.health.interval + longest_round();
    const bool lately = last_delivery_ != TimePoint{} && world_.now() - last_delivery_ <= longest;
    const TimePoint before = failures_[{history.serial, history.analyzer}].before;
    const bool between = before != TimePoint{} && delivered_by_[history.analyzer] > before;
    if (!lately && !between) {
      complain("packet {} is poison in an outage", history.serial);
    }
    if (world_.scenario().poisoned && !history.trait.is_bad())
      complain("packet {} is good, and a dead letter", history.serial);
  }

  void answered(const PacketHistory& history, queue::Settlement) override {
    untried_like(history).erase(history.serial);
  }
  void abandoned(const PacketHistory& history) override { untried_like(history).erase(history.serial); }

  void stepped() override {
    const std::vector<dispatch::AnalyzerView>& views = world_.views_after_event();
    states_.resize(views.size(), health::State::healthy);
    for (AnalyzerId id = 0; id < views.size(); ++id) {
      const health::State before = std::exchange(states_[id], views[id].state);
      if (before == views[id].state) continue;
      const bool has_failed = before == health::State::healthy && views[id].state == health::State::failed;
      if (has_failed && !views[id].ejected) check_evidence(id);
      failed_at_[id].clear();
      failed_probes_[id] = 0;
    }
  }

  void shut_down() override {
    if (!world_.scenario().poisoned) return;
    if (good_ >= good_min && late_ * 20 > good_) {
      complain("{} of {} good packets were late, while {} of {} were bad", late_, good_, bad_everywhere(),
               trace_.histories().size());
    }
    for (const PacketHistory& history : trace_.histories()) {
      if (!history.trait.is_bad() && history.where != Location::delivered && history.accepted) {
        complain("packet {} is good, and not delivered", history.serial);
      }
    }
  }

 private:
  static constexpr std::uint64_t good_min = 100;  ///< of fewer, a twentieth is chance
  /// So long a good packet may take when all are well.
  static constexpr Duration in_time = std::chrono::seconds(2);

  void delivered_after(const PacketHistory& history) {
    if (history.trait.is_bad()) return;
    ++good_;
    if (world_.now() - history.admitted_at > in_time) ++late_;
    checked();
  }

  std::ptrdiff_t bad_everywhere() const {
    return std::ranges::count_if(trace_.histories(),
                                 [](const PacketHistory& history) { return history.trait.is_bad_everywhere(); });
  }

  /// A wait between two rounds, and an attempt at each analyzer.
  Duration longest_round() const {
    const auto analyzers = static_cast<Duration::rep>(world_.views().size());
    return 2 * world_.scenario().retry.max + analyzers * (world_.scenario().delivery_timeout + std::chrono::seconds(2));
  }

  void send_suspect(AnalyzerId analyzer, const PacketHistory& history) {
    const dispatch::AnalyzerView view = world_.views()[analyzer];
    std::uint32_t& held = suspects_[analyzer];
    const std::uint32_t share = std::max(1u, view.slots / 8);
    if (++held <= share || view.state != health::State::healthy) return;
    const PacketHistory* const oldest = oldest_untried(analyzer);
    if (oldest == nullptr) return;
    if (world_.now() - oldest->admitted_at < 2 * lateness_max + std::chrono::milliseconds(60))
      return;  // it may be on its way
    complain("suspect packet {} is sent to analyzer {}, where {} are, while packet {} waits", history.serial, analyzer,
             held - 1, oldest->serial);
  }

  std::set<std::uint64_t>& untried_like(const PacketHistory& history) {
    return untried_[static_cast<std::size_t>(history.format)];
  }

  /// Of the packets that `analyzer` takes; null: there is none.
  const PacketHistory* oldest_untried(AnalyzerId analyzer) const {
    const PacketHistory* oldest = nullptr;
    for (std::size_t i = 0; i < untried_.size(); ++i) {
      if (untried_[i].empty() || !world_.takes(analyzer, static_cast<core::Protocol>(i))) continue;
      const PacketHistory& first = trace_.histories()[*untried_[i].begin()];
      if (oldest == nullptr || first.serial < oldest->serial) oldest = &first;
    }
    return oldest;
  }

  /// Since it was last in another state: so many different packets, and probes.
  void check_evidence(AnalyzerId id) {
    checked();
    const std::size_t evidence = failed_at_[id].size() + failed_probes_[id];
    const std::uint32_t promised = world_.scenario().balancer.health.failure_threshold;
    if (evidence < promised) complain("analyzer {} is Failed by {} packets and probes, not {}", id, evidence, promised);
  }

  /// Serials of packets that wait for their first attempt, by format.
  std::array<std::set<std::uint64_t>, core::protocol_count> untried_;
  std::set<std::uint64_t> broken_;                ///< and of those that were behind another on a connection that broke
  std::map<AnalyzerId, std::uint32_t> suspects_;  ///< in flight
  std::map<AnalyzerId, std::set<std::uint64_t>> failed_at_;  ///< in the present state, by serial
  std::map<AnalyzerId, std::uint32_t> failed_probes_;        ///< likewise
  /// When a packet failed at an analyzer: the last time, and the one before.
  struct Failures {
    TimePoint last{};
    TimePoint before{};
  };
  std::map<std::pair<std::uint64_t, AnalyzerId>, Failures> failures_;  ///< by serial
  std::map<AnalyzerId, TimePoint> delivered_by_;                       ///< last
  std::vector<health::State> states_;
  TimePoint last_delivery_{};
  std::uint64_t good_ = 0;
  std::uint64_t late_ = 0;
};

}  // namespace

std::unique_ptr<Checker> make_blame(const World& world, Findings& findings) {
  return std::make_unique<Blame>("blame", world, findings);
}

}  // namespace logdist::sim
