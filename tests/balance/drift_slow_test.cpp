// A hundred million packets: some seconds, label `slow`.
#include <gtest/gtest.h>

#include "tests/balance/drift.hpp"

namespace logdist::balance::test {
namespace {

TEST(Drift, NoneInAHundredMillionPackets) { expect_no_drift(1'000'000); }

}  // namespace
}  // namespace logdist::balance::test
