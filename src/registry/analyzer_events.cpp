#include "logdist/registry/analyzer_events.hpp"

#include <utility>

#include <fmt/format.h>

#include "logdist/registry/analyzer_log.hpp"
#include "logdist/telemetry/in_words.hpp"

namespace logdist::registry {
namespace {

using admin::EventKind;

constexpr Duration look_interval = std::chrono::seconds(1);

/// How often failed tests of one away are told.
constexpr Duration reminder_interval = std::chrono::minutes(1);

/// How often the same is told of one analyzer.
constexpr Duration tell_interval = std::chrono::seconds(10);

std::string times(std::uint64_t count) {
  return count == 1 ? "" : fmt::format(", {} times since the last report", count);
}

}  // namespace

AnalyzerEvents::AnalyzerEvents(boost::asio::io_context& control, const dispatch::LoadBalancer& balancer,
                               admin::EventLog& log, const config::Options& options)
    : balancer_(balancer),
      log_(log),
      packet_limit_(options.delivery.timeout),
      probe_limit_(options.health.timeout),
      timer_(control) {
  for (AnalyzerId id = 0; id < options.analyzers.size(); ++id) {
    set(id, options.analyzers[id].name, options.analyzers[id].host);
  }
}

void AnalyzerEvents::set(AnalyzerId id, const std::string& name, const std::string& host) {
  if (id >= analyzers_.size()) analyzers_.resize(id + std::size_t{1});
  analyzers_[id] = {};
  analyzers_[id].name = name;
  analyzers_[id].host = host;
}

void AnalyzerEvents::start() { look_later(); }

void AnalyzerEvents::stop() { timer_.cancel(); }

void AnalyzerEvents::changed(const dispatch::StateChange& change) {
  Analyzer& analyzer = analyzers_[change.analyzer];
  if (!is_told(analyzer, change)) return;
  const bool failed = change.to == health::State::failed;
  std::string text = fmt::format("{} -> {}", to_string(change.from), to_string(change.to));
  if (change.ejection) {
    text += " (" + telemetry::in_words(*change.ejection) + ")";
  } else if (failed) {
    const bool of_probe = change.failure.of_probe;
    text += fmt::format(" ({}{})", of_probe ? "probe: " : "",
                        telemetry::in_words(change.failure, analyzer.host, of_probe ? probe_limit_ : packet_limit_));
    if (analyzer.failed_tests > 1) text += fmt::format(", {} tests failed", analyzer.failed_tests);
  }
  log_.post({.kind = EventKind::state, .warning = failed, .analyzer = analyzer.name, .text = std::move(text)});
}

bool AnalyzerEvents::is_told(Analyzer& analyzer, const dispatch::StateChange& change) {
  if (change.to == health::State::testing) return analyzer.failed_tests == 0;
  if (change.to == health::State::healthy || change.from == health::State::healthy) {
    analyzer.failed_tests = 0;
    return true;
  }
  if (++analyzer.failed_tests > 1 && change.at - analyzer.test_told_at < reminder_interval) return false;
  analyzer.test_told_at = change.at;
  return true;
}

void AnalyzerEvents::paused(const dispatch::PauseNotice& notice) {
  Analyzer& analyzer = analyzers_[notice.analyzer];
  const std::uint64_t count = to_tell(analyzer.pauses, notice.pauses, Clock::now());
  if (count == 0) return;
  log_.post({.kind = EventKind::pause,
             .analyzer = analyzer.name,
             .text = fmt::format("asked for a pause of {:.3g} s (answered {}){}", to_seconds(notice.length),
                                 notice.status, times(count))});
}

void AnalyzerEvents::look() {
  const TimePoint now = Clock::now();
  const std::vector<dispatch::AnalyzerView> views = balancer_.views(now);
  for (AnalyzerId id = 0; id < views.size() && id < analyzers_.size(); ++id) {
    Analyzer& analyzer = analyzers_[id];
    const std::uint64_t seen = std::exchange(analyzer.catch_ups_seen, views[id].account.catch_ups);
    const std::uint64_t count = to_tell(analyzer.catch_ups, views[id].account.catch_ups - seen, now);
    if (count == 0) continue;
    log_.post({.kind = EventKind::catch_up,
               .analyzer = analyzer.name,
               .text = "is far behind its share and gets packets before the others" + times(count)});
  }
}

void AnalyzerEvents::look_later() {
  timer_.expires_after(look_interval);
  timer_.async_wait([this](boost::system::error_code error) {
    if (error) return;
    look();
    look_later();
  });
}

std::uint64_t AnalyzerEvents::to_tell(Often& often, std::uint64_t more, TimePoint now) {
  often.untold += more;
  if (often.untold == 0 || now < often.next_at) return 0;
  often.next_at = now + tell_interval;
  return std::exchange(often.untold, 0);
}

}  // namespace logdist::registry
