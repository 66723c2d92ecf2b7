// catch_ups: whoever is in service with a free slot and behind by more than
// balance.catch_up_threshold, and by more than the largest packet, gets the next
// packet that may go anywhere; of several the one that is furthest behind. And
// who is that far behind is counted to be.
#include <algorithm>
#include <chrono>

#include "tests/sim/checker.hpp"

namespace logdist::sim {
namespace {

class CatchUps final : public Checker {
 public:
  using Checker::Checker;

  void sent(const Story& story, const delivery::Attempt& attempt) override {
    const bool trial = world_.views()[attempt.analyzer].state == health::State::testing;
    picks_.push_back({attempt.analyzer, story.messages, trial, story.attempts_begun > 0});
  }

  void result_seen(const Story&, const delivery::AttemptResult& result) override {
    if (result.outcome != Outcome::delivered) undone_ = true;
  }

  void stepped() override {
    std::vector<dispatch::AnalyzerView> views = world_.views();
    std::vector<Standing> now;
    for (AnalyzerId id = 0; id < views.size(); ++id) now.push_back(look(id, views[id]));
    if (!undone_ && comparable(now)) {
      judge_picks(now);
    } else {
      for (const Pick& pick : picks_) largest_ = std::max(largest_, pick.messages);
    }
    for (AnalyzerId id = 0; id < views.size(); ++id) {
      const bool behind = views[id].in_service && views[id].account.deficit > line() + rounding;
      if (behind && views[id].account.catch_ups == 0) {
        complain("analyzer {} is behind by {} messages, and that is not counted", id, views[id].account.deficit);
      }
    }
    before_ = std::move(now);
    picks_.clear();
    undone_ = false;
  }

 private:
  struct Pick {
    AnalyzerId analyzer = 0;
    std::uint32_t messages = 0;
    bool trial = false;   ///< of one in Testing
    bool choosy = false;  ///< it has been somewhere: not everyone could be picked
  };
  struct Standing {
    bool in_service = true;
    double weight = 0;
    double deficit = 0;
    std::uint32_t under_way = 0;
    std::uint32_t slots = 0;
    TimePoint slots_since{};
  };

  static constexpr double rounding = 1e-6;

  double line() const {
    return std::max(static_cast<double>(world_.scenario().scheduler.balance.catch_up_threshold),
                    static_cast<double>(largest_));
  }

  Standing look(AnalyzerId id, const dispatch::AnalyzerView& view) const {
    Standing standing{view.in_service,      static_cast<double>(world_.weight_units(id)),
                      view.account.deficit, chronicle_.of(id).under_way,
                      view.slots,           world_.now()};
    if (id < before_.size() && before_[id].slots == view.slots) standing.slots_since = before_[id].slots_since;
    return standing;
  }

  /// Whether the same were in service all the time.
  bool comparable(const std::vector<Standing>& now) const {
    return std::ranges::equal(now, before_, [](const Standing& left, const Standing& right) {
      return left.in_service == right.in_service && left.weight == right.weight;
    });
  }

  void judge_picks(const std::vector<Standing>& now) {
    if (picks_.empty()) return;
    std::vector<Standing> standings = now;
    double weight = 0;
    for (AnalyzerId id = 0; id < now.size(); ++id) {
      standings[id].deficit = before_[id].deficit;
      if (now[id].in_service) weight += now[id].weight;
    }
    for (const Pick& pick : picks_) --standings[pick.analyzer].under_way;
    double credited = 0;
    for (const Pick& pick : picks_) {
      largest_ = std::max(largest_, pick.messages);
      Standing& chosen = standings[pick.analyzer];
      if (!pick.trial) {
        credited += pick.messages;
        if (!pick.choosy) judge_pick(pick, standings, credited, weight);
        chosen.deficit -= pick.messages;
      }
      ++chosen.under_way;
    }
  }

  /// Who is left out of the credits leaves more for the others: the one that was
  /// passed over was credited so much at least, the chosen one so much at most.
  void judge_pick(const Pick& pick, const std::vector<Standing>& standings, double credited, double weight) {
    const double chosen = standings[pick.analyzer].deficit + credited;
    for (AnalyzerId id = 0; id < standings.size(); ++id) {
      const Standing& standing = standings[id];
      const double behind = standing.deficit + credited * standing.weight / weight;
      if (!standing.in_service || !has_slot(standing) || behind <= line() + rounding) continue;
      checked();
      if (id == pick.analyzer || chosen > behind - rounding) continue;
      complain("analyzer {} gets a packet, owed {} messages at most; analyzer {} is behind by {}", pick.analyzer,
               chosen, id, behind);
    }
  }

  /// For certain: a ramp's slots are given out step by step.
  bool has_slot(const Standing& standing) const {
    return standing.under_way < standing.slots && world_.now() - standing.slots_since > std::chrono::milliseconds(60);
  }

  std::vector<Standing> before_;
  std::vector<Pick> picks_;  ///< of this event, in order
  bool undone_ = false;      ///< in this event: an attempt
  std::uint32_t largest_ = 0;
};

}  // namespace

std::unique_ptr<Checker> make_catch_ups(const World& world, Findings& findings) {
  return std::make_unique<CatchUps>("catch_ups", world, findings);
}

}  // namespace logdist::sim
