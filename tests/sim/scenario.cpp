#include "tests/sim/scenario.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "tests/sim/draws.hpp"

namespace logdist::sim {
namespace {

using namespace std::chrono_literals;

constexpr const char* mood_names[fault_mode_count] = {
    "steady",     "heavy-tailed", "stuck",   "unreachable",  "resets untaken", "resets taken",     "slow bytes",
    "throttling", "overloaded",   "failing", "path missing", "rejecting",      "talking nonsense",
};

dispatch::LoadBalancerOptions draw_scheduler(Draws& draws) {
  dispatch::LoadBalancerOptions options;
  options.balance.catch_up_threshold = draws.one_of<std::uint64_t>({1, 10, 100, 1'000});
  options.balance.max_debt = draws.one_of<std::uint64_t>({1, 10, 100, 1'000, 10'000});
  options.balance.catch_up_share_ppm = draws.one_of<std::uint32_t>({200'000, 500'000, 500'000, 1'000'000});
  options.health.probing = draws.chance(0.7);
  options.health.interval = draws.across(200ms, 10s);
  options.health.failure_threshold = draws.between(1u, 5u);
  options.health.backoff_initial = draws.across(50ms, 1s);
  options.health.backoff_max = draws.across(1s, 20s);
  options.health.slow_start = draws.chance(0.2) ? 0s : draws.across(100ms, 10s);
  options.pause = {draws.across(10ms, 200ms), draws.across(200ms, 5s), 2.0, 0.2};
  options.seed = draws.seed();
  return options;
}

std::vector<Spell> draw_spells(Draws& draws, Duration storm) {
  std::vector<Spell> spells;
  const bool flaps = draws.chance(0.2);
  const FaultMode bad = static_cast<FaultMode>(draws.between<std::size_t>(1, fault_mode_count - 1));
  for (Duration total{}; total < storm;) {
    Spell spell;
    spell.lasts = flaps ? draws.across(50ms, 2s) : draws.across(500ms, 30s);
    if (flaps) {
      spell.fault_mode = spells.size() % 2 == 0 ? bad : FaultMode::steady;
    } else if (draws.chance(0.6)) {
      spell.fault_mode = static_cast<FaultMode>(draws.between<std::size_t>(1, fault_mode_count - 1));
    }
    spell.portion = draws.chance(0.5) ? 1 : 0.3;
    if (draws.chance(0.2)) spell.capacity = draws.between(1u, 20u);
    total += spell.lasts;
    spells.push_back(spell);
  }
  return spells;
}

/// Analyzers that are well, and packets that are not.
void draw_poison(Draws& draws, Scenario& scenario) {
  scenario.poisoned = true;
  scenario.ends_in_storm = false;
  scenario.queue_packets = 20'000;
  scenario.queue_bytes = 100'000'000;
  scenario.ack_delivered = false;
  scenario.delivery_timeout = draws.across(100ms, 2s);
  scenario.messages_max = 1;
  scenario.balancer.health.interval = draws.across(200ms, 2s);
  scenario.balancer.health.failure_threshold = draws.between(3u, 5u);
  scenario.retry = {draws.across(5ms, 100ms), draws.across(200ms, 1s), 2.0, 0.2, draws.between(1u, 5u)};
  scenario.max_age = Duration(0);
}

AnalyzerPlan draw_analyzer(Draws& draws, const Scenario& scenario) {
  AnalyzerPlan plan;
  plan.spec.weight_units =
      draws.chance(0.2) ? draws.one_of<std::uint64_t>({1, 1'000}) : draws.between<std::uint64_t>(1, 100);
  plan.spec.max_in_flight = scenario.calm ? 10'000 : draws.between(1u, 20u);
  plan.spec.capacity = scenario.calm ? 10'000 : draws.between(1u, 30u);
  if (draws.chance(0.5)) plan.spec.connections = draws.between(1u, 40u);
  plan.latency = draws.across(200us, scenario.calm ? 20ms : 300ms);
  plan.connections = draws.between(1u, 4u);
  if (!scenario.calm) plan.spells = draw_spells(draws, scenario.storm);
  return plan;
}

std::vector<Change> draw_changes(Draws& draws, const Scenario& scenario) {
  std::vector<Change> changes;
  if (scenario.calm || draws.chance(0.5)) return changes;
  for (int left = draws.between(1, 6); left > 0; --left) {
    Change change;
    change.after = draws.between(Duration(0), scenario.storm);
    change.kind = static_cast<Change::Kind>(draws.between(0, 3));
    change.whom = draws.between<std::size_t>(0, 100);
    change.plan = draw_analyzer(draws, scenario);
    changes.push_back(change);
  }
  return changes;
}

/// Each takes an analyzer out of service, or back.
void draw_drains(Draws& draws, Scenario& scenario) {
  if (scenario.calm || draws.chance(0.6)) return;
  for (int left = draws.between(1, 6); left > 0; --left) {
    Change change;
    change.after = draws.between(Duration(0), scenario.storm);
    change.kind = Change::Kind::turn_drain;
    change.whom = draws.between<std::size_t>(0, 100);
    scenario.changes.push_back(change);
  }
}

AgentPlan draw_agent(Draws& draws, const Scenario& scenario) {
  AgentPlan plan;
  plan.loop = static_cast<LoopId>(draws.between<std::size_t>(0, scenario.loops - 1));
  plan.pause = draws.across(100us, 500ms);
  plan.in_bursts = draws.chance(0.3);
  plan.messages_max = scenario.messages_max;
  plan.bytes_max = draws.one_of<std::size_t>({16, 200, 2'000});
  if (draws.chance(0.3)) plan.chunked = 0.5;
  if (draws.chance(0.5)) plan.in_steps = 0.5;
  if (!scenario.calm && draws.chance(0.2)) plan.trickles = 0.3;
  if (draws.chance(0.3)) plan.disappears = 0.1;
  if (scenario.calm) return plan;
  if (draws.chance(0.2)) plan.rejected_by_all = 0.1;
  if (draws.chance(0.1)) plan.poisonous = 0.1;
  if (draws.chance(0.5)) plan.somewhere = 0.5;
  return plan;
}

constexpr std::uint32_t poisoned_connections = 32;

/// All agents alike: a steady stream, up to a fifth of it bad, in one way or in all. The more analyzers
/// there are the fewer packets, for a bad one is tried at each of them, round after round.
void draw_poisoned_agents(Draws& draws, Scenario& scenario) {
  const std::size_t packets = draws.between<std::size_t>(150, 6'000 / (scenario.analyzers.size() + 4));
  std::optional<Trait::Kind> harm;
  if (draws.chance(0.7)) harm = static_cast<Trait::Kind>(draws.between(1, Trait::last_kind));
  const double part = draws.chance(0.3) ? 0.2 : draws.chance(0.5) ? 0.02 : 0.1;
  const double somewhere = draws.chance(0.3) ? 0.5 : 0;
  const std::size_t run = draws.chance(0.3) ? draws.between<std::size_t>(2, 10) : 1;
  // Bad ones that keep their connections busy until the timeout have room in a quarter of them.
  const auto held = Duration(static_cast<Duration::rep>(static_cast<double>(packets) * part *
                                                        static_cast<double>(scenario.delivery_timeout.count())));
  const Duration least = held / static_cast<Duration::rep>(scenario.analyzers.size() * poisoned_connections / 4);
  const Duration lasts = std::max(draws.between(Duration(4s), Duration(15s)), least);
  scenario.storm = 2 * lasts;
  const std::size_t burst = draws.chance(0.3) ? draws.between<std::size_t>(2, 10) : 1;
  for (AgentPlan& agent : scenario.agents) {
    AgentPlan steady;
    steady.loop = agent.loop;
    steady.pause = lasts * static_cast<Duration::rep>(scenario.agents.size()) / static_cast<Duration::rep>(packets);
    steady.until_packets = packets;
    agent = steady;
    agent.poisonous = part / static_cast<double>(run);
    agent.poison_run = run;
    agent.burst = burst;
    agent.somewhere = somewhere;
    agent.harm = harm;
  }
}

void draw_poisoned_analyzers(Draws& draws, Scenario& scenario) {
  for (AnalyzerPlan& plan : scenario.analyzers) {
    plan.spec = {draws.between<std::uint64_t>(1, 3), 256, 512, poisoned_connections};
    plan.latency = draws.across(200us, 20ms);
    plan.spells.clear();
  }
}

/// That it takes, of those spoken.
std::string formats_of(const Scenario& scenario, const AnalyzerPlan& plan) {
  std::string text;
  for (const core::Protocol format : scenario.spoken) {
    if (scenario.mixed && plan.spec.formats.has(format)) text += std::string(to_string(format)) + ", ";
  }
  return text;
}

}  // namespace

const char* to_string(FaultMode fault_mode) { return mood_names[static_cast<std::size_t>(fault_mode)]; }

Scenario draw_scenario(std::uint64_t seed) {
  Draws draws(seed);
  Scenario scenario;
  scenario.seed = seed;
  scenario.calm = draws.chance(0.1);
  scenario.loops = draws.between<std::size_t>(1, 4);
  scenario.queue_packets = draws.chance(0.3) ? draws.between<std::size_t>(1, 5) : draws.between<std::size_t>(5, 300);
  scenario.queue_bytes = draws.one_of<std::size_t>({2'000, 20'000, 200'000});
  scenario.buffered_bytes = draws.one_of<std::size_t>({2'000, 5'000, 50'000});  // max_body at least
  scenario.small_body_max = draws.one_of<std::size_t>({16, 200, 1'000});
  scenario.ack_delivered = draws.chance(0.2);
  scenario.retry = {draws.across(5ms, 200ms), draws.across(200ms, 5s), 2.0, 0.2, draws.between(1u, 10u)};
  scenario.caller_runs_timeout = draws.across(200ms, 30s);
  scenario.delivery_timeout = draws.across(100ms, 5s);
  scenario.probe_timeout = draws.across(50ms, 2s);
  scenario.balancer = draw_scheduler(draws);
  scenario.balancer.health.answer_within = scenario.probe_timeout;
  scenario.storm = draws.across(2s, 120s);
  scenario.messages_max = draws.one_of<std::uint32_t>({1, 10, 100, 1'000});
  scenario.ends_in_storm = draws.chance(0.3);
  scenario.grace = draws.across(1ms, 10s);

  if (draws.chance(0.2)) scenario.max_age = draws.across(500ms, 60s);
  if (!scenario.calm && draws.chance(0.15)) draw_poison(draws, scenario);
  const std::size_t analyzers =
      scenario.poisoned ? draws.one_of<std::size_t>({2, 3, 3, 7, 20}) : draws.between<std::size_t>(1, 7);
  for (std::size_t i = 0; i < analyzers; ++i) scenario.analyzers.push_back(draw_analyzer(draws, scenario));
  const std::size_t agents = draws.between<std::size_t>(1, 24);
  for (std::size_t i = 0; i < agents; ++i) scenario.agents.push_back(draw_agent(draws, scenario));
  const std::size_t packets = draws.between<std::size_t>(100, 1'000);
  for (AgentPlan& agent : scenario.agents) agent.until_packets = packets;
  if (scenario.poisoned) {
    draw_poisoned_analyzers(draws, scenario);
    draw_poisoned_agents(draws, scenario);
    draw_formats(scenario);
    draw_routing(scenario);
    return scenario;
  }
  scenario.changes = draw_changes(draws, scenario);
  draw_drains(draws, scenario);
  draw_formats(scenario);
  draw_clients(scenario);
  draw_routing(scenario);
  return scenario;
}

std::string describe(const Scenario& scenario) {
  const auto ms = [](Duration duration) { return std::chrono::duration<double, std::milli>(duration).count(); };
  std::string text = fmt::format(
      "{}{} loops, {} agents of {} clients, {} changes of analyzers, ack {}, queue {} packets {} bytes, waits {:.0f} "
      "ms, attempts "
      "{:.0f} ms, storm {:.0f} ms, "
      "{}\n",
      scenario.calm       ? "calm, "
      : scenario.poisoned ? "poisoned, "
                          : "",
      scenario.loops, scenario.agents.size(), scenario.clients.size(), scenario.changes.size(),
      scenario.ack_delivered ? "delivered" : "queued", scenario.queue_packets, scenario.queue_bytes,
      ms(scenario.caller_runs_timeout), ms(scenario.delivery_timeout), ms(scenario.storm),
      scenario.ends_in_storm ? fmt::format("ends in it with {:.0f} ms of grace", ms(scenario.grace)) : "heals");
  for (std::size_t i = 0; i < scenario.analyzers.size(); ++i) {
    const AnalyzerPlan& plan = scenario.analyzers[i];
    text += fmt::format("  analyzer {}: {}weight {}, {} in flight, capacity {}, latency {:.1f} ms:", i,
                        formats_of(scenario, plan), plan.spec.weight_units, plan.spec.max_in_flight, plan.spec.capacity,
                        ms(plan.latency));
    for (std::size_t k = 0; k < std::min<std::size_t>(plan.spells.size(), 8); ++k) {
      text += fmt::format(" {} {:.0f} ms,", to_string(plan.spells[k].fault_mode), ms(plan.spells[k].lasts));
    }
    if (plan.spells.size() > 8) text += fmt::format(" and {} more", plan.spells.size() - 8);
    text += '\n';
  }
  return text;
}

}  // namespace logdist::sim
