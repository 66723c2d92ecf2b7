#include "logdist/storage/restored_balance.hpp"

#include <algorithm>

namespace logdist::storage {
namespace {

/// Those in service so far, and what they are owed.
class Accounts {
 public:
  Accounts(std::span<const ConfiguredAnalyzer> analyzers, RestoredBalance& balance)
      : analyzers_(analyzers), balance_(balance), is_in_(analyzers.size(), false) {}

  void join(std::size_t index, double owed) {
    if (weight_ == 0) owed = 0;  // nobody is there to pay it
    give(-owed);
    enter(index, owed);
  }
  void enter(std::size_t index, double owed) {
    is_in_[index] = true;
    balance_.analyzers[index].owed = owed;
    weight_ += weight_of(index);
  }
  /// By weight, to those that are in.
  void give(double messages) {
    if (weight_ == 0) return;
    for (std::size_t index = 0; index < analyzers_.size(); ++index) {
      if (is_in_[index]) balance_.analyzers[index].owed += messages * weight_of(index) / weight_;
    }
  }

 private:
  double weight_of(std::size_t index) const {
    return static_cast<double>(balance_.analyzers[index].weight.value_or(analyzers_[index].weight));
  }

  const std::span<const ConfiguredAnalyzer> analyzers_;
  RestoredBalance& balance_;
  std::vector<bool> is_in_;
  double weight_ = 0;  ///< of those that are in
};

}  // namespace

RestoredBalance restore_balance(const queue::BalanceFigures& figures, std::span<const ConfiguredAnalyzer> analyzers) {
  RestoredBalance balance;
  balance.analyzers.resize(analyzers.size());
  Accounts accounts(analyzers, balance);
  std::vector<const queue::AnalyzerFigures*> known(analyzers.size(), nullptr);
  double in_service = 0;
  for (std::size_t index = 0; index < analyzers.size(); ++index) {
    const ConfiguredAnalyzer& analyzer = analyzers[index];
    const auto found = std::find_if(figures.analyzers.begin(), figures.analyzers.end(),
                                    [&](const queue::AnalyzerFigures& figure) { return figure.name == analyzer.name; });
    if (found == figures.analyzers.end()) continue;
    balance.analyzers[index].drained = found->drained;
    // Figures of the first version of the log have no url.
    if (!found->url.empty() && found->url != analyzer.url) continue;
    known[index] = &*found;
    ++balance.known;
    if (found->operator_weight && found->configured_weight == analyzer.weight) {
      balance.analyzers[index].weight = found->weight;
    }
    if (!found->in_service) continue;
    accounts.enter(index, found->deficit);
    in_service += found->deficit;
  }
  // What those that went were owed; deficits sum to 0.
  accounts.give(-in_service);
  // Those that are drained come last, so that they can leave again first.
  for (const bool drained : {false, true}) {
    for (std::size_t index = 0; index < analyzers.size(); ++index) {
      if (known[index] == nullptr || known[index]->in_service || known[index]->drained != drained) continue;
      // Figures of the first version of the log have no bound.
      const bool is_bounded = figures.taken_at_ns != 0;
      accounts.join(
          index, is_bounded ? std::min(known[index]->debt, static_cast<double>(figures.max_debt)) : known[index]->debt);
    }
  }
  return balance;
}

}  // namespace logdist::storage
