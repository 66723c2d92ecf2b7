// Whose the agents are, and what these clients may do.
#include "tests/sim/draws.hpp"
#include "tests/sim/scenario.hpp"

namespace logdist::sim {

using namespace std::chrono_literals;

namespace {

constexpr double limited_part = 0.25;  ///< of all lives

ClientPlan draw_client(Draws& draws, const Scenario& scenario) {
  ClientPlan client;
  if (draws.chance(0.7)) {
    client.packets_per_second = draws.between<std::uint64_t>(1, 100);
    client.burst = draws.across(100ms, 5s);
  }
  if (draws.chance(0.7)) {
    const auto places = static_cast<std::uint32_t>(scenario.queue_packets);
    client.places_max = draws.between<std::uint32_t>(1, places);
  }
  return client;
}

}  // namespace

void draw_clients(Scenario& scenario) {
  Draws draws(scenario.seed ^ 0xC1A1);
  if (!draws.chance(limited_part)) return;
  const std::size_t clients = draws.between<std::size_t>(1, 4);
  for (std::size_t i = 0; i < clients; ++i) scenario.clients.push_back(draw_client(draws, scenario));
  for (AgentPlan& agent : scenario.agents) {
    if (draws.chance(0.1)) continue;
    const bool greedy = draws.chance(0.5);
    agent.client = greedy ? 1 : draws.between<std::size_t>(1, clients);
    if (agent.client == 1) agent.pause /= 20;
  }
}

}  // namespace logdist::sim
