#include "logdist/registry/health_driver.hpp"

#include <boost/asio/post.hpp>

namespace logdist::registry {

HealthDriver::HealthDriver(boost::asio::io_context& io, dispatch::LoadBalancer& balancer, net::NameResolver& names,
                           const config::Options& options, const AnalyzerRegistry& registry, admin::EventLog& events)
    : io_(io),
      balancer_(balancer),
      registry_(registry),
      log_(options),
      events_(io, balancer, events, options),
      timer_(io) {
  std::vector<registry::Target> targets;
  for (const AnalyzerId id : registry.present()) targets.push_back(registry.probe_target(id));
  if (!options.health.path.empty())
    prober_.emplace(io, names, options.health.path, options.health.timeout, std::move(targets));
}

void HealthDriver::set(AnalyzerId id, const config::AnalyzerOptions& analyzer) {
  log_.set(id, analyzer.name, analyzer.host);
  events_.set(id, analyzer.name, analyzer.host);
  if (prober_) prober_->set(id, registry_.probe_target(id));
}

void HealthDriver::set_headers(AnalyzerId analyzer, const std::vector<std::pair<std::string, std::string>>& headers) {
  if (prober_) prober_->set_headers(analyzer, headers);
}

void HealthDriver::start() {
  events_.start();
  tick();
}

void HealthDriver::stop() {
  stopped_ = true;
  events_.stop();
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
  for (const dispatch::ProbeOrder& order : balancer_.tick(Clock::now())) begin_probe(order);
  for (const dispatch::StateChange& change : balancer_.take_state_changes()) {
    log_.changed(change);
    events_.changed(change);
  }
  for (const dispatch::PauseNotice& notice : balancer_.take_pauses()) {
    log_.paused(notice);
    events_.paused(notice);
  }
  const TimePoint next = balancer_.next_event();
  if (next == never) return;
  timer_.expires_at(next);
  timer_.async_wait([this](boost::system::error_code error) {
    if (!error && !stopped_) tick();
  });
}

void HealthDriver::begin_probe(const dispatch::ProbeOrder& order) {
  prober_->probe(order.analyzer, [this, order](health::ProbeResult result, const core::Failure& failure) {
    if (result == health::ProbeResult::missing) log_.path_missing(order.analyzer);
    if (result == health::ProbeResult::failed) log_.probe_failed(order.analyzer, failure);
    balancer_.probe_ended(order, result, Clock::now(), failure);
  });
}

}  // namespace logdist::registry
