// What agents were promised, against what analyzers took: counted by both of them,
// never by the daemon.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "tests/e2e/journal.hpp"
#include "tests/e2e/load.hpp"
#include "tests/e2e/samples.hpp"

namespace logdist::e2e {

/// The comparison of both. Each list names packets by their ids.
struct Delivered {
  std::size_t accepted = 0;             ///< packets answered 2xx
  std::size_t taken = 0;                ///< of them, those that an analyzer took
  std::size_t duplicates = 0;           ///< times that a packet came again
  std::vector<std::string> lost{};      ///< accepted, neither taken nor kept as dead letters
  std::vector<std::string> altered{};   ///< other bytes, or another number of messages, than were sent
  std::vector<std::string> invented{};  ///< nobody sent them
};

Delivered compare(const std::vector<Sent>& sent, const std::vector<Entry>& entries,
                  const std::vector<std::string>& dead_letters = {});

/// How many duplicates the daemon's counters allow: attempts whose outcome nobody
/// could know, and requests sent again after a kept connection had closed.
double explained_duplicates(const Samples& samples, const std::vector<std::string>& analyzers);

/// The ids in a dead-letter file's lines.
std::vector<std::string> dead_letter_ids(const std::vector<std::string>& lines);

}  // namespace logdist::e2e
