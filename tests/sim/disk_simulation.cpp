#include "tests/sim/disk_simulation.hpp"

#include <algorithm>
#include <functional>

#include "logdist/retry/classify.hpp"
#include "tests/sim/disk_world.hpp"

namespace logdist::sim {

using namespace std::chrono_literals;

DiskCheckers make_disk_checkers(const DiskWorld& world, Findings& findings) {
  DiskCheckers checkers;
  for (const auto make : {make_durability, make_restarts}) checkers.push_back(make(world, findings));
  return checkers;
}

namespace {

/// Counts what comes back.
struct ReadBackCount final : DiskWitness {
  void read_back(const queue::StoredPacket&, std::string_view, bool is_parked) override {
    ++packets;
    if (is_parked) ++parked;
  }
  std::uint64_t packets = 0;
  std::uint64_t parked = 0;
};

class DiskLife {
 public:
  DiskLife(const DiskScenario& scenario, const std::string& only)
      : scenario_(scenario), world_(scenario), checkers_(make_disk_checkers(world_, findings_)) {
    std::erase_if(checkers_, [&only](const auto& checker) { return !only.empty() && checker->name() != only; });
    for (const auto& checker : checkers_) world_.add(*checker);
    world_.add(read_back_);
  }

  DiskVerdict live() {
    const TimePoint begun = world_.now();
    world_.begin();
    storm();
    heal();
    stop();
    DiskVerdict verdict;
    verdict.findings = findings_;
    verdict.events = events_;
    verdict.packets = world_.trace().histories().size();
    verdict.lived = world_.now() - begun;
    verdict.crashes = world_.crashes();
    verdict.starts = world_.starts();
    verdict.read_back = read_back_.packets;
    verdict.parked = read_back_.parked;
    for (const auto& checker : checkers_) verdict.checks[checker->name()] = checker->checks();
    for (std::size_t point = 0; point < verdict.crashed_at.size(); ++point) {
      verdict.crashed_at[point] = world_.disk().points()[point].crashed;
    }
    if (!findings_.empty()) verdict.report = report();
    return verdict;
  }

 private:
  bool well() const { return findings_.empty(); }
  void fault(const char* name, std::string text) { findings_.push_back({name, std::move(text)}); }

  /// Lets things happen until `done`, at most for `longest`. Whether it came to that.
  bool run_until(Duration longest, const std::function<bool()>& done) {
    const TimePoint end = world_.now() + longest;
    while (well() && !done()) {
      if (world_.now() >= end || world_.nothing_to_come()) return false;
      world_.step();
      ++events_;
      if (!world_.failed_start().empty()) fault("starts", "the daemon does not start: " + world_.failed_start());
    }
    return well();
  }

  void storm() {
    const TimePoint end = world_.now() + scenario_.daemon.storm;
    run_until(scenario_.daemon.storm + 1h, [this, end] { return world_.now() >= end; });
    world_.stop_agents();
  }

  void heal();
  void stop();
  bool is_settled() const;
  bool is_all_well() const;
  Duration longest_recovery() const;
  std::string report() const;

  const DiskScenario scenario_;
  Findings findings_;
  DiskWorld world_;
  DiskCheckers checkers_;
  ReadBackCount read_back_;
  std::uint64_t events_ = 0;
};

bool DiskLife::is_settled() const {
  if (world_.daemon() == nullptr) return false;
  const ledger::Terms terms = world_.daemon()->terms();
  const std::int64_t left =
      terms.queued.packets + terms.waiting.packets + terms.in_flight.packets + terms.spilled.packets;
  const storage::DiskStorage& storage = world_.daemon()->storage();
  return left == 0 && storage.facts().packets == 0;
}

bool DiskLife::is_all_well() const {
  if (world_.daemon() == nullptr || !world_.daemon()->storage().facts().taking_packets) return false;
  const auto views = world_.daemon()->views();
  return std::ranges::all_of(views,
                             [](const auto& view) { return view.state == health::State::healthy && view.in_service; });
}

/// A back-off and a pause may just have begun, the disk may be looked at in a second only, and all that is there may
/// have to go through a queue of one place and a slow start.
Duration DiskLife::longest_recovery() const {
  const Scenario& daemon = scenario_.daemon;
  const auto& health = daemon.balancer.health;
  const auto backlog = static_cast<Duration::rep>(world_.trace().histories().size()) * Duration(100ms);
  return 2 * health.backoff_max + health.interval + retry::max_pause + daemon.delivery_timeout +
         daemon.caller_runs_timeout + 2 * daemon.retry.max + health.slow_start + backlog + 60s;
}

void DiskLife::heal() {
  if (!well()) return;
  world_.heal();
  // An end may have been under way, and packets whose attempts end as they would have.
  run_until(10s, [this] { return world_.daemon() != nullptr && !world_.is_stopping(); });
  if (!well()) return;
  if (world_.daemon() == nullptr) return fault("healing", "the daemon is not up, and the disk is well");
  world_.undrain();
  world_.start_feeding();
  run_until(1s + scenario_.daemon.delivery_timeout + scenario_.daemon.probe_timeout, [] { return false; });
  if (!run_until(longest_recovery(), [this] { return is_all_well(); }) && well()) {
    fault("healing", "not all analyzers are Healthy, or the disk is not used, and all has been well for long");
  }
  world_.stop_feeding();
  if (!run_until(longest_recovery(), [this] { return is_settled(); }) && well()) {
    const ledger::Terms terms = world_.daemon()->terms();
    fault("healing",
          fmt::format("not everything is settled: {} queued, {} waiting, {} in flight, {} spilled, {} on the disk",
                      terms.queued.packets, terms.waiting.packets, terms.in_flight.packets, terms.spilled.packets,
                      world_.daemon()->storage().facts().packets));
  }
}

/// A stop leaves nothing; and one more start finds nothing.
void DiskLife::stop() {
  if (!well()) return;
  const std::uint64_t starts = world_.starts();
  world_.stop_daemon(10s);
  if (!run_until(20s, [this, starts] { return world_.starts() > starts && world_.daemon() != nullptr; }) && well()) {
    return fault("shutdown", "the daemon does not stop, or does not start again");
  }
  if (!well()) return;
  for (const auto& checker : checkers_) checker->life_ended();
}

std::string DiskLife::report() const {
  std::string text = fmt::format(
      "seed {} fails after {} events, {} packets, {} crashes: scripts/simulate --disk --first {} --seeds 1\n{}",
      scenario_.daemon.seed, events_, world_.trace().histories().size(), world_.crashes(), scenario_.daemon.seed,
      describe(scenario_));
  text += "found:\n";
  for (const Finding& finding : findings_) text += fmt::format("  {}: {}\n", finding.checker, finding.text);
  text += "the last events:\n";
  for (const std::string& line : world_.journal().lines()) text += "  " + line + '\n';
  return text;
}

}  // namespace

DiskVerdict simulate_disk(std::uint64_t seed, const std::string& only) {
  return DiskLife(draw_disk_scenario(seed), only).live();
}

}  // namespace logdist::sim
