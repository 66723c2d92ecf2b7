// Who is next: the analyzers in service, ordered by what will happen to them
// when. Virtual time advances for all of them at once; an entry moves
// only when somebody's moment has come, so a pick costs O(log n).
//
// Not thread-safe: the caller serialises.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "balance/credit_accounts.hpp"
#include "balance/tournament_tree.hpp"
#include "logdist/base/ids.hpp"

namespace logdist::balance {

/// Reads the accounts, which must outlive it; is told by place() and advance() of
/// each change there. A candidate is one in service that has a free slot.
class EdfQueue {
 public:
  /// Both limits in messages, at most limit_messages_max.
  EdfQueue(const CreditAccounts& accounts, std::uint64_t catch_up_threshold, std::uint64_t max_debt);

  /// Makes room for all accounts.
  void grow();
  /// `analyzer`, out of service, is another from now on.
  void begin_again(AnalyzerId analyzer) { catch_ups_[analyzer] = 0; }
  /// Enters `analyzer` again, after whatever change of its account or its slots.
  void place(AnalyzerId analyzer, bool free_slot);
  /// The same, cheaper, when its account was at most charged: that only puts off
  /// its crossing the line.
  void place_again(AnalyzerId analyzer, bool free_slot);
  /// Strikes it off: it left service.
  void drop(AnalyzerId analyzer);
  /// Strikes it off the candidates until it is placed again.
  void withdraw(AnalyzerId analyzer);

  bool is_candidate(AnalyzerId analyzer) const { return owed_.contains(analyzer) || waiting_.contains(analyzer); }
  std::size_t candidates() const { return owed_.size() + waiting_.size(); }

  /// Takes note of a packet's size; true when it is the largest yet, and all are
  /// to be placed again.
  bool raise_largest(std::uint32_t messages);
  std::uint64_t largest_packet() const { return largest_packet_; }

  /// Those without a free slot whom `messages` more would lift above the bound on
  /// what they can be owed. Valid until the
  /// next call to anything here that is not const.
  std::span<const AnalyzerId> overflowing(std::uint32_t messages);

  /// The candidate with the earliest deadline, if an ordinary packet of `messages`
  /// would find it further behind than ordinary packets may make up for: by more than
  /// the line of catch-up, or, while arrears are being paid, than the largest packet.
  std::optional<AnalyzerId> to_defer(std::uint32_t messages) const;
  /// The most that anybody is in arrears, in units; 0 when nobody is. Arrears count
  /// as far as they are a deficit. O(n).
  int128 largest_arrears() const;
  /// The candidate that is furthest behind of those in arrears by more than the
  /// largest packet, if any. O(n).
  std::optional<AnalyzerId> choose_in_arrears() const;

  /// A packet was credited.
  void advance();
  /// The candidate to take an ordinary packet; there has to be one. See the
  /// contract of Selector.
  AnalyzerId choose();

  std::uint64_t catch_ups(AnalyzerId analyzer) const { return catch_ups_[analyzer]; }

 private:
  std::uint64_t line() const { return std::max(catch_up_threshold_, largest_packet_); }
  bool is_behind(AnalyzerId analyzer) const { return accounts_.deficit_units(analyzer) > accounts_.in_units(line()); }
  void watch(AnalyzerId analyzer);
  void unlist(AnalyzerId analyzer);
  void prune_behind();
  int128 payable_arrears(AnalyzerId analyzer) const;
  AnalyzerId least_ahead() const;

  const CreditAccounts& accounts_;
  const std::uint64_t catch_up_threshold_;
  const std::uint64_t max_debt_;
  std::uint64_t largest_packet_ = 0;

  TournamentTree waiting_;          ///< candidates not owed, by when they will be
  TournamentTree owed_;             ///< candidates owed, by deadline; an undo may leave some here that no longer are
  TournamentTree late_;             ///< credited, by when they cross the line of catch-up or earlier
  TournamentTree full_;             ///< credited without a free slot, by when they reach max_debt
  std::vector<AnalyzerId> behind_;  ///< crossed the line of catch-up; advance() unlists those that are back
  std::vector<bool> listed_behind_;
  std::vector<std::uint64_t> catch_ups_;
  std::vector<AnalyzerId> found_;  ///< scratch
};

}  // namespace logdist::balance
