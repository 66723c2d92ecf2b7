// The durable queue with one loop, run by the test's thread.
#pragma once

#include <gmock/gmock.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "logdist/queue/log/record.hpp"
#include "logdist/storage/disk_storage.hpp"
#include "tests/storage/faulty_disk.hpp"
#include "tests/support/temporary_folder.hpp"

namespace logdist::storage {

using namespace std::chrono_literals;
using queue::Delivery;
using queue::LogNotice;
using queue::SettledAs;
using queue::Store;
using queue::StoreOutcome;

inline constexpr std::chrono::seconds patience{20};

/// One loop, run by the test's thread.
class FakeLoop final : public LoopAccess, public queue::StoreListener {
 public:
  void reports_ready(LoopId loop) override {
    post([this, loop] { storage->collect(loop, Clock::now()); });
  }
  void read_back(LoopId, std::vector<ReadBackPacket> packets) override {
    post([this, packets = std::move(packets)]() mutable {
      for (ReadBackPacket& packet : packets) came_back.push_back(std::move(packet));
    });
  }
  void exchange(LoopId loop, std::vector<ReadBackPacket> packets) override {
    read_back(loop, std::move(packets));
    post([this] { ++exchanges; });
  }
  void room_wanted() override {
    post([this] { ++rooms_wanted; });
  }
  void replay(LoopId, ReplayedPacket packet, ReplayEnded ended) override {
    post([this, packet = std::move(packet), ended = std::move(ended)] {
      const auto metadata = queue::decode_metadata(packet.stored->metadata);
      replayed.emplace_back(metadata ? metadata->packet_id : "?");
      replay_ids.push_back(packet.replay_id);
      replay_analyzers.push_back(packet.analyzer);
      ended(replay_outcome);
    });
  }
  void lost(const ledger::Amount& packets) override {
    post([this, packets] { lost_packets += packets; });
  }
  void reported(Delivery& delivery, StoreOutcome outcome, TimePoint) override { outcomes[&delivery] = outcome; }

  /// Runs what was posted until `wanted`; false at the deadline.
  bool run_until(const std::function<bool()>& wanted) {
    const TimePoint deadline = Clock::now() + patience;
    std::unique_lock lock(mutex_);
    while (!wanted()) {
      if (!posted_cv_.wait_until(lock, deadline, [this] { return !posted_.empty(); })) return false;
      const auto work = std::move(posted_.front());
      posted_.pop_front();
      lock.unlock();
      work();
      lock.lock();
    }
    return true;
  }

  /// Runs what was posted, or waits a moment for it.
  void run_posted() {
    std::unique_lock lock(mutex_);
    posted_cv_.wait_for(lock, 1ms, [this] { return !posted_.empty(); });
    while (!posted_.empty()) {
      const auto work = std::move(posted_.front());
      posted_.pop_front();
      lock.unlock();
      work();
      lock.lock();
    }
  }

  DiskStorage* storage = nullptr;
  std::map<Delivery*, StoreOutcome> outcomes;
  std::vector<ReadBackPacket> came_back;
  std::size_t exchanges = 0;     ///< offers that have ended
  std::size_t rooms_wanted = 0;  ///< times that it was told so
  ledger::Amount lost_packets;
  std::vector<std::string> replayed;  ///< ids of the packets, as they came
  std::vector<std::string> replay_ids;
  std::vector<std::optional<AnalyzerId>> replay_analyzers;
  ReplayOutcome replay_outcome = ReplayOutcome::safe;

 private:
  void post(std::function<void()> work) {
    const std::lock_guard lock(mutex_);
    posted_.push_back(std::move(work));
    posted_cv_.notify_one();
  }

  std::mutex mutex_;
  std::condition_variable posted_cv_;
  std::deque<std::function<void()>> posted_;
};

class DiskStorageTest : public testing::Test {
 protected:
  DiskStorageTest() {
    options_.log.directory = folder_.file("queue");
    options_.log.segment_bytes = 64 * 1024;
    options_.log.log_id = 7;
    options_.notice = [this](const LogNotice& notice) {
      const std::lock_guard lock(mutex_);
      notices_.push_back(notice.kind);
    };
  }
  ~DiskStorageTest() override {
    if (storage_) storage_->close();
  }

  void open(std::size_t max_packets = 100, std::size_t max_bytes = std::size_t{1} << 30) {
    limits_.emplace(max_packets, max_bytes);
    queue::OpenError error;
    storage_ = DiskStorage::open(options_, disk_, *limits_, error);
    ASSERT_TRUE(storage_) << error.message;
    loop_ = std::make_unique<FakeLoop>();
    loop_->storage = storage_.get();
    storage_->set_listener(0, *loop_);
  }
  void start(std::size_t max_packets = 100) {
    open(max_packets);
    storage_->start(*loop_);
  }

  void stop() {
    storage_->close();
    storage_.reset();
  }

  Delivery& packet(const std::string& id, std::size_t bytes = 100) {
    Delivery& delivery = *deliveries_.emplace_back(std::make_unique<Delivery>());
    delivery.packet.id = id;
    delivery.packet.forwarded_headers = "Content-Type: application/json\r\n";
    delivery.packet.agent = "10.0.0.1";
    delivery.packet.path = "/v1/packets";
    delivery.packet.messages = 3;
    delivery.packet.body = buffers_.take(bytes);
    delivery.packet.body.append(std::string(bytes, id.back()));
    return delivery;
  }

  Store::Answer append(Delivery& delivery) { return storage_->store(0).append(delivery); }
  /// Appends it and waits for the report.
  StoreOutcome keep(Delivery& delivery) {
    EXPECT_NE(append(delivery), Store::Answer::refused);
    EXPECT_TRUE(loop_->run_until([&] { return loop_->outcomes.contains(&delivery); }));
    return loop_->outcomes[&delivery];
  }
  void settle(const Delivery& delivery) {
    storage_->store(0).settle(delivery, SettledAs::delivered);
    limits_->give_back(delivery.packet.queue_bytes());
    storage_->store(0).flush(0);
  }

  /// What came back since the start, once there are so many.
  std::vector<std::string> ids_come_back(std::size_t count) {
    EXPECT_TRUE(loop_->run_until([&] { return loop_->came_back.size() >= count; }));
    std::vector<std::string> ids;
    for (const ReadBackPacket& packet : loop_->came_back) {
      const auto metadata = queue::decode_metadata(packet.stored.metadata);
      ids.emplace_back(metadata ? metadata->packet_id : "?");
    }
    return ids;
  }

  /// Whether another thread makes it true in time.
  static bool eventually(const std::function<bool()>& wanted) {
    for (const TimePoint deadline = Clock::now() + patience; !wanted(); std::this_thread::yield()) {
      if (Clock::now() > deadline) return false;
    }
    return true;
  }
  bool is_noticed(LogNotice::Kind kind) {
    return eventually([&] {
      const std::lock_guard lock(mutex_);
      return std::find(notices_.begin(), notices_.end(), kind) != notices_.end();
    });
  }
  std::uint64_t errors(telemetry::DiskOperation operation) {
    return storage_->facts().errors[static_cast<std::size_t>(operation)];
  }

  const test::TemporaryFolder folder_;
  test::FaultyDisk disk_;
  core::BufferPool buffers_{1 << 20};
  std::deque<std::unique_ptr<Delivery>> deliveries_;
  DiskStorageOptions options_;
  std::mutex mutex_;
  std::vector<LogNotice::Kind> notices_;
  std::optional<queue::QueueLimits> limits_;
  std::unique_ptr<FakeLoop> loop_;
  std::unique_ptr<DiskStorage> storage_;
};

}  // namespace logdist::storage
