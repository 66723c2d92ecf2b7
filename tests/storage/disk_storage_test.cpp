// The durable queue as a loop sees it, on a real disk that refuses when it is told to.
#include <cerrno>

#include "tests/storage/storage_fixture.hpp"

namespace logdist::storage {
namespace {

using testing::ElementsAre;

TEST_F(DiskStorageTest, WhatWasNotSettledComesBackAfterARestart) {
  start();
  Delivery& settled = packet("settled");
  EXPECT_EQ(keep(packet("a")), StoreOutcome::durable);
  EXPECT_EQ(keep(settled), StoreOutcome::durable);
  EXPECT_EQ(keep(packet("b")), StoreOutcome::durable);
  settle(settled);
  stop();

  open();
  EXPECT_TRUE(storage_->recovering());
  storage_->start(*loop_);
  EXPECT_EQ(storage_->facts().recovered, 2u);
  EXPECT_THAT(ids_come_back(2), ElementsAre("a", "b"));
  const ReadBackPacket& first = loop_->came_back.front();
  EXPECT_EQ(first.stored.messages, 3u);
  EXPECT_EQ(first.stored.body, std::string(100, 'a'));
  EXPECT_EQ(queue::decode_metadata(first.stored.metadata),
            (queue::PacketMetadata{"a", "Content-Type: application/json\r\n", "10.0.0.1", "/v1/packets"}));
  EXPECT_EQ(limits_->packets(), 2u) << "they have their places";
  EXPECT_TRUE(eventually([&] { return !storage_->recovering(); }));
}

TEST_F(DiskStorageTest, ARecoveryIsOverWhenReadingWaitsForRoomInTheQueue) {
  std::vector<RecoveryProgress> told;
  options_.log.segment_bytes = 8 << 20;
  options_.recovery = [&](const RecoveryProgress& progress) {
    const std::lock_guard lock(mutex_);
    told.push_back(progress);
  };
  start();
  for (int i = 0; i < 12; ++i) EXPECT_EQ(keep(packet(std::to_string(i), 600'000)), StoreOutcome::durable);
  stop();
  EXPECT_TRUE(told.empty()) << "of a new directory";

  start(8);
  ids_come_back(6);
  // Two are read at once, while half of the places are free. Nobody takes them, and yet the queue is not full.
  EXPECT_TRUE(eventually([&] { return !storage_->recovering(); }));
  const RecoveryProgress progress = storage_->recovery_progress();
  EXPECT_EQ(progress.packets, 12u);
  EXPECT_EQ(progress.packets_read, 6u);
  EXPECT_EQ(progress.scan.segments, 1u);
  EXPECT_EQ(progress.scan.segments_total, 1u);
  EXPECT_EQ(progress.scan.bytes, progress.scan.bytes_total);
  stop();
  using Stage = RecoveryProgress::Stage;
  std::vector<Stage> stages;
  for (const RecoveryProgress& each : told) stages.push_back(each.stage);
  EXPECT_EQ(stages.front(), Stage::scanning);
  EXPECT_EQ(std::count(stages.begin(), stages.end(), Stage::over), 1);
  EXPECT_EQ(stages.back(), Stage::over);
}

/// Half of the queue need not be free for that.
TEST_F(DiskStorageTest, ARecoveryIsOverWhenAllThatWasLeftIsInMemory) {
  start();
  for (const char* id : {"a", "b", "c"}) EXPECT_EQ(keep(packet(id)), StoreOutcome::durable);
  stop();
  start(5);
  EXPECT_THAT(ids_come_back(3), ElementsAre("a", "b", "c"));
  EXPECT_EQ(limits_->packets(), 3u);
  EXPECT_TRUE(eventually([&] { return !storage_->recovering(); }));
}

TEST_F(DiskStorageTest, BeyondTheQueueAllPacketsGoToTheDiskAndComeBackInOrder) {
  start(4);
  std::vector<Delivery*> in_memory;
  for (int i = 0; i < 4; ++i) {
    in_memory.push_back(&packet("m" + std::to_string(i)));
    EXPECT_EQ(append(*in_memory.back()), Store::Answer::in_memory);
  }
  for (int i = 10; i < 14; ++i) EXPECT_EQ(append(packet("d" + std::to_string(i))), Store::Answer::on_disk_only);
  settle(*in_memory[0]);
  EXPECT_EQ(append(packet("d14")), Store::Answer::on_disk_only) << "behind those that are there";
  ASSERT_TRUE(loop_->run_until([&] { return loop_->outcomes.size() == 9; }));
  EXPECT_EQ(storage_->packets_on_disk_only(), 5u);
  EXPECT_TRUE(loop_->came_back.empty()) << "half of the queue is to be free";
  settle(*in_memory[1]);
  EXPECT_THAT(ids_come_back(2), ElementsAre("d10", "d11"));
  for (std::size_t next = 0; next < 5; ++next) {
    EXPECT_EQ(ids_come_back(next + 1)[next], "d1" + std::to_string(next));
    Delivery& again = packet("d1" + std::to_string(next));
    again.store_id = loop_->came_back[next].stored.id;
    settle(again);
    if (next == 0) settle(*in_memory[2]);
    if (next == 1) settle(*in_memory[3]);
  }
  EXPECT_EQ(storage_->packets_on_disk_only(), 0u);
  // All are read: the next ones stay in memory, as soon as that is known.
  Delivery* late = nullptr;
  const TimePoint deadline = Clock::now() + patience;
  for (;;) {
    late = &packet("late");
    const Store::Answer answer = append(*late);
    if (answer == Store::Answer::in_memory || Clock::now() > deadline) break;
    ASSERT_TRUE(loop_->run_until([&] { return loop_->outcomes.contains(late); }));
  }
  EXPECT_EQ(keep(packet("last")), StoreOutcome::durable);
}

TEST_F(DiskStorageTest, ARestartWithMoreThanTheQueueHoldsReadsAsPlacesComeFree) {
  start(1'000);
  for (int i = 100; i < 300; ++i) ASSERT_EQ(append(packet(std::to_string(i), 1'000)), Store::Answer::in_memory);
  ASSERT_TRUE(loop_->run_until([&] { return loop_->outcomes.size() == 200; }));
  stop();

  start(10);
  EXPECT_EQ(ids_come_back(10).size(), 10u);
  EXPECT_EQ(limits_->packets(), 10u);
  Delivery& younger = packet("new");
  EXPECT_EQ(keep(younger), StoreOutcome::durable);
  for (std::size_t next = 0; next < 201; ++next) {
    const std::vector<std::string> ids = ids_come_back(next + 1);
    EXPECT_EQ(ids[next], next < 200 ? std::to_string(100 + next) : "new");
    EXPECT_LE(limits_->packets(), 10u);
    Delivery& again = packet(ids[next], loop_->came_back[next].stored.body.size());
    again.store_id = loop_->came_back[next].stored.id;
    settle(again);
  }
  EXPECT_EQ(storage_->packets_on_disk_only(), 0u);
  stop();
  start();
  EXPECT_EQ(storage_->facts().recovered, 0u);
}

TEST_F(DiskStorageTest, AFailedSyncIsTheAgentsAgainAndTheNextFileIsGood) {
  start();
  Delivery& before = packet("before");
  EXPECT_EQ(keep(before), StoreOutcome::durable);
  disk_.sync_error = EIO;
  EXPECT_EQ(keep(packet("during")), StoreOutcome::failed);
  EXPECT_GE(errors(telemetry::DiskOperation::sync), 1u);
  EXPECT_TRUE(is_noticed(LogNotice::Kind::sync_failed));
  disk_.sync_error = 0;
  EXPECT_EQ(keep(packet("after")), StoreOutcome::durable);
  stop();
  start();
  EXPECT_THAT(ids_come_back(2), ElementsAre("before", "after"));
}

TEST_F(DiskStorageTest, AfterThreeFailuresNothingIsTakenUntilTheDiskWrites) {
  start();
  disk_.write_error = EIO;
  const TimePoint deadline = Clock::now() + patience;
  while (storage_->facts().taking_packets && Clock::now() < deadline) {
    Delivery& tried = packet("x");
    if (append(tried) == Store::Answer::refused) break;
    ASSERT_TRUE(loop_->run_until([&] { return loop_->outcomes.contains(&tried); }));
    EXPECT_EQ(loop_->outcomes[&tried], StoreOutcome::failed);
  }
  EXPECT_EQ(append(packet("y")), Store::Answer::refused);
  EXPECT_TRUE(is_noticed(LogNotice::Kind::failing));
  EXPECT_GE(errors(telemetry::DiskOperation::write), 3u);
  disk_.write_error = 0;
  EXPECT_TRUE(is_noticed(LogNotice::Kind::recovered));
  EXPECT_EQ(keep(packet("z")), StoreOutcome::durable);
}

TEST_F(DiskStorageTest, AFullDiskRefusesAndGivesRoomAgain) {
  options_.log.max_disk = 512 * 1024;
  start();
  std::vector<Delivery*> kept;
  for (;;) {
    Delivery& next = packet("k", 10'000);
    if (append(next) == Store::Answer::refused) break;
    ASSERT_TRUE(loop_->run_until([&] { return loop_->outcomes.contains(&next); }));
    if (loop_->outcomes[&next] == StoreOutcome::no_space) break;
    kept.push_back(&next);
    ASSERT_LT(kept.size(), 60u);
  }
  EXPECT_GT(kept.size(), 20u);
  EXPECT_TRUE(eventually([&] { return !storage_->facts().taking_packets; }));
  EXPECT_EQ(errors(telemetry::DiskOperation::allocate), 0u) << "its own bound is no error";
  EXPECT_TRUE(is_noticed(LogNotice::Kind::disk_full));
  for (const Delivery* delivery : kept) settle(*delivery);
  EXPECT_TRUE(eventually([&] { return storage_->facts().taking_packets; }));
  EXPECT_EQ(keep(packet("z", 10'000)), StoreOutcome::durable);
}

TEST_F(DiskStorageTest, WhatIsSettledBeforeItsTurnIsNeverWritten) {
  options_.log.commit_interval = 50ms;
  start();
  EXPECT_EQ(keep(packet("first")), StoreOutcome::durable);
  Delivery& fast = packet("fast");
  append(fast);
  settle(fast);
  ASSERT_TRUE(loop_->run_until([&] { return loop_->outcomes.contains(&fast); }));
  EXPECT_EQ(loop_->outcomes[&fast], StoreOutcome::elided);
}

TEST_F(DiskStorageTest, DamagedPacketsAreCountedAsLost) {
  start();
  for (int i = 100; i < 240; ++i) {
    Delivery& delivery = packet(std::to_string(i), 1'000);
    ASSERT_EQ(append(delivery), i < 200 ? Store::Answer::in_memory : Store::Answer::on_disk_only);
  }
  ASSERT_TRUE(loop_->run_until([&] { return loop_->outcomes.size() == 140; }));
  stop();
  std::vector<queue::FileEntry> entries;
  ASSERT_FALSE(disk_.list(options_.log.directory, entries));
  std::string oldest;
  for (const queue::FileEntry& entry : entries) {
    if (queue::parse_segment_name(entry.name) && (oldest.empty() || entry.name < oldest)) oldest = entry.name;
  }
  {
    std::error_code error;
    const auto file = disk_.open(options_.log.directory + "/" + oldest, queue::FileSystem::Open::write, error);
    std::string bytes = "damage";
    std::array<iovec, 1> pieces{iovec{bytes.data(), bytes.size()}};
    ASSERT_FALSE(file->write(20'000, pieces));
  }
  start(1'000);
  ASSERT_TRUE(loop_->run_until(
      [&] { return loop_->came_back.size() + static_cast<std::size_t>(loop_->lost_packets.packets) >= 140; }));
  EXPECT_EQ(loop_->came_back.size(), 139u);
  ASSERT_TRUE(loop_->run_until([&] { return loop_->lost_packets == ledger::Amount{1, 3}; }));
  EXPECT_EQ(storage_->facts().damaged_records, 1u);
  EXPECT_EQ(storage_->packets_on_disk_only(), 0u);
  EXPECT_TRUE(is_noticed(LogNotice::Kind::damaged_records));
}

TEST_F(DiskStorageTest, ASecondOneOfADirectoryIsToldWhoHasIt) {
  start();
  queue::OpenError error;
  queue::QueueLimits limits(1, 1);
  EXPECT_EQ(DiskStorage::open(options_, disk_, limits, error), nullptr);
  EXPECT_EQ(error.kind, queue::OpenError::Kind::locked);
  EXPECT_THAT(error.message, testing::HasSubstr("pid " + std::to_string(::getpid())));
}

}  // namespace
}  // namespace logdist::storage
