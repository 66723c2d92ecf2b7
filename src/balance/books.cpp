#include "balance/books.hpp"

#include <algorithm>
#include <bit>

#include "logdist/base/check.hpp"

namespace logdist::balance {

AnalyzerId Books::open(std::uint64_t weight) {
  carry_forward();
  entries_.push_back({.weight = weight});
  begin_epoch();
  return static_cast<AnalyzerId>(entries_.size() - 1);
}

void Books::set_weight(AnalyzerId analyzer, std::uint64_t weight) {
  carry_forward();
  entries_[analyzer].weight = weight;
  begin_epoch();
}

void Books::leave(AnalyzerId analyzer) {
  carry_forward();
  Entry& entry = entries_[analyzer];
  const int128 deficit = -entry.base;
  entry = {.weight = entry.weight, .debt = deficit, .in_service = false};
  hand_over(analyzer, deficit);
  begin_epoch();
}

void Books::join(AnalyzerId analyzer) {
  carry_forward();
  Entry& entry = entries_[analyzer];
  const int128 debt = entry.debt;
  const bool alone = std::ranges::none_of(entries_, &Entry::in_service);
  entry = {.weight = entry.weight, .base = alone ? 0 : -debt};
  if (!alone) hand_over(analyzer, -debt);
  begin_epoch();
}

bool Books::suspend(std::span<const AnalyzerId> analyzers) {
  std::uint64_t weight = 0;
  for (const AnalyzerId analyzer : analyzers) {
    if (credited(analyzer)) weight += entries_[analyzer].weight;
  }
  if (weight == credited_weight_) return false;
  carry_forward();
  for (const AnalyzerId analyzer : analyzers) entries_[analyzer].suspended = true;
  begin_epoch();
  return true;
}

void Books::resume(AnalyzerId analyzer) {
  carry_forward();
  entries_[analyzer].suspended = false;
  begin_epoch();
}

void Books::begin_epoch() {
  carry_forward();
  credited_weight_ = 0;
  weight_in_service_ = 0;
  for (Entry& entry : entries_) {
    if (entry.in_service) weight_in_service_ += entry.weight;
    if (entry.in_service && !entry.suspended) credited_weight_ += entry.weight;
    entry.rate = 0;
  }
  if (weight_in_service_ == 0) return;
  if (credited_weight_ == 0) {  // all who are left were suspended: somebody has to be credited
    for (Entry& entry : entries_) entry.suspended = false;
    credited_weight_ = weight_in_service_;
  }

  LOGDIST_CHECK(std::bit_width(weight_in_service_) < unit_bits);
  const int shift = unit_bits - static_cast<int>(std::bit_width(credited_weight_));
  convert(credited_weight_ << shift);
  for (Entry& entry : entries_) {
    if (entry.in_service && !entry.suspended) entry.rate = entry.weight << shift;
  }
}

bool Books::epoch_is_long() const {
  return credited_messages_ >= epoch_messages_max || credited_messages_ <= -epoch_messages_max;
}

void Books::charge(AnalyzerId analyzer, std::uint32_t messages) { entries_[analyzer].base += in_units(messages); }

void Books::undo(AnalyzerId analyzer, std::uint32_t messages) {
  credited_messages_ -= messages;
  entries_[analyzer].base -= in_units(messages);
}

void Books::charge_debt(AnalyzerId analyzer, std::uint32_t messages) {
  Entry& entry = entries_[analyzer];
  entry.debt = debt_units(entry) - trial_units(entry, messages);
  entry.debt_as_of = credited_messages_;
}

void Books::undo_debt(AnalyzerId analyzer, std::uint32_t messages) {
  Entry& entry = entries_[analyzer];
  const int128 debt = debt_units(entry);
  entry.debt = std::max(debt, std::min(debt + trial_units(entry, messages), in_units(max_debt_)));
  entry.debt_as_of = credited_messages_;
}

Moment Books::passes(AnalyzerId analyzer, std::uint64_t messages) const {
  const Entry& entry = entries_[analyzer];
  const Quotient quotient = floor_divide(entry.base + in_units(messages), entry.rate);
  return {quotient.whole, quotient.part, entry.rate};
}

int128 Books::deficit_units(AnalyzerId analyzer) const {
  const Entry& entry = entries_[analyzer];
  return static_cast<int128>(entry.rate) * credited_messages_ - entry.base;
}

double Books::target_share(AnalyzerId analyzer) const {
  const Entry& entry = entries_[analyzer];
  if (!entry.in_service) return 0;
  return static_cast<double>(entry.weight) / static_cast<double>(weight_in_service_);
}

bool Books::sums_to_zero() const {
  int128 sum = 0;
  for (AnalyzerId analyzer = 0; analyzer < entries_.size(); ++analyzer) sum += deficit_units(analyzer);
  return sum == 0;
}

/// Ends the epoch: bases and debts say all, no message is counted any more.
void Books::carry_forward() {
  for (Entry& entry : entries_) {
    if (entry.in_service) {
      entry.base -= static_cast<int128>(entry.rate) * credited_messages_;
    } else {
      entry.debt = debt_units(entry);
      entry.debt_as_of = 0;
    }
  }
  credited_messages_ = 0;
}

/// Gives `units` to all others in service, by weight.
void Books::hand_over(AnalyzerId from, int128 units) {
  std::uint64_t weight = 0;
  for (AnalyzerId analyzer = 0; analyzer < entries_.size(); ++analyzer) {
    if (analyzer != from && entries_[analyzer].in_service) weight += entries_[analyzer].weight;
  }
  shares_.clear();
  for (AnalyzerId analyzer = 0; analyzer < entries_.size(); ++analyzer) {
    if (analyzer == from || !entries_[analyzer].in_service) continue;
    shares_.push_back({analyzer, multiply_divide(units, entries_[analyzer].weight, weight)});
  }
  if (shares_.empty()) return;
  apportion(shares_, units);
  for (const Share& share : shares_) entries_[share.analyzer].base -= share.units.whole;
}

/// Expresses all accounts in a new unit.
void Books::convert(std::uint64_t units_per_message) {
  if (units_per_message == units_per_message_) return;
  shares_.clear();
  for (AnalyzerId analyzer = 0; analyzer < entries_.size(); ++analyzer) {
    Entry& entry = entries_[analyzer];
    if (entry.in_service) {
      shares_.push_back({analyzer, multiply_divide(entry.base, units_per_message, units_per_message_)});
    } else {
      entry.debt = multiply_divide(entry.debt, units_per_message, units_per_message_).whole;
    }
  }
  apportion(shares_, 0);
  for (const Share& share : shares_) entries_[share.analyzer].base = share.units.whole;
  units_per_message_ = units_per_message;
}

/// The debt now: since `debt_as_of` it grew by what would have been credited had
/// this one been in service beside those that are, up to the bound.
int128 Books::debt_units(const Entry& entry) const {
  if (credited_weight_ == 0 || entry.in_service) return entry.debt;
  const std::int64_t messages = credited_messages_ - entry.debt_as_of;
  const int128 weighted = static_cast<int128>(messages) * static_cast<int128>(entry.weight);
  const int128 growth = multiply_divide(weighted, units_per_message_, credited_weight_ + entry.weight).whole;
  if (growth <= 0) return entry.debt + growth;
  return std::max(entry.debt, std::min(entry.debt + growth, in_units(max_debt_)));
}

/// What a packet that is placed on one out of service costs it: the messages
/// less its own share of them.
int128 Books::trial_units(const Entry& entry, std::uint32_t messages) const {
  if (credited_weight_ == 0) return 0;
  const int128 weighted = static_cast<int128>(messages) * static_cast<int128>(credited_weight_);
  return multiply_divide(weighted, units_per_message_, credited_weight_ + entry.weight).whole;
}

}  // namespace logdist::balance
