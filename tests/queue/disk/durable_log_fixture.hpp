// A log on a real disk, with its thread, and what waits for its reports.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "logdist/queue/disk/durable_log.hpp"
#include "logdist/queue/disk/files/posix_file_system.hpp"
#include "logdist/queue/disk/packet_reader.hpp"
#include "logdist/queue/log/record.hpp"
#include "tests/support/temporary_folder.hpp"

namespace logdist::queue {

/// Collects reports on the committer's thread, and waits for them.
class Loops final : public DurableLogListener {
 public:
  void reports_ready(LoopId loop) override {
    const std::lock_guard lock(mutex_);
    ready_.push_back(loop);
    changed_.notify_all();
  }
  void room_again() override {}
  void noticed(const LogNotice&) override {}

  /// The outcomes of `count` packets.
  std::map<std::uint64_t, StoreOutcome> wait_for(DurableLog& log, std::size_t count) {
    std::map<std::uint64_t, StoreOutcome> outcomes;
    std::vector<StoreReport> reports;
    std::unique_lock lock(mutex_);
    while (outcomes.size() < count) {
      changed_.wait(lock, [&] { return !ready_.empty(); });
      for (const LoopId loop : std::exchange(ready_, {})) log.collect(loop, reports);
      for (const StoreReport& report : reports) {
        outcomes[report.id] = report.outcome;
        places[report.id] = report.place;
      }
      reports.clear();
    }
    return outcomes;
  }

  std::map<std::uint64_t, LogPosition> places;  ///< of those that were waited for

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<LoopId> ready_;
};

class DurableLogTest : public testing::Test {
 protected:
  DurableLogTest() {
    options_.directory = folder_.file("queue");
    options_.segment_bytes = 64 * 1024;
    options_.log_id = 99;
  }

  std::unique_ptr<DurableLog> open() {
    error_ = {};
    return DurableLog::open(options_, *files_, loops_, error_, Clock::now(), 0);
  }

  std::vector<StoredPacket> read_all(DurableLog& log) {
    std::vector<StoredPacket> found;
    for (PacketReader reader(log, 0, log.recovery().until_id); reader.read(1 << 20, found);) {
    }
    return found;
  }

  std::string only_segment() {
    std::vector<FileEntry> entries;
    EXPECT_FALSE(files_->list(options_.directory, entries));
    std::string last;
    for (const FileEntry& entry : entries) {
      if (parse_segment_name(entry.name)) last = std::max(last, entry.name);
    }
    return options_.directory + "/" + last;
  }

  test::TemporaryFolder folder_;
  std::unique_ptr<FileSystem> files_ = make_posix_file_system();
  DurableLogOptions options_;
  Loops loops_;
  OpenError error_;
};

}  // namespace logdist::queue
