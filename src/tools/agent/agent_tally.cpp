#include "tools/agent/agent_tally.hpp"

namespace logdist::tools {

void AgentTally::begin(TimePoint now) {
  const MutexLock lock(mutex_);
  begun_ = now;
}

void AgentTally::accepted(const OutgoingPacket& packet, Duration latency) {
  const MutexLock lock(mutex_);
  ++result_.packets_accepted;
  result_.messages_accepted += packet.messages;
  latencies_.observe(latency);
}

void AgentTally::rejected(const OutgoingPacket& packet) {
  const MutexLock lock(mutex_);
  ++result_.packets_rejected;
  result_.messages_rejected += packet.messages;
}

void AgentTally::unsettled() {
  const MutexLock lock(mutex_);
  ++result_.packets_unsettled;
}

void AgentTally::retried() {
  const MutexLock lock(mutex_);
  ++result_.retries;
}

void AgentTally::troubled(std::string trouble) {
  const MutexLock lock(mutex_);
  result_.trouble = std::move(trouble);
}

void AgentTally::failed(std::string failure) {
  const MutexLock lock(mutex_);
  if (result_.failure.empty()) result_.failure = std::move(failure);
}

void AgentTally::end(TimePoint now) {
  const MutexLock lock(mutex_);
  ended_ = now;
}

AgentResult AgentTally::result() const {
  const MutexLock lock(mutex_);
  AgentResult result = result_;
  if (begun_ != never) result.elapsed = (ended_ == never ? Clock::now() : ended_) - begun_;
  result.latency_p50 = latencies_.quantile(0.50);
  result.latency_p95 = latencies_.quantile(0.95);
  result.latency_p99 = latencies_.quantile(0.99);
  return result;
}

}  // namespace logdist::tools
