// What each analyzer is owed, as the log keeps it and rebuilds it.
#pragma once

#include <cstdint>
#include <optional>
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
  bool drained = false;          ///< by the operator
  bool operator_weight = false;  ///< `weight` is the operator's, not the configuration's

  bool operator==(const AnalyzerFigures&) const = default;
};

/// A balance record says it outright; each settlement after it credits those in service by weight and charges the
/// analyzer that took the packet, as balance::Selector does. So the figures after a crash are those of the last
/// settlement on disk: further from the truth by no more than the messages whose settlement was not there yet.
/// Analyzers by name, in the order of the configuration.
struct BalanceFigures {
  std::vector<AnalyzerFigures> analyzers;

  bool operator==(const BalanceFigures&) const = default;

  /// A packet of `messages` was settled at `analyzer`, its charge stays. Nothing for one that is not listed.
  void charge(std::string_view analyzer, std::uint64_t messages);
};

std::string encode_balance(const BalanceFigures& figures);
/// None when it is no such payload.
std::optional<BalanceFigures> decode_balance(std::string_view payload);

}  // namespace logdist::queue
