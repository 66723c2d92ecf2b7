// simulate [--seeds N] [--first K] [--disk]: lives one life after the other, stops at the
// first that goes wrong, and prints it. scripts/simulate builds and runs it.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <exception>
#include <map>
#include <string>

#include "tests/sim/disk_simulation.hpp"
#include "tests/sim/simulation.hpp"

namespace logdist::sim {
namespace {

int run_disk(std::uint64_t first, std::uint64_t seeds) {
  const auto begun = Clock::now();
  DiskVerdict sum;
  for (std::uint64_t seed = first; seed < first + seeds; ++seed) {
    const DiskVerdict verdict = simulate_disk(seed);
    sum.events += verdict.events;
    sum.packets += verdict.packets;
    sum.lived += verdict.lived;
    sum.crashes += verdict.crashes;
    sum.starts += verdict.starts;
    sum.read_back += verdict.read_back;
    sum.parked += verdict.parked;
    for (const auto& [checker, count] : verdict.checks) sum.checks[checker] += count;
    for (std::size_t point = 0; point < sum.crashed_at.size(); ++point) {
      sum.crashed_at[point] += verdict.crashed_at[point];
    }
    if (verdict.passed()) continue;
    fmt::print("{}", verdict.report);
    return 1;
  }
  const double seconds = to_seconds(Clock::now() - begun);
  fmt::print(
      "seeds {} to {} with the durable queue: all is well; {} packets, {} read from the disk, {} of these parked, {} "
      "starts, {} "
      "crashes, {} events, {:.1f} simulated hours in {:.1f} s, {:.1f} seeds/s\n",
      first, first + seeds - 1, sum.packets, sum.read_back, sum.parked, sum.starts, sum.crashes, sum.events,
      to_seconds(sum.lived) / 3600, seconds, static_cast<double>(seeds) / seconds);
  for (const auto& [checker, count] : sum.checks) fmt::print("{}: {} cases\n", checker, count);
  for (std::size_t point = 0; point < sum.crashed_at.size(); ++point) {
    fmt::print("crashed at {}: {}\n", queue::crash_point_names[point], sum.crashed_at[point]);
  }
  return 0;
}

int run(std::uint64_t first, std::uint64_t seeds) {
  const auto begun = Clock::now();
  std::uint64_t events = 0;
  std::uint64_t packets = 0;
  Duration lived{};
  std::map<std::string, std::uint64_t> checks;
  for (std::uint64_t seed = first; seed < first + seeds; ++seed) {
    const Verdict verdict = simulate(seed);
    events += verdict.events;
    packets += verdict.packets;
    lived += verdict.lived;
    for (const auto& [checker, count] : verdict.checks) checks[checker] += count;
    if (verdict.passed()) continue;
    fmt::print("{}", verdict.report);
    return 1;
  }
  const double seconds = to_seconds(Clock::now() - begun);
  fmt::print("seeds {} to {}: all is well; {} packets, {} events, {:.1f} simulated hours in {:.1f} s, {:.1f} seeds/s\n",
             first, first + seeds - 1, packets, events, to_seconds(lived) / 3600, seconds,
             static_cast<double>(seeds) / seconds);
  for (const auto& [checker, count] : checks) {
    if (count > 0) fmt::print("{}: {} cases\n", checker, count);
  }
  return 0;
}

}  // namespace
}  // namespace logdist::sim

int main(int argc, char** argv) {
  CLI::App app("Simulates whole lives of the daemon: storm, recovery, shutdown. Stops at the first that goes wrong.");
  std::uint64_t first = 1;
  std::uint64_t seeds = 200;
  app.add_option("--seeds", seeds, "how many lives")->capture_default_str()->check(CLI::Range(1.0, 1e12));
  app.add_option("--first", first, "seed of the first; the others count up from it")->capture_default_str();
  bool disk = false;
  app.add_flag("--disk", disk, "with queue.storage disk, on a simulated disk, through crashes and starts");
  CLI11_PARSE(app, argc, argv);
  try {
    return disk ? logdist::sim::run_disk(first, seeds) : logdist::sim::run(first, seeds);
  } catch (const std::exception& error) {
    fmt::print(stderr, "simulate: {}\n", error.what());
    return 1;
  }
}
