// Which log formats the agents speak, and which of them each analyzer takes.
#include <algorithm>

#include "tests/sim/draws.hpp"
#include "tests/sim/scenario.hpp"

namespace logdist::sim {
namespace {

constexpr double mixed_part = 0.3;  ///< of all lives

std::vector<core::Protocol> draw_spoken(Draws& draws) {
  std::vector<core::Protocol> spoken;
  for (std::size_t left = draws.between<std::size_t>(2, 5); left > 0; --left) {
    const auto format = static_cast<core::Protocol>(draws.between<std::size_t>(0, core::protocol_count - 1));
    if (std::ranges::find(spoken, format) == spoken.end()) spoken.push_back(format);
  }
  return spoken;
}

core::ProtocolSet draw_takes(Draws& draws, const std::vector<core::Protocol>& spoken, double part) {
  if (draws.chance(0.2)) return core::ProtocolSet::all();
  core::ProtocolSet takes;
  for (const core::Protocol format : spoken) {
    if (draws.chance(part)) takes.add(format);
  }
  // One of them at least: or it would never be sent what it is to be tested with.
  takes.add(spoken[draws.between<std::size_t>(0, spoken.size() - 1)]);
  return takes;
}

}  // namespace

void draw_formats(Scenario& scenario) {
  Draws draws(scenario.seed ^ 0xF0F0);
  if (!draws.chance(mixed_part)) return;
  scenario.mixed = true;
  scenario.spoken = draw_spoken(draws);
  const double part = scenario.poisoned ? 0.8 : draws.one_of({0.2, 0.5, 0.8});
  const auto draw = [&](AnalyzerPlan& plan) { plan.spec.formats = draw_takes(draws, scenario.spoken, part); };
  for (AnalyzerPlan& plan : scenario.analyzers) draw(plan);
  for (Change& change : scenario.changes) draw(change.plan);
  // Of each format half of the poisoned analyzers, or else one, at the beginning.
  const std::size_t least = scenario.poisoned ? (scenario.analyzers.size() + 1) / 2 : 1;
  for (const core::Protocol format : scenario.spoken) {
    for (auto takers = static_cast<std::size_t>(std::ranges::count_if(
             scenario.analyzers, [format](const AnalyzerPlan& plan) { return plan.spec.formats.has(format); }));
         takers < least;) {
      AnalyzerPlan& plan = scenario.analyzers[draws.between<std::size_t>(0, scenario.analyzers.size() - 1)];
      if (plan.spec.formats.has(format)) continue;
      plan.spec.formats.add(format);
      ++takers;
    }
  }
  for (AgentPlan& agent : scenario.agents) {
    agent.spoken = scenario.spoken;
    if (draws.chance(0.7)) agent.spoken = {scenario.spoken[draws.between<std::size_t>(0, scenario.spoken.size() - 1)]};
    // Those that are well have less room for the bad ones.
    if (scenario.poisoned) agent.pause *= 2;
  }
  if (scenario.poisoned) scenario.storm *= 2;
}

}  // namespace logdist::sim
