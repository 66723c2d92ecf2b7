// Whose turn it is among those that wait for space.
#include <gtest/gtest.h>

#include <cstdint>
#include <deque>
#include <vector>

#include "tests/queue/body.hpp"

namespace logdist::queue {
namespace {

/// Bodies that wait, of the clients in `clients` one each, while `held` has all; in the order in which they are served,
/// one at a time.
std::vector<std::uint64_t> served(const std::vector<std::uint64_t>& clients, std::size_t bytes) {
  MemoryLimiter limiter(bytes, bytes);
  Body held;
  EXPECT_TRUE(limiter.reserve(held, bytes));
  std::vector<int> order;
  std::deque<Body> bodies;
  for (const std::uint64_t client : clients) {
    Body& body = bodies.emplace_back(static_cast<int>(bodies.size()), &order);
    body.client = client;
    EXPECT_FALSE(limiter.reserve(body, bytes));
  }
  limiter.release(held);
  std::vector<std::uint64_t> found;
  for (std::size_t i = 0; i < clients.size(); ++i) {
    EXPECT_EQ(order.size(), i + 1);
    if (order.size() != i + 1) break;
    Body& body = bodies[static_cast<std::size_t>(order.back())];
    found.push_back(body.client);
    limiter.release(body);
  }
  return found;
}

TEST(MemoryLimiter, ServesClientsInTurn) {
  using Clients = std::vector<std::uint64_t>;
  EXPECT_EQ(served({1, 1, 1, 1, 1, 1, 2, 3, 3}, 1000), (Clients{1, 2, 3, 1, 3, 1, 1, 1, 1}))
      << "many bodies of one are no more than a turn";
  EXPECT_EQ(served({5, 5, 5}, 1000), (Clients{5, 5, 5}));
}

TEST(MemoryLimiter, OfAClientTheOldestIsServedFirst) {
  MemoryLimiter limiter(100, 100);
  std::vector<int> order;
  Body held;
  Body first(1, &order), second(2, &order), other(3, &order);
  other.client = 7;
  ASSERT_TRUE(limiter.reserve(held, 100));
  ASSERT_FALSE(limiter.reserve(first, 50));
  ASSERT_FALSE(limiter.reserve(second, 50));
  ASSERT_FALSE(limiter.reserve(other, 50));
  limiter.release(held);
  EXPECT_EQ(order, (std::vector<int>{1, 3}));
  limiter.release(first);
  EXPECT_EQ(order, (std::vector<int>{1, 3, 2}));
  limiter.release(second);
  limiter.release(other);
}

TEST(MemoryLimiter, WhoGivesUpCostsItsClientNoTurn) {
  MemoryLimiter limiter(100, 100);
  std::vector<int> order;
  Body held;
  Body one(1, &order), two(2, &order), other(3, &order);
  other.client = 7;
  ASSERT_TRUE(limiter.reserve(held, 100));
  ASSERT_FALSE(limiter.reserve(one, 100));
  ASSERT_FALSE(limiter.reserve(other, 100));
  ASSERT_FALSE(limiter.reserve(two, 100));
  EXPECT_TRUE(limiter.release(one));
  limiter.release(held);
  EXPECT_EQ(order, (std::vector<int>{2}));
  limiter.release(two);
  EXPECT_EQ(order, (std::vector<int>{2, 3}));
  limiter.release(other);
}

/// Large bodies of one client, of 50 bytes each, as many as get their space at once.
std::size_t reserve_all_at_once(MemoryLimiter& limiter, std::deque<Body>& bodies, std::uint64_t client) {
  for (std::size_t count = 0;; ++count) {
    Body& body = bodies.emplace_back();
    body.client = client;
    if (!limiter.reserve(body, 50)) return count;
  }
}

TEST(MemoryLimiter, OneClientLeavesANinthToOthers) {
  MemoryLimiter limiter(1000, 10);  // 875 of it for large bodies
  std::deque<Body> greedy, other;
  EXPECT_EQ(reserve_all_at_once(limiter, greedy, 1), 15u) << "750 is at most eight times 125";
  EXPECT_EQ(reserve_all_at_once(limiter, other, 2), 2u) << "there is no space for three";
  for (Body& each : other) limiter.release(each);
  EXPECT_EQ(greedy.back().grants, 0) << "what the other held is not for it";
  std::deque<Body> nobodys;
  EXPECT_EQ(reserve_all_at_once(limiter, nobodys, MemoryLimiter::nobody), 2u) << "of nobody in particular";
  for (Body& each : nobodys) limiter.release(each);
  limiter.release(greedy[0]);
  EXPECT_EQ(greedy.back().grants, 1) << "it holds less than its share again";
  for (Body& each : greedy) limiter.release(each);
  EXPECT_EQ(limiter.held_bytes(), 0u);
}

TEST(MemoryLimiter, WhoHoldsNothingIsNotHeldToAShare) {
  MemoryLimiter limiter(1000, 10);
  Body all, other;
  all.client = 1;
  other.client = 2;
  EXPECT_TRUE(limiter.reserve(all, 860)) << "a body of its own";
  EXPECT_TRUE(limiter.reserve(other, 15)) << "of another, which has all that is left";
  limiter.release(all);
  limiter.release(other);
}

TEST(MemoryLimiter, ClientsAboveTheirShareArePassedOver) {
  MemoryLimiter limiter(1000, 10);
  std::deque<Body> greedy;
  EXPECT_EQ(reserve_all_at_once(limiter, greedy, 1), 15u);
  // Those of the greedy one are the oldest that wait, and have the first turn.
  for (int i = 0; i < 3; ++i) {
    Body other;
    other.client = 2;
    EXPECT_TRUE(limiter.reserve(other, 100));
    limiter.release(other);
  }
  EXPECT_EQ(greedy.back().grants, 0);
  for (Body& each : greedy) limiter.release(each);
}

}  // namespace
}  // namespace logdist::queue
