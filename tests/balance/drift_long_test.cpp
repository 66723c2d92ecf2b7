// A hundred million packets: minutes under AddressSanitizer, label `long`; scripts/explore runs it.
#include <gtest/gtest.h>

#include "tests/balance/drift.hpp"

namespace logdist::balance::test {
namespace {

TEST(Drift, NoneInAHundredMillionPackets) { expect_no_drift(1'000'000); }

}  // namespace
}  // namespace logdist::balance::test
