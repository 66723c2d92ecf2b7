// Weighted rendezvous hashing over all analyzers at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "logdist/base/ids.hpp"

namespace logdist::balance {

/// For a key, every analyzer has a score: an exponentially distributed number with its weight as the rate, drawn by
/// hashing the key and the analyzer's identity. The least score wins, so each analyzer is first for its share of the
/// keys, second for its share of the others' keys, and so on. When one leaves, its keys are spread over the others by
/// weight; no other key moves.
///
/// Source: Thaler and Ravishankar, 1998; the scores -ln(u) / w: Schindelhauer and Schomaker, 2005. choose() looks at
/// all analyzers, a few at a time, and compares a lower bound of the score: the logarithm is taken of those alone
/// that may be the least. 1,000 analyzers take less than a microsecond. Not thread-safe.
class Rendezvous {
 public:
  /// `identity` is what is hashed: the same for the same analyzer in every process.
  void set(AnalyzerId analyzer, std::uint64_t identity, std::uint64_t weight);
  /// Its keys stay, but for those that it gains or loses.
  void set_weight(AnalyzerId analyzer, std::uint64_t weight);
  /// Whether choose() may choose it. At first: no.
  void set_open(AnalyzerId analyzer, bool open);
  /// Messages in flight, which choose() compares with its limit.
  void set_load(AnalyzerId analyzer, std::uint64_t messages) { loads_[analyzer] = static_cast<float>(messages); }

  bool is_open(AnalyzerId analyzer) const { return is_finite(inverse_weights_[analyzer]); }

  /// The key's best analyzer among those open whose load is at most `load_per_weight` times their weight.
  std::optional<AnalyzerId> choose(std::uint64_t key, double load_per_weight) const;

  static constexpr double any_load = std::numeric_limits<double>::infinity();

  /// Of one that is open; for tests.
  double score(std::size_t index, std::uint64_t key) const;

 private:
  static bool is_finite(float value) { return value < std::numeric_limits<float>::infinity(); }
  std::optional<AnalyzerId> choose_in_lanes(std::uint64_t key, float load_per_weight) const;
  std::optional<AnalyzerId> choose_by_avx2(std::uint64_t key, float load_per_weight) const;
  void look_at(float* bounds, std::size_t begin, std::uint64_t key, double& best,
               std::optional<AnalyzerId>& chosen) const;

  // By AnalyzerId, filled up with closed ones to whole lanes.
  std::vector<std::uint32_t> identities_;
  std::vector<float> inverse_weights_;  ///< infinite: closed
  std::vector<float> weights_;
  std::vector<float> loads_;
};

}  // namespace logdist::balance
