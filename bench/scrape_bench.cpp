// What a scrape costs: the text of /metrics with so many analyzers.
#include <benchmark/benchmark.h>

#include <string>

#include "logdist/telemetry/catalogue.hpp"
#include "tests/telemetry/sample_scrape.hpp"

namespace logdist::telemetry {
namespace {

void scrape(benchmark::State& state) {
  Scrape facts = sample_scrape();
  facts.analyzers.clear();
  for (AnalyzerId id = 0; id < static_cast<AnalyzerId>(state.range(0)); ++id) {
    facts.analyzers.push_back(sample_analyzer(id, "analyzer-" + std::to_string(id)));
  }
  std::size_t bytes = 0;
  for (auto _ : state) bytes = to_text(facts, "1.2.3").size();
  state.counters["bytes"] = static_cast<double>(bytes);
}
BENCHMARK(scrape)->Arg(3)->Arg(100)->Arg(1'000)->ArgName("analyzers")->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace logdist::telemetry
