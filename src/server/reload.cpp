#include "server/reload.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <boost/asio/post.hpp>

#include "logdist/base/check.hpp"
#include "logdist/base/counted.hpp"
#include "logdist/os/file_limit.hpp"
#include "logdist/telemetry/log.hpp"

namespace logdist::server {
namespace {

/// What has changed, in a clause for people.
std::string in_words(const config::Difference& difference) {
  constexpr std::size_t parts_max = 20;  // a source may give a thousand
  std::vector<std::string> parts;
  for (const std::string& name : difference.removed) parts.push_back(name + " removed");
  for (const std::string& name : difference.added) parts.push_back(name + " added");
  for (const config::ChangedAnalyzer& analyzer : difference.changed) {
    for (const config::Change& change : analyzer.changes) {
      parts.push_back(fmt::format("{}.{}", analyzer.name, to_string(change)));
    }
  }
  for (const config::Change& change : difference.taken) parts.push_back(to_string(change));
  if (parts.size() > parts_max) {
    const std::size_t more = parts.size() - parts_max;
    parts.resize(parts_max);
    parts.push_back(fmt::format("and {} more", counted(more, "change")));
  }
  return parts.empty() ? "nothing has changed" : fmt::format("{}", fmt::join(parts, ", "));
}

}  // namespace

Reload::Reload(boost::asio::io_context& control, SharedState& shared, const std::vector<std::unique_ptr<Loop>>& loops,
               registry::HealthDriver& health, registry::Discovery& discovery, admin::EventLog& events,
               config::Options configured, ConfigurationSource source)
    : control_(control),
      shared_(shared),
      loops_(loops),
      health_(health),
      discovery_(discovery),
      events_(events),
      source_(std::move(source)),
      configured_(std::move(configured)) {}

void Reload::request(const std::string& who, Done done) {
  if (requests_.size() == requests_max) {
    const admin::ReloadReport report{{"too many reloads are in progress"}, {}, {}, revision_};
    tell(who, report);
    if (done) done(report);
    return;
  }
  requests_.push_back({who, std::move(done)});
  if (requests_.size() == 1) begin();
}

void Reload::request_set(const std::string& source) {
  if (closed_) return;
  const auto is_to_begin = [this](const Request& request) {
    return request.only_set && &request != &requests_.front();
  };
  if (std::ranges::any_of(requests_, is_to_begin)) return;
  requests_.push_back({"discovery " + source, {}, true});
  if (requests_.size() == 1) begin();
}

void Reload::close() { closed_ = true; }

admin::ConfigurationReport Reload::report() const {
  config::Options wanted = configured_;
  wanted.analyzers = shared_.registry.in_force();
  return {revision_, config::take_over(shared_.options, wanted), restart_needed_};
}

void Reload::begin() {
  if (!only_set()) shared_.dead_letters->reopen();
  if (std::vector<std::string> faults = load(); !faults.empty()) return finish(std::move(faults), {});
  const std::vector<std::string> added = difference().added;
  const std::uint32_t max_connections = added.empty() ? 0 : connections_for_added();
  if (!added.empty()) shared_.registry.fold_removed(shared_.balancer.views(Clock::now()), Clock::now());
  std::vector<AnalyzerId> entering;
  for (const config::AnalyzerOptions& analyzer : loaded_.options.analyzers) {
    if (std::find(added.begin(), added.end(), analyzer.name) == added.end()) continue;
    entering.push_back(shared_.registry.enter(analyzer, max_connections));
    health_.set(entering.back(), analyzer);
  }
  if (entering.empty()) return take();
  tell_loops(entering);
}

/// Why there is nothing to be taken; empty when there is.
std::vector<std::string> Reload::load() {
  if (closed_) return {"the daemon is shutting down"};
  if (only_set()) {
    loaded_.options = configured_;
    discovery_.complete(loaded_.options);
    return shared_.tls.prepare_analyzers(loaded_.options);
  }
  if (!source_) return {"this daemon has no configuration that can be read again"};
  loaded_ = source_();
  std::vector<std::string> faults;
  for (const config::Error& fault : loaded_.errors) faults.push_back(to_string(fault));
  if (faults.empty()) discovery_.complete(loaded_.options);
  if (faults.empty()) faults = shared_.tls.prepare(loaded_.options);
  if (faults.empty()) faults = shared_.admin_access.prepare(loaded_.options, shared_.options.admin.listen);
  if (faults.empty()) faults = shared_.agent_access.prepare(loaded_.options);
  return faults;
}

config::Difference Reload::difference() const {
  config::Options in_force = configured_;
  in_force.analyzers = only_set() ? shared_.registry.configured() : shared_.registry.in_force();
  return compare(in_force, loaded_.options);
}

/// As many as the others have, or fewer where too few files may be open.
std::uint32_t Reload::connections_for_added() {
  config::Options options = shared_.options;
  options.analyzers = loaded_.options.analyzers;
  const std::uint32_t wanted = shared_.options.delivery.max_connections;
  const std::uint32_t fitting = os::fit_now(options).to_an_analyzer;
  if (fitting < wanted) {
    loaded_.warnings.push_back({"open files", 0, "",
                                fmt::format("too few are allowed for {}: {} made to each of those added, not {}; raise "
                                            "the limit (ulimit -n) and restart",
                                            counted(options.analyzers.size(), "analyzer"),
                                            counted(fitting, "connection is", "connections are"), wanted)});
  }
  return std::min(wanted, fitting);
}

void Reload::tell_loops(const std::vector<AnalyzerId>& entering) {
  std::vector<sink::AnalyzerTarget> targets;
  std::vector<AnalyzerId> reused;
  for (const AnalyzerId id : entering) {
    targets.push_back(shared_.registry.target(id));
    if (shared_.registry[id].folded) reused.push_back(id);
  }
  loops_to_answer_ = loops_.size();
  for (const auto& loop : loops_) {
    loop->post([this, targets, entering, reused](Loop& own) {
      own.forget(reused);
      for (std::size_t i = 0; i < targets.size(); ++i) {
        const bool is_reused = std::ranges::find(reused, entering[i]) != reused.end();
        const AnalyzerId id = own.upstream().add(targets[i], is_reused ? std::optional(entering[i]) : std::nullopt);
        LOGDIST_CHECK(id == entering[i]);
      }
      boost::asio::post(control_, [this] {
        if (--loops_to_answer_ == 0) take();
      });
    });
  }
}

void Reload::take() {
  config::Difference difference = this->difference();
  shared_.tls.use_prepared(shared_.registry);  // before those that enter are placed on
  revise(difference);
  configured_ = config::take_over(configured_, loaded_.options);
  std::erase_if(configured_.analyzers, [](const auto& analyzer) { return !analyzer.source.empty(); });
  ++revision_;
  if (only_set()) return finish({}, std::move(difference));
  restart_needed_ = difference.restart_needed;
  log::set_level(configured_.log.level);
  shared_.admin_access.use_prepared();
  shared_.agent_access.use_prepared();
  discovery_.configure(configured_.discovery);
  finish({}, std::move(difference));
}

/// All that concerns the analyzers. The removed ones go first, so that the added
/// ones start with nothing owed.
void Reload::revise(const config::Difference& difference) {
  registry::AnalyzerRegistry& registry = shared_.registry;
  std::vector<AnalyzerId> removed;
  std::vector<std::string_view> drained;  // by name, for one that has moved
  for (const std::string& name : difference.removed) removed.push_back(*registry.find(name));
  for (const AnalyzerId id : removed) {
    registry.remove(id, Clock::now());
    if (registry[id].drained) drained.push_back(registry[id].configured.name);
  }

  std::vector<AnalyzerId> new_headers;
  const std::vector<dispatch::AnalyzerView> before = shared_.balancer.views(Clock::now());
  {
    dispatch::LoadBalancer::UpdateTransaction revision(shared_.balancer, Clock::now());
    for (const AnalyzerId id : removed) revision.remove(id);
    for (const config::AnalyzerOptions& wanted : loaded_.options.analyzers) {
      const auto id = registry.find(wanted.name);
      if (!id) continue;
      registry::RegistryEntry& entry = registry[*id];
      if (entry.configured.headers != wanted.headers) new_headers.push_back(*id);
      const bool keeps_weight = only_set() && entry.configured.weight.units == wanted.weight.units;
      entry.configured = wanted;
      if (!keeps_weight && std::exchange(entry.weight, wanted.weight).units != wanted.weight.units) {
        revision.set_weight(*id, wanted.weight.units);
      }
      revision.set_max_in_flight(*id, registry.spec(*id, loaded_.options.delivery).max_in_flight);
    }
    for (AnalyzerId id = 0; id < registry.size(); ++id) {
      registry::RegistryEntry& entry = registry[id];
      if (entry.lifecycle != registry::RegistryEntry::Lifecycle::entering) continue;
      name(id, entry.configured);
      const bool is_reused = id < before.size();
      registry.admit(id, is_reused ? &before[id] : nullptr);
      const AnalyzerId given =
          revision.add(registry.spec(id, loaded_.options.delivery), is_reused ? std::optional(id) : std::nullopt);
      LOGDIST_CHECK(given == id);
      entry.drained = std::find(drained.begin(), drained.end(), entry.configured.name) != drained.end();
      revision.set_drained(id, entry.drained);
    }
  }
  let_go(removed);
  set_headers(new_headers);
}

/// For what is written of it. No earlier: until the loops have forgotten who had the id before, what they write of it
/// is that one's.
void Reload::name(AnalyzerId id, const config::AnalyzerOptions& analyzer) {
  shared_.dead_letters->name(id, analyzer.name, analyzer.host);
  if (shared_.storage) shared_.storage->name(id, analyzer.name);
}

/// A packet that was placed on one of them before has been sent by the time a loop
/// comes to this: both are of one event.
void Reload::let_go(const std::vector<AnalyzerId>& removed) {
  if (removed.empty()) return;
  for (const auto& loop : loops_) {
    loop->post([removed](Loop& own) {
      for (const AnalyzerId id : removed) own.upstream().remove(id, Clock::now());
    });
  }
}

void Reload::set_headers(const std::vector<AnalyzerId>& changed) {
  for (const AnalyzerId id : changed) {
    health_.set_headers(id, shared_.registry[id].configured.headers);
    for (const auto& loop : loops_) {
      loop->post([id, target = shared_.registry.target(id)](Loop& own) { own.upstream().set_headers(id, target); });
    }
  }
}

void Reload::finish(std::vector<std::string> faults, config::Difference difference) {
  const Request request = std::move(requests_.front());
  if (!request.only_set) {
    last_successful_ = faults.empty();
    if (last_successful_) taken_at_ = std::chrono::system_clock::now();
  }
  admin::ReloadReport report{std::move(faults), {}, std::move(difference), revision_};
  for (const config::Error& warning : loaded_.warnings) report.warnings.push_back(to_string(warning));
  const bool is_silent =
      request.only_set && (closed_ || (report.faults.empty() && report.difference.changes_nothing()));
  if (!is_silent) tell(request.who, report);
  loaded_ = {};
  if (request.done) request.done(report);
  requests_.pop_front();
  if (!requests_.empty()) boost::asio::post(control_, [this] { begin(); });
}

/// What the log and the list of events say of it.
void Reload::tell(const std::string& who, const admin::ReloadReport& report) {
  if (!report.faults.empty()) {
    for (const std::string& fault : report.faults) log::record(log::Level::error, "reload_fault", fault);
    const std::string text =
        fmt::format("reload ({}) refused, nothing has changed; errors: {}", who, report.faults.size());
    log::record(log::Level::error, "reload_refused", text, {{"by", who}, {"faults", report.faults.size()}});
    // Who looks at the events has no log beside them.
    events_.post(
        {.kind = admin::EventKind::reload, .warning = true, .text = text + "; the first: " + report.faults[0]});
    return;
  }
  for (const std::string& warning : report.warnings) log::record(log::Level::warn, "configuration_warning", warning);
  for (const config::Change& change : report.difference.restart_needed) {
    log::record(log::Level::warn, "restart_needed",
                fmt::format("{}: takes effect only after a restart", to_string(change)), {{"key", change.key}});
  }
  const std::string text = fmt::format("reload ({}): {}", who, in_words(report.difference));
  log::record(log::Level::info, "reloaded", text, {{"by", who}, {"revision", report.revision}});
  std::vector<std::string> later;
  for (const config::Change& change : report.difference.restart_needed) later.push_back(change.key);
  const std::string restart = later.empty() ? "" : fmt::format("; needs a restart: {}", fmt::join(later, ", "));
  events_.post({.kind = admin::EventKind::reload, .warning = !later.empty(), .text = text + restart});
}

}  // namespace logdist::server
