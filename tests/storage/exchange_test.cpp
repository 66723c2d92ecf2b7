// Places that are offered are exchanged for packets on the disk, and the bodies of those that gave them come back.
#include <filesystem>
#include <fstream>

#include "tests/storage/storage_fixture.hpp"

namespace logdist::storage {
namespace {

using queue::FetchOutcome;

class Exchange : public DiskStorageTest {
 protected:
  Store& store() { return storage_->store(0); }

  /// Stored, with a place.
  Delivery& kept(const std::string& id, std::size_t bytes = 100) {
    Delivery& delivery = packet(id, bytes);
    EXPECT_EQ(keep(delivery), StoreOutcome::durable);
    return delivery;
  }
  /// As a dispatcher does.
  void park(Delivery& delivery, bool is_suspect = true) {
    delivery.parked_bytes = delivery.packet.queue_bytes();
    limits_->give_back(delivery.parked_bytes);
    core::AttemptResult failed;
    failed.outcome = Outcome::http_error;
    if (is_suspect) delivery.retry_state.on_result(0, failed, {});
  }
  /// What came last.
  const ReadBackPacket& last() const { return loop_->came_back.back(); }
  bool come_back(std::size_t count) {
    return loop_->run_until([&] { return loop_->came_back.size() >= count; });
  }
};

TEST_F(Exchange, WhatIsOfferedIsTakenForTheNextOnesInOrder) {
  start(4);
  for (const char* id : {"m0", "m1", "m2", "m3"}) kept(id);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(append(packet("d" + std::to_string(i))), Store::Answer::on_disk_only);
  ASSERT_TRUE(loop_->run_until([&] { return loop_->outcomes.size() == 9 && loop_->rooms_wanted > 0; }));
  EXPECT_TRUE(eventually([&] { return store().room_wanted() > 0; }));
  store().offer(2, 2 * packet("like them").packet.queue_bytes());
  EXPECT_THAT(ids_come_back(2), testing::ElementsAre("d0", "d1"));
  ASSERT_TRUE(loop_->run_until([&] { return loop_->exchanges == 1; }));
  for (const ReadBackPacket& packet : loop_->came_back) {
    EXPECT_TRUE(packet.in_exchange);
    EXPECT_FALSE(packet.has_place);
  }
  EXPECT_EQ(limits_->packets(), 4u) << "the loop takes them";
  EXPECT_EQ(storage_->packets_on_disk_only(), 0u) << "the others are read, and wait";
  store().offer(0, 0);
  ASSERT_TRUE(loop_->run_until([&] { return loop_->exchanges == 2; })) << "nothing has an answer, too";
  EXPECT_EQ(loop_->came_back.size(), 2u);
}

TEST_F(Exchange, FreePlacesGoFirstThoughLessThanHalfOfThem) {
  start(4);
  Delivery& first = kept("m0");
  for (const char* id : {"m1", "m2", "m3"}) kept(id);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(append(packet("d" + std::to_string(i))), Store::Answer::on_disk_only);
  ASSERT_TRUE(loop_->run_until([&] { return loop_->outcomes.size() == 7; }));
  settle(first);
  ASSERT_TRUE(eventually([&] { return store().room_wanted() > 0; }));
  store().offer(1, 1000);
  EXPECT_THAT(ids_come_back(2), testing::ElementsAre("d0", "d1"));
  EXPECT_TRUE(loop_->came_back[0].has_place);
  EXPECT_TRUE(loop_->came_back[1].in_exchange);
  EXPECT_EQ(limits_->packets(), 4u);
}

TEST_F(Exchange, AParkedPacketComesBackFromItsPlace) {
  start();
  Delivery& before = kept("before");
  Delivery& parked = kept("parked", 3'000);
  EXPECT_NE(parked.store_place, before.store_place);
  EXPECT_GT(parked.store_place.offset, 0u);
  park(parked);
  store().fetch(parked);
  ASSERT_TRUE(come_back(1));
  EXPECT_EQ(last().parked, &parked);
  EXPECT_EQ(last().outcome, FetchOutcome::here);
  EXPECT_EQ(last().stored.id, parked.store_id);
  EXPECT_EQ(last().stored.body, std::string(3'000, 'd'));
  EXPECT_EQ(last().stored.place, parked.store_place);
  EXPECT_EQ(limits_->packets(), 2u) << "with its place";
}

TEST_F(Exchange, OneThatWasMovedIsFound) {
  start();
  Delivery& parked = kept("parked");
  const queue::LogPosition place = parked.store_place;
  park(parked);
  // Each fills a file; those behind the oldest wait for it alone, until what is left in it moves.
  for (int i = 0; i < 20; ++i) settle(kept("filler", 50'000));
  ASSERT_TRUE(eventually(
      [&] { return !std::filesystem::exists(folder_.file("queue/") + queue::segment_name(place.first_id)); }));
  store().fetch(parked);
  ASSERT_TRUE(come_back(1));
  EXPECT_EQ(last().outcome, FetchOutcome::here);
  EXPECT_EQ(last().stored.body, std::string(100, 'd'));
  EXPECT_NE(last().stored.place, place);
}

TEST_F(Exchange, ADamagedRecordIsALossThatIsTold) {
  start();
  Delivery& parked = kept("parked", 3'000);
  park(parked);
  {
    std::fstream file(folder_.file("queue/") + queue::segment_name(parked.store_place.first_id),
                      std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(parked.store_place.offset + 1'000));
    file.put('x');
  }
  store().fetch(parked);
  ASSERT_TRUE(come_back(1));
  EXPECT_EQ(last().outcome, FetchOutcome::lost);
  EXPECT_EQ(limits_->packets(), 0u) << "its place is free";
  EXPECT_TRUE(is_noticed(LogNotice::Kind::damaged_records));
  EXPECT_EQ(storage_->facts().damaged_records, 1u);
}

/// While others wait on the disk, those that were tried before have an eighth of the places.
TEST_F(Exchange, ThoseThatNobodyWasAskedForComeFirst) {
  start(3);
  Delivery& tried = kept("tried");
  Delivery& fresh = kept("fresh");
  kept("stays");
  park(tried);
  park(fresh, false);
  Delivery& again = kept("again");
  Delivery& more = kept("more");
  store().fetch(tried);
  store().fetch(fresh);
  EXPECT_TRUE(loop_->came_back.empty()) << "there is no place";
  settle(again);
  ASSERT_TRUE(come_back(1));
  EXPECT_EQ(last().parked, &fresh);
  settle(more);
  ASSERT_TRUE(come_back(2));
  EXPECT_EQ(last().parked, &tried);
}

}  // namespace
}  // namespace logdist::storage
