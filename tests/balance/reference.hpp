// The rule of the selector, written down as plainly as it can be: whole numbers,
// one loop over all analyzers, nothing that fails, everybody with free slots.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <vector>

#include "balance/int128.hpp"

namespace logdist::balance::test {

using Weights = std::vector<std::uint64_t>;
using Sizes = std::vector<std::uint32_t>;

enum class Rule { earliest_deadline, largest_deficit };

/// Deficits are in units of 1 / Σweight message.
class Reference {
 public:
  explicit Reference(Weights weights, Rule rule = Rule::earliest_deadline)
      : rule_(rule),
        weights_(std::move(weights)),
        total_(std::accumulate(weights_.begin(), weights_.end(), std::uint64_t{0})),
        deficits_(weights_.size()) {}

  std::size_t pick(std::uint32_t messages) {
    largest_ = std::max<std::uint64_t>(largest_, messages);
    for (std::size_t i = 0; i < weights_.size(); ++i) deficits_[i] += product(messages, weights_[i]);
    std::size_t chosen = weights_.size();
    for (std::size_t i = 0; i < weights_.size(); ++i) {
      const bool eligible = rule_ == Rule::largest_deficit || deficits_[i] > 0;
      if (eligible && (chosen == weights_.size() || beats(i, chosen))) chosen = i;
    }
    deficits_[chosen] -= product(messages, total_);
    return chosen;
  }

  double deficit(std::size_t i) const { return static_cast<double>(deficits_[i]) / static_cast<double>(total_); }

  /// Whether no one is further from its target than the largest packet. Exact.
  bool within_bound() const {
    const int128 bound = product(largest_, total_);
    return std::ranges::all_of(deficits_, [bound](int128 deficit) { return -bound <= deficit && deficit <= bound; });
  }

  /// The greatest distance from the target, in largest packets.
  double distance() const {
    double distance = 0;
    for (std::size_t i = 0; i < weights_.size(); ++i) distance = std::max(distance, std::abs(deficit(i)));
    return distance / static_cast<double>(largest_);
  }

 private:
  static int128 product(std::uint64_t left, std::uint64_t right) { return static_cast<int128>(left) * right; }

  bool beats(std::size_t i, std::size_t other) const {
    if (rule_ == Rule::largest_deficit) return deficits_[i] > deficits_[other];
    const int128 bound = product(largest_, total_);
    return (bound - deficits_[i]) * weights_[other] < (bound - deficits_[other]) * weights_[i];
  }

  Rule rule_;
  Weights weights_;
  std::uint64_t total_;
  std::uint64_t largest_ = 0;
  std::vector<int128> deficits_;
};

}  // namespace logdist::balance::test
