#include "logdist/net/address_set.hpp"

#include <gtest/gtest.h>

#include <map>

namespace logdist::net {
namespace {

using boost::asio::ip::make_address;
using std::chrono::seconds;

class AddressSetTest : public ::testing::Test {
 protected:
  static Endpoints endpoints(std::initializer_list<const char*> addresses) {
    Endpoints result;
    for (const char* address : addresses) result.emplace_back(make_address(address), 80);
    return result;
  }

  const Endpoints three = endpoints({"10.0.0.3", "10.0.0.1", "::1"});
  TimePoint now = TimePoint(std::chrono::hours(1));
  AddressSet addresses;
};

TEST_F(AddressSetTest, ConnectionsAreSpreadEvenly) {
  std::map<AddressSet::Endpoint, int> assigned;
  for (int connection = 0; connection < 30; ++connection) ++assigned[addresses.assign(three, now).front()];
  for (const auto& endpoint : three) EXPECT_EQ(assigned[endpoint], 10);
}

TEST_F(AddressSetTest, TheOneWithTheFewestComesFirst) {
  for (int connection = 0; connection < 9; ++connection) addresses.assign(three, now);
  addresses.released(three[1]);
  EXPECT_EQ(addresses.assign(three, now).front(), three[1]);
  addresses.moved(three[0], three[2]);
  EXPECT_EQ(addresses.assign(three, now).front(), three[0]);
}

TEST_F(AddressSetTest, OneAtATimeTakesTurnsWhateverTheOrderOfTheAnswer) {
  std::map<AddressSet::Endpoint, int> assigned;
  Endpoints found = three;
  for (int connection = 0; connection < 30; ++connection) {
    const Endpoints order = addresses.assign(found, now);
    ++assigned[order.front()];
    addresses.released(order.front());
    std::rotate(found.begin(), found.begin() + 1, found.end());
  }
  for (const auto& endpoint : three) EXPECT_EQ(assigned[endpoint], 10);
}

TEST_F(AddressSetTest, AnUnreachableOneComesLastForAWhile) {
  addresses.assign(three, now);
  addresses.unreachable(three[1], now);
  EXPECT_EQ(addresses.reachable(), 2u);
  for (int connection = 0; connection < 10; ++connection) EXPECT_EQ(addresses.assign(three, now).back(), three[1]);
  EXPECT_EQ(addresses.reachable(), 2u);
  now += AddressSet::avoided_for;
  EXPECT_EQ(addresses.assign(three, now).front(), three[1]) << "it has the fewest";
  EXPECT_EQ(addresses.reachable(), 3u);
}

TEST_F(AddressSetTest, WhenNoneIsReachableAllAreTried) {
  addresses.assign(three, now);
  for (const auto& endpoint : three) addresses.unreachable(endpoint, now += seconds(1));
  EXPECT_EQ(addresses.assign(three, now), three) << "the one that failed first is tried first";
  EXPECT_EQ(addresses.reachable(), 0u);
  addresses.reached(three[2]);
  EXPECT_EQ(addresses.assign(three, now).front(), three[2]);
}

TEST_F(AddressSetTest, AnAddressFoundTwiceIsOne) {
  EXPECT_EQ(addresses.assign(endpoints({"10.0.0.1", "10.0.0.1"}), now).size(), 1u);
}

TEST_F(AddressSetTest, WhatWasLeftIsForgotten) {
  for (std::uint32_t index = 0; index < 10'000; ++index) {
    const Endpoints found{{boost::asio::ip::address_v4(index), 80}};
    const auto assigned = addresses.assign(found, now).front();
    addresses.unreachable(assigned, now);
    addresses.released(assigned);
    EXPECT_LE(addresses.size(), 2u);
  }
}

}  // namespace
}  // namespace logdist::net
