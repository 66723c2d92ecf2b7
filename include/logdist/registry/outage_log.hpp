// The log lines and events about an outage as a whole.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>

#include "logdist/admin/events.hpp"
#include "logdist/registry/episode.hpp"
#include "logdist/telemetry/scrape.hpp"

namespace logdist::registry {

/// Checks one scrape per second. Reports at the beginning, once a minute and at the end that
/// no analyzer is in service, that the queue is full, and that requests are handed back.
/// Also reports an analyzer in service that fails a part of its packets, because retries at
/// the others hide that. Reads no clock; not thread-safe.
class OutageLog {
 public:
  /// The part of an analyzer's attempts that may fail without a report; measured over a
  /// minute, and only if there were `attempts_min` attempts.
  static constexpr double error_ratio_max = 0.05;
  static constexpr std::uint64_t attempts_min = 20;

  explicit OutageLog(admin::EventLog& events) : events_(events) {}

  /// `queue_full`: the last packet that asked for a place has found none.
  void look(const telemetry::Scrape& scrape, bool queue_full, TimePoint now);

 private:
  /// The attempts of one analyzer until now.
  struct Attempts {
    std::uint64_t ended = 0;  ///< with an answer of any kind, or a failure
    std::uint64_t failed = 0;
  };
  struct Analyzer {
    Attempts before;  ///< at the last look
    bool failing = false;
  };

  static Attempts attempts_of(const telemetry::Scrape& scrape, const telemetry::AnalyzerFacts& analyzer);

  void look_at_service(const telemetry::Scrape& scrape, TimePoint now);
  void look_at_queue(const telemetry::Scrape& scrape, bool queue_full, TimePoint now);
  void look_at_handed_back(const telemetry::Scrape& scrape, TimePoint now);
  void look_at_errors(const telemetry::Scrape& scrape, TimePoint now);
  void compare_errors(Analyzer& known, const telemetry::AnalyzerFacts& analyzer, const Attempts& now);

  admin::EventLog& events_;
  Episode no_service_{std::chrono::seconds(0)};
  Episode queue_full_{std::chrono::seconds(5)};
  Episode handing_back_{std::chrono::seconds(60)};
  std::int64_t handed_back_ = 0;               ///< at the last look
  std::int64_t handed_back_before_ = 0;        ///< this episode
  std::map<std::string, Analyzer> analyzers_;  ///< those configured, by name
  TimePoint errors_due_{};
};

}  // namespace logdist::registry
