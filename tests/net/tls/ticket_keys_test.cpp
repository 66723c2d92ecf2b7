#include "net/tls/ticket_keys.hpp"

#include <gtest/gtest.h>

namespace logdist::net {
namespace {

constexpr TimePoint start{std::chrono::hours(1000)};
constexpr Duration rotation = TicketKeys::rotate_after;

TEST(TicketKeys, StayForAWhile) {
  TicketKeys keys;
  const auto first = keys.current(start);
  ASSERT_TRUE(first);
  EXPECT_EQ(keys.current(start + rotation - std::chrono::seconds(1))->name, first->name);
  const auto found = keys.find(first->name.data(), start);
  ASSERT_TRUE(found);
  EXPECT_TRUE(found->is_current);
  EXPECT_EQ(found->key.cipher, first->cipher);
}

TEST(TicketKeys, AnOldOneDecryptsForAsLongAgain) {
  TicketKeys keys;
  const auto first = keys.current(start);
  const auto second = keys.current(start + rotation);
  EXPECT_NE(second->name, first->name);
  EXPECT_NE(second->cipher, first->cipher);
  EXPECT_NE(second->mac, first->mac);
  const auto found = keys.find(first->name.data(), start + rotation);
  ASSERT_TRUE(found);
  EXPECT_FALSE(found->is_current) << "the client gets a new ticket";
  EXPECT_FALSE(keys.find(first->name.data(), start + 2 * rotation)) << "it is forgotten";
  EXPECT_TRUE(keys.find(second->name.data(), start + 2 * rotation));
}

TEST(TicketKeys, ThoseThatNobodyHasUsedForLongAreForgottenAtOnce) {
  TicketKeys keys;
  const auto first = keys.current(start);
  EXPECT_FALSE(keys.find(first->name.data(), start + 10 * rotation));
}

TEST(TicketKeys, OfAnotherProcessAreUnknown) {
  TicketKeys ours;
  TicketKeys theirs;
  EXPECT_FALSE(ours.find(theirs.current(start)->name.data(), start));
  ours.current(start);
  EXPECT_FALSE(ours.find(theirs.current(start)->name.data(), start));
}

}  // namespace
}  // namespace logdist::net
