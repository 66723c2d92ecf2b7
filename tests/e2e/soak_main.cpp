// What scripts/soak runs. Exit code 0: nothing is wrong.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <exception>
#include <iostream>
#include <random>

#include "tests/e2e/soak.hpp"

namespace logdist::e2e {
namespace {

void print(const SoakPlan& plan, const SoakResult& result) {
  const auto row = [](std::string_view what, const auto& value) { fmt::print("{:<34} {:>12}\n", what, value); };
  const auto mebibytes = [](double bytes) { return fmt::format("{:.1f} MiB", bytes / (1 << 20)); };
  row("seed", plan.seed);
  row("minutes", fmt::format("{:.1f}", to_seconds(plan.length) / 60));
  row("outages of all analyzers", result.outages);
  row("analyzers killed", result.kills);
  row("analyzers stopped", result.stops);
  row("packets sent", result.sent);
  row("  answered 2xx", result.delivered.accepted);
  row("    200: the queue was full (packet)", result.delivered_at_once);
  row("  answered 503", result.handed_back);
  row("  not answered", result.unanswered);
  row("requests that found it full", fmt::format("{:.0f}", result.caller_runs));
  row("taken by analyzers", result.delivered.taken);
  for (const FormatTally& tally : result.formats) {
    row(fmt::format("  {}: messages accepted", to_string(tally.format)), tally.accepted.messages);
    row("    taken, dead letters", fmt::format("{}, {}", tally.taken.messages, tally.kept.messages));
  }
  row("lost", result.delivered.lost.size());
  row("dead letters", result.dead_letters);
  row("altered", result.delivered.altered.size());
  row("invented", result.delivered.invented.size());
  row("duplicates", result.delivered.duplicates);
  row("  nobody had been down", result.unexplained.size());
  row("  attempts of unknown outcome", fmt::format("{:.0f}", result.explained));
  row("scrapes", result.scrapes);
  row("  out of balance", result.imbalances);
  for (int tenth = 0; tenth < 10; ++tenth) {
    row(fmt::format("resident, tenth {}", tenth + 1), mebibytes(result.mean_bytes(tenth / 10.0, (tenth + 1) / 10.0)));
  }
  row("resident, second quarter", mebibytes(result.mean_bytes(0.25, 0.5)));
  row("resident, last quarter", mebibytes(result.mean_bytes(0.75, 1)));
}

int run(const SoakPlan& plan) {
  // Said first, for the case that nothing else will be.
  fmt::print("seed {}: scripts/soak --seed {} draws the same plan\n", plan.seed, plan.seed);
  std::cout.flush();
  const SoakResult result = Soak(plan).run();
  print(plan, result);
  const std::vector<std::string> faults = result.faults();
  for (const std::string& fault : faults) fmt::print("FAULT: {}\n", fault);
  fmt::print("{}\n", faults.empty() ? "nothing is lost, and all is explained" : "failed");
  return faults.empty() ? 0 : 1;
}

}  // namespace
}  // namespace logdist::e2e

int main(int argc, char** argv) {
  logdist::e2e::SoakPlan plan;
  plan.seed = std::random_device()() % 1'000'000;
  double minutes = 10;
  CLI::App app("Load on analyzers that crash and return, and what became of every packet.");
  app.add_option("--minutes", minutes, "how long")->check(CLI::Range(0.05, 10000.0));
  app.add_option("--seed", plan.seed, "of the crashes and the packets");
  app.add_option("--rate", plan.packets_per_second, "packets a second, of all agents together")
      ->check(CLI::PositiveNumber);
  app.add_option("--agents", plan.agents)->check(CLI::Range(1, 500));
  app.add_option("--analyzers", plan.analyzers)->check(CLI::Range(1, 50));
  app.add_option("--daemon", plan.daemon, "the binary")->check(CLI::ExistingFile);
  CLI11_PARSE(app, argc, argv);
  plan.length = std::chrono::duration_cast<logdist::Duration>(std::chrono::duration<double>(minutes * 60));
  try {
    return logdist::e2e::run(plan);
  } catch (const std::exception& error) {
    std::cerr << "soak: " << error.what() << "\n";
    return 1;
  }
}
