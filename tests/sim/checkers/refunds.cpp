// refunds: the accounts of the balance are what the packets say. Over any event
// that changes neither who is in service nor who is credited, a deficit moves by
// the analyzer's share of all messages that now are charged more, less its own;
// a failed attempt is undone whole, new weights change no deficit, a new analyzer
// is owed nothing. And while nothing fails and slots are free,
// nobody is further from its target than one packet.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <set>

#include "tests/sim/checker.hpp"

namespace logdist::sim {
namespace {

class Refunds final : public Checker {
 public:
  using Checker::Checker;

  void sent(const PacketHistory&, const core::Attempt& attempt) override {
    had_slot_.insert(attempt.analyzer);
    if (trace_.of(attempt.analyzer).under_way + 1 >= world_.slots(attempt.analyzer)) undisturbed_ = false;
  }

  void result_seen(const PacketHistory&, const core::AttemptResult& result) override {
    if (result.outcome != Outcome::delivered) undisturbed_ = false;
  }

  void stepped() override {
    State state{world_.views_after_event(), {}};
    for (AnalyzerId id = 0; id < state.views.size(); ++id) {
      state.charged.push_back(trace_.of(id).charged_messages);
      // It may have become full by the limit on it.
      if (!state.views[id].in_service || trace_.of(id).under_way >= world_.slots(id)) undisturbed_ = false;
    }
    check_sum(state);
    for (auto id = static_cast<AnalyzerId>(before_.views.size()); id < state.views.size(); ++id) {
      if (state.views[id].account.deficit != 0) complain("analyzer {} is owed something from the beginning", id);
    }
    if (undisturbed_) check_one_packet(state);
    if (comparable(state)) compare(state);
    before_ = std::move(state);
    had_slot_.clear();
  }

 private:
  struct State {
    std::vector<dispatch::AnalyzerView> views;
    std::vector<std::int64_t> charged;  ///< messages, by AnalyzerId
  };

  static bool near(double left, double right) { return std::abs(left - right) < 1e-6; }
  bool in_service(AnalyzerId id) const { return before_.views[id].in_service; }

  void check_sum(const State& state) {
    double sum = 0;
    for (const dispatch::AnalyzerView& view : state.views) sum += view.in_service ? view.account.deficit : 0;
    if (!near(sum, 0)) complain("the deficits of those in service sum to {}", sum);
  }

  void check_one_packet(const State& state) {
    for (AnalyzerId id = 0; id < state.views.size(); ++id) {
      const double deficit = state.views[id].account.deficit;
      if (std::abs(deficit) > trace_.largest_sent() + 1e-6) {
        complain("analyzer {} is {} messages off its target, and no packet had more than {}", id, deficit,
                 trace_.largest_sent());
      }
    }
  }

  /// Whether the same analyzers were credited all the time since the last event.
  bool comparable(const State& state) {
    if (before_.views.size() != state.views.size()) return false;
    bool same = true;
    for (AnalyzerId id = 0; id < state.views.size(); ++id) {
      if (state.views[id].in_service != in_service(id)) same = false;
      if (in_service(id) && maybe_suspended(state, id)) same = false;
    }
    return same;
  }

  /// One without a free slot is credited only up to max_debt, and from then on
  /// not before it has a slot again.
  bool maybe_suspended(const State& state, AnalyzerId id) {
    std::int64_t moved = trace_.largest_sent();
    for (AnalyzerId other = 0; other < state.views.size(); ++other) {
      moved += std::abs(state.charged[other] - before_.charged[other]);
    }
    const double max_debt = static_cast<double>(world_.scenario().balancer.balance.max_debt);
    const double owed = std::max(state.views[id].account.deficit, before_.views[id].account.deficit);
    if (owed > max_debt - 4.0 * static_cast<double>(moved)) {
      suspended_.insert(id);
      return true;
    }
    const bool maybe = suspended_.contains(id);
    if (had_slot_.contains(id)) suspended_.erase(id);
    return maybe;
  }

  void compare(const State& state) {
    double weight = 0;
    double charged = 0;
    for (AnalyzerId id = 0; id < state.views.size(); ++id) {
      if (!in_service(id)) continue;
      weight += static_cast<double>(world_.weight_units(id));
      charged += static_cast<double>(state.charged[id] - before_.charged[id]);
    }
    for (AnalyzerId id = 0; id < state.views.size(); ++id) {
      if (!in_service(id)) continue;
      const double share = static_cast<double>(world_.weight_units(id)) / weight;
      const double expected = before_.views[id].account.deficit + share * charged -
                              static_cast<double>(state.charged[id] - before_.charged[id]);
      if (near(state.views[id].account.deficit, expected)) continue;
      complain("analyzer {} is said to be owed {} messages; by what was charged it is {}", id,
               state.views[id].account.deficit, expected);
    }
  }

  State before_;
  std::set<AnalyzerId> suspended_;  ///< may be; since they came near max_debt
  std::set<AnalyzerId> had_slot_;   ///< in this event: they were sent a packet
  bool undisturbed_ = true;         ///< nothing has failed yet, and slots were free
};

}  // namespace

std::unique_ptr<Checker> make_refunds(const World& world, Findings& findings) {
  return std::make_unique<Refunds>("refunds", world, findings);
}

}  // namespace logdist::sim
