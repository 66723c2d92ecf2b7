// The log lines about the analyzers.
#pragma once

#include <string>
#include <vector>

#include "logdist/config/options.hpp"
#include "logdist/core/failure.hpp"
#include "logdist/dispatch/load_balancer.hpp"

namespace logdist::registry {

/// One line for an analyzer that fails and one for its recovery, with the cause; while it
/// stays out of service, one line per minute sums up its failed tests. The states
/// themselves are in status and metrics. Not thread-safe.
class AnalyzerLog {
 public:
  /// How often an analyzer that stays away is mentioned.
  static constexpr Duration reminder_interval = std::chrono::minutes(1);

  explicit AnalyzerLog(const config::Options& options);

  /// This id has the name and the host: a new one, or one that was another's.
  void set(AnalyzerId id, const std::string& name, const std::string& host);

  void changed(const dispatch::StateChange& change);
  void paused(const dispatch::PauseNotice& notice);
  void probe_failed(AnalyzerId analyzer, const core::Failure& failure);
  /// health.path is not there: said once.
  void path_missing(AnalyzerId analyzer);

 private:
  struct Analyzer {
    std::string name;
    std::string host;
    TimePoint failed_at = never;  ///< when it went away; `never` while it is here
    TimePoint mentioned_at{};     ///< that it is away, the last time
    std::uint64_t failed_tests = 0;
    bool path_missing_said = false;
  };

  void failed(Analyzer& analyzer, const dispatch::StateChange& change);
  void ejected(Analyzer& analyzer, const dispatch::StateChange& change);
  void failed_again(Analyzer& analyzer, const dispatch::StateChange& change);
  void recovered(Analyzer& analyzer, TimePoint now);
  std::string cause(const Analyzer& analyzer, const core::Failure& failure) const;

  const Duration packet_limit_;
  const Duration probe_limit_;
  const std::uint32_t failure_threshold_;
  const std::string health_path_;
  std::vector<Analyzer> analyzers_;  ///< by AnalyzerId
};

}  // namespace logdist::registry
