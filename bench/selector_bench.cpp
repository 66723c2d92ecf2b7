// What a packet costs the selector. Budget: a pick and its release within 100 ns
// at 8 analyzers, within 1 µs at 1,000.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <vector>

#include "logdist/balance/selector.hpp"
#include "logdist/base/random.hpp"

namespace logdist::balance {
namespace {

constexpr std::uint64_t seed = 20'251;

Selector make_selector(std::int64_t analyzers, std::uint32_t slots) {
  Random random(seed);
  Selector selector(SelectorOptions{});
  for (std::int64_t count = 0; count < analyzers; ++count) selector.add((1 + random.below(100)) * 1'000'000, slots);
  return selector;
}

std::vector<std::uint32_t> make_sizes(std::uint64_t largest) {
  Random random(seed + 1);
  std::vector<std::uint32_t> sizes(4096);
  for (auto& size : sizes) size = static_cast<std::uint32_t>(1 + random.below(largest));
  return sizes;
}

void pick_and_release(benchmark::State& state) {
  Selector selector = make_selector(state.range(0), 256);
  const auto sizes = make_sizes(static_cast<std::uint64_t>(state.range(1)));
  std::size_t packet = 0;
  for (auto _ : state) {
    const auto charge = selector.pick({sizes[packet++ % sizes.size()]});
    selector.release(*charge);
  }
}
BENCHMARK(pick_and_release)->ArgsProduct({{3, 8, 100, 1'000}, {1, 100}})->ArgNames({"analyzers", "largest"});

/// Every slot is taken; each settled packet makes room for the next.
void saturated(benchmark::State& state) {
  Selector selector = make_selector(state.range(0), 16);
  const auto sizes = make_sizes(100);
  std::vector<Charge> under_way;
  for (std::size_t packet = 0; const auto charge = selector.pick({sizes[packet % sizes.size()]}); ++packet) {
    under_way.push_back(*charge);
  }
  Random random(seed + 2);
  for (auto _ : state) {
    Charge& settled = under_way[random.below(under_way.size())];
    selector.release(settled);
    settled = *selector.pick({settled.messages});
  }
}
BENCHMARK(saturated)->Arg(8)->Arg(100)->Arg(1'000)->ArgName("analyzers");

void failed_attempt(benchmark::State& state) {
  Selector selector = make_selector(state.range(0), 256);
  const auto sizes = make_sizes(100);
  std::size_t packet = 0;
  for (auto _ : state) {
    const std::uint32_t messages = sizes[packet++ % sizes.size()];
    const auto failed = selector.pick({messages});
    selector.undo(*failed);
    const auto charge = selector.pick({messages, {&failed->analyzer, 1}});
    selector.release(*charge);
  }
}
BENCHMARK(failed_attempt)->Arg(8)->Arg(1'000)->ArgName("analyzers");

/// Leaving service and coming back: two new epochs.
void outage(benchmark::State& state) {
  Selector selector = make_selector(state.range(0), 256);
  for (auto _ : state) {
    selector.set_in_service(0, false);
    selector.set_in_service(0, true);
  }
}
BENCHMARK(outage)->Arg(8)->Arg(1'000)->ArgName("analyzers");

}  // namespace
}  // namespace logdist::balance
