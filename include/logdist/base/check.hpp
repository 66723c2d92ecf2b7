// Broken invariants end the process with a message; input is never checked here.
#pragma once

namespace logdist {

/// Prints `what` with its place on stderr and aborts.
[[noreturn]] void check_failed(const char* what, const char* file, int line) noexcept;

}  // namespace logdist

/// Aborts with a message when `condition`, an invariant of our own code, is
/// false. Stays in release builds. Never use it on what a peer or user sent.
#define LOGDIST_CHECK(condition) \
  (static_cast<bool>(condition) ? static_cast<void>(0) : ::logdist::check_failed(#condition, __FILE__, __LINE__))
