#include "balance/credit_accounts.hpp"

#include <algorithm>
#include <bit>

#include "logdist/base/check.hpp"

namespace logdist::balance {

AnalyzerId CreditAccounts::open(std::uint64_t weight) {
  carry_forward();
  entries_.push_back({.weight = weight});
  begin_epoch();
  return static_cast<AnalyzerId>(entries_.size() - 1);
}

void CreditAccounts::open_again(AnalyzerId analyzer, std::uint64_t weight) {
  LOGDIST_CHECK(!entries_[analyzer].in_service);
  carry_forward();
  entries_[analyzer] = {.weight = weight};
  begin_epoch();
}

void CreditAccounts::set_weight(AnalyzerId analyzer, std::uint64_t weight) {
  carry_forward();
  entries_[analyzer].weight = weight;
  begin_epoch();
}

void CreditAccounts::leave(AnalyzerId analyzer) {
  carry_forward();
  Entry& entry = entries_[analyzer];
  const int128 deficit = -entry.base;
  const int128 ordinary = -entry.ordinary_base;
  entry = {.weight = entry.weight, .debt = deficit, .in_service = false};
  hand_over(analyzer, deficit, &Entry::base);
  hand_over(analyzer, ordinary, &Entry::ordinary_base);
  begin_epoch();
}

void CreditAccounts::join(AnalyzerId analyzer, std::uint64_t packet_messages_max) {
  carry_forward();
  Entry& entry = entries_[analyzer];
  const bool alone = std::ranges::none_of(entries_, &Entry::in_service);
  const int128 debt = alone ? 0 : entry.debt;
  const bool arrears = debt > in_units(packet_messages_max);
  entry = {.weight = entry.weight, .base = -debt, .ordinary_base = arrears ? 0 : -debt};
  hand_over(analyzer, -debt, &Entry::base);
  if (arrears) {
    has_arrears_ = true;
  } else {
    hand_over(analyzer, -debt, &Entry::ordinary_base);
  }
  begin_epoch();
}

bool CreditAccounts::suspend(std::span<const AnalyzerId> analyzers) {
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

void CreditAccounts::resume(AnalyzerId analyzer) {
  carry_forward();
  entries_[analyzer].suspended = false;
  begin_epoch();
}

void CreditAccounts::begin_epoch() {
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

bool CreditAccounts::epoch_is_long() const {
  const auto is_long = [](std::int64_t messages) {
    return messages >= epoch_messages_max || messages <= -epoch_messages_max;
  };
  return is_long(credited_messages_) || is_long(ordinary_messages_);
}

void CreditAccounts::charge(AnalyzerId analyzer, std::uint32_t messages, bool catch_up) {
  const int128 units = in_units(messages);
  entries_[analyzer].base += units;
  if (!catch_up) entries_[analyzer].ordinary_base += units;
}

void CreditAccounts::undo(AnalyzerId analyzer, std::uint32_t messages, bool catch_up) {
  const int128 units = in_units(messages);
  credited_messages_ -= messages;
  entries_[analyzer].base -= units;
  if (catch_up) {
    has_arrears_ = true;
  } else {
    ordinary_messages_ -= messages;
    entries_[analyzer].ordinary_base -= units;
  }
}

void CreditAccounts::defer(AnalyzerId analyzer) {
  const int128 units = ordinary_units(analyzer);
  entries_[analyzer].ordinary_base += units;
  raise_those_ahead(units);
  has_arrears_ = true;
}

void CreditAccounts::fold_arrears() {
  for (Entry& entry : entries_) entry.ordinary_base = entry.base;
  ordinary_messages_ = credited_messages_;
  has_arrears_ = false;
}

void CreditAccounts::charge_debt(AnalyzerId analyzer, std::uint32_t messages) {
  Entry& entry = entries_[analyzer];
  entry.debt = debt_units(entry) - trial_units(entry, messages);
  entry.debt_as_of = credited_messages_;
}

void CreditAccounts::undo_debt(AnalyzerId analyzer, std::uint32_t messages) {
  Entry& entry = entries_[analyzer];
  const int128 debt = debt_units(entry);
  entry.debt = std::max(debt, std::min(debt + trial_units(entry, messages), in_units(max_debt_)));
  entry.debt_as_of = credited_messages_;
}

void CreditAccounts::restore(std::span<const double> deficits, std::uint64_t packet_messages_max) {
  carry_forward();
  const auto deficit_of = [&](AnalyzerId analyzer) { return analyzer < deficits.size() ? deficits[analyzer] : 0.0; };
  double sum = 0;
  AnalyzerId heaviest = 0;
  for (AnalyzerId analyzer = 0; analyzer < entries_.size(); ++analyzer) {
    if (!entries_[analyzer].in_service) continue;
    sum += deficit_of(analyzer);
    const bool is_first = !entries_[heaviest].in_service;
    if (is_first || entries_[analyzer].weight > entries_[heaviest].weight) heaviest = analyzer;
  }
  int128 units = 0;
  int128 most = 0;
  for (AnalyzerId analyzer = 0; analyzer < entries_.size(); ++analyzer) {
    Entry& entry = entries_[analyzer];
    if (!entry.in_service) continue;
    const double own = deficit_of(analyzer) - sum * target_share(analyzer);
    entry.base = -static_cast<int128>(own * static_cast<double>(units_per_message_));
    units -= entry.base;
    most = std::max(most, entry.base > 0 ? entry.base : -entry.base);
  }
  if (weight_in_service_ > 0) entries_[heaviest].base += units;  // what the floating point has rounded
  has_arrears_ = most > in_units(packet_messages_max);
  for (Entry& entry : entries_) entry.ordinary_base = has_arrears_ || !entry.in_service ? 0 : entry.base;
  begin_epoch();
}

VirtualTime CreditAccounts::passes(AnalyzerId analyzer, std::uint64_t messages) const {
  const Entry& entry = entries_[analyzer];
  const Quotient quotient = floor_divide(entry.base + in_units(messages), entry.rate);
  return {quotient.whole, quotient.part, entry.rate};
}

VirtualTime CreditAccounts::ordinary_passes(AnalyzerId analyzer, std::uint64_t messages) const {
  const Entry& entry = entries_[analyzer];
  const Quotient quotient = floor_divide(entry.ordinary_base + in_units(messages), entry.rate);
  return {quotient.whole, quotient.part, entry.rate};
}

int128 CreditAccounts::deficit_units(AnalyzerId analyzer) const {
  const Entry& entry = entries_[analyzer];
  return static_cast<int128>(entry.rate) * credited_messages_ - entry.base;
}

int128 CreditAccounts::ordinary_units(AnalyzerId analyzer) const {
  const Entry& entry = entries_[analyzer];
  return static_cast<int128>(entry.rate) * ordinary_messages_ - entry.ordinary_base;
}

double CreditAccounts::target_share(AnalyzerId analyzer) const {
  const Entry& entry = entries_[analyzer];
  if (!entry.in_service) return 0;
  return static_cast<double>(entry.weight) / static_cast<double>(weight_in_service_);
}

bool CreditAccounts::sums_to_zero() const {
  int128 deficits = 0;
  int128 ordinary = 0;
  for (AnalyzerId analyzer = 0; analyzer < entries_.size(); ++analyzer) {
    deficits += deficit_units(analyzer);
    ordinary += ordinary_units(analyzer);
  }
  return deficits == 0 && ordinary == 0;
}

/// Ends the epoch: bases and debts say all, no message is counted any more.
void CreditAccounts::carry_forward() {
  for (Entry& entry : entries_) {
    if (entry.in_service) {
      entry.base -= static_cast<int128>(entry.rate) * credited_messages_;
      entry.ordinary_base -= static_cast<int128>(entry.rate) * ordinary_messages_;
    } else {
      entry.debt = debt_units(entry);
      entry.debt_as_of = 0;
    }
  }
  credited_messages_ = 0;
  ordinary_messages_ = 0;
}

/// Gives `units` to all others in service, by weight.
void CreditAccounts::hand_over(AnalyzerId from, int128 units, int128 Entry::*base) {
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
  for (const Share& share : shares_) entries_[share.analyzer].*base -= share.units.whole;
}

/// Gives `units` of ordinary credit to those whose ordinary part is negative, by weight
/// but none of them more than it is short of 0; all together they are short of no less.
void CreditAccounts::raise_those_ahead(int128 units) {
  shares_.clear();
  for (AnalyzerId analyzer = 0; analyzer < entries_.size(); ++analyzer) {
    if (entries_[analyzer].in_service && ordinary_units(analyzer) < 0) shares_.push_back({analyzer, {}});
  }
  for (std::size_t left = shares_.size() + 1; left > shares_.size() && !shares_.empty();) {
    left = shares_.size();
    units -= fill_up_to_zero(units);
  }
  if (shares_.empty()) return;
  apportion(shares_, units);
  for (const Share& share : shares_) entries_[share.analyzer].ordinary_base -= share.units.whole;
}

/// Computes the shares of `units`. Whose share is more than it is short of 0 gets just
/// that and has no share any more; returns what they got.
int128 CreditAccounts::fill_up_to_zero(int128 units) {
  std::uint64_t weight = 0;
  for (const Share& share : shares_) weight += entries_[share.analyzer].weight;
  int128 given = 0;
  std::erase_if(shares_, [&](Share& share) {
    share.units = multiply_divide(units, entries_[share.analyzer].weight, weight);
    const int128 short_of_zero = -ordinary_units(share.analyzer);
    if (share.units.whole < short_of_zero) return false;
    entries_[share.analyzer].ordinary_base -= short_of_zero;
    given += short_of_zero;
    return true;
  });
  return given;
}

/// Expresses all accounts in a new unit.
void CreditAccounts::convert(std::uint64_t units_per_message) {
  if (units_per_message == units_per_message_) return;
  for (Entry& entry : entries_) {
    if (!entry.in_service) entry.debt = multiply_divide(entry.debt, units_per_message, units_per_message_).whole;
  }
  convert(units_per_message, &Entry::base);
  convert(units_per_message, &Entry::ordinary_base);
  units_per_message_ = units_per_message;
}

void CreditAccounts::convert(std::uint64_t units_per_message, int128 Entry::*base) {
  shares_.clear();
  for (AnalyzerId analyzer = 0; analyzer < entries_.size(); ++analyzer) {
    const Entry& entry = entries_[analyzer];
    if (!entry.in_service) continue;
    shares_.push_back({analyzer, multiply_divide(entry.*base, units_per_message, units_per_message_)});
  }
  apportion(shares_, 0);
  for (const Share& share : shares_) entries_[share.analyzer].*base = share.units.whole;
}

/// The debt now: since `debt_as_of` it grew by what would have been credited had
/// this one been in service beside those that are, up to the bound.
int128 CreditAccounts::debt_units(const Entry& entry) const {
  if (credited_weight_ == 0 || entry.in_service) return entry.debt;
  const std::int64_t messages = credited_messages_ - entry.debt_as_of;
  const int128 weighted = static_cast<int128>(messages) * static_cast<int128>(entry.weight);
  const int128 growth = multiply_divide(weighted, units_per_message_, credited_weight_ + entry.weight).whole;
  if (growth <= 0) return entry.debt + growth;
  return std::max(entry.debt, std::min(entry.debt + growth, in_units(max_debt_)));
}

/// What a packet that is placed on one out of service costs it: the messages
/// less its own share of them.
int128 CreditAccounts::trial_units(const Entry& entry, std::uint32_t messages) const {
  if (credited_weight_ == 0) return 0;
  const int128 weighted = static_cast<int128>(messages) * static_cast<int128>(credited_weight_);
  return multiply_divide(weighted, units_per_message_, credited_weight_ + entry.weight).whole;
}

}  // namespace logdist::balance
