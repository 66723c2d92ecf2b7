// One process of the daemon with the durable queue, in simulated time: what server::Daemon and its threads are.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "logdist/dispatch/load_balancer.hpp"
#include "logdist/queue/queue_limits.hpp"
#include "logdist/storage/disk_storage.hpp"
#include "logdist/storage/restored_balance.hpp"
#include "tests/queue/disk/simulated_disk.hpp"
#include "tests/sim/control.hpp"
#include "tests/sim/disk_scenario.hpp"
#include "tests/sim/loop.hpp"
#include "tests/sim/stage.hpp"

namespace logdist::sim {

/// What the operator has set of an analyzer.
struct OperatorSetting {
  std::uint64_t weight = 0;
  bool drained = false;

  bool operator==(const OperatorSetting&) const = default;
};
using OperatorSettings = std::vector<OperatorSetting>;

/// A thread of the storage: takes a step when there is news or it is due, and is busy for a while with each.
class StepThread {
 public:
  StepThread(Timeline& timeline, std::function<TimePoint()> step, std::function<Duration()> takes)
      : timeline_(timeline), step_(std::move(step)), takes_(std::move(takes)) {}

  void wake(TimePoint when);
  bool is_stepping() const { return is_stepping_; }
  TimePoint busy_until() const { return busy_until_; }

 private:
  void run();

  Timeline& timeline_;
  const std::function<TimePoint()> step_;
  const std::function<Duration()> takes_;
  TimePoint at_ = never;
  TimePoint busy_until_{};
  bool is_stepping_ = false;
};

/// The real storage, balancer and loops. The storage's threads are steps, its disk is simulated. Nothing is written
/// when it is destroyed on a buried disk.
class DiskDaemon final : public dispatch::WakeupListener, public storage::LoopAccess {
 public:
  struct Parts {
    Stage& stage;
    const DiskScenario& scenario;
    test::SimulatedDisk& disk;
    std::function<Duration()> sync_takes;  ///< as the disk is now
    std::function<void(const queue::StoredPacket&, bool is_parked)> read_back;
    std::function<void(std::string_view id, queue::StoreOutcome)> reported;
    std::function<void()> balance_kept;
    std::function<void()> nothing_in_doubt;
  };

  /// Opens the directory and restores the balance. Throws test::SimulatedCrash; see failure() otherwise.
  explicit DiskDaemon(const Parts& parts);
  ~DiskDaemon();

  /// Why it has not started; empty: it has.
  const std::string& failure() const { return failure_; }
  void start();
  /// What threads do that have news, after each event.
  void after_event();

  Loop& loop(LoopId id) { return *loops_[id]; }
  std::size_t loops() const { return loops_.size(); }
  storage::DiskStorage& storage() { return *storage_; }
  const storage::DiskStorage& storage() const { return *storage_; }
  dispatch::LoadBalancer& balancer() { return balancer_; }
  const queue::QueueLimits& bounds() const { return bounds_; }
  ledger::Terms terms() const;
  std::vector<dispatch::AnalyzerView> views() const { return balancer_.views(stage_.timeline.now()); }

  /// As admin::AdminControl does.
  void set_weight(AnalyzerId analyzer, std::uint64_t weight);
  void set_drained(AnalyzerId analyzer, bool drained);
  const OperatorSettings& settings() const { return settings_; }
  /// The balance as it is now, as the log would have it if it knew all.
  queue::BalanceFigures figures();
  /// What the log's figures meant.
  const storage::RestoredBalance& restored() const { return restored_; }
  /// The analyzers as they are configured.
  std::vector<storage::ConfiguredAnalyzer> configured() const;

  // The drain, as server::Drain's.
  void begin_drain();
  bool is_settled() const;
  void give_up();
  bool has_attempts() const;
  /// The last balance, and the end of the log.
  void close();
  /// The process is no more: analyzers may have what was under way.
  void cut();

 private:
  struct Letters final : sink::DeadLetters {
    explicit Letters(Stage& own_stage) : stage(own_stage) {}
    void put(const sink::DeadLetter& letter) override;
    Stage& stage;
  };

  /// Hears the log's reports before the dispatcher.
  struct Reports final : queue::StoreListener {
    Reports(const DiskDaemon& own_daemon, dispatch::Dispatcher& own_dispatcher)
        : daemon(own_daemon), dispatcher(own_dispatcher) {}
    void reported(queue::Delivery& delivery, queue::StoreOutcome outcome, TimePoint now) override {
      daemon.parts_.reported(delivery.packet.id, outcome);
      dispatcher.reported(delivery, outcome, now);
    }
    const DiskDaemon& daemon;
    dispatch::Dispatcher& dispatcher;
  };

  void wake_loop(LoopId loop) override { loops_[loop]->wake(); }
  void wake_control() override { control_.wake(); }
  void reports_ready(LoopId loop) override;
  void read_back(LoopId loop, std::vector<storage::ReadBackPacket> packets) override;
  void exchange(LoopId loop, std::vector<storage::ReadBackPacket> packets) override;
  void room_wanted() override;
  void replay(LoopId, storage::ReplayedPacket, storage::ReplayEnded) override {}
  void lost(const ledger::Amount& packets) override;

  bool open_storage();
  void restore_balance();
  void keep_balance();
  void keep_balance_later();
  queue::BalanceFigures figures_of(const dispatch::BalanceSnapshot& snapshot) const;
  TimePoint step_log();
  void post(LoopId loop, Timeline::Action action);
  void take_back(LoopId loop, std::vector<storage::ReadBackPacket>& packets);
  void restore(LoopId to, storage::ReadBackPacket& read);

  const Parts parts_;
  Stage& stage_;
  Letters letters_{stage_};
  std::string failure_;
  queue::QueueLimits bounds_;
  dispatch::LoadBalancer balancer_;
  std::unique_ptr<storage::DiskStorage> storage_;
  std::vector<std::unique_ptr<Loop>> loops_;
  std::deque<Reports> reports_;          ///< by loop
  std::vector<TimePoint> posted_until_;  ///< by loop: what is posted is in order
  Control control_;
  StepThread log_thread_;
  StepThread backlog_thread_;
  OperatorSettings settings_;
  storage::RestoredBalance restored_;
  queue::BalanceFigures kept_;
};

}  // namespace logdist::sim
