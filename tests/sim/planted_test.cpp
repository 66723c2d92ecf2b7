// The checkers bite: each planted defect is found, by the checker that is there
// for it and without help of the others, within a few seeds.
#include "tests/sim/planted.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <ostream>
#include <string>

#include "tests/sim/simulation.hpp"

namespace logdist::sim {
namespace {

constexpr std::uint64_t seeds_max = 90;  ///< two thirds of them with one balance for all, which some checkers follow

struct Case {
  const char* name;
  Defect defect;
  std::string checker;  ///< that is to find it

  friend std::ostream& operator<<(std::ostream& stream, const Case& one) { return stream << one.name; }
};

class Planted : public testing::TestWithParam<Case> {
 protected:
  void TearDown() override { plant(Defect::none); }
};

TEST_P(Planted, IsFoundByItsChecker) {
  for (std::uint64_t seed = 1; seed <= seeds_max; ++seed) {
    plant(GetParam().defect);
    const Verdict verdict = simulate(seed, GetParam().checker);
    if (verdict.passed()) continue;
    const auto found = std::ranges::find(verdict.findings, GetParam().checker, &Finding::checker);
    ASSERT_NE(found, verdict.findings.end()) << verdict.report;
    RecordProperty("seed", std::to_string(seed));
    RecordProperty("found", found->text);
    return;
  }
  ADD_FAILURE() << "its checker noticed nothing in " << seeds_max << " seeds";
}

INSTANTIATE_TEST_SUITE_P(
    Defects, Planted,
    testing::Values(
        Case{"LostRefund", Defect::lost_refund, "refunds"},
        Case{"DoubleSettlement", Defect::double_settlement, "settlement"},
        Case{"SuccessUnheard", Defect::success_unheard, "duplicates"}, Case{"OrderLost", Defect::order_lost, "shares"},
        Case{"ForgottenAtShutdown", Defect::forgotten_at_shutdown, "shutdown"},
        Case{"QueueBoundOffByOne", Defect::queue_bound_off_by_one, "bounds"},
        Case{"SlotBoundOffByOne", Defect::slot_bound_off_by_one, "bounds"},
        Case{"DeliveryCountedTwice", Defect::delivery_counted_twice, "conservation"},
        Case{"OutcomeMiscounted", Defect::outcome_miscounted, "metrics"},
        Case{"TestedTooOften", Defect::tested_too_often, "service"},
        Case{"SlotOverlooked", Defect::slot_overlooked, "idle_slots"},
        Case{"TimerLate", Defect::timer_late, "patience"}, Case{"ProbeMisread", Defect::probe_misread, "healing"},
        Case{"RefundLostOutside", Defect::refund_lost_outside, "debt"},
        Case{"DebtUnbounded", Defect::debt_unbounded, "debt"},
        Case{"CatchUpForgotten", Defect::catch_up_forgotten, "catch_ups"},
        Case{"CatchUpUnbounded", Defect::catch_up_unbounded, "catch_ups"},
        Case{"CatchUpSlow", Defect::catch_up_slow, "shares"},
        Case{"FailuresForgiven", Defect::failures_forgiven, "health"},
        Case{"OneFailureEnough", Defect::one_failure_enough, "health"},
        Case{"BackOffSkipped", Defect::back_off_skipped, "health"}, Case{"ProbesRare", Defect::probes_rare, "health"},
        Case{"SlowStartSkipped", Defect::slow_start_skipped, "bounds"},
        Case{"SlowStartEndless", Defect::slow_start_endless, "bounds"},
        Case{"PauseSkipped", Defect::pause_skipped, "service"}, Case{"PoisonKept", Defect::poison_kept, "rounds"},
        Case{"RefusedOnce", Defect::refused_once, "rounds"}, Case{"RoundShort", Defect::round_short, "rounds"},
        Case{"BufferBoundOff", Defect::buffer_bound_off, "buffers"},
        Case{"NothingKeptForSmall", Defect::nothing_kept_for_small, "buffers"},
        Case{"RateForgotten", Defect::rate_forgotten, "clients"},
        Case{"ShareOffByOne", Defect::share_off_by_one, "clients"}, Case{"PlaceKept", Defect::place_kept, "clients"},
        Case{"TurnsIgnored", Defect::turns_ignored, "clients"},
        Case{"SuspectsBlamed", Defect::suspects_blamed, "blame"}, Case{"OutageBlamed", Defect::outage_blamed, "blame"},
        Case{"AllOutUnheard", Defect::all_out_unheard, "health"},
        Case{"DrainIgnored", Defect::drain_ignored, "service"},
        Case{"RetriesUnlimited", Defect::retries_unlimited, "retries"},
        Case{"EjectsTooMany", Defect::ejects_too_many, "outliers"},
        Case{"EjectsAtRandom", Defect::ejects_at_random, "outliers"},
        Case{"FormatsIgnored", Defect::formats_ignored, "service"},
        Case{"FormatMiscounted", Defect::format_miscounted, "metrics"},
        Case{"FormatLost", Defect::format_lost, "formats"},
        Case{"FormatsThoughtAlike", Defect::formats_thought_alike, "idle_slots"}),
    [](const auto& test) { return test.param.name; });

TEST(NothingPlanted, NothingIsFound) {
  plant(Defect::none);
  const Verdict verdict = simulate(1);
  EXPECT_TRUE(verdict.passed()) << verdict.report;
}

}  // namespace
}  // namespace logdist::sim
