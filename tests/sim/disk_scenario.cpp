#include "tests/sim/disk_scenario.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "tests/sim/draws.hpp"

namespace logdist::sim {
namespace {

using namespace std::chrono_literals;
using queue::CrashPoint;

constexpr const char* mode_names[disk_mode_count] = {
    "well", "slow", "refuses writes", "refuses syncs", "refuses removals", "full", "nearly full", "read-only",
};

/// Nothing fails and slots are free, so that shares can be compared over all restarts.
void make_calm(Scenario& scenario) {
  scenario.calm = true;
  scenario.balancer.outlier.enabled = false;
  scenario.poisoned = false;
  scenario.changes.clear();
  for (AnalyzerPlan& plan : scenario.analyzers) {
    plan.spec.max_in_flight = plan.spec.capacity = 10'000;
    plan.spells.clear();
    plan.latency = std::min<Duration>(plan.latency, 20ms);
  }
  for (AgentPlan& agent : scenario.agents) agent.rejected_by_all = agent.poisonous = 0;
}

void draw_surroundings(Draws& draws, Scenario& scenario) {
  scenario.ends_in_storm = false;
  scenario.poisoned = false;
  scenario.mixed = false;
  for (AnalyzerPlan& plan : scenario.analyzers) plan.spec.formats = core::ProtocolSet::all();
  scenario.ack_delivered = draws.chance(0.05);
  scenario.loops = std::min<std::size_t>(scenario.loops, 3);
  scenario.queue_packets = draws.chance(0.5) ? draws.between<std::size_t>(1, 8) : draws.between<std::size_t>(8, 200);
  scenario.queue_bytes = draws.one_of<std::size_t>({2'000, 20'000, 200'000});
  scenario.storm = draws.across(3s, 20s);
  // The set of analyzers is the configuration's; what an operator sets outlives a restart.
  std::erase_if(scenario.changes, [](const Change& change) {
    return change.kind != Change::Kind::set_weight && change.kind != Change::Kind::turn_drain;
  });
  for (Change& change : scenario.changes) change.after = draws.between(Duration(0), scenario.storm);
  if (scenario.analyzers.size() > 5) scenario.analyzers.resize(5);
  if (scenario.agents.size() > 8) scenario.agents.resize(8);
  const std::size_t packets = draws.between<std::size_t>(60, 400);
  for (AgentPlan& agent : scenario.agents) {
    agent.until_packets = packets;
    agent.loop = static_cast<LoopId>(agent.loop % scenario.loops);
    agent.pause = std::max<Duration>(agent.pause, 1ms);
    if (draws.chance(0.3)) agent.poisonous = 0.1;
    if (draws.chance(0.3)) agent.bytes_max = draws.one_of<std::size_t>({500, 6'000});
  }
}

/// What the first crash needs to come about.
void suit(CrashPoint point, Draws& draws, DiskScenario& scenario) {
  switch (point) {
    case CrashPoint::journal_write_failed: scenario.first_mode = DiskMode::refuses_write; break;
    case CrashPoint::journal_sync_failed:
      scenario.first_mode = DiskMode::refuses_sync;
      scenario.log.sync = true;
      break;
    case CrashPoint::journal_synced: scenario.log.sync = true; break;
    case CrashPoint::reserve_taken:
      // What is settled then fills a segment.
      scenario.first_mode = DiskMode::full;
      scenario.log.segment_bytes = 1024;
      scenario.log.max_disk = std::uint64_t{1} << 30;
      break;
    case CrashPoint::segment_set_aside: scenario.flips_bits = true; break;
    case CrashPoint::survivors_copied:
      // One packet that stays for long in the oldest of many small segments.
      scenario.log.segment_bytes = 1024;
      scenario.log.max_disk = std::uint64_t{1} << 30;
      for (AgentPlan& agent : scenario.daemon.agents) agent.poisonous = std::max(agent.poisonous, 0.05);
      scenario.daemon.retry = {100ms, 5s, 2.0, 0.2, 10};
      scenario.daemon.calm = false;
      break;
    default: return;
  }
  if (scenario.first_mode != DiskMode::well) scenario.changes_modes = true;
  static_cast<void>(draws);
}

}  // namespace

const char* to_string(DiskMode mode) { return mode_names[static_cast<std::size_t>(mode)]; }

DiskScenario draw_disk_scenario(std::uint64_t seed) {
  DiskScenario scenario{draw_scenario(seed), {}};
  Draws draws(seed ^ 0xd15c);
  draw_surroundings(draws, scenario.daemon);
  if (draws.chance(0.3) || scenario.daemon.calm) make_calm(scenario.daemon);
  queue::DurableLogOptions& log = scenario.log;
  log.directory = "/queue";
  log.own_thread = false;
  log.log_id = draws.seed() | 1;
  log.loops = static_cast<LoopId>(scenario.daemon.loops);
  log.sync = draws.chance(0.75);
  log.commit_interval = draws.chance(0.6) ? Duration(200us) : draws.across(1ms, 50ms);
  log.segment_bytes = std::uint64_t{1024} << draws.between(0, 6);
  log.pending_packets_max = draws.chance(0.2) ? 8 : 65'536;
  log.max_disk = draws.chance(0.2) ? log.segment_bytes * 8 : std::uint64_t{1} << 30;
  if (draws.chance(0.15)) log.retain_for = 1s;
  if (draws.chance(0.15)) log.retain_bytes = log.segment_bytes * 3;
  scenario.changes_modes = draws.chance(0.5);
  scenario.flips_bits = draws.chance(0.1);
  scenario.first_point = static_cast<CrashPoint>(seed % queue::crash_point_names.size());
  scenario.crashes_max = draws.between<std::size_t>(1, 8);
  scenario.crash_within = draws.across(50ms, 5s);
  scenario.power_cuts = draws.one_of({0.0, 0.5, 0.5, 1.0});
  suit(scenario.first_point, draws, scenario);
  log.compress = draws.chance(0.4);
  return scenario;
}

std::string describe(const DiskScenario& scenario) {
  const queue::DurableLogOptions& log = scenario.log;
  std::string text = fmt::format(
      "the disk: sync {}, a commit each {:.1f} ms at most, segments of {} KiB, at most {} KiB, {}{}{}{}, {} crashes at "
      "most, the first at {}\n",
      log.sync ? "always" : "off", 1e3 * to_seconds(log.commit_interval), log.segment_bytes >> 10, log.max_disk >> 10,
      scenario.changes_modes ? "refuses at times" : "well", scenario.flips_bits ? ", flips bits" : "",
      log.retains() ? ", retains" : "", log.compress ? ", compresses" : "", scenario.crashes_max,
      queue::name_of(scenario.first_point));
  return text + describe(scenario.daemon);
}

}  // namespace logdist::sim
