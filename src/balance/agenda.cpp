#include "balance/agenda.hpp"

#include <iterator>

#include "logdist/base/check.hpp"

namespace logdist::balance {

Agenda::Agenda(const Books& books, std::uint64_t catch_up_threshold, std::uint64_t max_debt)
    : books_(books), catch_up_threshold_(catch_up_threshold), max_debt_(max_debt) {}

void Agenda::grow() {
  for (Schedule* schedule : {&waiting_, &owed_, &late_, &full_}) schedule->grow(books_.size());
  listed_behind_.resize(books_.size());
  catch_ups_.resize(books_.size());
}

void Agenda::place(AnalyzerId analyzer, bool free_slot) {
  watch(analyzer);
  place_again(analyzer, free_slot);
}

void Agenda::place_again(AnalyzerId analyzer, bool free_slot) {
  if (!free_slot) {
    withdraw(analyzer);
    if (books_.credited(analyzer)) {
      full_.put(analyzer, books_.passes(analyzer, max_debt_));
    } else {
      full_.erase(analyzer);
    }
    return;
  }
  full_.erase(analyzer);
  const Moment start = books_.passes(analyzer, 0);
  if (start.before(books_.now())) {
    waiting_.erase(analyzer);
    owed_.put(analyzer, books_.passes(analyzer, largest_packet_));
  } else {
    owed_.erase(analyzer);
    waiting_.put(analyzer, start);
  }
}

void Agenda::drop(AnalyzerId analyzer) {
  withdraw(analyzer);
  full_.erase(analyzer);
  late_.erase(analyzer);
  unlist(analyzer);
}

void Agenda::withdraw(AnalyzerId analyzer) {
  waiting_.erase(analyzer);
  owed_.erase(analyzer);
}

bool Agenda::raise_largest(std::uint32_t messages) {
  if (messages <= largest_packet_) return false;
  largest_packet_ = messages;
  return true;
}

std::span<const AnalyzerId> Agenda::overflowing(std::uint32_t messages) {
  found_.clear();
  while (const auto analyzer = full_.due(books_.now() + messages)) {
    found_.push_back(*analyzer);
    full_.erase(*analyzer);
  }
  return found_;
}

void Agenda::advance() {
  while (const auto analyzer = late_.due(books_.now())) {
    watch(*analyzer);  // its moment may have been put off by charges
  }
  while (const auto analyzer = waiting_.due(books_.now())) {
    waiting_.erase(*analyzer);
    owed_.put(*analyzer, books_.passes(*analyzer, largest_packet_));
  }
}

AnalyzerId Agenda::choose() {
  if (!behind_.empty()) {
    prune_behind();
    if (const auto analyzer = furthest_behind()) return *analyzer;
  }
  while (!owed_.empty()) {
    const AnalyzerId analyzer = owed_.first();
    const Moment start = books_.passes(analyzer, 0);
    if (start.before(books_.now())) return analyzer;
    owed_.erase(analyzer);
    waiting_.put(analyzer, start);
  }
  return least_ahead();
}

/// Watches when `analyzer` crosses the line of catch-up, or notes that it has.
void Agenda::watch(AnalyzerId analyzer) {
  if (listed_behind_[analyzer]) return;
  if (is_behind(analyzer)) {
    late_.erase(analyzer);
    listed_behind_[analyzer] = true;
    behind_.push_back(analyzer);
    ++catch_ups_[analyzer];
  } else if (books_.credited(analyzer)) {
    late_.put(analyzer, books_.passes(analyzer, line()));
  } else {
    late_.erase(analyzer);
  }
}

/// Unlists those that are back on this side of the line, even with the credit.
void Agenda::prune_behind() {
  found_.clear();
  std::ranges::copy_if(behind_, std::back_inserter(found_), [this](AnalyzerId id) { return !is_behind(id); });
  for (const AnalyzerId analyzer : found_) {
    unlist(analyzer);
    watch(analyzer);
  }
}

void Agenda::unlist(AnalyzerId analyzer) {
  if (listed_behind_[analyzer]) std::erase(behind_, analyzer);
  listed_behind_[analyzer] = false;
}

/// The candidate with the largest deficit of those beyond the line, if any.
std::optional<AnalyzerId> Agenda::furthest_behind() const {
  std::optional<AnalyzerId> best;
  int128 best_deficit = 0;
  for (const AnalyzerId analyzer : behind_) {
    const int128 deficit = books_.deficit_units(analyzer);
    if (!is_candidate(analyzer)) continue;
    if (!best || deficit > best_deficit || (deficit == best_deficit && analyzer < *best)) {
      best = analyzer;
      best_deficit = deficit;
    }
  }
  return best;
}

/// The candidate with the largest deficit when none is owed.
AnalyzerId Agenda::least_ahead() const {
  std::optional<AnalyzerId> best;
  int128 best_deficit = 0;
  for (AnalyzerId analyzer = 0; analyzer < books_.size(); ++analyzer) {
    if (!waiting_.contains(analyzer)) continue;
    const int128 deficit = books_.deficit_units(analyzer);
    if (!best || deficit > best_deficit) {
      best = analyzer;
      best_deficit = deficit;
    }
  }
  LOGDIST_CHECK(best.has_value());
  return *best;
}

}  // namespace logdist::balance
