// Agents that are not known: one client for each address, and only so many of them.
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "logdist/ingest/clients/anonymous_clients.hpp"

namespace logdist::ingest {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint begin_at = TimePoint(std::chrono::hours(1000));

IpAddress address(std::uint32_t number) {
  return IpAddress::from_v4({10, static_cast<std::uint8_t>(number >> 16), static_cast<std::uint8_t>(number >> 8),
                             static_cast<std::uint8_t>(number)});
}

TEST(AnonymousClients, AnAddressIsOneClient) {
  AnonymousClients clients;
  const auto one = clients.find(address(1), begin_at);
  EXPECT_EQ(clients.find(address(1), begin_at), one);
  EXPECT_NE(clients.find(address(2), begin_at), one);
  EXPECT_EQ(clients.find({}, begin_at), clients.find({}, begin_at)) << "those of unix sockets are one, too";
  EXPECT_EQ(clients.size(), 3u);
}

TEST(AnonymousClients, NoMoreAreRememberedThanMayBe) {
  AnonymousClients clients;
  for (std::uint32_t i = 0; i < 30'000; ++i) clients.find(address(i), begin_at + std::chrono::microseconds(i));
  EXPECT_LE(clients.size(), AnonymousClients::default_max);
  EXPECT_GT(clients.size(), AnonymousClients::default_max * 9 / 10);
}

TEST(AnonymousClients, WhoIsNotSeenForLongestIsForgotten) {
  AnonymousClients clients(16);  // one a part
  const auto first = clients.find(address(1), begin_at);
  EXPECT_FALSE(first->is_forgotten());
  std::uint32_t next = 2;
  while (!first->is_forgotten()) clients.find(address(next++), begin_at + 1s);
  EXPECT_NE(clients.find(address(1), begin_at + 2s), first) << "and begins anew";

  AnonymousClients more(160);  // ten a part
  const auto kept = more.find(address(1), begin_at);
  for (std::uint32_t i = 2; i < 5'000; ++i) {
    const TimePoint now = begin_at + std::chrono::milliseconds(i);
    kept->seen(now);
    more.find(address(i), now);
  }
  EXPECT_FALSE(kept->is_forgotten()) << "it was seen all the time";
  EXPECT_EQ(more.find(address(1), begin_at + 1h), kept);
  EXPECT_EQ(more.size(), 160u);
}

TEST(AnonymousClients, MayBeAskedByManyThreads) {
  AnonymousClients clients(160);
  std::vector<std::thread> threads;
  for (std::uint32_t thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&clients, thread] {
      for (std::uint32_t i = 0; i < 5'000; ++i) {
        const TimePoint now = begin_at + std::chrono::microseconds(i);
        const auto client = clients.find(address(i * (thread + 1) % 1'000), now);
        client->seen(now);
        client->rates.try_take_packet(1, {{1000, 1s}, {}, {}}, now);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_LE(clients.size(), 160u);
}

TEST(ClientRates, APacketTakesAllThatItNeedsOrNothing) {
  ClientRates rates;
  const ClientLimits limits{{10, 1s}, {}, {1000, 1s}};
  EXPECT_EQ(rates.try_take_packet(900, limits, begin_at), 0ns);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(rates.try_take_packet(200, limits, begin_at), 100ms);
  for (int i = 0; i < 9; ++i) EXPECT_EQ(rates.try_take_packet(1, limits, begin_at), 0ns) << "nothing was lost by those";
  EXPECT_EQ(rates.try_take_packet(1, limits, begin_at), 100ms);
  EXPECT_EQ(rates.bytes.try_take(91, limits.bytes, begin_at), 0ns);
  EXPECT_GT(rates.bytes.try_take(1, limits.bytes, begin_at), 0ns);
}

}  // namespace
}  // namespace logdist::ingest
