// How packets are routed, beyond weights.
#include "tests/sim/draws.hpp"
#include "tests/sim/scenario.hpp"

namespace logdist::sim {

void draw_routing(Scenario& scenario) {
  Draws draws(scenario.seed ^ 0x2047E);
  scenario.balancer.max_retries = draws.one_of({0.0, 0.2, 0.2, 1.0});
}

}  // namespace logdist::sim
