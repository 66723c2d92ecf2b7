// The exact accounts: what each analyzer was credited and charged, and what it is owed.
//
// Within an epoch (the set of those credited and their weights do not change)
// everything is whole numbers: with U units to a message, U the sum of the
// credited weights, a message credits an analyzer its own weight in units, and
// charges one U. So no account is touched when a packet credits all of them:
// only the messages of the epoch are counted, and
//     deficit = rate · messages − base     (units)
// where the base is what was charged less what was brought forward. A new epoch
// converts all deficits to its own unit; the largest remainders are rounded up,
// so that they still sum to exactly 0.
//
// A deficit has two parts, and over all in service each sums to 0: the ordinary
// part, by which ordinary packets are shared, and the arrears, which only catch-up
// pays. An ordinary packet moves the first, a packet that catches up the second:
// so each has a virtual time of its own, and
//     ordinary part = rate · ordinary messages − ordinary base
//
// Bounds. All weights are scaled by one power of two so that U lies in
// [2^61, 2^62): a conversion moves an account by less than 2^-61 message, a
// million million of them by less than 2^-20. No account exceeds all that was
// ever dispatched, and 2^61 messages are 70 years at a thousand million a second.
// The sums formed of accounts, limits and the epoch's credits stay below 2^127:
// see the assertions below. An epoch is ended long before its count grows large.
//
// Not thread-safe: the caller serialises.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "balance/apportion.hpp"
#include "balance/int128.hpp"
#include "balance/virtual_time.hpp"
#include "logdist/base/ids.hpp"

namespace logdist::balance {

inline constexpr int unit_bits = 62;             ///< U < 2^62, rates are at most U
inline constexpr int account_message_bits = 61;  ///< all messages ever dispatched
inline constexpr int limit_message_bits = 61;    ///< any limit counted in messages
inline constexpr int epoch_message_bits = 41;    ///< messages credited within one epoch
inline constexpr std::uint64_t limit_messages_max = (std::uint64_t{1} << limit_message_bits) - 1;
inline constexpr std::int64_t epoch_messages_max = std::int64_t{1} << (epoch_message_bits - 1);
static_assert(unit_bits + account_message_bits <= 123 && unit_bits + limit_message_bits <= 123 &&
                  unit_bits + epoch_message_bits <= 123,
              "account, limit and credits, each below 2^123, are added up in 127 bits");
static_assert(epoch_messages_max + (std::int64_t{1} << 32) < std::int64_t{1} << epoch_message_bits,
              "one more packet of any size fits into the epoch");

/// The exact accounts of all analyzers: deficits, arrears and debts, in units. The comment
/// at the top of this file has the arithmetic and its limits. Not thread-safe.
class CreditAccounts {
 public:
  /// `max_debt` in messages, at most limit_messages_max.
  explicit CreditAccounts(std::uint64_t max_debt) : max_debt_(max_debt) {}

  /// A new account, in service, owed nothing. Begins an epoch, as everything up
  /// to resume() does: moments told before are void.
  AnalyzerId open(std::uint64_t weight);
  /// The same in the place of `analyzer`, which is out of service, and is not owed anything any more.
  void open_again(AnalyzerId analyzer, std::uint64_t weight);
  void set_weight(AnalyzerId analyzer, std::uint64_t weight);
  /// Out of service: its deficit becomes its debt, the others take it over.
  void leave(AnalyzerId analyzer);
  /// Back in service: its debt becomes its deficit, taken back from the others, as
  /// arrears when it is more than one packet of `packet_messages_max`. Dropped when
  /// there are none: nobody is left to pay it.
  void join(AnalyzerId analyzer, std::uint64_t packet_messages_max);
  /// No longer credited though in service; its deficit stays. False, and nothing
  /// has changed, when nobody credited would be left.
  bool suspend(std::span<const AnalyzerId> analyzers);
  void resume(AnalyzerId analyzer);
  /// Counts messages from zero again, before the numbers grow large.
  void begin_epoch();
  bool epoch_is_long() const;

  /// A packet came: all who are credited get their shares of it. Here and below,
  /// `catch_up` tells whether it pays arrears or is an ordinary one.
  void credit(std::uint32_t messages, bool catch_up) {
    credited_messages_ += messages;
    if (!catch_up) ordinary_messages_ += messages;
  }
  /// It was placed on `analyzer`, which is in service.
  void charge(AnalyzerId analyzer, std::uint32_t messages, bool catch_up);
  /// It never was: takes back the credits, too. `analyzer` is in service.
  void undo(AnalyzerId analyzer, std::uint32_t messages, bool catch_up);
  /// The same for one out of service: only its own debt changes, see docs/balance.md.
  void charge_debt(AnalyzerId analyzer, std::uint32_t messages);
  void undo_debt(AnalyzerId analyzer, std::uint32_t messages);

  /// The ordinary part of `analyzer`, which is positive, becomes arrears. Those whose
  /// ordinary parts are negative have had what it has missed: they take over the opposite
  /// of both by weight, but not beyond 0, so that nobody is owed for it.
  void defer(AnalyzerId analyzer);
  /// All arrears become ordinary.
  void fold_arrears();
  /// Whether anybody has arrears, positive or negative; all are 0 otherwise.
  bool has_arrears() const { return has_arrears_; }

  /// Deficits by id, in messages, of those in service; 0 beyond them. As arrears when one is more than one packet of
  /// `packet_messages_max`. Begins an epoch.
  void restore(std::span<const double> deficits, std::uint64_t packet_messages_max);

  bool in_service(AnalyzerId analyzer) const { return entries_[analyzer].in_service; }
  bool credited(AnalyzerId analyzer) const { return entries_[analyzer].rate > 0; }
  std::size_t size() const { return entries_.size(); }

  /// Messages credited in this epoch: the virtual time.
  std::int64_t now() const { return credited_messages_; }
  /// Those of ordinary packets: the virtual time of the ordinary parts.
  std::int64_t ordinary_now() const { return ordinary_messages_; }
  /// The moment after which `analyzer`, credited and not charged meanwhile, is
  /// behind by more than `messages`.
  VirtualTime passes(AnalyzerId analyzer, std::uint64_t messages) const;
  /// The same of the ordinary part, in its time.
  VirtualTime ordinary_passes(AnalyzerId analyzer, std::uint64_t messages) const;
  int128 deficit_units(AnalyzerId analyzer) const;
  int128 ordinary_units(AnalyzerId analyzer) const;
  int128 arrears_units(AnalyzerId analyzer) const { return deficit_units(analyzer) - ordinary_units(analyzer); }
  int128 in_units(std::uint64_t messages) const { return static_cast<int128>(messages) * units_per_message_; }

  /// `units` ≥ 0.
  std::uint64_t messages_rounded_up(int128 units) const {
    const Quotient quotient = floor_divide(units, units_per_message_);
    return static_cast<std::uint64_t>(quotient.whole) + (quotient.part > 0 ? 1 : 0);
  }

  double deficit(AnalyzerId analyzer) const { return in_messages(deficit_units(analyzer)); }
  double arrears(AnalyzerId analyzer) const { return in_messages(arrears_units(analyzer)); }
  double debt(AnalyzerId analyzer) const { return in_messages(debt_units(entries_[analyzer])); }
  /// Of the weights in service; 0 when out of service.
  double target_share(AnalyzerId analyzer) const;
  /// The deficits, and their ordinary parts.
  bool sums_to_zero() const;

 private:
  struct Entry {
    std::uint64_t weight = 0;  ///< as given
    std::uint64_t rate = 0;    ///< units credited by a message: the scaled weight, or 0 while not credited
    int128 base = 0;           ///< units, see the head of this file; in service
    int128 ordinary_base = 0;  ///< likewise
    int128 debt = 0;           ///< units, as of `debt_as_of`; out of service
    std::int64_t debt_as_of = 0;
    bool in_service = true;
    bool suspended = false;
  };

  void carry_forward();
  void hand_over(AnalyzerId from, int128 units, int128 Entry::*base);
  void raise_those_ahead(int128 ordinary_units);
  int128 fill_up_to_zero(int128 units);
  void convert(std::uint64_t units_per_message);
  void convert(std::uint64_t units_per_message, int128 Entry::*base);
  int128 debt_units(const Entry& entry) const;
  int128 trial_units(const Entry& entry, std::uint32_t messages) const;
  double in_messages(int128 units) const {
    return static_cast<double>(units) / static_cast<double>(units_per_message_);
  }

  const std::uint64_t max_debt_;
  std::vector<Entry> entries_;
  std::vector<Share> shares_;  ///< scratch
  std::int64_t credited_messages_ = 0;
  std::int64_t ordinary_messages_ = 0;
  bool has_arrears_ = false;
  std::uint64_t units_per_message_ = std::uint64_t{1} << (unit_bits - 1);
  std::uint64_t credited_weight_ = 0;
  std::uint64_t weight_in_service_ = 0;
};

}  // namespace logdist::balance
