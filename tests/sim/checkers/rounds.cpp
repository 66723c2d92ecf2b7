// rounds: a packet is dead-lettered as poison when, and only when, it failed in
// delivery.max_rounds rounds in which each analyzer that failed it had taken another
// packet since it failed this one the round before, or, the first time, lately, and in
// which no connection broke under it and others, any of which may have broken it; as
// refused when a second analyzer refused it, or when there is none, or none could
// be heard for so many rounds.
#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "tests/sim/checker.hpp"

namespace logdist::sim {
namespace {

class Rounds final : public Checker {
 public:
  using Checker::Checker;

  void turn_begun(LoopId loop) override { turn_of_ = loop; }

  void sent(const PacketHistory& history, const core::Attempt&) override {
    sent_.insert(history.serial);
    if (const auto found = ways_.find(history.serial); found != ways_.end()) found->second.between = false;
  }

  void result_seen(const PacketHistory& history, const core::AttemptResult& result) override {
    heard_of_.insert(history.analyzer);
    if (result.outcome == Outcome::delivered) {
      taken_[history.analyzer] = {taken_[history.analyzer].packets + 1, world_.now()};
      ways_.erase(history.serial);
    }
    if (result.outcome == Outcome::delivered || result.outcome == Outcome::unsent) return;
    Way& way = ways_[history.serial];
    way.heard = true;
    if (is_failure(result)) note_failure(way, history.analyzer, result.in_company);
    if (result.outcome != Outcome::refused) {
      way.asked.push_back(history.analyzer);
    } else if (way.refused_by) {
      way.refused_twice = true;
    } else {
      way.refused_by = history.analyzer;
      way.refused_at = world_.now();
    }
  }

  void dead_lettered(const PacketHistory& history, DeadLetterReason reason) override {
    if (reason != DeadLetterReason::shutdown) dead_[history.serial] = reason;
  }

  void stepped() override {
    if (turn_of_) judge_turn(*turn_of_);
    turn_of_.reset();
    heard_of_.clear();
    sent_.clear();
    dead_.clear();
    in_service_before_.clear();
    for (const dispatch::AnalyzerView& view : world_.views_after_event()) in_service_before_.push_back(view.in_service);
  }

 private:
  /// One packet's, since it was first failed at.
  struct Way {
    std::vector<AnalyzerId> asked;                      ///< in this round
    std::map<AnalyzerId, std::uint64_t> failed_now;     ///< in this round, where that had taken so many packets
    std::map<AnalyzerId, std::uint64_t> failed_before;  ///< in the last round with failures
    bool all_took = true;                               ///< another packet meanwhile, of those in failed_now
    std::uint32_t counted_rounds = 0;
    std::optional<AnalyzerId> refused_by;
    TimePoint refused_at{};
    bool refused_twice = false;
    std::uint32_t rounds_since = 0;  ///< it was refused; at least
    bool more_rounds = false;        ///< there may have been more of them: their waits end by chance
    bool between = false;            ///< two rounds; or just after
    bool heard = false;              ///< in this turn: an attempt's end
  };
  using Verdict = std::optional<DeadLetterReason>;

  /// By one analyzer.
  struct Taken {
    std::uint64_t packets = 0;
    TimePoint last = TimePoint{};
  };

  void note_failure(Way& way, AnalyzerId analyzer, bool in_company) {
    const Taken& taken = taken_[analyzer];
    const auto before = way.failed_before.find(analyzer);
    const Duration interval = world_.scenario().balancer.health.interval;
    const bool lately = taken.packets > 0 && world_.now() - taken.last <= interval;
    way.all_took =
        way.all_took && !in_company && (before == way.failed_before.end() ? lately : taken.packets > before->second);
    way.failed_now[analyzer] = taken.packets;
  }

  std::uint32_t max_rounds() const { return world_.scenario().retry.max_rounds; }

  void judge_turn(LoopId loop) {
    if (ways_.empty()) return;
    const std::vector<dispatch::AnalyzerView>& views = world_.views_after_event();
    in_service_at_routing_ = in_service_before_;
    in_service_at_routing_.resize(views.size(), true);
    for (const AnalyzerId analyzer : heard_of_) in_service_at_routing_[analyzer] = true;
    for (auto next = ways_.begin(); next != ways_.end();) {
      const PacketHistory& history = trace_.histories()[next->first];
      if (history.loop == loop) judge(history, next->second, views);
      next = history.settled() ? ways_.erase(next) : std::next(next);
    }
  }

  void judge(const PacketHistory& history, Way& way, const std::vector<dispatch::AnalyzerView>& views) {
    const bool heard = std::exchange(way.heard, false);
    const auto found = dead_.find(history.serial);
    const bool too_old = found != dead_.end() && found->second == DeadLetterReason::max_age;
    if (too_old) return;  // settlement judges that
    const bool given_back = history.where == Location::handed_back || world_.giving_up();
    const Verdict verdict = found == dead_.end() ? Verdict() : found->second;
    if (way.refused_twice) {
      demand(history, verdict, DeadLetterReason::refused, given_back);
      return;
    }
    const bool open = !way.asked.empty() || way.refused_by;
    const bool waits = heard || (open && history.where != Location::in_flight && !sent_.contains(history.serial));
    const bool is_left = anyone_else(history, way, views, heard ? &in_service_at_routing_ : nullptr);
    if (!waits || is_left) {
      // One that comes into service in this very turn may do so after the packet's round has ended.
      const bool was_left = !waits || anyone_else(history, way, views, &in_service_before_);
      if (verdict && was_left)
        complain("packet {} is a dead letter, and somebody was left to be asked", history.serial);
      return;
    }
    if (way.between && !heard) {
      // Its wait may be over, and another round with it: nobody but the one that refused it is there.
      way.more_rounds = true;
      if (verdict) check_unheard(history, way, views);
      return;
    }
    if (!given_back) end_round(history, way, verdict, views);
  }

  /// All in service have been asked.
  void end_round(const PacketHistory& history, Way& way, Verdict verdict,
                 const std::vector<dispatch::AnalyzerView>& views) {
    Verdict due;
    if (way.refused_by && takers(history, views) == 1) {
      due = DeadLetterReason::refused;
    } else if (!way.failed_now.empty() && way.all_took && ++way.counted_rounds >= max_rounds()) {
      due = way.refused_by ? DeadLetterReason::refused : DeadLetterReason::max_rounds;
    } else if (way.refused_by && ++way.rounds_since >= max_rounds()) {
      due = DeadLetterReason::refused;
    }
    if (due) {
      demand(history, verdict, *due, false);
    } else if (verdict && way.more_rounds) {
      check_unheard(history, way, views);
    } else if (verdict) {
      complain("packet {} is a dead letter ({}) after {} rounds that count, {} allowed", history.serial,
               to_string(*verdict), way.counted_rounds, max_rounds());
    }
    way.asked.clear();
    if (!way.failed_now.empty()) way.failed_before = std::exchange(way.failed_now, {});
    way.all_took = true;
    way.between = true;
  }

  void demand(const PacketHistory& history, Verdict verdict, DeadLetterReason due, bool excused) {
    checked();
    if (excused || history.where == Location::handed_back || verdict == due) return;
    complain("packet {} ought to be a dead letter ({}), and is {}", history.serial, to_string(due),
             verdict ? to_string(*verdict) : "none");
  }

  /// Given up after one refusal: there is no second, or so many rounds take their time.
  void check_unheard(const PacketHistory& history, const Way& way, const std::vector<dispatch::AnalyzerView>& views) {
    if (takers(history, views) == 1) return;
    const retry::RetryPolicy& retry = world_.scenario().retry;
    const double least = (max_rounds() - 1) * to_seconds(retry.initial) * (1 - retry.jitter);
    if (to_seconds(world_.now() - way.refused_at) < least) {
      complain("packet {} is a dead letter {:.3f} s after one analyzer refused it", history.serial,
               to_seconds(world_.now() - way.refused_at));
    }
  }

  /// Of its format, in service or not.
  int takers(const PacketHistory& history, const std::vector<dispatch::AnalyzerView>& views) const {
    int takers = 0;
    for (AnalyzerId id = 0; id < views.size(); ++id) {
      takers += !views[id].removed && world_.takes(id, history.format) ? 1 : 0;
    }
    return takers;
  }

  /// With `before`: only of those that were in service then, too.
  bool anyone_else(const PacketHistory& history, const Way& way, const std::vector<dispatch::AnalyzerView>& views,
                   const std::vector<bool>* before = nullptr) const {
    for (AnalyzerId id = 0; id < views.size(); ++id) {
      if (before != nullptr && (id >= before->size() || !(*before)[id])) continue;
      if (!world_.takes(id, history.format)) continue;
      if (views[id].in_service && way.refused_by != id && std::ranges::count(way.asked, id) == 0) return true;
    }
    return false;
  }

  std::map<AnalyzerId, Taken> taken_;
  std::vector<bool> in_service_before_;  ///< by AnalyzerId: after the last event
  /// Where what has ended in a turn may go next: a passed probe may bring an analyzer into service later in that turn.
  std::vector<bool> in_service_at_routing_;
  std::map<std::uint64_t, Way> ways_;  ///< by packet, until it is settled
  // Of this event:
  std::optional<LoopId> turn_of_;
  std::set<std::uint64_t> sent_;
  std::set<AnalyzerId> heard_of_;  ///< with a result
  std::map<std::uint64_t, DeadLetterReason> dead_;
};

}  // namespace

std::unique_ptr<Checker> make_rounds(const World& world, Findings& findings) {
  return std::make_unique<Rounds>("rounds", world, findings);
}

}  // namespace logdist::sim
