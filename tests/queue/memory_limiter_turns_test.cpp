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

}  // namespace
}  // namespace logdist::queue
