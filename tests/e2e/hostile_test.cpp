// Everything hostile that we know of, beside good agents and good analyzers: these do not feel it. Several at a time,
// and what cannot be told from the machine's own moods is judged; the comparison of durations, one at a time, is for
// a quiet machine (scripts/timing), and prints the table of docs/hostile.md.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>
#include <set>

#include "tests/e2e/hostile.hpp"
#include "tests/e2e/hostile_room.hpp"
#include "tests/e2e/slowness.hpp"

namespace logdist::e2e {
namespace {

/// One that fills a bound disturbs the others, which are to be met, too.
bool is_alone(const HostileAgent& agent) { return agent.attack.connections >= 300; }
bool is_alone(const HostileAnalyzer&) { return false; }

/// Rows of a table that are tried at the same time. Small, since each test lists all of them.
struct Group {
  std::string name;  ///< of the first
  std::vector<std::size_t> rows;
};

void PrintTo(const Group& group, std::ostream* out) { *out << group.name; }

template <typename Row>
std::vector<Group> groups_of(const std::vector<Row>& table, std::size_t size) {
  std::vector<Group> groups;
  std::size_t open = table.size();  // the group that is not full: none
  for (std::size_t i = 0; i < table.size(); ++i) {
    if (is_alone(table[i])) {
      groups.push_back({table[i].name, {i}});
    } else if (open == table.size() || groups[open].rows.size() == size) {
      open = groups.size();
      groups.push_back({table[i].name, {i}});
    } else {
      groups[open].rows.push_back(i);
    }
  }
  return groups;
}

/// The rows of `group`.
template <typename Row>
std::vector<Row> chosen(const std::vector<Row>& table, const Group& group) {
  std::vector<Row> rows;
  for (const std::size_t i : group.rows) {
    rows.push_back(table[i]);
    std::cout << table[i].name << ": it " << table[i].does << std::endl;
  }
  return rows;
}

template <typename Row>
void expect_told_apart(const std::vector<Row>& table) {
  std::set<std::string> names;
  for (const Row& row : table) {
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    EXPECT_FALSE(row.does.empty()) << row.name;
  }
}

TEST(Hostile, AreManyAndToldApart) {
  expect_told_apart(hostile_agents());
  expect_told_apart(hostile_analyzers());
  EXPECT_GE(hostile_agents().size() + hostile_analyzers().size(), 60u);
}

class HostileAgentsBeside : public testing::TestWithParam<Group> {};

TEST_P(HostileAgentsBeside, TheOthersAreServed) {
  const std::vector<HostileAgent> agents = chosen(hostile_agents(), GetParam());
  HostileRoom room;
  room.live({.packets = 30});
  const bool fills = std::any_of(agents.begin(), agents.end(), [](const auto& agent) { return agent.fills; });
  room.live({.packets = 150, .port_is_filled = fills}, [&] {
    for (const HostileAgent& agent : agents) room.attack(agent.attack);
    room.await_attackers();
  });
  room.settle();
}

class HostileAnalyzersBeside : public testing::TestWithParam<Group> {};

TEST_P(HostileAnalyzersBeside, TheOthersAreServed) {
  const std::vector<HostileAnalyzer> analyzers = chosen(hostile_analyzers(), GetParam());
  HostileRoom room(analyzers.size());
  room.live({.packets = 30});
  room.live({.packets = 150}, [&] {
    for (std::size_t i = 0; i < analyzers.size(); ++i) room.hostile(i).behave(analyzers[i].manner);
  });
  room.settle();
}

const auto name_of = [](const auto& group) { return group.param.name; };

INSTANTIATE_TEST_SUITE_P(From, HostileAgentsBeside, testing::ValuesIn(groups_of(hostile_agents(), 8)), name_of);
INSTANTIATE_TEST_SUITE_P(From, HostileAnalyzersBeside, testing::ValuesIn(groups_of(hostile_analyzers(), 8)), name_of);

// How the good agents feel each of them.

constexpr double gap_ms_max = 1000;
constexpr int measurements_max = 4;

double ms_of(Duration duration) { return to_seconds(duration) * 1000; }

struct Comparison {
  Felt quiet;
  Felt beside;

  double ratio() const { return ms_of(beside.p99) / ms_of(quiet.p99); }
  bool is_felt() const {
    const double p99_ms_max = std::max(3 * ms_of(quiet.p99), never_slow_seconds * 1000);
    return ms_of(beside.p99) > p99_ms_max || ms_of(beside.gap) > gap_ms_max;
  }
};

/// A row of the table. What is felt is felt each time.
template <typename Compare>
std::string measure(const std::string& name, const std::string& does, Compare compare) {
  Comparison measured = compare();
  for (int often = 1; measured.is_felt() && often < measurements_max; ++often) measured = compare();
  EXPECT_FALSE(measured.is_felt()) << name << " is felt by the others";
  return fmt::format("| {} | {} | {:.1f} ms | {:.1f} ms | {:.1f} | {:.0f} ms | {:.0f} ms | {} |\n", name, does,
                     ms_of(measured.quiet.p99), ms_of(measured.beside.p99), measured.ratio(),
                     ms_of(measured.beside.gap), ms_of(measured.beside.liveness),
                     measured.is_felt() ? "**felt**" : "not felt");
}

constexpr auto table_head =
    "| who | what it does | p99 before | p99 beside | ratio | longest gap | /healthz | |\n"
    "|---|---|---:|---:|---:|---:|---:|---|\n";

const GoodLoad timed_load{.packets_per_second = 300, .packets = 450};

TEST(HostileTiming, NoAgentIsFelt) {
  if (!judges_durations()) GTEST_SKIP() << "judges durations: scripts/timing";
  std::string rows;
  for (const HostileAgent& agent : hostile_agents()) {
    rows += measure(agent.name, agent.does, [&] {
      HostileRoom room;
      room.live({.packets = 100});
      const Felt quiet = room.live(timed_load);
      GoodLoad load = timed_load;
      load.port_is_filled = agent.fills;
      const Felt beside = room.live(load, [&] {
        room.attack(agent.attack);
        room.await_attackers();
      });
      room.settle();
      return Comparison{quiet, beside};
    });
    std::cout << rows.substr(rows.rfind('\n', rows.size() - 2) + 1) << std::flush;
  }
  std::cout << table_head << rows;
}

TEST(HostileTiming, NoAnalyzerIsFelt) {
  if (!judges_durations()) GTEST_SKIP() << "judges durations: scripts/timing";
  std::string rows;
  for (const HostileAnalyzer& analyzer : hostile_analyzers()) {
    rows += measure(analyzer.name, analyzer.does, [&] {
      HostileRoom room(1);
      room.live({.packets = 100});
      const Felt quiet = room.live(timed_load);
      const Felt beside = room.live(timed_load, [&] { room.hostile(0).behave(analyzer.manner); });
      room.settle();
      return Comparison{quiet, beside};
    });
    std::cout << rows.substr(rows.rfind('\n', rows.size() - 2) + 1) << std::flush;
  }
  std::cout << table_head << rows;
}

}  // namespace
}  // namespace logdist::e2e
