// How analyzers that take only some formats are tested and probed.
#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

#include "tests/dispatch/formats_world.hpp"

namespace logdist::dispatch {
namespace {

using core::Protocol;
using core::ProtocolSet;

/// Fails `analyzer`, which is the only one that takes `protocol`, by packets of loop 0 that have begun with "bad".
void fail(World& world, Protocol protocol, AnalyzerId analyzer) {
  for (int i = 0; i < 3; ++i) {
    world.admit_as(protocol, "bad" + std::to_string(i));
    world.run();
  }
  world.end_all(Outcome::http_error, 500);
  ASSERT_EQ(world.views()[analyzer].state, health::State::failed);
}

TEST(FormatsHealth, AnAnalyzerIsTestedWithAFreshPacketThatItTakesOrBySuspects) {
  World world(two_kinds(4, 2));
  fail(world, Protocol::otlp, 1);
  // Fresh ones wait, which it does not take: without a probe to decide a suspect is tried.
  for (int i = 0; i < 8; ++i) world.admit_as(Protocol::packet, "packet", 1, 1);
  world.run();
  ASSERT_EQ(count_at(world, 0, "packet"), 4);
  world.advance(700ms);
  EXPECT_EQ(count_at(world, 1, "bad"), 1);
  world.deliver_everything();
  EXPECT_EQ(world.views()[1].state, health::State::healthy);
}

TEST(FormatsHealth, AnAnalyzerWhoseProbeHasPassedIsTrustedWhileOnlyOtherFormatsWait) {
  WorldOptions options = two_kinds(4, 2);
  options.probing = true;
  World world(options);
  fail(world, Protocol::otlp, 1);
  for (int i = 0; i < 8; ++i) world.admit_as(Protocol::packet, "packet", 1, 1);
  world.probes.clear();
  world.advance(700ms);
  const auto probe = std::ranges::find(world.probes, AnalyzerId{1}, &ProbeOrder::analyzer);
  ASSERT_NE(probe, world.probes.end());
  world.balancer.probe_ended(*probe, health::ProbeResult::passed, world.now);
  world.run();
  EXPECT_EQ(world.views()[1].state, health::State::healthy);
  world.deliver_everything();
}

TEST(FormatsHealth, AnAnalyzerIsNotTrustedForASuspectWhileAFreshPacketOfAnotherLoopCouldTestIt) {
  WorldOptions options = two_kinds(4, 2);
  World world(options);
  fail(world, Protocol::otlp, 1);
  world.admit_as(Protocol::otlp, "fresh", 1, 1);
  world.advance(700ms);
  EXPECT_EQ(count_at(world, 1, "fresh"), 1);
  EXPECT_EQ(count_at(world, 1, "bad"), 0);
  world.deliver_everything();
  EXPECT_EQ(world.views()[1].state, health::State::healthy);
}

TEST(FormatsHealth, WithNobodyInServiceForAFormatAPassedProbeIsFollowedByAFreshPacketAtOnce) {
  WorldOptions options = two_kinds(4, 1);
  options.weights = {1, 1, 1};
  options.formats.push_back(just(Protocol::packet));
  options.probing = true;
  World world(options);
  const auto probed = [&world](AnalyzerId analyzer) {
    return std::ranges::count(world.probes, analyzer, &ProbeOrder::analyzer);
  };
  for (TimePoint last = world.now; world.now - last < 600ms;) {  // until the last probe is that long ago
    world.advance(100ms);
    if (!world.probes.empty()) last = world.now;
    for (const ProbeOrder& order : std::exchange(world.probes, {})) {
      world.balancer.probe_ended(order, health::ProbeResult::passed, world.now);
    }
  }
  fail(world, Protocol::otlp, 1);
  world.admit_as(Protocol::otlp, "fresh");
  world.advance(1ms);
  EXPECT_EQ(world.views()[1].state, health::State::failed);
  ASSERT_EQ(probed(1), 1) << "though the others are in service";
  EXPECT_EQ(probed(0) + probed(2), 0);
  const auto probe = std::ranges::find(world.probes, AnalyzerId{1}, &ProbeOrder::analyzer);
  world.balancer.probe_ended(*probe, health::ProbeResult::passed, world.now);
  world.run();
  ASSERT_EQ(count_at(world, 1, "fresh"), 1);
  world.deliver_everything();
  EXPECT_EQ(world.views()[1].state, health::State::healthy);
}

TEST(FormatsHealth, AFailedOneIsLeftAloneWhileAnotherIsInServiceForAllThatItTakes) {
  WorldOptions options = two_kinds(4, 1);
  options.weights = {1, 1, 1};
  options.formats.push_back(ProtocolSet::all());
  options.probing = true;
  World world(options);
  for (int i = 0; i < 8; ++i) world.admit_as(Protocol::otlp, "bad");
  world.run();
  while (!attempts_of(world).empty()) {
    const bool fails = attempts_of(world).front()->analyzer == 1;
    world.end(fails ? Outcome::connect_error : Outcome::delivered, fails ? 0 : 200);
  }
  ASSERT_EQ(world.views()[1].state, health::State::failed);
  world.probes.clear();
  world.advance(300ms);
  EXPECT_EQ(std::ranges::count(world.probes, AnalyzerId{1}, &ProbeOrder::analyzer), 0);
  world.deliver_everything();
}

}  // namespace
}  // namespace logdist::dispatch
