// Whether a packet came again for a reason: one of those who took it was down just then.
#pragma once

#include <string>
#include <vector>

#include "logdist/base/time.hpp"
#include "tests/e2e/journal.hpp"

namespace logdist::e2e {

/// An analyzer was killed or stopped, and later it came back.
struct Downtime {
  TimePoint from{};
  TimePoint to{};
};

/// One analyzer's journal, and when it was down.
struct Life {
  std::vector<Entry> entries{};
  std::vector<Downtime> downtimes{};
};

/// How long a packet that is read waits for its answer to be seen at most, when nobody
/// is down: what a busy machine needs.
inline constexpr std::chrono::milliseconds answer_margin{500};

/// Duplicates without an explanation: of all that took a packet, one may have been well. Each
/// other one was down within the margin of taking it, so that its answer was lost or came
/// too late. (A stopped analyzer reads what it was sent when it goes on.)
std::vector<std::string> unexplained_duplicates(const std::vector<Life>& lives);

}  // namespace logdist::e2e
