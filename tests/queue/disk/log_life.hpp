// Lives of a durable log on a simulated disk: appends, settlements, faults, crashes and recoveries at random, from a
// seed, and beside them a plain list of what was promised. What a recovery finds must keep these promises.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "logdist/base/random.hpp"
#include "logdist/queue/disk/durable_log.hpp"
#include "logdist/queue/disk/packet_reader.hpp"
#include "tests/queue/disk/simulated_disk.hpp"

namespace logdist::test {

class LogLife final : public queue::DurableLogListener {
 public:
  explicit LogLife(std::uint64_t seed);

  /// Lives through it. What was broken, one sentence each; empty when nothing was.
  std::vector<std::string> run();

  const SimulatedDisk& disk() const { return disk_; }
  std::uint64_t recoveries() const { return recoveries_; }
  std::uint64_t recovered_packets() const { return recovered_packets_; }
  std::uint64_t notices(queue::LogNotice::Kind kind) const { return notices_[static_cast<std::size_t>(kind)]; }

 private:
  enum class Promise : std::uint8_t { pending, durable, refused, elided, found };
  enum class Done : std::uint8_t { no, in_doubt, surely };

  struct Packet {
    std::string metadata;
    std::string body;
    std::uint32_t messages = 0;
    std::int64_t received_at_ns = 0;
    Promise promise = Promise::pending;
    Done done = Done::no;
    bool is_void = false;  ///< refused, and something after it was kept
    bool sticky = false;   ///< is not settled before the end
    bool is_dead = false;  ///< settled as a dead letter
  };

  void reports_ready(LoopId) override {}
  void room_again() override {}
  void noticed(const queue::LogNotice& notice) override;

  void draw_plan();
  void event();
  void append();
  void settle();
  void settle_one(std::uint64_t id);
  void step(Duration most);
  void collect();
  void change_weather();
  void plan_crash();
  void read_back();
  void reopen(bool power_cut);
  void open();
  void check_recovered(bool power_cut);
  void check_packets(const std::vector<queue::StoredPacket>& found, bool power_cut);
  void check_missing(const std::map<std::uint64_t, bool>& found, bool power_cut);
  void check_balance(bool power_cut);
  void check_dead_letters();
  void heal();
  void broken(const std::string& what);

  const std::uint64_t seed_;
  Random random_;
  SimulatedDisk disk_;
  queue::DurableLogOptions options_;
  std::unique_ptr<queue::DurableLog> log_;
  std::map<std::uint64_t, Packet> packets_;
  queue::BalanceFigures figures_;
  std::uint64_t doubt_messages_ = 0;  ///< of settlements that may not have reached the disk
  bool figures_known_ = false;
  TimePoint now_{std::chrono::hours(1)};
  std::int64_t unix_ns_ = 1'000'000'000'000;
  std::uint64_t flipped_ = 0;
  bool compresses_ = false;  ///< at some of its starts
  bool flips_ = false;
  bool lossy_ = false;                    ///< sync off, and the power has been gone
  bool was_full_ = false;                 ///< dead letters may have made room
  std::set<std::uint64_t> dead_letters_;  ///< surely settled, and on the disk
  std::uint32_t settle_share_ = 0;
  std::uint32_t dead_share_ = 0;  ///< percent
  std::uint64_t body_max_ = 0;
  std::uint64_t recoveries_ = 0;
  std::uint64_t recovered_packets_ = 0;
  std::uint64_t notices_[16] = {};
  std::vector<std::string> broken_;
};

}  // namespace logdist::test
