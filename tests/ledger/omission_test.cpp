// Linked once for each event of the ledger, with a ledger that leaves it out
// (LOGDIST_OMIT_EVENT): whichever it is, the books no longer balance.
#include <gtest/gtest.h>

#include <string>

#include "tests/ledger/packet_life.hpp"

namespace logdist::ledger {
namespace {

TEST(Omission, ShowsAsAnImbalance) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Ledger ledger;
    PacketLife life(ledger, seed);
    for (int i = 0; i < 5'000; ++i) life.step();
    const Amount under_way = ledger.snapshot().terms.imbalance();
    EXPECT_NE(under_way.packets, 0);
    EXPECT_NE(under_way.messages, 0);
    life.settle_all();
    const Amount settled = ledger.snapshot().terms.imbalance();
    EXPECT_NE(settled.packets, 0);
    EXPECT_NE(settled.messages, 0);
  }
}

}  // namespace
}  // namespace logdist::ledger
