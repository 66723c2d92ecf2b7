// Who is first: a moment for each of some analyzers, the earliest at hand.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "balance/virtual_time.hpp"
#include "logdist/base/ids.hpp"

namespace logdist::balance {

/// A winner tree with a fixed leaf for each analyzer: put and erase replay the
/// matches from the leaf up, O(log n); the first is read off the root. The lower
/// id wins a tie because it always plays on the left. Those not in it play, too,
/// with a moment that never comes. (Knuth, TAOCP 3, 5.4.1.)
class TournamentTree {
 public:
  /// Makes room for the ids below `analyzers`; keeps what is in it. O(n).
  void grow(std::size_t analyzers);

  /// Enters `analyzer`, or moves it, to `moment`.
  void put(AnalyzerId analyzer, const VirtualTime& moment);
  /// No effect when it is not in it.
  void erase(AnalyzerId analyzer);

  bool contains(AnalyzerId analyzer) const { return moments_[analyzer].whole != never; }
  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }

  /// The one with the earliest moment; not to be asked when empty.
  AnalyzerId first() const { return winners_[1]; }
  /// The first, if its moment lies before `now`.
  std::optional<AnalyzerId> due(std::int64_t now) const {
    if (!moments_[first()].before(now)) return std::nullopt;
    return first();
  }

 private:
  static constexpr int128 never = static_cast<int128>(1) << 126;

  AnalyzerId winner(AnalyzerId left, AnalyzerId right) const { return moments_[right] < moments_[left] ? right : left; }
  void replay(AnalyzerId analyzer);

  std::size_t leaves_ = 1;
  std::size_t size_ = 0;
  std::vector<VirtualTime> moments_{{.whole = never}};
  std::vector<AnalyzerId> winners_{0, 0};  ///< a heap's layout: root at 1, leaves from leaves_ on
};

}  // namespace logdist::balance
