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
    Rational debt = 0;    ///< of one out of service, as of the last change of the set of those credited
    Rational growth = 0;  ///< of its debt since; an undo takes its part back
    std::uint32_t slots = 0;
    std::uint32_t in_flight = 0;
    bool in_service = true;
    bool removed = false;
    bool suspended = false;

    bool free() const { return in_flight < slots; }
    bool credited() const { return in_service && !suspended; }
  };

  void add(std::uint64_t weight, std::uint32_t slots) {
    fold_debts();
    analyzers_.push_back({.weight = Rational(weight), .slots = slots});
  }

  void set_in_service(AnalyzerId id, bool in_service);
  void set_slots(AnalyzerId id, std::uint32_t slots);

  /// Credits a packet and says how far from the best choice `chosen` is, in the
  /// measure that decides; next to 0 when it is the best or ties with it. Whether
  /// one that is owed next to nothing is owed, the selector's rounding may decide.
  Rational credit(std::uint32_t messages, const std::vector<AnalyzerId>& excluded, std::optional<AnalyzerId> chosen);
  void charge(AnalyzerId id, std::uint32_t messages);
  void charge_trial(AnalyzerId id, std::uint32_t messages);
  void release(AnalyzerId id);
  void undo(AnalyzerId id, std::uint32_t messages);

  Rational debt(AnalyzerId id) const;
  /// The set of those credited, or a weight, is about to change.
  void fold_debts();
  void fold_debt(AnalyzerId id);

  std::vector<Analyzer>& analyzers() { return analyzers_; }
  Rational sum_of_deficits() const;

 private:
  Rational credited_weight() const;
  int rank(const Rational& deficit) const;
  Rational distance_to_best(const std::vector<AnalyzerId>& excluded, AnalyzerId chosen, int chosen_rank) const;
  void suspend_full(std::uint32_t messages);
  void hand_over(AnalyzerId from, const Rational& messages);
  void resume_free();
  Rational own_share(const Analyzer& analyzer, std::uint32_t messages) const;

  SelectorOptions options_;
  std::vector<Analyzer> analyzers_;
  std::uint32_t largest_ = 0;
};

}  // namespace logdist::balance::test
