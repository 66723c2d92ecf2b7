// catch_ups: who is far behind catches up, and the others are not starved for it.
// Judged over packets in a row while all in service have free slots and nothing fails.
// Of any 10 times the largest packet in messages, nobody gets more than its own share,
// what balance.catch_up_share adds to that, a few packets, and what it missed before by
// packets that failed there, that could not go there, as it was full, say, or that another
// one took and owes when it returns: that is no outage, and is made up for without a limit, as long as it is less
// than the threshold. While somebody is
// behind by more than balance.catch_up_threshold and twice the largest packet (ordinary
// packets leave nobody behind by more than one), those that are behind get as many
// packets as catch-up may have. And who is that far behind is counted to be.
#include <algorithm>
#include <chrono>
#include <deque>

#include "tests/sim/checker.hpp"

namespace logdist::sim {
namespace {

class CatchUps final : public Checker {
 public:
  using Checker::Checker;

  void sent(const PacketHistory& history, const core::Attempt& attempt) override {
    const bool trial = world_.views()[attempt.analyzer].state == health::State::testing;
    picks_.push_back({attempt.analyzer, history.messages, trial, history.attempts_begun > 0});
  }

  void result_seen(const PacketHistory& history, const core::AttemptResult& result) override {
    if (result.outcome == Outcome::delivered) return;
    undone_ = true;
    missed_.resize(world_.views().size());
    missed_[history.analyzer] += history.messages;
  }

  void stepped() override {
    std::vector<dispatch::AnalyzerView> views = world_.views_after_event();
    std::vector<Standing> now;
    for (AnalyzerId id = 0; id < views.size(); ++id) now.push_back(look(id, views[id]));
    const std::uint32_t largest_before = largest_;
    for (const Pick& pick : picks_) largest_ = std::max(largest_, pick.messages);
    note_missed(now);
    if (undone_ || largest_ != largest_before || !comparable(now) || !all_had_slots(now)) {
      stretch_.clear();
    } else {
      for (const Pick& pick : picks_) extend(pick, now);
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
  /// One packet of the stretch without trouble.
  struct Placed {
    AnalyzerId analyzer = 0;
    std::uint32_t messages = 0;
    bool to_behind = false;  ///< whoever got it may have been beyond the line then
    bool due = false;        ///< somebody was far enough behind then to be preferred
  };
  struct MakesUp {
    double messages = 0;
    std::uint64_t since = 0;  ///< messages placed since it was done
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
    return std::max(static_cast<double>(world_.scenario().balancer.balance.catch_up_threshold),
                    static_cast<double>(largest_));
  }

  Standing look(AnalyzerId id, const dispatch::AnalyzerView& view) const {
    Standing standing{view.in_service,      static_cast<double>(world_.weight_units(id)),
                      view.account.deficit, trace_.of(id).under_way,
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

  /// What each has missed, until it is within a packet of its target, and what of it may be made up for in this
  /// stretch, until that has left the window.
  void note_missed(const std::vector<Standing>& now) {
    missed_.resize(now.size());
    makes_up_.resize(now.size());
    std::uint64_t messages = 0;
    for (const Pick& pick : picks_) {
      messages += pick.messages;
      for (AnalyzerId id = 0; id < now.size(); ++id) {
        const bool was_full = id >= before_.size() || !has_slot(before_[id]) || !has_slot(now[id]);
        const bool missed = id != pick.analyzer && now[id].in_service && (pick.choosy || was_full);
        if (missed) missed_[id] += pick.messages * own_share(now, id);
      }
    }
    note_debts(now);
    for (AnalyzerId id = 0; id < now.size(); ++id) {
      if (!now[id].in_service) {
        missed_[id] = makes_up_[id].messages = 0;
      } else if (now[id].deficit > largest_ + rounding) {
        const double due = std::min({missed_[id], now[id].deficit, line()});
        makes_up_[id] = {std::max(makes_up_[id].messages, due), 0};
      } else {
        missed_[id] = 0;
        makes_up_[id].since += messages;
        if (makes_up_[id].since > std::uint64_t{10} * largest_) makes_up_[id].messages = 0;
      }
    }
  }

  /// Who returns and has had more than its share has had it from those in service.
  void note_debts(const std::vector<Standing>& now) {
    const auto was_in_service = [&](AnalyzerId id) { return id < before_.size() && before_[id].in_service; };
    for (AnalyzerId debtor = 0; debtor < now.size(); ++debtor) {
      if (!now[debtor].in_service || was_in_service(debtor)) continue;
      for (AnalyzerId id = 0; id < now.size(); ++id) {
        if (now[id].in_service && was_in_service(id)) missed_[id] += std::max(0.0, -now[debtor].deficit);
      }
    }
  }

  /// At each of these picks, whatever ended between them.
  bool all_had_slots(const std::vector<Standing>& now) const {
    std::vector<Standing> fullest = before_;
    for (const Pick& pick : picks_) ++fullest[pick.analyzer].under_way;
    for (AnalyzerId id = 0; id < now.size(); ++id) {
      const bool had_slots = has_slot(now[id]) && has_slot(before_[id]) && fullest[id].under_way <= before_[id].slots;
      if (now[id].in_service && !had_slots) return false;
    }
    return true;
  }

  void extend(const Pick& pick, const std::vector<Standing>& now) {
    if (pick.trial || pick.choosy) return stretch_.clear();
    const double deficit = std::max(before_[pick.analyzer].deficit, now[pick.analyzer].deficit + pick.messages);
    stretch_.push_back({pick.analyzer, pick.messages, deficit > line() - rounding, somebody_is_due(now)});
    judge_share(now);
    if (++placed_ % progress_interval == 0) judge_progress();
    while (stretch_.size() > stretch_packets_max) stretch_.pop_front();
  }

  /// All the time from before these picks to after them.
  bool somebody_is_due(const std::vector<Standing>& now) const {
    std::vector<double> least;
    for (AnalyzerId id = 0; id < now.size(); ++id) least.push_back(std::min(before_[id].deficit, now[id].deficit));
    for (const Pick& pick : picks_) least[pick.analyzer] -= pick.messages;
    const double line_due = std::max(line(), 2.0 * largest_) + rounding;
    for (AnalyzerId id = 0; id < now.size(); ++id) {
      if (now[id].in_service && least[id] > line_due) return true;
    }
    return false;
  }

  /// Of the latest 10 times the largest packet.
  void judge_share(const std::vector<Standing>& now) {
    double total = 0;
    std::vector<double> taken(now.size());
    for (auto placed = stretch_.rbegin(); placed != stretch_.rend() && total < 10.0 * largest_; ++placed) {
      total += placed->messages;
      taken[placed->analyzer] += placed->messages;
    }
    if (total < 10.0 * largest_) return;
    for (AnalyzerId id = 0; id < now.size(); ++id) {
      const double most = (own_share(now, id) + share()) * total + 3.0 * largest_ + makes_up_[id].messages;
      if (taken[id] > most + rounding) {
        complain("analyzer {} gets {} of {} messages; {} are its share and catch-up's", id, taken[id], total, most);
      }
    }
  }

  double share() const { return world_.scenario().balancer.balance.catch_up_share_ppm / 1e6; }
  static double own_share(const std::vector<Standing>& now, AnalyzerId id) {
    double weight = 0;
    for (const Standing& standing : now) weight += standing.in_service ? standing.weight : 0;
    return now[id].weight / weight;
  }

  /// Of the latest packets at which somebody was due. With at most the share s of any
  /// 10 largest packets for catch-up, a packet of n messages that catches up can be
  /// followed by the next once n/r have passed since its beginning, r = (10·s − 1)/9;
  /// and as who is behind comes first, the first packet after that is one. So which
  /// packets they are follows from the first of them.
  void judge_progress() {
    const auto from = std::ranges::find_if_not(stretch_.rbegin(), stretch_.rend(), &Placed::due).base();
    std::vector<std::int64_t> begins{0};
    std::int64_t got = 0;
    for (auto placed = from; placed != stretch_.end(); ++placed) {
      begins.push_back(begins.back() + placed->messages);
      got += placed->to_behind ? placed->messages : 0;
    }
    // The last one before may have been of the largest; what is owed in the ordinary
    // course is set apart one analyzer a packet, and what is left of it before that
    // counts as one more.
    const double rate = (10 * share() - 1) / 9;
    const double first_within = (2 / rate + 1 + 2.0 * static_cast<double>(before_.size())) * largest_;
    if (static_cast<double>(begins.back()) < first_within + 10.0 * largest_) return;
    checked();
    const std::int64_t least = least_catch_up(begins, first_within);
    if (got < least) {
      complain("those that are behind get {} of {} messages; catch-up may have {}", got, begins.back(), least);
    }
  }

  /// What those packets come to that catch up, if the first of them is within so many
  /// messages; `begins` are where the packets begin and the last one ends. In whole
  /// numbers: one that is allowed a packet later changes all that follow.
  std::int64_t least_catch_up(const std::vector<std::int64_t>& begins, double first_within) const {
    const std::int64_t passing = 10 * std::int64_t{world_.scenario().balancer.balance.catch_up_share_ppm} - 1'000'000;
    const std::size_t count = begins.size() - 1;
    std::vector<std::int64_t> from_here(count + 1);  // beginning with this packet
    std::int64_t least = begins.back();
    for (std::size_t index = count; index-- > 0;) {
      const std::int64_t messages = begins[index + 1] - begins[index];
      const auto next = std::ranges::find_if(
          begins.begin() + static_cast<std::ptrdiff_t>(index) + 1, begins.end(),
          [&](std::int64_t begin) { return (begin - begins[index]) * passing >= messages * 9'000'000; });
      from_here[index] =
          messages + (next == begins.end() ? 0 : from_here[static_cast<std::size_t>(next - begins.begin())]);
      if (static_cast<double>(begins[index]) <= first_within) least = std::min(least, from_here[index]);
    }
    return least;
  }

  /// For certain: a ramp's slots are given out step by step.
  bool has_slot(const Standing& standing) const {
    return standing.under_way < standing.slots && world_.now() - standing.slots_since > std::chrono::milliseconds(60);
  }

  static constexpr std::size_t stretch_packets_max = 400;  ///< looked back; more of them are tiny ones
  static constexpr std::uint64_t progress_interval = 8;    ///< packets

  std::vector<Standing> before_;
  std::deque<Placed> stretch_;  ///< the latest packets, since the last trouble
  std::uint64_t placed_ = 0;
  std::vector<double> missed_;     ///< by AnalyzerId
  std::vector<MakesUp> makes_up_;  ///< likewise
  std::vector<Pick> picks_;        ///< of this event, in order
  bool undone_ = false;            ///< in this event: an attempt
  std::uint32_t largest_ = 0;
};

}  // namespace

std::unique_ptr<Checker> make_catch_ups(const World& world, Findings& findings) {
  return std::make_unique<CatchUps>("catch_ups", world, findings);
}

}  // namespace logdist::sim
