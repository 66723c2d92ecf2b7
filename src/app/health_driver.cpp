#include "app/health_driver.hpp"

#include <spdlog/spdlog.h>
#include <boost/asio/post.hpp>

namespace logdist::app {
namespace {

/// How often the log tells that one analyzer has asked for a pause.
constexpr Duration pause_line_interval = std::chrono::seconds(10);

}  // namespace

HealthDriver::HealthDriver(boost::asio::io_context& io, dispatch::Scheduler& scheduler, upstream::NameResolver& names,
                           const config::Options& options)
    : io_(io),
      scheduler_(scheduler),
      path_missing_(options.analyzers.size(), false),
      pause_lines_(options.analyzers.size()),
      timer_(io) {
  std::vector<probe::Target> targets;
  for (const config::AnalyzerOptions& analyzer : options.analyzers) {
    names_.push_back(analyzer.name);
    targets.push_back({analyzer.host, analyzer.port, analyzer.headers});
  }
  if (!options.health.path.empty())
    prober_.emplace(io, names, options.health.path, options.health.timeout, std::move(targets));
}

void HealthDriver::stop() {
  stopped_ = true;
  timer_.cancel();
}

void HealthDriver::wake() {
  if (wake_pending_.exchange(true)) return;
  boost::asio::post(io_, [this] {
    wake_pending_ = false;
    if (!stopped_) tick();
  });
}

void HealthDriver::tick() {
  for (const dispatch::ProbeOrder& order : scheduler_.tick(Clock::now())) begin_probe(order);
  log_changes();
  log_pauses(Clock::now());
  const TimePoint next = scheduler_.next_event();
  if (next == never) return;
  timer_.expires_at(next);
  timer_.async_wait([this](boost::system::error_code error) {
    if (!error && !stopped_) tick();
  });
}

void HealthDriver::begin_probe(const dispatch::ProbeOrder& order) {
  prober_->probe(order.analyzer, [this, order](health::ProbeResult result) {
    if (result == health::ProbeResult::missing && !path_missing_[order.analyzer]) {
      path_missing_[order.analyzer] = true;
      spdlog::warn("analyzer {}: health.path is not there; its probes pass all the same", names_[order.analyzer]);
    }
    scheduler_.probe_ended(order, result, Clock::now());
  });
}

void HealthDriver::log_changes() {
  for (const dispatch::StateChange& change : scheduler_.take_state_changes()) {
    const auto level = change.to == health::State::failed ? spdlog::level::warn : spdlog::level::info;
    spdlog::log(level, "analyzer {}: {} -> {} ({})", names_[change.analyzer], health::to_string(change.from),
                health::to_string(change.to), change.cause);
  }
}

void HealthDriver::log_pauses(TimePoint now) {
  for (const dispatch::PauseNotice& notice : scheduler_.take_pauses()) {
    PauseLines& lines = pause_lines_[notice.analyzer];
    lines.unsaid += notice.pauses;
    if (now < lines.next_at) continue;
    const double seconds = to_seconds(notice.length);
    const std::uint64_t others = lines.unsaid - 1;
    lines = {now + pause_line_interval, 0};
    if (others == 0) {
      spdlog::info("analyzer {}: paused for {:.3g} s (HTTP {})", names_[notice.analyzer], seconds, notice.status);
    } else {
      spdlog::info("analyzer {}: paused for {:.3g} s (HTTP {}), and {} times since it was last said",
                   names_[notice.analyzer], seconds, notice.status, others);
    }
  }
}

}  // namespace logdist::app
