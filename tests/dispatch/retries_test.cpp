// Retries are a part of what is in flight (delivery.circuit.max_retries), over all loops.
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <string>

#include "tests/dispatch/world.hpp"

namespace logdist::dispatch {
namespace {

/// The attempt of packet `id` ends, without a word about the analyzer's health.
void fail_packet(World& world, const std::string& id, LoopId loop = 0) {
  auto& under_way = world.loops[loop]->upstream.under_way;
  const auto found = std::ranges::find(under_way, id, [](const core::Attempt* attempt) { return attempt->packet->id; });
  ASSERT_NE(found, under_way.end()) << id;
  std::rotate(under_way.begin(), found, found + 1);
  world.end(Outcome::http_error, 500, loop, false);
}

std::vector<std::string> ids_under_way(const World& world, LoopId loop = 0) {
  std::vector<std::string> ids;
  for (const core::Attempt* attempt : world.loops[loop]->upstream.under_way) ids.push_back(attempt->packet->id);
  return ids;
}

bool is_under_way(const World& world, const std::string& id, LoopId loop = 0) {
  return std::ranges::count(ids_under_way(world, loop), id) > 0;
}

/// Ten packets are in flight that an analyzer was asked about before.
void begin_ten_retries(World& world) {
  for (int i = 0; i < 10; ++i) world.admit("r" + std::to_string(i));
  world.run();
  for (int i = 0; i < 10; ++i) fail_packet(world, "r" + std::to_string(i));
  ASSERT_EQ(world.balancer.retries().in_flight, 10u);
}

/// Whatever is sent fails after 100 ms, and the analyzers stay in service: attempts per packet.
double amplification(double max_retries) {
  World world({.queue_packets = 100'000, .slots = 1'000, .max_retries = max_retries});
  std::deque<TimePoint> begun;
  std::size_t packets = 0;
  std::size_t attempts = 0;
  for (int step = 0; step < 300; ++step) {
    for (int i = 0; i < 20; ++i) world.admit(std::to_string(packets++));
    world.advance(10ms);
    const auto note = [&] {
      for (; begun.size() < world.loops[0]->upstream.under_way.size(); ++attempts) begun.push_back(world.now);
    };
    note();
    while (!begun.empty() && begun.front() <= world.now - 100ms) {
      begun.pop_front();
      world.end(Outcome::http_error, 500, 0, false);
      note();
    }
  }
  return static_cast<double>(attempts) / static_cast<double>(packets);
}

TEST(Retries, MakeAnOutageWorseByTheirPartAndNoMore) {
  EXPECT_LE(amplification(0.2), 1.2);
  EXPECT_GT(amplification(0.2), 1.1) << "and that part is used";
  EXPECT_GT(amplification(1), 2);
}

TEST(Retries, OverTheirPartWaitAndOthersGoOn) {
  World world({.max_retries = 0});
  begin_ten_retries(world);
  world.advance(1ms);
  world.admit("held");
  world.run();
  fail_packet(world, "held");
  EXPECT_FALSE(is_under_way(world, "held"));
  world.admit("fresh");
  world.run();
  EXPECT_TRUE(is_under_way(world, "fresh"));
  fail_packet(world, "r3");
  EXPECT_EQ(world.balancer.retries().in_flight, 10u);
  EXPECT_TRUE(is_under_way(world, "r3")) << "it is the oldest that waits";
  EXPECT_FALSE(is_under_way(world, "held"));
  world.end(Outcome::delivered, 200);
  EXPECT_TRUE(is_under_way(world, "held"));
}

TEST(Retries, AreServedOldestFirstOverAllLoops) {
  World world({.loops = 2, .max_retries = 0});
  begin_ten_retries(world);
  world.advance(1ms);
  world.admit("older", 1, 1);
  world.advance(1ms);
  world.admit("younger", 1, 0);
  world.run();
  fail_packet(world, "older", 1);
  fail_packet(world, "younger", 0);
  EXPECT_FALSE(is_under_way(world, "older", 1));
  EXPECT_FALSE(is_under_way(world, "younger", 0));
  world.end(Outcome::delivered, 200);  // on the younger one's own loop
  EXPECT_TRUE(is_under_way(world, "older", 1));
  EXPECT_FALSE(is_under_way(world, "younger", 0));
  world.end(Outcome::delivered, 200);
  EXPECT_TRUE(is_under_way(world, "younger", 0));
}

TEST(Retries, AreNotThoseThatWereNeverSent) {
  World world({.max_retries = 0});
  begin_ten_retries(world);
  for (int i = 0; i < 20; ++i) world.admit("u" + std::to_string(i));
  world.run();
  for (int i = 0; i < 20; ++i) {
    auto& attempts = world.loops[0]->upstream.under_way;
    const auto last = std::ranges::find(attempts, "u" + std::to_string(i),
                                        [](const core::Attempt* attempt) { return attempt->packet->id; });
    std::rotate(attempts.begin(), last, last + 1);
    world.end(Outcome::unsent);
  }
  EXPECT_EQ(world.loops[0]->upstream.under_way.size(), 30u);
}

TEST(Retries, ThatWaitKeepNobodyWaitingWhoMayGoToTheSame) {
  World world({.weights = {1}, .max_retries = 0});
  for (int i = 0; i < 11; ++i) world.admit("r" + std::to_string(i));
  world.run();
  for (int i = 0; i < 11; ++i) fail_packet(world, "r" + std::to_string(i));
  world.advance(200ms);  // the next round
  ASSERT_EQ(world.loops[0]->upstream.under_way.size(), 10u);
  world.admit("unsent");
  world.run();
  auto& attempts = world.loops[0]->upstream.under_way;
  std::rotate(attempts.begin(), attempts.end() - 1, attempts.end());
  world.end(Outcome::unsent);
  EXPECT_TRUE(is_under_way(world, "unsent"));
}

/// Where all wait that are in line for an analyzer, one that may not be in flight keeps nobody waiting.
TEST(Retries, ThatWaitLeaveTheirSlotToOthers) {
  World world({.weights = {1, 1}, .loops = 2, .slots = 6, .max_retries = 0});
  begin_ten_retries(world);
  world.admit("held", 1, 0);
  world.run();
  fail_packet(world, "held");
  for (const char* id : {"a", "b", "c"}) world.admit(id, 1, 1);
  world.run();
  EXPECT_EQ(ids_under_way(world, 1).size(), 2u) << "of twelve slots";
  EXPECT_EQ(world.balancer.retries().in_flight, 10u);
  world.end(Outcome::delivered, 200, 1);
  EXPECT_EQ(ids_under_way(world, 1), (std::vector<std::string>{"b", "c"}));
}

}  // namespace
}  // namespace logdist::dispatch
