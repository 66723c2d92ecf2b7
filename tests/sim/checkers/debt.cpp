// debt: what an analyzer is owed, in service or out of it, moves by what was
// placed and undone and by who came and went, and by nothing else. Leaving, its
// deficit becomes its debt and the others take it over; while it is out, the debt
// grows by what it would have been credited, to balance.max_debt and no further;
// what was under way there is undone there; returning, the debt is its deficit.
//
// All of that is linear, so it does not matter when within an event somebody
// came or went: he is taken to have done so at its beginning. Not judged are
// events in which several did, and those in which somebody without a slot may
// have been left out of the credits (near max_debt).
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>
#include <set>

#include "tests/sim/checker.hpp"

namespace logdist::sim {
namespace {

class Debt final : public Checker {
 public:
  using Checker::Checker;

  void sent(const PacketHistory& history, const core::Attempt& attempt) override {
    if (world_.views()[attempt.analyzer].state == health::State::testing) trials_[attempt.analyzer] = history.serial;
    had_slot_.insert(attempt.analyzer);
    move(attempt.analyzer, history.messages);
  }

  void result_seen(const PacketHistory& history, const core::AttemptResult& result) override {
    const auto trial = trials_.find(history.analyzer);
    const bool tested = trial != trials_.end() && trial->second == history.serial;
    if (result.outcome == Outcome::delivered) return;
    if (result.outcome == Outcome::refused && !tested) return;  // the charge stays
    move(history.analyzer, -static_cast<std::int64_t>(history.messages));
  }

  void stepped() override {
    std::vector<Owed> now = look();
    for (std::size_t id = before_.size(); id < now.size(); ++id) before_.emplace_back();
    moves_.resize(now.size());
    if (judged(now)) judge(now);
    for (AnalyzerId id = 0; id < now.size(); ++id) {
      if (now[id].state != health::State::testing) trials_.erase(id);
    }
    before_ = std::move(now);
    moves_.clear();
    had_slot_.clear();
  }

 private:
  /// One analyzer's account: of its deficit while in service, else of its debt.
  struct Owed {
    bool in_service = true;
    bool removed = false;
    double weight = 0;
    health::State state = health::State::healthy;
    double messages = 0;
    double peak = 0;  ///< of its debt since it left: what an undone packet takes away may come back
  };
  /// Messages placed on one analyzer in this event, and undone there.
  struct Move {
    std::int64_t placed = 0;
    std::int64_t undone = 0;
    std::int64_t net() const { return placed - undone; }
  };

  static constexpr double rounding = 1e-6;

  double max_debt() const { return static_cast<double>(world_.scenario().balancer.balance.max_debt); }

  void move(AnalyzerId analyzer, std::int64_t messages) {
    if (moves_.size() <= analyzer) moves_.resize(analyzer + std::size_t{1});
    (messages > 0 ? moves_[analyzer].placed : moves_[analyzer].undone) += std::abs(messages);
  }

  std::vector<Owed> look() const {
    std::vector<Owed> all;
    for (const dispatch::AnalyzerView& view : world_.views_after_event()) {
      const auto weight = static_cast<double>(world_.weight_units(static_cast<AnalyzerId>(all.size())));
      const balance::Account& account = view.account;
      const double owed = view.in_service ? account.deficit : account.debt;
      const bool stays_out = all.size() < before_.size() && !before_[all.size()].in_service;
      const double peak = stays_out ? std::max(owed, before_[all.size()].peak) : owed;
      all.push_back({view.in_service, view.removed, weight, view.state, owed, peak});
    }
    return all;
  }

  bool judged(const std::vector<Owed>& now) {
    std::int64_t moved = trace_.largest_sent();
    for (const Move& each : moves_) moved += each.placed + each.undone;
    int turned = 0;
    bool certain = true;
    for (AnalyzerId id = 0; id < now.size(); ++id) {
      if (now[id].in_service != before_[id].in_service) ++turned;
      // In service and out again within one event.
      const bool passed = before_[id].state == health::State::testing && now[id].state == health::State::healthy;
      if (passed && !now[id].in_service) certain = false;
      if (maybe_left_out(id, now[id], static_cast<double>(moved))) certain = false;
    }
    return certain && turned <= 1;
  }

  /// From the credits, because it is in service, full and owed so much already.
  bool maybe_left_out(AnalyzerId id, const Owed& now, double moved) {
    if (!now.in_service && !before_[id].in_service) return left_out_.erase(id), false;
    if (std::max(now.messages, before_[id].messages) > max_debt() - 4 * moved) {
      left_out_.insert(id);
      return true;
    }
    const bool maybe = left_out_.contains(id);
    if (had_slot_.contains(id) || trace_.of(id).under_way == 0) left_out_.erase(id);
    return maybe;
  }

  void judge(const std::vector<Owed>& now) {
    std::vector<double> expected;
    for (const Owed& owed : before_) expected.push_back(owed.messages);
    double weight = 0;
    double credited = 0;  // messages, to all in service
    for (AnalyzerId id = 0; id < now.size(); ++id) {
      if (!now[id].in_service) continue;
      weight += now[id].weight;
      credited += static_cast<double>(moves_[id].net());
    }
    bool turned = false;
    for (AnalyzerId id = 0; id < now.size(); ++id) {
      if (now[id].in_service == before_[id].in_service) continue;
      turned = true;
      hand_over(id, now, weight, expected);
    }
    for (AnalyzerId id = 0; id < now.size(); ++id) {
      if (now[id].in_service) {
        const double share = now[id].weight / weight;
        compare(id, now[id], expected[id] + share * credited - static_cast<double>(moves_[id].net()));
      } else if (!now[id].removed) {
        const bool leaves = before_[id].in_service;
        // What the others were credited while there was one more or less of them is not known.
        if (!turned || leaves || (credited == 0 && nothing_moved())) judge_out(id, now, weight, expected[id], leaves);
      }
    }
  }

  bool nothing_moved() const {
    return std::ranges::all_of(moves_, [](const Move& each) { return each.placed + each.undone == 0; });
  }

  /// One leaves or returns: the others in service take over, or give back.
  static void hand_over(AnalyzerId id, const std::vector<Owed>& now, double weight, std::vector<double>& owed) {
    const bool returns = now[id].in_service;
    const double others = weight - (returns ? now[id].weight : 0);
    if (others <= 0) {
      if (returns) owed[id] = 0;  // nobody is left to pay it
      return;
    }
    for (AnalyzerId other = 0; other < now.size(); ++other) {
      if (other == id || !now[other].in_service) continue;
      owed[other] += (returns ? -1 : 1) * owed[id] * now[other].weight / others;
    }
  }

  /// One that is out: exactly while far from max_debt, else within what the cap allows.
  void judge_out(AnalyzerId id, const std::vector<Owed>& now, double weight, double owed, bool leaves) {
    const double share = now[id].weight / (weight + now[id].weight);
    double up = (1 - share) * static_cast<double>(moves_[id].undone);
    double down = (1 - share) * static_cast<double>(moves_[id].placed);
    for (AnalyzerId other = 0; other < now.size(); ++other) {
      if (!now[other].in_service) continue;
      up += share * static_cast<double>(moves_[other].placed);
      down += share * static_cast<double>(moves_[other].undone);
    }
    if (owed + up < max_debt() - rounding) {
      compare(id, now[id], owed + up - down);
      return;
    }
    checked();
    const double most = std::max(leaves ? owed + up : before_[id].peak, max_debt());
    const double least = std::min(owed, max_debt()) - down;
    if (now[id].messages > most + rounding || now[id].messages < least - rounding) {
      complain("analyzer {} is out of service with a debt of {} messages; it ought to be {} at least, {} at most", id,
               now[id].messages, least, most);
    }
  }

  void compare(AnalyzerId id, const Owed& now, double expected) {
    checked();
    if (std::abs(now.messages - expected) < rounding) return;
    complain("analyzer {}, {} service, is owed {} messages; by what was placed and undone it is {}", id,
             now.in_service ? "in" : "out of", now.messages, expected);
  }

  std::vector<Owed> before_;
  std::vector<Move> moves_;                     ///< of this event, by AnalyzerId
  std::set<AnalyzerId> had_slot_;               ///< in this event: they were sent a packet
  std::set<AnalyzerId> left_out_;               ///< may be; since they came near max_debt
  std::map<AnalyzerId, std::uint64_t> trials_;  ///< the packet that tests it, while it is in Testing
};

}  // namespace

std::unique_ptr<Checker> make_debt(const World& world, Findings& findings) {
  return std::make_unique<Debt>("debt", world, findings);
}

}  // namespace logdist::sim
