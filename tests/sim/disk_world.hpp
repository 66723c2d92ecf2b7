// The surroundings of the daemon with the durable queue: its disk, analyzers and agents outlive its processes, which
// end at named points of the storage, at any call of the disk and at any moment, or are stopped, and are started again.
//
// It lets things happen and judges nothing: that is the checkers' part.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/queue/disk/simulated_disk.hpp"
#include "tests/sim/disk_agent.hpp"
#include "tests/sim/disk_daemon.hpp"
#include "tests/sim/disk_scenario.hpp"
#include "tests/sim/disk_trace.hpp"
#include "tests/sim/stage.hpp"

namespace logdist::sim {

/// One process after the other.
class DiskWorld {
 public:
  explicit DiskWorld(const DiskScenario& scenario);
  ~DiskWorld();

  /// Told of everything. Before the first event.
  void add(DiskWitness& witness);
  /// The first process is started.
  void begin();

  /// The next event happens.
  void step();
  bool nothing_to_come() const { return timeline_.empty() && outside_.empty(); }
  TimePoint now() const { return timeline_.now(); }

  /// From now on the disk and the analyzers are well, and nothing ends the process.
  void heal();
  void stop_agents();
  /// What the operator has drained is so no longer.
  void undrain();
  /// One agent sends one packet after the other, of up to `messages_max`.
  void start_feeding();
  void stop_feeding() { feeders_.back()->stop(); }
  /// Ends this process in good order, with so long for what is left.
  void stop_daemon(Duration grace);
  /// So many have ended so.
  std::size_t stops() const { return stops_; }
  bool is_stopping() const { return daemon_ && has_drained_; }

  // What can be seen from outside.
  const DiskScenario& scenario() const { return scenario_; }
  const EventTrace& trace() const { return trace_; }
  const DiskTrace& safety() const { return safety_; }
  const Journal& journal() const { return journal_; }
  const test::SimulatedDisk& disk() const { return disk_; }
  /// None: it is down.
  DiskDaemon* daemon() const { return daemon_.get(); }
  std::uint64_t crashes() const { return crashes_; }
  std::uint64_t flipped_bits() const { return flipped_bits_; }
  /// By AnalyzerId, messages of all packets that it has taken.
  const std::vector<std::uint64_t>& messages_taken() const { return takings_.messages; }
  /// Why a start has failed; empty: none has.
  const std::string& failed_start() const { return failed_start_; }
  /// Packets that a listing shows as queued when the daemon has come up; none: it could not be made.
  std::optional<std::uint64_t> packets_listed() const { return packets_listed_; }
  /// Daemons that have begun and come up.
  std::uint64_t starts() const { return starts_; }

 private:
  struct Takings final : Witness {
    void taken(const PacketHistory& history) override { messages[history.analyzer] += history.messages; }
    std::vector<std::uint64_t> messages;
  };

  void start();
  void list();
  void end(DiskEnd how);
  void end_after(Duration delay, std::size_t of_start);
  void plan_end();
  void look_at_drain(TimePoint give_up_at, std::size_t of_start);
  void change_mode();
  void set_mode(DiskMode mode);
  void begin_spell(AnalyzerId analyzer, std::size_t index);
  void make(const Change& change);
  Duration sync_takes();

  const DiskScenario scenario_;
  Timeline timeline_;  ///< the process's: nothing of it happens once that has ended
  Timeline outside_;   ///< everybody else's
  Draws draws_;
  Journal journal_{timeline_};
  EventTrace trace_;
  DiskTrace safety_;
  Takings takings_;
  std::vector<DiskWitness*> witnesses_;
  std::vector<std::unique_ptr<Analyzer>> analyzers_;
  Stage stage_;
  test::SimulatedDisk disk_;
  std::unique_ptr<DiskDaemon> daemon_;
  std::vector<std::unique_ptr<DiskAgent>> agents_;
  std::vector<std::unique_ptr<DiskAgent>> feeders_;
  DiskMode mode_ = DiskMode::well;
  bool healed_ = false;
  bool first_point_met_ = false;
  bool has_drained_ = false;  ///< this process takes its leave
  std::uint64_t crashes_ = 0;
  std::uint64_t starts_ = 0;
  std::uint64_t stops_ = 0;
  std::uint64_t flipped_bits_ = 0;
  std::optional<std::uint64_t> packets_listed_;
  std::string failed_start_;
};

}  // namespace logdist::sim
