#include "ingest/body_rate.hpp"

#include <gtest/gtest.h>

namespace logdist::ingest {
namespace {

TEST(BodyRateWindow, AnOpeningBurstIsForgottenWithItsStep) {
  BodyRate rate;
  rate.end_step(70'000);
  std::size_t there = 9'500'000;  // the burst, in the first step
  for (std::size_t step = 1; step < BodyRate::window_steps; ++step) {
    EXPECT_FALSE(rate.of_window(there));
    rate.end_step(there);
    there += 100;
  }
  EXPECT_EQ(rate.of_window(there), there - 70'000) << "the burst is part of the first window";
  rate.end_step(there);
  there += 100;
  EXPECT_EQ(rate.of_window(there), 1'000u) << "and of no other";
  EXPECT_EQ(rate.of_step(there), 100u);
}

TEST(BodyRateWindow, BeginsAnew) {
  BodyRate rate;
  rate.end_step(0);
  for (std::size_t step = 0; step < 3 * BodyRate::window_steps; ++step) rate.end_step(step);
  rate = {};
  rate.end_step(1'000);
  EXPECT_FALSE(rate.of_window(2'000));
  EXPECT_EQ(rate.of_step(2'000), 1'000u);
}

}  // namespace
}  // namespace logdist::ingest
