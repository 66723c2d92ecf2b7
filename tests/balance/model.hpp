// The contract's rules of balance with exact rationals, everything done at once
// and to everybody: deficits, debts, the full, the way in and out of service.
// It proposes whom to pick, but follows what it is told.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include <boost/multiprecision/cpp_int.hpp>

#include "logdist/balance/selector.hpp"

namespace logdist::balance::test {

using Rational = boost::multiprecision::cpp_rational;

class Model {
 public:
  explicit Model(SelectorOptions options) : options_(options) {}

  struct Analyzer {
    Rational weight;
    Rational deficit = 0;
    Rational ordinary = 0;  ///< part of it; the rest are arrears
    Rational debt = 0;      ///< of one out of service, as of the last change of the set of those credited
    Rational growth = 0;    ///< of its debt since; an undo takes its part back
    std::uint32_t slots = 0;
    std::uint32_t in_flight = 0;
    bool in_service = true;
    bool removed = false;
    bool suspended = false;

    bool free() const { return in_flight < slots; }
    bool credited() const { return in_service && !suspended; }
    Rational arrears() const { return deficit - ordinary; }
    Rational payable_arrears() const { return std::min<Rational>(arrears(), deficit); }
  };

  void add(std::uint64_t weight, std::uint32_t slots) {
    fold_debts();
    analyzers_.push_back({.weight = Rational(weight), .slots = slots});
  }

  void set_in_service(AnalyzerId id, bool in_service);
  void set_slots(AnalyzerId id, std::uint32_t slots);

  /// A packet is placed as `charge` says: how far that is from the best choice, in
  /// the measure that decides; next to 0 when it is the best or ties with it. What
  /// is a matter of next to nothing, the selector's rounding may decide: then its
  /// accounts after the pick tell what it has decided.
  Rational place(const Charge& charge, const std::vector<AnalyzerId>& excluded, const Selector& decided);
  void charge_trial(AnalyzerId id, std::uint32_t messages);
  void release(AnalyzerId id);
  void undo(const Charge& charge);

  Rational debt(AnalyzerId id) const;
  /// The set of those credited, or a weight, is about to change.
  void fold_debts();
  void fold_debt(AnalyzerId id);

  std::vector<Analyzer>& analyzers() { return analyzers_; }
  Rational sum_of_deficits() const;

 private:
  Rational credited_weight() const;
  Rational rate() const;
  bool may_catch_up() const { return has_arrears_ && passed_ >= next_catch_up_; }
  void settle_arrears(const Charge& charge, const Selector& decided);
  void fold_arrears(const Rational& largest);
  bool is_late(AnalyzerId id, std::uint32_t messages, const Rational& slack) const;
  bool looks_deferred(AnalyzerId id, const Charge& charge, const Selector& decided) const;
  void defer(AnalyzerId id);
  void raise_those_ahead(Rational messages);
  bool in_arrears(const Analyzer& analyzer, const Rational& slack) const;
  Rational catch_up_distance(const std::vector<AnalyzerId>& excluded, AnalyzerId chosen) const;
  Rational ordinary_distance(const std::vector<AnalyzerId>& excluded, AnalyzerId chosen) const;
  Rational distance_to_best(const std::vector<AnalyzerId>& excluded, AnalyzerId chosen, int chosen_rank) const;
  void credit(std::uint32_t messages, bool catch_up);
  void suspend_full(std::uint32_t messages);
  void hand_over(AnalyzerId from, const Rational& messages, Rational Analyzer::*part);
  void resume_free();
  Rational own_share(const Analyzer& analyzer, std::uint32_t messages) const;

  SelectorOptions options_;
  std::vector<Analyzer> analyzers_;
  std::uint32_t largest_ = 0;
  bool has_arrears_ = false;
  Rational passed_ = 0;         ///< messages placed
  Rational next_catch_up_ = 0;  ///< as many have passed before the next packet that catches up
};

}  // namespace logdist::balance::test
