// After many packets, and after many epochs, the selector decides as if it were
// new. The long run is drift_long_test.cpp.
#include "tests/balance/drift.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <iostream>

#include "tests/balance/support.hpp"

namespace logdist::balance::test {
namespace {

constexpr std::uint64_t seed = 1'000'003;

TEST(Drift, NoneInAMillionPackets) { expect_no_drift(10'000); }

TEST(Drift, NoneWhenEpochsEndOften) {
  std::cout << "seed " << seed << "\n";
  Random random(seed);
  Selector selector = make_selector(drift_weights);
  double moved = 0;
  for (int round = 0; round < 100'000; ++round) {
    // Each round the set of those credited changes four times, in thirds and sevenths.
    const auto analyzer = static_cast<AnalyzerId>(random.below(drift_weights.size()));
    const double before = selector.account(analyzer).deficit;
    selector.set_in_service(analyzer, false);
    selector.set_weight(analyzer, 1 + random.below(1'000));
    selector.set_weight(analyzer, drift_weights[analyzer]);
    selector.set_in_service(analyzer, true);
    moved += std::abs(selector.account(analyzer).deficit - before);
    place(selector, 1, 1'000);
    ASSERT_TRUE(selector.sums_to_zero());
    for (AnalyzerId each = 0; each < drift_weights.size(); ++each) {
      ASSERT_LE(std::abs(selector.account(each).deficit), 1'000 + 1e-9);
    }
  }
  EXPECT_LT(moved, 1e-6) << "messages, over all rounds together";
}

}  // namespace
}  // namespace logdist::balance::test
