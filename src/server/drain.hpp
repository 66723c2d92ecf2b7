// The end of the daemon: what was accepted is delivered, within the grace.
#pragma once

#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "logdist/server/daemon.hpp"
#include "logdist/server/loop.hpp"
#include "logdist/sink/dead_letters/dead_letter_file.hpp"
#include "logdist/storage/disk_storage.hpp"

namespace logdist::server {

/// Begins the drain on every loop and looks until all are through, or the grace
/// is over; then gives up what is left, so that each packet is settled in any
/// case. Dead letters are put down oldest first over all loops: the loop that has
/// the oldest packet does so until another has; then all are brought to the disk. With a
/// durable queue what is left stays in that, which is closed, and none is a dead letter. Control
/// thread; outlives its own `done`.
class Drain {
 public:
  Drain(boost::asio::io_context& control, const std::vector<std::unique_ptr<Loop>>& loops,
        sink::DeadLetterFile& letters, storage::DiskStorage* storage, Duration grace, std::function<void()> settled,
        std::function<void(DrainResult)> done);
  ~Drain();

  void start();
  /// The grace is over now: a second signal has come.
  void hurry() {
    hurried_ = true;
    grace_ends_ = Clock::now();
  }

 private:
  enum class Phase : std::uint8_t { draining, giving_up, writing, closing, closed, written };

  /// What all loops said of themselves, summed.
  struct Look {
    std::size_t missing = 0;
    bool packets_settled = true;
    bool answers_sent = true;
    bool has_attempts = false;
    std::size_t given_up = 0;
  };

  void look();
  void decide(const Look& look);
  void give_up();
  void look_for_letters();
  void write_letters();
  void look_again();
  void close_storage(DrainResult result);
  void wait_for_storage();
  void storage_closed();
  void bring_to_disk(DrainResult result);
  void wait_for_disk(DrainResult result, std::uint64_t progress);

  boost::asio::io_context& control_;
  const std::vector<std::unique_ptr<Loop>>& loops_;
  sink::DeadLetterFile& letters_;
  storage::DiskStorage* const storage_;  ///< null: there is no durable queue
  boost::asio::steady_timer timer_;
  TimePoint grace_ends_;
  std::function<void()> settled_;  ///< told before the durable queue is closed: no packet is under way any more
  std::function<void(DrainResult)> done_;
  Phase phase_ = Phase::draining;
  bool hurried_ = false;
  std::thread closer_;                  ///< closes the durable queue, which waits for the disk
  DrainResult result_;                  ///< while it does
  std::vector<TimePoint> oldest_left_;  ///< by LoopId, while writing
};

}  // namespace logdist::server
