// How packets are routed, beyond weights.
#include "tests/sim/draws.hpp"
#include "tests/sim/scenario.hpp"

namespace logdist::sim {

using namespace std::chrono_literals;

void draw_routing(Scenario& scenario) {
  Draws draws(scenario.seed ^ 0x2047E);
  health::OutlierOptions& outlier = scenario.balancer.outlier;
  outlier.enabled = !scenario.calm && !scenario.poisoned && draws.chance(0.3);
  outlier.interval = draws.across(200ms, 5s);
  outlier.min_packets = draws.between(3u, 20u);
  outlier.min_failures = draws.between(1u, 5u);
  outlier.success_rate_below = draws.one_of({0.02, 0.05, 0.2});
  outlier.latency_factor = draws.one_of({2.0, 5.0, 20.0});
  outlier.max_ejected = draws.one_of({0.2, 0.5, 0.5, 1.0});
  scenario.balancer.max_retries = draws.one_of({0.0, 0.2, 0.2, 1.0});
}

}  // namespace logdist::sim
