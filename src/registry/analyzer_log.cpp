#include "logdist/registry/analyzer_log.hpp"
#include "logdist/telemetry/in_words.hpp"

#include <chrono>
#include <utility>

#include <fmt/format.h>

#include "logdist/base/counted.hpp"
#include "logdist/config/text.hpp"
#include "logdist/telemetry/log.hpp"

namespace logdist::registry {
namespace {

std::string tests(std::uint64_t count) { return counted(count, "test"); }

}  // namespace

AnalyzerLog::AnalyzerLog(const config::Options& options)
    : packet_limit_(options.delivery.timeout),
      probe_limit_(options.health.timeout),
      failure_threshold_(options.health.failure_threshold),
      health_path_(options.health.path) {
  for (AnalyzerId id = 0; id < options.analyzers.size(); ++id) {
    set(id, options.analyzers[id].name, options.analyzers[id].host);
  }
}

void AnalyzerLog::set(AnalyzerId id, const std::string& name, const std::string& host) {
  if (id >= analyzers_.size()) analyzers_.resize(id + std::size_t{1});
  analyzers_[id] = {};
  analyzers_[id].name = name;
  analyzers_[id].host = host;
}

void AnalyzerLog::changed(const dispatch::StateChange& change) {
  Analyzer& analyzer = analyzers_[change.analyzer];
  log::debug("analyzer_state",
             fmt::format("analyzer {}: {} -> {}", analyzer.name, to_string(change.from), to_string(change.to)),
             {{"analyzer", analyzer.name}, {"from", to_string(change.from)}, {"to", to_string(change.to)}});
  if (change.to == health::State::healthy) return recovered(analyzer, change.at);
  if (change.to == health::State::testing) return;  // how that ends is what matters
  if (change.ejection) return ejected(analyzer, change);
  if (change.from == health::State::healthy) return failed(analyzer, change);
  failed_again(analyzer, change);
}

void AnalyzerLog::failed(Analyzer& analyzer, const dispatch::StateChange& change) {
  analyzer.failed_at = change.at;
  analyzer.mentioned_at = change.at;
  analyzer.failed_tests = 0;
  const Duration next_test = change.next_test_at - change.at;
  const std::string why = cause(analyzer, change.failure);
  const std::string streak =
      failure_threshold_ == 1 ? "" : fmt::format("{} failures in a row, last: ", failure_threshold_);
  log::warn("analyzer_failed",
            fmt::format("analyzer {} failed: {}{}; next test in {}", analyzer.name, streak, why,
                        telemetry::in_words(next_test)),
            {{"analyzer", analyzer.name},
             {"cause", why},
             {"failures", failure_threshold_},
             {"next_test_seconds", to_seconds(next_test)}});
}

void AnalyzerLog::ejected(Analyzer& analyzer, const dispatch::StateChange& change) {
  analyzer.failed_at = change.at;
  analyzer.mentioned_at = change.at;
  analyzer.failed_tests = 0;
  const std::string why = telemetry::in_words(*change.ejection);
  log::warn("analyzer_ejected",
            fmt::format("analyzer {} ejected: {}; next test in {}", analyzer.name, why,
                        telemetry::in_words(change.ejection->length)),
            {{"analyzer", analyzer.name},
             {"cause", why},
             {"reason", to_string(change.ejection->reason)},
             {"next_test_seconds", to_seconds(change.ejection->length)}});
}

void AnalyzerLog::failed_again(Analyzer& analyzer, const dispatch::StateChange& change) {
  ++analyzer.failed_tests;
  if (change.at - analyzer.mentioned_at < reminder_interval) return;
  analyzer.mentioned_at = change.at;
  const Duration away = change.at - analyzer.failed_at;
  const Duration next_test = change.next_test_at - change.at;
  const std::string why = cause(analyzer, change.failure);
  log::warn("analyzer_still_failed",
            fmt::format("analyzer {} still failed for {}: {} failed, last: {}; next test in {}", analyzer.name,
                        telemetry::in_words(away), tests(analyzer.failed_tests), why, telemetry::in_words(next_test)),
            {{"analyzer", analyzer.name},
             {"cause", why},
             {"failed_tests", analyzer.failed_tests},
             {"away_seconds", to_seconds(away)},
             {"next_test_seconds", to_seconds(next_test)}});
}

void AnalyzerLog::recovered(Analyzer& analyzer, TimePoint now) {
  const Duration away = now - analyzer.failed_at;
  log::info("analyzer_recovered",
            fmt::format("analyzer {} is healthy again after {} out of service ({} failed)", analyzer.name,
                        telemetry::in_words(away), tests(analyzer.failed_tests)),
            {{"analyzer", analyzer.name}, {"failed_tests", analyzer.failed_tests}, {"away_seconds", to_seconds(away)}});
  analyzer.failed_at = never;
}

void AnalyzerLog::paused(const dispatch::PauseNotice& notice) {
  const Analyzer& analyzer = analyzers_[notice.analyzer];
  log::info("analyzer_paused",
            fmt::format("analyzer {} asked for a pause of {} (answered {})", analyzer.name,
                        telemetry::in_words(notice.length), notice.status),
            {{"analyzer", analyzer.name},
             {"status", notice.status},
             {"pause_seconds", to_seconds(notice.length)},
             {"pauses", notice.pauses}});
}

void AnalyzerLog::probe_failed(AnalyzerId id, const core::Failure& failure) {
  const Analyzer& analyzer = analyzers_[id];
  const std::string why = telemetry::in_words(failure, analyzer.host, probe_limit_);
  log::debug("probe_failed", fmt::format("analyzer {}: probe failed: {}", analyzer.name, why),
             {{"analyzer", analyzer.name}, {"cause", why}});
}

void AnalyzerLog::path_missing(AnalyzerId id) {
  Analyzer& analyzer = analyzers_[id];
  if (std::exchange(analyzer.path_missing_said, true)) return;
  log::warn("health_path_missing",
            fmt::format("analyzer {}: health.path {} does not exist there; its probes pass anyway", analyzer.name,
                        health_path_),
            {{"analyzer", analyzer.name}, {"path", health_path_}});
}

std::string AnalyzerLog::cause(const Analyzer& analyzer, const core::Failure& failure) const {
  const std::string words =
      telemetry::in_words(failure, analyzer.host, failure.of_probe ? probe_limit_ : packet_limit_);
  return failure.of_probe ? "probe: " + words : words;
}

}  // namespace logdist::registry
