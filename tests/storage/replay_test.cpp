// Packets that are settled and retained are sent once more.
#include "tests/storage/storage_fixture.hpp"

namespace logdist::storage {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using State = ReplayReport::State;

class ReplayTest : public DiskStorageTest {
 protected:
  ReplayTest() { options_.log.retain_for = std::chrono::hours(1); }

  /// Stored, and settled as told.
  void put(const std::string& id, SettledAs how, std::size_t bytes = 100) {
    Delivery& delivery = packet(id, bytes);
    EXPECT_EQ(keep(delivery), StoreOutcome::durable);
    settle_as(delivery, how);
  }
  void settle_as(const Delivery& delivery, SettledAs how) {
    storage_->store(0).settle(delivery, how);
    limits_->give_back(delivery.packet.queue_bytes());
    storage_->store(0).flush(0);
  }
  /// All settlements so far are in the log.
  void await_settled(std::size_t unsettled = 0) {
    ASSERT_TRUE(eventually([&] { return storage_->facts().packets == unsettled; }));
    // They are written before the next packet is.
    put("last-" + std::to_string(++flushes_), SettledAs::handed_back);
  }
  ReplayReport report() { return storage_->replays().back(); }
  /// Runs it to its end.
  ReplayReport replay(const ReplayRequest& request) {
    ReplayReport begun;
    EXPECT_TRUE(storage_->start_replay(request, begun));
    EXPECT_TRUE(run_until_ended());
    return report();
  }
  bool run_until_ended() {
    const TimePoint deadline = Clock::now() + patience;
    while (report().state == State::running && Clock::now() < deadline) loop_->run_posted();
    return report().state != State::running;
  }

  int flushes_ = 0;
};

TEST_F(ReplayTest, SendsWhatIsSettledAndNothingElseInItsOrder) {
  start();
  put("a", SettledAs::delivered);
  put("b", SettledAs::dead_lettered);
  put("c", SettledAs::handed_back);
  EXPECT_EQ(keep(packet("open")), StoreOutcome::durable);
  put("d", SettledAs::delivered);
  await_settled(1);
  const ReplayReport all = replay({});
  EXPECT_EQ(all.state, State::done);
  EXPECT_EQ(all.packets_found, 3u);
  EXPECT_EQ(all.messages_found, 9u);
  EXPECT_EQ(all.packets_replayed, 3u);
  EXPECT_EQ(all.packets_in_flight, 0u);
  EXPECT_EQ(all.read.bytes, all.read.bytes_total);
  EXPECT_THAT(loop_->replayed, ElementsAre("a", "b", "d"));
  EXPECT_THAT(loop_->replay_ids, testing::Each(all.id));
  EXPECT_EQ(storage_->facts().replayed, 3u);
}

TEST_F(ReplayTest, FindsWhatWasSettledLastWithoutAnotherPacket) {
  start();
  put("a", SettledAs::delivered);
  ReplayRequest request;
  request.dry_run = true;
  EXPECT_TRUE(eventually([&] { return replay(request).packets_found == 1; }));
}

TEST_F(ReplayTest, ChoosesByIdByTimeAndDeadLetters) {
  start();
  put("a", SettledAs::delivered);
  put("b", SettledAs::dead_lettered);
  put("c", SettledAs::delivered);
  await_settled();
  ReplayRequest request;
  request.ids = {"c", "a", "none"};
  EXPECT_EQ(replay(request).packets_replayed, 2u);
  EXPECT_THAT(loop_->replayed, ElementsAre("a", "c"));
  request = {};
  request.range.dead_letters = true;
  replay(request);
  EXPECT_THAT(loop_->replayed, ElementsAre("a", "c", "b"));
  request = {};
  request.range.to_ns = 1;
  EXPECT_EQ(replay(request).packets_found, 0u);
  request.range = {};
  request.dry_run = true;
  EXPECT_EQ(replay(request).packets_found, 3u);
  EXPECT_EQ(report().packets_replayed, 0u);
  EXPECT_EQ(loop_->replayed.size(), 3u);
}

TEST_F(ReplayTest, WhatIsRefusedIsGivenAgain) {
  start();
  for (const char* id : {"a", "b", "c"}) put(id, SettledAs::delivered);
  await_settled();
  loop_->replay_outcome = ReplayOutcome::refused;
  ReplayReport begun;
  ASSERT_TRUE(storage_->start_replay({}, begun));
  EXPECT_FALSE(storage_->start_replay({}, begun)) << "one at a time";
  ASSERT_TRUE(loop_->run_until([&] { return report().times_refused >= 2; }));
  EXPECT_EQ(report().packets_replayed, 0u);
  loop_->replay_outcome = ReplayOutcome::safe;
  ASSERT_TRUE(run_until_ended());
  EXPECT_EQ(report().packets_replayed, 3u);
  EXPECT_EQ(std::set<std::string>(loop_->replayed.begin(), loop_->replayed.end()),
            (std::set<std::string>{"a", "b", "c"}));
}

TEST_F(ReplayTest, ForOneAnalyzerEndsWhenThatWillNotHaveThem) {
  start();
  for (const char* id : {"a", "b", "c"}) put(id, SettledAs::delivered);
  await_settled();
  ReplayRequest request;
  request.analyzer = AnalyzerId{2};
  loop_->replay_outcome = ReplayOutcome::failed;
  const ReplayReport failed = replay(request);
  EXPECT_EQ(failed.state, State::done);
  EXPECT_EQ(failed.packets_failed, 3u);
  EXPECT_EQ(failed.packets_replayed, 0u);
  EXPECT_EQ(failed.packets_in_flight, 0u);
  EXPECT_THAT(loop_->replay_analyzers, testing::Each(std::optional<AnalyzerId>(2)));
  EXPECT_EQ(storage_->facts().replayed, 0u);
  loop_->replay_outcome = ReplayOutcome::safe;
  replay({});
  EXPECT_EQ(loop_->replay_analyzers.back(), std::nullopt);
}

TEST_F(ReplayTest, EndsWhenItIsStopped) {
  start();
  for (int i = 0; i < 10; ++i) put(std::to_string(i), SettledAs::delivered);
  await_settled();
  ReplayRequest slow;
  slow.packets_per_second = 0.01;
  ReplayReport begun;
  ASSERT_TRUE(storage_->start_replay(slow, begun));
  EXPECT_FALSE(storage_->stop_replay("none"));
  EXPECT_TRUE(storage_->stop_replay(begun.id));
  ASSERT_TRUE(run_until_ended());
  EXPECT_EQ(report().state, State::stopped);
  EXPECT_LE(report().packets_replayed, 1u);
  ASSERT_TRUE(storage_->start_replay(slow, begun));
  stop();  // with one that runs
}

TEST_F(ReplayTest, ReadsThroughManySegmentsAndHoldsFewPackets) {
  start();
  for (int i = 100; i < 300; ++i) put(std::to_string(i), SettledAs::delivered, 3'000);
  await_settled();
  EXPECT_GT(storage_->facts().segments, 8u) << "they are retained";
  ReplayReport begun;
  ASSERT_TRUE(storage_->start_replay({}, begun));
  ASSERT_TRUE(eventually([&] { return report().packets_in_flight == Replay::in_flight_max; }));
  EXPECT_LE(report().packets_found, Replay::in_flight_max + 1);
  ASSERT_TRUE(run_until_ended());
  EXPECT_EQ(loop_->replayed.size(), 200u);
  EXPECT_TRUE(std::is_sorted(loop_->replayed.begin(), loop_->replayed.end()));
}

TEST_F(ReplayTest, WhatWasSettledBeforeItsTurnIsThereToo) {
  options_.log.commit_interval = 200ms;
  start();
  EXPECT_EQ(keep(packet("first")), StoreOutcome::durable);
  Delivery& early = packet("early");
  EXPECT_NE(append(early), Store::Answer::refused);
  settle_as(early, SettledAs::delivered);
  EXPECT_TRUE(loop_->run_until([&] { return loop_->outcomes.contains(&early); }));
  EXPECT_EQ(loop_->outcomes[&early], StoreOutcome::durable) << "not elided";
  await_settled(1);
  replay({});
  EXPECT_THAT(loop_->replayed, ElementsAre("early"));
}

TEST_F(ReplayTest, DeadLettersThatWereNeverStoredAreKept) {
  start();
  Delivery& letter = packet("letter");
  storage_->store(0).keep_dead_letter(letter);
  storage_->store(0).flush(0);
  letter.packet.recycle();
  EXPECT_EQ(keep(packet("next")), StoreOutcome::durable);
  await_settled(1);
  ReplayRequest request;
  request.range.dead_letters = true;
  EXPECT_EQ(replay(request).packets_replayed, 1u);
  EXPECT_THAT(loop_->replayed, ElementsAre("letter"));
}

TEST_F(ReplayTest, TheOldestGoFirstWhenTheDiskIsNeeded) {
  options_.log.max_disk = 8 * options_.log.segment_bytes;
  start();
  for (int i = 100; i < 500; ++i) put(std::to_string(i), SettledAs::delivered, 3'000);
  await_settled();
  EXPECT_LE(storage_->facts().bytes, options_.log.max_disk);
  const ReplayReport kept = replay({});
  EXPECT_GT(kept.packets_replayed, 50u);
  EXPECT_LT(kept.packets_replayed, 200u);
  EXPECT_EQ(loop_->replayed.back(), "499");
  EXPECT_EQ(std::stoul(loop_->replayed.front()), 500 - kept.packets_replayed) << "without a gap";
}

class DeadLettersAlone : public ReplayTest {
 protected:
  DeadLettersAlone() { options_.log.retain_for = {}; }

  /// Those that a replay finds, after a restart, too.
  std::vector<std::string> kept() {
    loop_->replayed.clear();
    ReplayRequest request;
    request.range.dead_letters = true;
    replay(request);
    return loop_->replayed;
  }
};

TEST_F(DeadLettersAlone, AreKeptWithoutRetentionOverRestarts) {
  start();
  put("a", SettledAs::delivered);
  put("b", SettledAs::dead_lettered);
  Delivery& letter = packet("never stored");
  storage_->store(0).keep_dead_letter(letter);
  storage_->store(0).flush(0);
  await_settled();
  for (int start_number = 0; start_number < 3; ++start_number) {
    EXPECT_THAT(kept(), ElementsAre("b", "never stored")) << start_number;
    stop();
    start();
  }
  EXPECT_EQ(storage_->recovery().packets, 0u);
  for (int i = 0; i < 100; ++i) put("filler", SettledAs::delivered, 3'000);
  await_settled();
  EXPECT_THAT(kept(), ElementsAre("b", "never stored")) << "their file stays while others go";
}

TEST_F(DeadLettersAlone, AreWrittenThoughTheyAreDoneBeforeTheirTurn) {
  options_.log.commit_interval = 200ms;
  start();
  EXPECT_EQ(keep(packet("first")), StoreOutcome::durable);
  Delivery& early = packet("early");
  EXPECT_NE(append(early), Store::Answer::refused);
  settle_as(early, SettledAs::dead_lettered);
  EXPECT_TRUE(loop_->run_until([&] { return loop_->outcomes.contains(&early); }));
  EXPECT_EQ(loop_->outcomes[&early], StoreOutcome::durable) << "not elided";
  await_settled(1);
  EXPECT_THAT(kept(), ElementsAre("early"));
}

TEST_F(DeadLettersAlone, HaveAShareOfTheDisk) {
  options_.log.max_disk = 16 * options_.log.segment_bytes;
  start();
  for (int i = 100; i < 500; ++i) put(std::to_string(i), SettledAs::dead_lettered, 3'000);
  await_settled();
  const std::vector<std::string> ids = kept();
  EXPECT_LE(storage_->facts().bytes, options_.log.max_disk / 4 + 3 * options_.log.segment_bytes);
  EXPECT_GT(ids.size(), 40u);
  ASSERT_FALSE(ids.empty());
  EXPECT_EQ(ids.back(), "499") << "the oldest go first";
  for (int i = 0; i < 100; ++i) put("filler", SettledAs::delivered, 3'000);
  await_settled();
  EXPECT_THAT(kept(), IsEmpty());
  EXPECT_LE(storage_->facts().segments, 2u);
}

TEST_F(DeadLettersAlone, GoForPacketsThatNeedTheirRoom) {
  options_.log.max_disk = 8 * options_.log.segment_bytes;
  start();
  for (int i = 0; i < 40; ++i) put("letter", SettledAs::dead_lettered, 3'000);
  await_settled();
  EXPECT_EQ(kept().size(), 40u);
  // What is not settled fills the disk but for a reserve and the newest segment's rest.
  for (int i = 0; i < 100; ++i) ASSERT_EQ(keep(packet("open", 3'000)), StoreOutcome::durable) << i;
  EXPECT_TRUE(storage_->facts().taking_packets);
}

TEST_F(DeadLettersAlone, GoWhenTheDiskIsFullOfOtherThings) {
  start();
  for (int i = 0; i < 60; ++i) put("letter", SettledAs::dead_lettered, 3'000);
  await_settled();
  const std::uint64_t before = storage_->facts().bytes;
  disk_.bytes_free = 0;  // what a removed file had is free again
  for (int i = 0; i < 30; ++i) ASSERT_EQ(keep(packet("open", 3'000)), StoreOutcome::durable) << i;
  EXPECT_LE(storage_->facts().bytes, before);
}

}  // namespace
}  // namespace logdist::storage
