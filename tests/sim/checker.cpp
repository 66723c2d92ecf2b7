#include "tests/sim/checker.hpp"

namespace logdist::sim {

Checkers make_checkers(const World& world, Findings& findings) {
  Checkers checkers;
  for (const auto make : {make_settlement, make_service, make_duplicates, make_bounds, make_buffers, make_conservation,
                          make_metrics, make_idle_slots, make_patience, make_shutdown, make_health, make_rounds,
                          make_blame, make_formats, make_clients, make_retries, make_outliers}) {
    checkers.push_back(make(world, findings));
  }
  // They follow one balance. Where several sets of analyzers have one each, accounts are sums over them, and what
  // `formats` judges by itself is the shares.
  if (world.scenario().mixed) return checkers;
  for (const auto make : {make_refunds, make_debt, make_catch_ups}) checkers.push_back(make(world, findings));
  return checkers;
}

}  // namespace logdist::sim
