// A small world around the real load balancer and dispatchers: several loops on one
// thread, simulated time, upstreams whose attempts the test ends by hand.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "logdist/dispatch/dispatcher.hpp"
#include "logdist/dispatch/load_balancer.hpp"

namespace logdist::dispatch {

using namespace std::chrono_literals;

/// Keeps what was sent until the test says how it ended.
class ManualUpstream final : public sink::Upstream {
 public:
  void send(core::Attempt& attempt, TimePoint) override { under_way.push_back(&attempt); }
  void flush(TimePoint) override { ++flushes; }
  void recall(AnalyzerId analyzer, TimePoint) override { recalled.push_back(analyzer); }

  std::deque<core::Attempt*> under_way;
  std::vector<AnalyzerId> recalled;
  std::size_t flushes = 0;
};

class DeadLetterBox final : public sink::DeadLetters {
 public:
  void put(const sink::DeadLetter& letter) override {
    letters.emplace_back(letter.packet.id, letter.reason);
    last_attempts = letter.attempts;
    last_admitted_at = letter.admitted_at;
    last_failed.assign(letter.history.failed().begin(), letter.history.failed().end());
  }

  std::vector<std::pair<std::string, DeadLetterReason>> letters;
  // What the last one told.
  std::uint32_t last_attempts = 0;
  TimePoint last_admitted_at{};
  std::vector<retry::FailedAttempt> last_failed;
};

/// Remembers what it was told.
class RecordingWaiter final : public queue::Waiter {
 public:
  void settled(queue::Settlement settlement) override {
    ++told;
    last = settlement;
  }
  void stored() override { ++told_stored; }

  int told = 0;
  int told_stored = 0;
  queue::Settlement last{};
};

struct WorldOptions {
  std::vector<std::uint64_t> weights{1, 1, 1};
  std::vector<core::ProtocolSet> formats{};  ///< that they take; of those without one: all
  std::size_t loops = 1;
  std::size_t queue_packets = 100;
  std::uint32_t slots = 256;
  bool ack_delivered = false;
  std::uint32_t max_rounds = 3;
  bool probing = false;
  Duration max_age{};
  std::uint64_t seed = 1;
  double max_retries = 1;
  health::OutlierOptions outlier{};
  queue::Store* store = nullptr;  ///< of the first loop
  queue::AckRegistry* acks = nullptr;
  balance::BalancerFactory make_balancer{};  ///< none: the one that ships
};

/// Real load balancer and dispatchers in simulated time.
class World final : public WakeupListener {
 public:
  explicit World(const WorldOptions& options);

  struct LoopParts final : TurnRequest {
    void turn_soon() override { turn_wanted = true; }
    ledger::Ledger ledger;
    ManualUpstream upstream;
    std::unique_ptr<Dispatcher> dispatcher;
    bool turn_wanted = false;
  };

  void wake_loop(LoopId loop) override { loops[loop]->turn_wanted = true; }
  void wake_control() override { control_wanted = true; }

  /// Admits a packet on `loop`; its waiter is the world's `waiter`.
  queue::Admission admit(const std::string& id, std::uint32_t messages = 1, LoopId loop = 0);
  /// The same of another protocol.
  queue::Admission admit_as(core::Protocol protocol, const std::string& id, std::uint32_t messages = 1,
                            LoopId loop = 0);
  /// The same for a request with a waiter of its own; gives its delivery.
  queue::Delivery& admit_waiting(RecordingWaiter& own_waiter, const std::string& id, LoopId loop = 0);

  /// Takes turns until nobody asks for one, checking the books after each.
  void run();
  /// Moves the clock, fires what is due, and runs.
  void advance(Duration step);

  /// Ends the oldest attempt under way on `loop`.
  void end(Outcome outcome, unsigned status = 0, LoopId loop = 0, bool counts_for_health = true);
  /// Ends all attempts under way on all loops until there are none: those of packets
  /// whose id begins with "bad" with `outcome`, the others as delivered.
  void end_all(Outcome outcome, unsigned status = 0);
  /// Ends all attempts under way on all loops as delivered, until there are none.
  void deliver_everything();

  ledger::Terms terms() const;
  std::vector<AnalyzerView> views() const { return balancer.views(now); }

  TimePoint now = TimePoint{} + 1h;
  DeadLetterBox dead_letters;
  RecordingWaiter waiter;
  bool control_wanted = false;
  std::vector<StateChange> changes;
  std::vector<ProbeOrder> probes;     ///< ordered, oldest first; the test ends them
  core::BufferPool buffers{1 << 20};  ///< outlives the packets that the loops still hold
  queue::QueueLimits bounds;
  std::vector<std::unique_ptr<LoopParts>> loops;
  LoadBalancer balancer;

 private:
  void check_books() const;
};

}  // namespace logdist::dispatch
