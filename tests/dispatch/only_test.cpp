// Packets that may go to one analyzer only.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/dispatch/world.hpp"

namespace logdist::dispatch {
namespace {

using queue::Settlement;

class Only : public testing::Test {
 protected:
  /// Admits one for `analyzer`; its waiter is `waiter_`.
  void admit_for(AnalyzerId analyzer, const std::string& id, LoopId loop = 0) {
    Dispatcher& dispatcher = *world_.loops[loop]->dispatcher;
    queue::Delivery& delivery = dispatcher.make();
    delivery.packet.id = id;
    delivery.packet.messages = 10;
    delivery.packet.body = world_.buffers.take(16);
    delivery.packet.body.append("0123456789");
    delivery.retry_state.set_only(analyzer);
    EXPECT_EQ(dispatcher.admit(delivery, waiter_, world_.now), queue::Admission::waiting);
  }

  std::deque<core::Attempt*>& under_way(LoopId loop = 0) { return world_.loops[loop]->upstream.under_way; }
  /// Analyzers of the attempts under way.
  std::vector<AnalyzerId> targets(LoopId loop = 0) {
    std::vector<AnalyzerId> targets;
    for (const core::Attempt* attempt : under_way(loop)) targets.push_back(attempt->analyzer);
    return targets;
  }
  /// Ends all attempts under way so that `analyzer` fails.
  void fail(AnalyzerId analyzer) {
    while (world_.views()[analyzer].state != health::State::failed) {
      world_.admit("before");
      world_.run();
      while (!under_way().empty()) {
        const bool fails = under_way().front()->analyzer == analyzer;
        world_.end(fails ? Outcome::connect_error : Outcome::delivered, fails ? 0 : 200);
      }
    }
    world_.deliver_everything();
  }

  World world_{{.weights = {1, 1, 1}, .loops = 2, .slots = 2}};
  RecordingWaiter waiter_;
};

TEST_F(Only, GoesThereWhateverTheOthersAreOwed) {
  for (int i = 0; i < 6; ++i) {
    admit_for(1, "one");
    world_.run();
    EXPECT_EQ(targets(), std::vector<AnalyzerId>{1});
    world_.end(Outcome::delivered, 200);
  }
  EXPECT_EQ(waiter_.told, 6);
  EXPECT_EQ(waiter_.last, Settlement::delivered);
  EXPECT_EQ(world_.bounds.packets(), 0u);
  EXPECT_EQ(world_.loops[0]->ledger.snapshot().ingest.caller_runs, 0u) << "nobody was short of a place";
  const std::vector<AnalyzerView> views = world_.views();
  EXPECT_NEAR(views[1].account.deficit, -40, 1e-6) << "charged as ever: 60 messages, of which 20 were its share";
  EXPECT_NEAR(views[0].account.deficit, 20, 1e-6);
}

TEST_F(Only, WaitsForItsAnalyzerAndKeepsNobodyWaiting) {
  world_.balancer.set_drained(1, true, world_.now);
  world_.run();
  admit_for(1, "one");
  admit_for(1, "two");
  world_.admit("any");
  world_.admit("other", 1, 1);
  world_.run();
  EXPECT_EQ(under_way().size(), 1u);
  EXPECT_EQ(under_way(1).size(), 1u);
  world_.deliver_everything();
  EXPECT_EQ(waiter_.told, 0);
  world_.balancer.set_drained(1, false, world_.now);
  world_.advance(1s);
  world_.deliver_everything();
  EXPECT_EQ(waiter_.told, 2);
  EXPECT_EQ(waiter_.last, Settlement::delivered);
  EXPECT_TRUE(world_.loops[0]->dispatcher->idle());
}

TEST_F(Only, IsHandedBackWhenItWaitsTooLong) {
  world_.balancer.set_drained(1, true, world_.now);
  admit_for(1, "one");
  world_.advance(29s);
  EXPECT_EQ(waiter_.told, 0);
  world_.advance(2s);
  EXPECT_EQ(waiter_.told, 1);
  EXPECT_EQ(waiter_.last, Settlement::handed_back);
  EXPECT_TRUE(world_.loops[0]->dispatcher->idle());
}

TEST_F(Only, HasItsSlotWhenOneIsFree) {
  for (const char* id : {"1", "2", "3"}) admit_for(2, id);
  world_.run();
  EXPECT_EQ(targets(), (std::vector<AnalyzerId>{2, 2}));
  world_.admit("any");
  world_.run();
  EXPECT_NE(targets().back(), 2u);
  world_.end(Outcome::delivered, 200);
  EXPECT_EQ(targets().back(), 2u) << "the third one";
  world_.deliver_everything();
  EXPECT_EQ(waiter_.told, 3);
}

TEST_F(Only, AsksNobodyElseWhenItFails) {
  admit_for(0, "one");
  for (int attempt = 0; attempt < 3; ++attempt) {
    world_.run();
    ASSERT_EQ(targets(), std::vector<AnalyzerId>{0});
    world_.end(Outcome::timeout);
    EXPECT_TRUE(under_way().empty()) << "not before the next round";
    world_.advance(10s);
  }
  world_.deliver_everything();
  EXPECT_EQ(waiter_.last, Settlement::delivered);
}

TEST_F(Only, TestsItsAnalyzer) {
  fail(1);
  admit_for(1, "one");
  admit_for(0, "other");
  world_.run();
  EXPECT_EQ(targets(), std::vector<AnalyzerId>{0}) << "it tests no other";
  world_.deliver_everything();
  world_.advance(5s);
  ASSERT_EQ(targets(), std::vector<AnalyzerId>{1});
  world_.deliver_everything();
  EXPECT_EQ(world_.views()[1].state, health::State::healthy);
  EXPECT_EQ(waiter_.told, 2);
}

TEST_F(Only, IsADeadLetterWhenItIsRefused) {
  admit_for(1, "one");
  world_.run();
  world_.end(Outcome::refused, 400);
  EXPECT_EQ(waiter_.told, 1);
  EXPECT_EQ(waiter_.last, Settlement::dead_lettered) << "there is no second to ask";
}

TEST_F(Only, IsHandedBackWhenItsAnalyzerIsRemovedWhereverItIs) {
  admit_for(1, "in flight");
  admit_for(1, "in flight, too");
  admit_for(1, "waits for a slot");
  admit_for(1, "on the other loop", 1);
  world_.run();
  world_.balancer.remove(1, world_.now);
  world_.run();
  EXPECT_EQ(waiter_.told, 2) << "those that wait";
  EXPECT_EQ(waiter_.last, Settlement::handed_back);
  world_.end(Outcome::timeout);
  world_.end(Outcome::unsent);
  world_.advance(30s);
  EXPECT_EQ(waiter_.told, 4);
  EXPECT_EQ(waiter_.last, Settlement::handed_back);
  EXPECT_TRUE(world_.loops[0]->dispatcher->idle());
  EXPECT_FALSE(world_.balancer.has(1, core::Protocol::packet));
  EXPECT_TRUE(world_.balancer.has(2, core::Protocol::packet));
}

TEST_F(Only, IsHandedBackWhenOneThatIsOutOfServiceIsRemoved) {
  world_.balancer.set_drained(1, true, world_.now);
  admit_for(1, "waits");
  world_.run();
  world_.balancer.remove(1, world_.now);
  world_.run();
  EXPECT_EQ(waiter_.told, 1);
  EXPECT_EQ(waiter_.last, Settlement::handed_back);
}

TEST_F(Only, IsHandedBackInADrain) {
  world_.balancer.set_drained(1, true, world_.now);
  admit_for(1, "waits");
  world_.run();
  world_.loops[0]->dispatcher->begin_drain(world_.now);
  EXPECT_EQ(waiter_.told, 1);
  EXPECT_EQ(waiter_.last, Settlement::handed_back);
}

TEST(OnlyByFormat, IsHandedBackByOneThatDoesNotTakeIt) {
  World world({.weights = {1, 1}, .formats = {core::ProtocolSet::all(), core::ProtocolSet()}});
  EXPECT_FALSE(world.balancer.has(1, core::Protocol::packet));
  RecordingWaiter waiter;
  queue::Delivery& delivery = world.loops[0]->dispatcher->make();
  delivery.packet.messages = 1;
  delivery.retry_state.set_only(1);
  world.loops[0]->dispatcher->admit(delivery, waiter, world.now);
  world.run();
  EXPECT_EQ(waiter.told, 1);
  EXPECT_EQ(waiter.last, Settlement::handed_back);
}

}  // namespace
}  // namespace logdist::dispatch
