// One try to hand one packet to one analyzer, and how it ended.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include <boost/intrusive/list.hpp>
#include <boost/system/error_code.hpp>

#include "logdist/base/ids.hpp"
#include "logdist/base/outcome.hpp"
#include "logdist/base/time.hpp"
#include "logdist/core/analyzer_answer.hpp"

namespace logdist::core {
struct Packet;
}

namespace logdist::core {

/// One packet under way to one analyzer. Owned by dispatch, which keeps it and
/// its packet alive and unchanged until the listener is told how it ended. The
/// hook is the upstream's to use meanwhile.
struct Attempt : boost::intrusive::list_base_hook<> {
  const core::Packet* packet = nullptr;
  AnalyzerId analyzer = 0;
  std::uint32_t health_epoch = 0;  ///< of the analyzer when the attempt was begun
  bool alone = false;              ///< wants a connection for itself, nothing before or behind it
  bool retried_stale = false;      ///< sent again after a kept connection had closed idle
  TimePoint begun{};
  std::unique_ptr<AnalyzerAnswer> answer;  ///< of a delivered one, when it is wanted and was read whole
};

/// How an attempt ended.
struct AttemptResult {
  Outcome outcome = Outcome::unsent;
  unsigned status = 0;            ///< HTTP status, 0 when there was no whole answer
  std::optional<Duration> pause;  ///< for Outcome::paused, when the analyzer named it
  /// Whether this result may count towards the analyzer's health, or be held
  /// against the packet. A connection that breaks under k packets is one failure,
  /// not k: that of the first one unanswered.
  bool counts_for_health = true;
  boost::system::error_code error;  ///< what stood behind a failure without an answer, if it is known
  /// The connection broke under several packets, so this one need not be the one that broke it.
  bool in_company = false;
};

}  // namespace logdist::core
