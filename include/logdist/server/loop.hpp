// One of the pool's threads: an event loop that receives, queues, sends and
// settles packets, all on one core.
#pragma once

#include <atomic>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "logdist/base/random.hpp"
#include "logdist/codec/decode.hpp"
#include "logdist/core/buffer.hpp"
#include "logdist/dispatch/dispatcher.hpp"
#include "logdist/ingest/sessions.hpp"
#include "logdist/ledger/ledger.hpp"
#include "logdist/net/poller.hpp"
#include "logdist/server/shared_state.hpp"
#include "logdist/sink/http/pool_upstream.hpp"
#include "logdist/storage/disk_storage.hpp"

namespace logdist::server {

/// Owns what is confined to its thread. Other threads reach it only through the
/// functions that say so.
class Loop final : public dispatch::TurnRequest {
 public:
  Loop(LoopId id, SharedState& shared);
  ~Loop();

  /// Runs the loop on its own thread until stop().
  void start();
  /// Ends the thread, from another one. What is open is closed when the loop is destroyed.
  void stop();

  /// Any thread: takes a turn soon. Cheap while the last wake is pending.
  void wake();
  /// Any thread: runs `work(*this)` on the loop's thread.
  template <typename Work>
  void post(Work work) {
    boost::asio::post(io_, [this, work = std::move(work)]() mutable { work(*this); });
  }

  // On the loop's thread only, but for taking the reference before start():
  void turn_soon() override;
  ingest::Sessions& sessions() { return sessions_; }
  dispatch::Dispatcher& dispatcher() { return *dispatcher_; }
  sink::PoolUpstream& upstream() { return upstream_; }
  const ledger::Ledger& ledger() const { return ledger_; }
  /// These analyzers were removed and have nothing under way; their ids will be others'.
  void forget(const std::vector<AnalyzerId>& analyzers);
  /// Passes the store's reports on.
  void collect_reports();
  /// Packets that come back from the disk, oldest first.
  void read_back(std::vector<storage::ReadBackPacket> packets);
  /// The same, for what the dispatcher has offered.
  void exchange(std::vector<storage::ReadBackPacket> packets);
  /// A packet that is sent once more. `ended` is called on the loop's thread.
  void replay(const storage::ReplayedPacket& packet, storage::ReplayEnded ended);
  /// Before start(): what an earlier process has left on the disk.
  void recovered(const ledger::Amount& packets);
  /// Of what is on the disk only, so much is damaged.
  void lost(const ledger::Amount& packets);

 private:
  class ReplayWaiter;

  ingest::SessionEnvironment session_environment();
  queue::Delivery& fill(const queue::StoredPacket& stored);
  void fetched(storage::ReadBackPacket& read, TimePoint now);
  void turn();
  void arm_timer();

  const LoopId id_;
  SharedState& shared_;
  boost::asio::io_context io_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{io_.get_executor()};
  net::Poller& poller_ = net::Poller::of(io_);
  core::BufferPool buffers_;
  codec::Decoder decoder_;
  ledger::Ledger ledger_;
  Random random_;
  sink::PoolUpstream upstream_;
  std::unique_ptr<dispatch::Dispatcher> dispatcher_;
  ingest::Sessions sessions_;
  boost::asio::steady_timer timer_;
  TimePoint timer_at_ = never;
  std::list<std::shared_ptr<ReplayWaiter>> replays_;  ///< of packets that are not safe yet
  bool turn_pending_ = false;
  std::atomic<bool> wake_pending_{false};
  std::thread thread_;
};

}  // namespace logdist::server
