// What the reference analyzer has taken.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "logdist/base/mutex.hpp"
#include "logdist/tools/analyzer/reference_analyzer.hpp"

namespace logdist::tools {

/// Counts on the analyzer's thread; any thread may read. The ids kept are bounded:
/// the oldest makes way, and would then count as new.
class AnalyzerTally {
 public:
  explicit AnalyzerTally(std::size_t ids_max) : ids_max_(ids_max) {}

  void accepted(std::uint64_t messages, std::uint64_t bytes);
  void failed();
  /// Keeps the id of an accepted packet, and counts it when it came before.
  void record(std::string_view id);

  AnalyzerStats stats() const;
  std::vector<std::string> ids() const;

 private:
  const std::size_t ids_max_;
  std::atomic<std::uint64_t> packets_{0};
  std::atomic<std::uint64_t> messages_{0};
  std::atomic<std::uint64_t> bytes_{0};
  std::atomic<std::uint64_t> duplicates_{0};
  std::atomic<std::uint64_t> failures_{0};

  mutable Mutex mutex_;
  std::deque<std::string> ids_ LOGDIST_GUARDED_BY(mutex_);
  std::unordered_map<std::string, std::uint32_t> times_
      LOGDIST_GUARDED_BY(mutex_);  ///< each kept id, and how often it is in `ids_`
};

}  // namespace logdist::tools
