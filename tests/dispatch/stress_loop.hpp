// One loop of the stress test, on a thread of its own: agents that send packets
// through the shared bounds into a real dispatcher, and the books of what became
// of each.
#pragma once

#include <atomic>
#include <deque>
#include <future>
#include <memory>
#include <thread>
#include <utility>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

#include "logdist/core/buffer.hpp"
#include "logdist/dispatch/dispatcher.hpp"
#include "logdist/ledger/ledger.hpp"
#include "tests/dispatch/stress_surroundings.hpp"

namespace logdist::dispatch {

/// What became of one packet, counted by those who see it from outside.
struct StressRecord {
  std::uint32_t messages = 0;
  bool admitted = false;   ///< else its agent left before all of it was there
  bool accepted = false;   ///< answered 202
  bool abandoned = false;  ///< its agent left while it waited
  int delivered = 0;       ///< attempts that an analyzer answered 2xx
  int dead_lettered = 0;
  int told = 0;  ///< times its waiting agent was told
  queue::Settlement settlement{};
};

/// What a loop says of itself between two of its events.
struct StressReport {
  ledger::Terms terms;
  std::size_t sent = 0;  ///< packets begun
  std::size_t open_requests = 0;
  bool idle = false;
  bool has_attempts = false;
};

class StressRequest;

/// One loop of the stress test. Owned by the control thread, which calls what says so.
class StressLoop final : public TurnRequest, public sink::DeadLetters, public sink::AttemptListener {
 public:
  StressLoop(LoopId id, StressGround& ground, std::size_t packets, std::uint64_t seed);
  ~StressLoop();

  // Any thread:
  void start();
  /// Ends the thread; the rest may be looked at afterwards.
  void stop();
  void wake();
  template <typename Work>
  void post(Work work) {
    boost::asio::post(io_, [this, work = std::move(work)]() mutable { work(*this); });
  }
  std::future<StressReport> report();

  // On the loop's thread:
  /// Time has passed: timers are due, some more packets are to be sent, and some
  /// attempts to end.
  void go_on();
  /// No packet is begun any more, and what has not come whole yet never will.
  void stop_sending();
  void request_over();
  Random& random() { return random_; }
  StressGround& ground() { return ground_; }
  Dispatcher& dispatcher() { return *dispatcher_; }
  StressUpstream& upstream() { return upstream_; }
  core::BufferPool& buffers() { return buffers_; }
  StressRecord& record(std::size_t serial) { return records_[serial]; }

  // Once stopped:
  const std::deque<StressRecord>& records() const { return records_; }
  const ledger::Snapshot& books() const { return ledger_.snapshot(); }

  // The dispatcher's:
  void turn_soon() override;
  void put(const sink::DeadLetter& letter) override;
  void attempt_ended(core::Attempt& attempt, const core::AttemptResult& result, TimePoint now) override;
  void capacity_changed(AnalyzerId, std::uint32_t, TimePoint) override {}
  void messages_refused(AnalyzerId, std::uint32_t) override {}

 private:
  void turn();
  void send_soon();
  void send_some();
  void change_something();

  StressGround& ground_;
  const std::size_t packets_;
  boost::asio::io_context io_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{io_.get_executor()};
  Random random_;
  core::BufferPool buffers_{1 << 18};
  ledger::Ledger ledger_;
  StressUpstream upstream_;
  std::unique_ptr<Dispatcher> dispatcher_;
  std::deque<StressRecord> records_;  ///< by serial
  std::deque<std::unique_ptr<StressRequest>> requests_;
  std::size_t open_requests_ = 0;
  std::size_t allowed_ = 0;  ///< packets to be sent until the next go_on()
  bool sending_ = false;
  bool stopped_ = false;
  bool turn_pending_ = false;
  std::atomic<bool> wake_pending_{false};
  std::thread thread_;
};

}  // namespace logdist::dispatch
