#include "logdist/admin/readiness.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "logdist/base/counted.hpp"

namespace logdist::admin {

std::string Readiness::text() const { return fmt::format("{}", fmt::join(reasons, "; ")); }

std::string to_json(const Readiness& readiness) {
  const nlohmann::ordered_json json{{"ready", readiness.ready()}, {"reasons", readiness.reasons}};
  return json.dump() + "\n";
}

Readiness ReadinessRule::look(const ReadinessFacts& facts, TimePoint now) {
  const bool stuck = !facts.analyzer_in_service && facts.queue_full;
  if (stuck && taking_) {
    taking_ = false;
    not_taking_since_ = now;
  } else if (!stuck && now - not_taking_since_ >= hold) {
    taking_ = true;
  }
  Readiness readiness;
  if (facts.draining) readiness.reasons.emplace_back("the daemon is shutting down");
  if (facts.recovering) {
    readiness.reasons.push_back(fmt::format("recovering: {} of {} of the durable queue read", facts.recovered_read,
                                            counted(facts.recovered_packets, "packet")));
  }
  if (stuck) {
    readiness.reasons.emplace_back("no analyzer is in service and the queue is full");
  } else if (!taking_) {
    readiness.reasons.emplace_back("no analyzer was in service and the queue was full a moment ago");
  }
  return readiness;
}

}  // namespace logdist::admin
