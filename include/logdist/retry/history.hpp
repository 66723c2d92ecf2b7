// How the attempts of one packet ended: the last failure of each analyzer.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include <boost/system/error_code.hpp>

#include "logdist/base/ids.hpp"
#include "logdist/base/outcome.hpp"
#include "logdist/base/time.hpp"
#include "logdist/core/attempt.hpp"

namespace logdist::retry {

/// The last attempt at one analyzer that did not deliver the packet.
struct FailedAttempt {
  AnalyzerId analyzer = 0;
  Outcome outcome = Outcome::unsent;
  unsigned status = 0;              ///< of the HTTP answer, 0 without a whole one
  boost::system::error_code error;  ///< as in AttemptResult
  TimePoint at{};                   ///< when it ended
};

/// Keeps the last failed attempt of each analyzer, the newest at the end; of more
/// than `analyzers_max` of them the oldest is forgotten. Allocates nothing for a packet
/// that is delivered at once. Not thread-safe: belongs to its packet.
class History {
 public:
  static constexpr std::size_t analyzers_max = 16;

  /// Takes the result of an attempt that has ended; one that was delivered, or
  /// never sent, is no failure and leaves no entry.
  void record(AnalyzerId analyzer, const core::AttemptResult& result, TimePoint now);
  /// Nothing of `analyzer` is left.
  void forget(AnalyzerId analyzer);
  /// Back to the start, for a recycled packet; gives its memory back.
  void reset();

  std::span<const FailedAttempt> failed() const { return failed_; }

 private:
  std::vector<FailedAttempt> failed_;
};

}  // namespace logdist::retry
