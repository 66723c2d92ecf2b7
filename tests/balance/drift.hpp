// A run over many packets and the look at what it has left behind.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>

#include "tests/balance/support.hpp"

namespace logdist::balance::test {

/// Sum of the weights: with packets of one size all accounts are at 0 after as
/// many packets, whatever was before.
inline constexpr std::uint64_t drift_period = 40 + 30 + 23 + 7;
inline const Weights drift_weights{40, 30, 23, 7};

/// Whether `used` decides as if it were new.
inline void expect_as_new(Selector& used) {
  Selector fresh = make_selector(drift_weights);
  for (AnalyzerId analyzer = 0; analyzer < drift_weights.size(); ++analyzer) {
    ASSERT_EQ(used.account(analyzer).deficit, 0);
    ASSERT_EQ(used.account(analyzer).catch_ups, 0);
  }
  ASSERT_TRUE(used.sums_to_zero());
  // The largest packet has been the same in both lives, so decisions are, too.
  for (std::uint64_t packet = 0; packet < drift_period; ++packet) {
    ASSERT_EQ(place(used, 1, 1'000), place(fresh, 1, 1'000)) << "packet " << packet;
  }
}

inline void expect_no_drift(std::uint64_t periods) {
  Selector selector = make_selector(drift_weights);
  for (std::uint64_t packet = 0; packet < periods * drift_period; ++packet) {
    const auto charge = selector.pick({1'000});
    selector.release(*charge);
  }
  expect_as_new(selector);
}

}  // namespace logdist::balance::test
