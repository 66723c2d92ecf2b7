// What analyzers are owed, as it is kept and read back.
#include "logdist/queue/log/balance_figures.hpp"

#include <gtest/gtest.h>

#include "logdist/base/random.hpp"
#include "tests/support/seed.hpp"

namespace logdist::queue {
namespace {

BalanceFigures usual_figures() {
  BalanceFigures figures;
  figures.analyzers = {{"a", 12.5, 0, 40, true, false, true, "http://a/", 30},
                       {"b", -12.5, 0, 30, true, false, false, "http://b/", 30},
                       {"c", 0, 99, 30, false, true, false, "http://c/", 30}};
  figures.largest_packet = 50;
  figures.max_debt = 1'000;
  figures.taken_at_ns = 1'700'000'000'000'000'000;
  return figures;
}

BalanceFigures random_figures(Random& random) {
  BalanceFigures figures;
  figures.analyzers.resize(random.below(6));
  for (AnalyzerFigures& analyzer : figures.analyzers) {
    analyzer.name.assign(random.below(40), static_cast<char>(random.below(256)));
    analyzer.url.assign(random.below(300), static_cast<char>(random.below(256)));
    analyzer.deficit = static_cast<double>(random.below(1'000'000)) / 7 - 70'000;
    analyzer.debt = static_cast<double>(random.below(1'000'000)) / 3;
    analyzer.weight = 1 + random.below(std::uint64_t{1} << 40);
    analyzer.configured_weight = random.below(std::uint64_t{1} << 40);
    analyzer.in_service = random.below(2) == 0;
    analyzer.drained = random.below(2) == 0;
    analyzer.operator_weight = random.below(2) == 0;
  }
  figures.largest_packet = random.below(std::uint64_t{1} << 32);
  figures.max_debt = random.below(std::uint64_t{1} << 32);
  figures.taken_at_ns = static_cast<std::int64_t>(random.below(std::uint64_t{1} << 62));
  return figures;
}

TEST(BalanceFigures, UnchargingWhatIsInFlightIsTheOppositeOfCharging) {
  BalanceFigures figures = usual_figures();
  figures.charge("a", 7);
  figures.charge("b", 3);
  figures.charge("c", 5);
  const std::array<std::uint64_t, 3> in_flight{7, 3, 5};
  figures.uncharge(in_flight);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_NEAR(figures.analyzers[i].deficit, usual_figures().analyzers[i].deficit, 1e-9);
    EXPECT_NEAR(figures.analyzers[i].debt, usual_figures().analyzers[i].debt, 1e-9);
  }
}

TEST(BalanceFigures, DebtsGrowAsTheSelectorsDo) {
  BalanceFigures figures = usual_figures();
  figures.charge("a", 70);
  EXPECT_NEAR(figures.analyzers[0].deficit, 12.5 + 70 * 40.0 / 70 - 70, 1e-9);
  EXPECT_NEAR(figures.analyzers[2].debt, 99 + 70 * 30.0 / 100, 1e-9);
  figures.charge("c", 10);
  EXPECT_NEAR(figures.analyzers[2].debt, 99 + 21 - 7, 1e-9) << "a test packet, less its own share of it";
}

TEST(BalanceFigures, ComeBackAsTheyWere) {
  Random random(test::draw_seed());
  for (int round = 0; round < 200; ++round) {
    const BalanceFigures figures = random_figures(random);
    EXPECT_EQ(decode_balance(encode_balance(figures)), figures);
    const DecodedBalanceState state = decode_balance_state(encode_balance_state(figures));
    EXPECT_EQ(state.fault, BalanceStateFault::none);
    EXPECT_EQ(state.figures, figures);
  }
}

/// The first logs of this format end behind the flags.
TEST(BalanceFigures, AreReadAsTheFirstProgramsWroteThem) {
  BalanceFigures figures = usual_figures();
  const std::string whole = encode_balance(figures);
  for (AnalyzerFigures& analyzer : figures.analyzers) {
    analyzer.url.clear();
    analyzer.configured_weight = 0;
  }
  figures.largest_packet = 0;
  figures.max_debt = 0;
  figures.taken_at_ns = 0;
  const std::string less = encode_balance(figures);
  const std::size_t behind = 1 + 1 + 8 + 2 * figures.analyzers.size();
  const std::string first = less.substr(0, less.size() - behind);
  EXPECT_TRUE(whole.starts_with(first));
  EXPECT_EQ(decode_balance(first), figures);
}

TEST(BalanceState, SaysWhatIsWrongWithAFile) {
  const std::string good = encode_balance_state(usual_figures());
  EXPECT_EQ(decode_balance_state("").fault, BalanceStateFault::foreign);
  EXPECT_EQ(decode_balance_state("{\"weights\": []}").fault, BalanceStateFault::foreign);
  for (std::size_t size = 8; size < good.size(); ++size) {
    EXPECT_EQ(decode_balance_state(good.substr(0, size)).fault, BalanceStateFault::damaged) << size;
  }
  EXPECT_EQ(decode_balance_state(good + "x").fault, BalanceStateFault::damaged);
  const DecodedBalanceState newer = decode_balance_state(encode_balance_state(usual_figures(), 7));
  EXPECT_EQ(newer.fault, BalanceStateFault::newer);
  EXPECT_EQ(newer.version, 7u);
}

TEST(BalanceState, NoByteCanBeOtherwise) {
  const std::string good = encode_balance_state(usual_figures());
  for (std::size_t at = 0; at < good.size(); ++at) {
    std::string changed = good;
    changed[at] = static_cast<char>(changed[at] ^ 0x20);
    EXPECT_NE(decode_balance_state(changed).fault, BalanceStateFault::none) << at;
  }
}

TEST(BalanceState, OfAnyBytesNothingImpossibleIsRead) {
  Random random(test::draw_seed());
  std::size_t read = 0;
  for (int round = 0; round < 3'000; ++round) {
    std::string payload = encode_balance(random_figures(random));
    for (std::uint64_t changes = random.below(4); changes > 0 && !payload.empty(); --changes) {
      payload[random.below(payload.size())] = static_cast<char>(random.below(256));
    }
    if (random.below(4) == 0) payload.resize(random.below(payload.size() + 1));
    const auto figures = decode_balance(payload);
    if (!figures) continue;
    ++read;
    EXPECT_LE(figures->analyzers.size(), payload.size());
    for (const AnalyzerFigures& analyzer : figures->analyzers) {
      EXPECT_LT(std::abs(analyzer.deficit), 0x1p61);
      EXPECT_LT(std::abs(analyzer.debt), 0x1p61);
      EXPECT_GT(analyzer.weight, 0u);
    }
  }
  EXPECT_GT(read, 300u);
}

}  // namespace
}  // namespace logdist::queue
