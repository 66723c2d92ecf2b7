// Catch-up is bounded by its share in every stretch of the traffic, the others are
// never starved, and what is owed is paid all the same.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <deque>
#include <iostream>
#include <numeric>
#include <vector>

#include "balance/catch_up_meter.hpp"
#include "tests/balance/support.hpp"

namespace logdist::balance::test {
namespace {

constexpr std::uint64_t seed = 31'415;
constexpr std::array<std::uint32_t, 5> shares_ppm{10'000, 200'000, 333'333, 500'000, 900'000};

/// All packets placed, and how many messages of any stretch of them went where.
class Traffic {
 public:
  explicit Traffic(std::size_t analyzers) : messages_(analyzers) {}

  void add(const Charge& charge) {
    for (auto& sums : messages_) sums.push_back(sums.back());
    messages_[charge.analyzer].back() += charge.messages;
    all_.push_back(all_.back() + charge.messages);
    catch_ups_.push_back(catch_ups_.back() + (charge.catch_up ? charge.messages : 0));
    largest_ = std::max(largest_, charge.messages);
  }

  std::uint64_t largest() const { return largest_; }
  std::size_t packets() const { return all_.size() - 1; }
  double total(std::size_t first, std::size_t end) const { return between(all_, first, end); }
  double catch_ups(std::size_t first, std::size_t end) const { return between(catch_ups_, first, end); }
  double of(AnalyzerId id, std::size_t first, std::size_t end) const { return between(messages_[id], first, end); }

  /// Calls `check(first, end)` for each stretch of packets, from each packet on, that
  /// has just `messages` messages or more.
  template <typename Check>
  void each_stretch(std::uint64_t messages, Check check) const {
    std::size_t end = 0;
    for (std::size_t first = 0; first < packets(); ++first) {
      while (end < packets() && all_[end] - all_[first] < messages) ++end;
      if (all_[end] - all_[first] < messages) return;
      check(first, end);
    }
  }

 private:
  struct Sums : std::vector<std::uint64_t> {
    Sums() : vector{0} {}
  };
  static double between(const Sums& sums, std::size_t first, std::size_t end) {
    return static_cast<double>(sums[end] - sums[first]);
  }

  std::vector<Sums> messages_;
  Sums all_;
  Sums catch_ups_;
  std::uint32_t largest_ = 0;
};

void send(Selector& selector, Traffic& traffic, std::uint32_t messages) {
  const Charge charge = *selector.pick({messages});
  selector.release(charge);
  traffic.add(charge);
}

void expect_share_kept(const Traffic& traffic, std::uint32_t share_ppm) {
  const double share = share_ppm / 1e6;
  const double packet = share_ppm < 200'000 ? static_cast<double>(traffic.largest()) : 0;
  for (const std::uint64_t packets : {10U, 15U, 40U, 200U}) {
    traffic.each_stretch(packets * traffic.largest(), [&](std::size_t first, std::size_t end) {
      ASSERT_LE(traffic.catch_ups(first, end), share * traffic.total(first, end) + packet + 1e-6)
          << "packets " << first << " to " << end;
    });
  }
}

/// One that is away for long comes back, and the others go on getting their parts.
void expect_fair_return(const Weights& weights, std::uint32_t share_ppm, const Sizes& sizes) {
  const double share = share_ppm / 1e6;
  const double total = static_cast<double>(std::accumulate(weights.begin(), weights.end(), std::uint64_t{0}));
  Selector selector = make_selector(weights, many_slots, {100, 5'000, share_ppm});
  Traffic outage(weights.size());
  selector.set_in_service(0, false);
  for (const std::uint32_t messages : sizes) send(selector, outage, messages);
  selector.set_in_service(0, true);

  Traffic traffic(weights.size());
  for (int round = 0; round < 5; ++round) {
    for (const std::uint32_t messages : sizes) {
      send(selector, traffic, messages);
      ASSERT_TRUE(selector.sums_to_zero());
    }
  }
  expect_share_kept(traffic, share_ppm);
  const double packet = static_cast<double>(outage.largest());
  for (const std::uint64_t packets : {10U, 50U}) {
    traffic.each_stretch(packets * outage.largest(), [&](std::size_t first, std::size_t end) {
      const double all = traffic.total(first, end);
      ASSERT_LE(traffic.of(0, first, end), (static_cast<double>(weights[0]) / total + share) * all + 3 * packet)
          << first;
      for (AnalyzerId other = 1; other < weights.size(); ++other) {
        ASSERT_GE(traffic.of(other, first, end),
                  (1 - share) * static_cast<double>(weights[other]) / total * all - 4 * packet)
            << "analyzer " << other << " starves from packet " << first;
      }
    });
  }
}

TEST(CatchUpShare, HoldsInEveryStretchAndNobodyStarves) {
  std::cout << "seed " << seed << "\n";
  Random random(seed);
  const auto size_cases = test::size_cases(random, 1'500);
  for (const std::uint32_t share_ppm : shares_ppm) {
    for (const Weights& weights : {Weights{1, 1}, Weights{1, 2, 3}, Weights{80, 10, 9, 1}, Weights{1, 30, 30, 1}}) {
      for (const auto& [name, sizes] : size_cases) {
        SCOPED_TRACE(name + " at " + std::to_string(share_ppm) + " of " + std::to_string(weights.size()));
        expect_fair_return(weights, share_ppm, sizes);
        if (HasFatalFailure()) return;
      }
    }
  }
}

TEST(CatchUpShare, WhatIsOwedIsPaidInTheEnd) {
  for (const std::uint32_t share_ppm : shares_ppm) {
    const Weights weights{40, 30, 30};
    Selector selector = make_selector(weights, many_slots, {100, 2'000, share_ppm});
    selector.set_in_service(0, false);
    place(selector, 500, 50);
    selector.set_in_service(0, true);
    ASSERT_NEAR(selector.account(0).deficit, 2'000, 1e-9);
    std::vector<AnalyzerId> chosen;
    int packets = 0;
    for (; selector.account(0).arrears > 0 && packets < 50'000; ++packets) {
      if (place(selector, 1, 50).front() == 0) chosen.push_back(0);
    }
    EXPECT_GT(packets, 2'000 / 50) << "not at once";
    EXPECT_EQ(selector.account(0).arrears, 0);
    EXPECT_EQ(selector.account(1).arrears, 0);
    place(selector, 100, 50);
    for (AnalyzerId id = 0; id < 3; ++id) EXPECT_LE(std::abs(selector.account(id).deficit), 50) << id;
  }
}

TEST(CatchUpShare, SeveralReturnersShareIt) {
  const Weights weights{10, 20, 30, 40};
  Selector selector = make_selector(weights, many_slots, {100, 3'000, 500'000});
  for (const AnalyzerId id : {0U, 1U, 2U}) selector.set_in_service(id, false);
  place(selector, 1'000, 20);
  for (const AnalyzerId id : {0U, 1U, 2U}) selector.set_in_service(id, true);
  Traffic traffic(weights.size());
  for (int packet = 0; packet < 5'000; ++packet) send(selector, traffic, 20);
  expect_share_kept(traffic, 500'000);
  traffic.each_stretch(400, [&](std::size_t first, std::size_t end) {
    ASSERT_GE(traffic.of(3, first, end), 0.5 * 0.4 * traffic.total(first, end) - 40) << "packet " << first;
  });
  for (AnalyzerId id = 0; id < weights.size(); ++id) {
    EXPECT_EQ(selector.account(id).arrears, 0);
    EXPECT_LE(std::abs(selector.account(id).deficit), 20);
  }
}

TEST(CatchUpShare, HoldsForOneThatWasFullToo) {
  Selector selector = make_selector({1, 1, 1}, many_slots, {100, 3'000, 500'000});
  selector.set_slots(2, 0);
  place(selector, 1'000, 10);
  EXPECT_GT(selector.account(2).deficit, 2'900);
  selector.set_slots(2, many_slots);
  Traffic traffic(3);
  for (int packet = 0; packet < 2'000; ++packet) send(selector, traffic, 10);
  EXPECT_LE(std::abs(selector.account(2).deficit), 10);
  expect_share_kept(traffic, 500'000);
  traffic.each_stretch(
      100, [&](std::size_t first, std::size_t end) { ASSERT_LE(traffic.of(2, first, end), 90) << "packet " << first; });
}

/// A slow start gives it one slot, then two, and so on: often it is full, and what it
/// misses then is not made up for at once.
TEST(CatchUpShare, HoldsThroughASlowStart) {
  Selector selector = make_selector({60, 20, 20}, many_slots, {1'000, 10'000, 500'000});
  selector.set_in_service(0, false);
  place(selector, 1'000, 50);
  selector.set_in_service(0, true);
  Traffic traffic(3);
  std::deque<Charge> under_way;
  for (std::uint32_t packet = 0; packet < 6'000; ++packet) {
    selector.set_slots(0, 1 + packet / 100);
    under_way.push_back(*selector.pick({50}));
    traffic.add(under_way.back());
    if (under_way.size() <= 30) continue;
    selector.release(under_way.front());
    under_way.pop_front();
  }
  expect_share_kept(traffic, 500'000);
  traffic.each_stretch(1'000, [&](std::size_t first, std::size_t end) {
    const double all = traffic.total(first, end);
    for (const AnalyzerId other : {1U, 2U}) ASSERT_GE(traffic.of(other, first, end), 0.5 * 0.2 * all - 100) << first;
  });
  EXPECT_LE(selector.account(0).deficit, 100) << "and is made up for in the end";
}

TEST(CatchUpShare, IsWorkConserving) {
  Selector selector = make_selector({1, 1}, 2, {.catch_up_threshold = 10, .max_debt = 1'000});
  selector.set_in_service(1, false);
  place(selector, 300, 5);
  selector.set_in_service(1, true);
  for (int packet = 0; packet < 4; ++packet) {
    ASSERT_TRUE(selector.can_pick({}));
    ASSERT_TRUE(selector.pick({5})) << "every free slot is filled, whatever catch-up may have";
  }
  EXPECT_FALSE(selector.pick({5}));
  EXPECT_EQ(selector.account(0).in_flight, 2);
  EXPECT_EQ(selector.account(1).in_flight, 2);
}

TEST(CatchUpShare, FailedCatchUpIsOwedAgain) {
  Selector selector = make_selector({1, 1}, many_slots, {.catch_up_threshold = 10, .max_debt = 1'000});
  selector.set_in_service(1, false);
  place(selector, 300, 5);
  selector.set_in_service(1, true);
  const Charge failed = *selector.pick({5});
  ASSERT_TRUE(failed.catch_up);
  EXPECT_DOUBLE_EQ(selector.account(1).arrears, 750 - 2.5);
  selector.undo(failed);
  EXPECT_DOUBLE_EQ(selector.account(1).arrears, 750);
  EXPECT_DOUBLE_EQ(selector.account(1).deficit, 750);
}

TEST(CatchUpMeter, LetsTheShareThroughAndNoMore) {
  for (const std::uint32_t share_ppm : {1U, 200'000U, 500'000U, 1'000'000U}) {
    CatchUpMeter meter(share_ppm);
    std::uint64_t caught_up = 0;
    constexpr std::uint64_t packets = 1'000'000;
    for (std::uint64_t packet = 0; packet < packets; ++packet) {
      const bool allowed = meter.allows();
      if (allowed) meter.spend(7);
      meter.pass(7);
      caught_up += allowed ? 1 : 0;
    }
    const double share = share_ppm / 1e6;
    const double rate = share < 0.2 ? share * 5 / 9 : (10 * share - 1) / 9;
    EXPECT_LE(static_cast<double>(caught_up), rate * packets + 1);
    EXPECT_GE(static_cast<double>(caught_up), rate * packets / (1 + rate)) << "whole packets";
  }
}

}  // namespace
}  // namespace logdist::balance::test
