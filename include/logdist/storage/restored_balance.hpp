// What an earlier process's figures mean for the analyzers that there are now.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "logdist/queue/log/balance_figures.hpp"

namespace logdist::storage {

/// An analyzer of the configuration.
struct ConfiguredAnalyzer {
  std::string name;
  std::string url;
  std::uint64_t weight = 1;  ///< units
};

struct RestoredAnalyzer {
  double owed = 0;                        ///< messages; with all in service, as at a start
  std::optional<std::uint64_t> weight{};  ///< the operator's; none: the configured one holds
  bool drained = false;
};

struct RestoredBalance {
  std::vector<RestoredAnalyzer> analyzers;  ///< as they were given
  std::size_t known = 0;                    ///< of them, those that the figures have
};

/// An analyzer is the same when name and url are. What is owed to one that is not there any more goes to the others by
/// weight, as when it is removed; one that was not there before is owed nothing. One that was out of service returns:
/// its debt is taken from the others. An operator's weight holds while the configured one is what it was then; drained
/// stays one of that name, even if it has moved. Those that are drained return last, in the order that is given: taken
/// out of service in the opposite order, after that, they have their debts again, and the others what they were owed.
/// Pure.
RestoredBalance restore_balance(const queue::BalanceFigures& figures, std::span<const ConfiguredAnalyzer> analyzers);

}  // namespace logdist::storage
