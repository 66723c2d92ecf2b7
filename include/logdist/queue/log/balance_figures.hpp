// What each analyzer is owed, as the log keeps it and rebuilds it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace logdist::queue {

/// One analyzer's account, in messages.
struct AnalyzerFigures {
  std::string name;
  double deficit = 0;  ///< while in service
  double debt = 0;     ///< while out of service
  std::uint64_t weight = 1;
  bool in_service = true;
  bool drained = false;                 ///< by the operator
  bool operator_weight = false;         ///< `weight` is the operator's, not the configuration's
  std::string url{};                    ///< with the name it says which analyzer this is
  std::uint64_t configured_weight = 0;  ///< 0: not known

  bool operator==(const AnalyzerFigures&) const = default;
};

/// A balance record says it outright; each settlement after it credits those in service by weight, lets the debts of
/// the others grow, and charges the analyzer that took the packet, as balance::Selector does. In whatever order: so
/// debts are bounded by max_debt only when they are used. So the figures after a crash are those of the last settlement
/// on disk: further from the truth by no more than the messages whose settlement was not there yet. Analyzers by name,
/// in the order of the configuration.
struct BalanceFigures {
  std::vector<AnalyzerFigures> analyzers;
  std::uint64_t largest_packet = 0;  ///< messages
  std::uint64_t max_debt = 0;        ///< messages, of one debt
  std::int64_t taken_at_ns = 0;      ///< since 1970; 0: not known

  bool operator==(const BalanceFigures&) const = default;

  /// A packet of `messages` was settled at `analyzer`, its charge stays. Nothing for one that is not listed.
  void charge(std::string_view analyzer, std::uint64_t messages);
  /// The opposite, for messages in flight by analyzer, whose charges may yet be undone.
  void uncharge(std::span<const std::uint64_t> in_flight);
};

std::string encode_balance(const BalanceFigures& figures);
/// None when it is no such payload.
std::optional<BalanceFigures> decode_balance(std::string_view payload);

/// Version of the file below.
inline constexpr std::uint32_t balance_state_version = 1;
inline constexpr std::size_t balance_state_bytes_max = std::size_t{16} << 20;

enum class BalanceStateFault : std::uint8_t {
  none,
  foreign,  ///< no file of this kind
  newer,    ///< of a version that is not known
  damaged,
};

struct DecodedBalanceState {
  BalanceStateFault fault = BalanceStateFault::none;
  std::uint32_t version = 0;  ///< when newer
  BalanceFigures figures;     ///< when there is no fault
};

/// The whole file of balance.state_file: `logdistb`, version, bytes of the payload, its CRC-32C, and the payload of a
/// balance record.
std::string encode_balance_state(const BalanceFigures& figures, std::uint32_t version = balance_state_version);
DecodedBalanceState decode_balance_state(std::string_view file);

}  // namespace logdist::queue
