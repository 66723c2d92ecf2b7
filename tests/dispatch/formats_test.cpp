// Analyzers that take only some formats.
#include <gtest/gtest.h>

#include <map>
#include <memory>

#include "logdist/balance/groups/balancer_groups.hpp"
#include "logdist/balance/selector.hpp"
#include "tests/dispatch/world.hpp"

namespace logdist::dispatch {
namespace {

using core::Protocol;
using core::ProtocolSet;

ProtocolSet only(std::initializer_list<Protocol> protocols) {
  ProtocolSet set;
  for (const Protocol protocol : protocols) set.add(protocol);
  return set;
}

/// Of 30 and 70 parts, and a third one for OTLP alone with 100.
WorldOptions with_one_for_otlp() {
  WorldOptions options;
  options.weights = {30, 70, 100};
  options.formats = {ProtocolSet::all(), ProtocolSet::all(), only({Protocol::otlp})};
  options.queue_packets = 10'000;
  return options;
}

/// Delivers all, and counts packets by analyzer and protocol.
std::map<std::pair<AnalyzerId, Protocol>, int> deliver_and_count(World& world) {
  std::map<std::pair<AnalyzerId, Protocol>, int> counts;
  world.run();
  for (bool more = true; more;) {
    more = false;
    for (LoopId loop = 0; loop < world.loops.size(); ++loop) {
      while (!world.loops[loop]->upstream.under_way.empty()) {
        const core::Attempt& attempt = *world.loops[loop]->upstream.under_way.front();
        ++counts[{attempt.analyzer, attempt.packet->protocol}];
        world.end(Outcome::delivered, 200, loop);
        more = true;
      }
    }
    world.run();
  }
  return counts;
}

TEST(Formats, AnAnalyzerGetsNoneThatItDoesNotTake) {
  World world(with_one_for_otlp());
  for (int i = 0; i < 100; ++i) world.admit_as(Protocol::packet, "p" + std::to_string(i));
  auto counts = deliver_and_count(world);
  EXPECT_EQ((counts[{0, Protocol::packet}]), 30);
  EXPECT_EQ((counts[{1, Protocol::packet}]), 70);
  EXPECT_EQ((counts[{2, Protocol::packet}]), 0);
}

TEST(Formats, SharesAreExactWithinEachSetOfTakers) {
  World world(with_one_for_otlp());
  // In any mixture: what one set has got says nothing of the other's shares.
  for (int i = 0; i < 200; ++i) {
    if (i % 2 == 0) world.admit_as(Protocol::packet, "p" + std::to_string(i));
    world.admit_as(Protocol::otlp, "o" + std::to_string(i));
  }
  auto counts = deliver_and_count(world);
  EXPECT_EQ((counts[{0, Protocol::packet}]), 30);
  EXPECT_EQ((counts[{1, Protocol::packet}]), 70);
  EXPECT_EQ((counts[{0, Protocol::otlp}]), 30);
  EXPECT_EQ((counts[{1, Protocol::otlp}]), 70);
  EXPECT_EQ((counts[{2, Protocol::otlp}]), 100);
}

TEST(Formats, ProtocolsWithTheSameTakersShareTogether) {
  World world(with_one_for_otlp());
  for (int i = 0; i < 100; ++i) world.admit_as(i % 2 == 0 ? Protocol::loki : Protocol::packet, std::to_string(i));
  auto counts = deliver_and_count(world);
  EXPECT_EQ((counts[{0, Protocol::packet}] + counts[{0, Protocol::loki}]), 30);
}

TEST(Formats, OneThatNobodyTakesHoldsUpNoOther) {
  WorldOptions options;
  options.weights = {1, 1};
  options.formats = {only({Protocol::packet}), only({Protocol::packet, Protocol::otlp})};
  options.loops = 2;
  World world(options);
  world.admit_as(Protocol::loki, "nobody", 1, 0);
  for (LoopId i = 0; i < 10; ++i) world.admit_as(Protocol::packet, "p" + std::to_string(i), 1, i % 2);
  auto counts = deliver_and_count(world);
  EXPECT_EQ((counts[{0, Protocol::packet}]), 5);
  EXPECT_EQ((counts[{1, Protocol::packet}]), 5);
  EXPECT_EQ(world.terms().queued.packets, 1) << "it waits until somebody takes it";
  world.balancer.add({1, 10, 10, 0, only({Protocol::loki})}, world.now);
  counts = deliver_and_count(world);
  EXPECT_EQ((counts[{2, Protocol::loki}]), 1);
  EXPECT_EQ(world.terms().queued.packets, 0);
}

TEST(Formats, OneWhoseTakersAreFullHoldsUpNoOther) {
  WorldOptions options;
  options.weights = {1, 1};
  options.slots = 2;
  options.formats = {only({Protocol::packet}), only({Protocol::otlp})};
  World world(options);
  for (int i = 0; i < 5; ++i) world.admit_as(Protocol::otlp, "o" + std::to_string(i));
  for (int i = 0; i < 2; ++i) world.admit_as(Protocol::packet, "p" + std::to_string(i));
  world.run();
  EXPECT_EQ(world.loops[0]->upstream.under_way.size(), 4u) << "two of each";
}

TEST(Formats, AllGroupsDrawOnTheSameSlots) {
  WorldOptions options;
  options.weights = {1, 1};
  options.slots = 4;
  options.formats = {ProtocolSet::all(), only({Protocol::otlp})};
  World world(options);
  for (int i = 0; i < 10; ++i) world.admit_as(Protocol::packet, "p" + std::to_string(i));
  for (int i = 0; i < 10; ++i) world.admit_as(Protocol::otlp, "o" + std::to_string(i));
  world.run();
  EXPECT_EQ(world.loops[0]->upstream.under_way.size(), 8u);
  EXPECT_EQ(world.views()[0].account.in_flight, 4u);
  EXPECT_EQ(world.views()[1].account.in_flight, 4u);
  const auto counts = deliver_and_count(world);
  int delivered = 0;
  for (const auto& [key, count] : counts) delivered += count;
  EXPECT_EQ(delivered, 20);
}

TEST(Formats, ARefusedPacketIsNotShownToOneThatDoesNotTakeIt) {
  WorldOptions options;
  options.weights = {1, 1};
  options.formats = {ProtocolSet::all(), only({Protocol::packet})};
  World world(options);
  world.admit_as(Protocol::otlp, "o");
  world.run();
  world.end(Outcome::refused, 400);
  world.run();
  EXPECT_EQ(world.terms().dead_lettered.packets, 1) << "there is no second to ask";
}

TEST(BalancerGroups, PartAndComeTogetherWithTheAnalyzers) {
  balance::BalancerGroups groups([] { return std::make_unique<balance::Selector>(balance::SelectorOptions{}); });
  const AnalyzerId first = groups.add(1, 10, ProtocolSet::all());
  EXPECT_TRUE(groups.all_take(Protocol::otlp));
  const AnalyzerId second = groups.add(1, 10, only({Protocol::otlp}));
  EXPECT_FALSE(groups.all_take(Protocol::packet));
  EXPECT_TRUE(groups.all_take(Protocol::otlp));
  EXPECT_EQ(groups.takers(Protocol::packet), 1u);
  const auto charged = groups.pick(Protocol::otlp, 3, {});
  ASSERT_TRUE(charged);
  groups.remove(second);
  EXPECT_TRUE(groups.all_take(Protocol::packet));
  groups.release(*charged);
  const auto next = groups.pick(Protocol::otlp, 1, {});
  ASSERT_TRUE(next);
  EXPECT_EQ(next->charge.analyzer, first);
  EXPECT_EQ(groups.account(first).in_flight, 1u);
  groups.undo(*next);
  EXPECT_EQ(groups.account(first).in_flight, 0u);
}

}  // namespace
}  // namespace logdist::dispatch
