// Waiting on a state, with a deadline.
#pragma once

#include "logdist/base/time.hpp"
#include "tests/support/sanitized.hpp"

namespace logdist::e2e {

/// Whether we run under a sanitizer: slower, and memory that was freed stays.
inline constexpr bool sanitized = test::address_sanitized || test::thread_sanitized;

/// For everything awaited. Sanitizers on a busy machine are slow; a test that
/// passes does not wait so long.
inline constexpr std::chrono::seconds patience{60};

/// The pause between two questions, which spares the machine that has to bring
/// about what is asked for.
void breathe();

/// Asks until `condition` holds; false when it does not in time.
template <typename Condition>
bool eventually(Condition condition, Duration timeout = patience) {
  const TimePoint give_up_at = Clock::now() + timeout;
  while (!condition()) {
    if (Clock::now() > give_up_at) return false;
    breathe();
  }
  return true;
}

}  // namespace logdist::e2e
