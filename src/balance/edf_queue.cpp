#include "balance/edf_queue.hpp"

#include <iterator>

#include "logdist/base/check.hpp"

namespace logdist::balance {

EdfQueue::EdfQueue(const CreditAccounts& accounts, std::uint64_t catch_up_threshold, std::uint64_t max_debt)
    : accounts_(accounts), catch_up_threshold_(catch_up_threshold), max_debt_(max_debt) {}

void EdfQueue::grow() {
  for (TournamentTree* schedule : {&waiting_, &owed_, &late_, &full_}) schedule->grow(accounts_.size());
  listed_behind_.resize(accounts_.size());
  catch_ups_.resize(accounts_.size());
}

void EdfQueue::place(AnalyzerId analyzer, bool free_slot) {
  watch(analyzer);
  place_again(analyzer, free_slot);
}

void EdfQueue::place_again(AnalyzerId analyzer, bool free_slot) {
  if (!free_slot) {
    withdraw(analyzer);
    if (accounts_.credited(analyzer)) {
      full_.put(analyzer, accounts_.passes(analyzer, max_debt_));
    } else {
      full_.erase(analyzer);
    }
    return;
  }
  full_.erase(analyzer);
  const VirtualTime start = accounts_.ordinary_passes(analyzer, 0);
  if (start.before(accounts_.ordinary_now())) {
    waiting_.erase(analyzer);
    owed_.put(analyzer, accounts_.ordinary_passes(analyzer, largest_packet_));
  } else {
    owed_.erase(analyzer);
    waiting_.put(analyzer, start);
  }
}

void EdfQueue::drop(AnalyzerId analyzer) {
  withdraw(analyzer);
  full_.erase(analyzer);
  late_.erase(analyzer);
  unlist(analyzer);
}

void EdfQueue::withdraw(AnalyzerId analyzer) {
  waiting_.erase(analyzer);
  owed_.erase(analyzer);
}

bool EdfQueue::raise_largest(std::uint32_t messages) {
  if (messages <= largest_packet_) return false;
  largest_packet_ = messages;
  return true;
}

std::span<const AnalyzerId> EdfQueue::overflowing(std::uint32_t messages) {
  found_.clear();
  while (const auto analyzer = full_.due(accounts_.now() + messages)) {
    found_.push_back(*analyzer);
    full_.erase(*analyzer);
  }
  return found_;
}

std::optional<AnalyzerId> EdfQueue::to_defer(std::uint32_t messages) const {
  const std::int64_t then = accounts_.ordinary_now() + messages;
  const auto late = owed_.due(then);
  if (!late || accounts_.has_arrears()) return late;
  // Arrears of one packet beside a deficit of another may just have been folded.
  const std::uint64_t line = std::max(catch_up_threshold_, 2 * largest_packet_);
  return accounts_.ordinary_passes(*late, line).before(then) ? late : std::nullopt;
}

/// Arrears as far as they are a deficit: one that alone had a free slot may have
/// got more ordinary packets than its share.
int128 EdfQueue::payable_arrears(AnalyzerId analyzer) const {
  return std::min(accounts_.arrears_units(analyzer), accounts_.deficit_units(analyzer));
}

int128 EdfQueue::largest_arrears() const {
  int128 largest = 0;
  for (AnalyzerId analyzer = 0; analyzer < accounts_.size(); ++analyzer) {
    if (accounts_.in_service(analyzer)) largest = std::max(largest, payable_arrears(analyzer));
  }
  return largest;
}

std::optional<AnalyzerId> EdfQueue::choose_in_arrears() const {
  std::optional<AnalyzerId> best;
  int128 best_deficit = 0;
  const int128 packet = accounts_.in_units(largest_packet_);
  for (AnalyzerId analyzer = 0; analyzer < accounts_.size(); ++analyzer) {
    if (!is_candidate(analyzer) || payable_arrears(analyzer) <= packet) continue;
    const int128 deficit = accounts_.deficit_units(analyzer);
    if (!best || deficit > best_deficit) {
      best = analyzer;
      best_deficit = deficit;
    }
  }
  return best;
}

void EdfQueue::advance() {
  if (!behind_.empty()) prune_behind();
  while (const auto analyzer = late_.due(accounts_.now())) {
    watch(*analyzer);  // its moment may have been put off by charges
  }
  while (const auto analyzer = waiting_.due(accounts_.ordinary_now())) {
    waiting_.erase(*analyzer);
    owed_.put(*analyzer, accounts_.ordinary_passes(*analyzer, largest_packet_));
  }
}

AnalyzerId EdfQueue::choose() {
  while (!owed_.empty()) {
    const AnalyzerId analyzer = owed_.first();
    const VirtualTime start = accounts_.ordinary_passes(analyzer, 0);
    if (start.before(accounts_.ordinary_now())) return analyzer;
    owed_.erase(analyzer);
    waiting_.put(analyzer, start);
  }
  return least_ahead();
}

/// Watches when `analyzer` crosses the line of catch-up, or notes that it has.
void EdfQueue::watch(AnalyzerId analyzer) {
  if (listed_behind_[analyzer]) return;
  if (is_behind(analyzer)) {
    late_.erase(analyzer);
    listed_behind_[analyzer] = true;
    behind_.push_back(analyzer);
    ++catch_ups_[analyzer];
  } else if (accounts_.credited(analyzer)) {
    late_.put(analyzer, accounts_.passes(analyzer, line()));
  } else {
    late_.erase(analyzer);
  }
}

/// Unlists those that are back on this side of the line, even with the credit.
void EdfQueue::prune_behind() {
  found_.clear();
  std::ranges::copy_if(behind_, std::back_inserter(found_), [this](AnalyzerId id) { return !is_behind(id); });
  for (const AnalyzerId analyzer : found_) {
    unlist(analyzer);
    watch(analyzer);
  }
}

void EdfQueue::unlist(AnalyzerId analyzer) {
  if (listed_behind_[analyzer]) std::erase(behind_, analyzer);
  listed_behind_[analyzer] = false;
}

/// The candidate with the largest deficit when none is owed.
AnalyzerId EdfQueue::least_ahead() const {
  std::optional<AnalyzerId> best;
  int128 best_deficit = 0;
  for (AnalyzerId analyzer = 0; analyzer < accounts_.size(); ++analyzer) {
    if (!waiting_.contains(analyzer)) continue;
    const int128 deficit = accounts_.ordinary_units(analyzer);
    if (!best || deficit > best_deficit) {
      best = analyzer;
      best_deficit = deficit;
    }
  }
  LOGDIST_CHECK(best.has_value());
  return *best;
}

}  // namespace logdist::balance
