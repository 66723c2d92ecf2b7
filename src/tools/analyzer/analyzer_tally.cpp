#include "tools/analyzer/analyzer_tally.hpp"

namespace logdist::tools {

void AnalyzerTally::accepted(std::uint64_t messages, std::uint64_t bytes) {
  packets_.fetch_add(1, std::memory_order_relaxed);
  messages_.fetch_add(messages, std::memory_order_relaxed);
  bytes_.fetch_add(bytes, std::memory_order_relaxed);
}

void AnalyzerTally::failed() { failures_.fetch_add(1, std::memory_order_relaxed); }

void AnalyzerTally::record(std::string_view id) {
  const MutexLock lock(mutex_);
  ids_.emplace_back(id);
  if (++times_[ids_.back()] > 1) duplicates_.fetch_add(1, std::memory_order_relaxed);
  if (ids_.size() <= ids_max_) return;
  const auto oldest = times_.find(ids_.front());
  if (--oldest->second == 0) times_.erase(oldest);
  ids_.pop_front();
}

AnalyzerStats AnalyzerTally::stats() const {
  AnalyzerStats stats;
  stats.packets = packets_.load(std::memory_order_relaxed);
  stats.messages = messages_.load(std::memory_order_relaxed);
  stats.bytes = bytes_.load(std::memory_order_relaxed);
  stats.duplicates = duplicates_.load(std::memory_order_relaxed);
  stats.failures = failures_.load(std::memory_order_relaxed);
  stats.requests = stats.packets + stats.failures;
  return stats;
}

std::vector<std::string> AnalyzerTally::ids() const {
  const MutexLock lock(mutex_);
  return {ids_.begin(), ids_.end()};
}

}  // namespace logdist::tools
