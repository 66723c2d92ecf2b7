#include "balance/tournament_tree.hpp"

#include <bit>
#include <numeric>

namespace logdist::balance {

void TournamentTree::grow(std::size_t analyzers) {
  if (analyzers <= leaves_) return;
  leaves_ = std::bit_ceil(analyzers);
  moments_.resize(leaves_, {.whole = never});
  winners_.resize(2 * leaves_);
  std::iota(winners_.begin() + static_cast<std::ptrdiff_t>(leaves_), winners_.end(), AnalyzerId{0});
  for (std::size_t node = leaves_ - 1; node > 0; --node) {
    winners_[node] = winner(winners_[2 * node], winners_[2 * node + 1]);
  }
}

void TournamentTree::put(AnalyzerId analyzer, const VirtualTime& moment) {
  if (!contains(analyzer)) ++size_;
  moments_[analyzer] = moment;
  replay(analyzer);
}

void TournamentTree::erase(AnalyzerId analyzer) {
  if (!contains(analyzer)) return;
  --size_;
  moments_[analyzer] = {.whole = never};
  replay(analyzer);
}

void TournamentTree::replay(AnalyzerId analyzer) {
  for (std::size_t node = (leaves_ + analyzer) / 2; node > 0; node /= 2) {
    const AnalyzerId now = winner(winners_[2 * node], winners_[2 * node + 1]);
    // Another's unchanged victory here leaves all matches above as they were.
    if (winners_[node] == now && now != analyzer) return;
    winners_[node] = now;
  }
}

}  // namespace logdist::balance
