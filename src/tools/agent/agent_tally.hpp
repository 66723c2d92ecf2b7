// What an agent has done so far.
#pragma once

#include <string>

#include "logdist/base/mutex.hpp"
#include "logdist/tools/agent/agent.hpp"
#include "tools/agent/latency_recorder.hpp"

namespace logdist::tools {

/// Counts of one run. Thread-safe: the run writes, whoever watches it reads.
class AgentTally {
 public:
  void begin(TimePoint now);
  void accepted(const OutgoingPacket& packet, Duration latency);
  void rejected(const OutgoingPacket& packet);
  void unsettled();
  void retried();
  void troubled(std::string trouble);
  void failed(std::string failure);  ///< the first failure stays
  void end(TimePoint now);

  AgentResult result() const;

 private:
  mutable Mutex mutex_;
  AgentResult result_ LOGDIST_GUARDED_BY(mutex_);
  LatencyRecorder latencies_ LOGDIST_GUARDED_BY(mutex_);
  TimePoint begun_ LOGDIST_GUARDED_BY(mutex_) = never;  ///< never before the start
  TimePoint ended_ LOGDIST_GUARDED_BY(mutex_) = never;  ///< never while it runs
};

}  // namespace logdist::tools
