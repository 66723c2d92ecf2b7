// What a packet costs the policies that hash. Budget: a pick and its release within 1 µs at 1,000 analyzers.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "logdist/balance/hash/hash_balancer.hpp"
#include "logdist/base/random.hpp"

namespace logdist::balance {
namespace {

constexpr std::uint64_t seed = 20'261;

std::unique_ptr<HashBalancer> make_balancer(std::int64_t analyzers, double bound) {
  Random random(seed);
  auto balancer = std::make_unique<HashBalancer>(HashOptions{{}, bound});
  for (std::int64_t count = 0; count < analyzers; ++count) balancer->add((1 + random.below(100)) * 1'000'000, 256);
  return balancer;
}

std::vector<std::uint64_t> make_keys() {
  Random random(seed + 1);
  std::vector<std::uint64_t> keys(4096);
  for (auto& key : keys) key = random.next();
  return keys;
}

void pick_and_release(benchmark::State& state) {
  const auto balancer = make_balancer(state.range(0), 1.25);
  const auto keys = make_keys();
  std::size_t packet = 0;
  for (auto _ : state) {
    const auto charge = balancer->pick({.messages = 1, .key = keys[packet++ % keys.size()]});
    balancer->release(*charge);
  }
}
BENCHMARK(pick_and_release)->Arg(3)->Arg(8)->Arg(100)->Arg(1'000)->ArgName("analyzers");

/// As many packets in flight as there are analyzers, of a few hot keys: most are passed over.
void hot_keys(benchmark::State& state) {
  const auto balancer = make_balancer(state.range(0), 1.25);
  const auto keys = make_keys();
  std::vector<Charge> under_way;
  const auto in_flight = static_cast<std::size_t>(4 * state.range(0));
  for (std::size_t packet = 0; packet < in_flight; ++packet) {
    under_way.push_back(*balancer->pick({.messages = 1, .key = keys[packet % 4]}));
  }
  std::size_t packet = 0;
  for (auto _ : state) {
    Charge& settled = under_way[packet++ % under_way.size()];
    balancer->release(settled);
    settled = *balancer->pick({.messages = 1, .key = keys[packet % 4]});
  }
}
BENCHMARK(hot_keys)->Arg(8)->Arg(100)->Arg(1'000)->ArgName("analyzers");

}  // namespace
}  // namespace logdist::balance
