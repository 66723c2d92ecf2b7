// A daemon with good agents and good analyzers, and with guests that are neither.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tests/e2e/admin_watch.hpp"
#include "tests/e2e/attackers.hpp"
#include "tests/e2e/daemon_process.hpp"
#include "tests/e2e/load.hpp"
#include "tests/e2e/raw_analyzer.hpp"
#include "tests/support/temporary_folder.hpp"

namespace logdist::e2e {

/// What good agents and good analyzers felt during one load.
struct Felt {
  Duration p99{};       ///< of a packet, until its answer
  Duration gap{};       ///< the longest that a good analyzer was without a packet
  Duration liveness{};  ///< the slowest answer of /healthz
};

/// How much the good agents send: a tenth of it on a connection for each packet.
struct GoodLoad {
  double packets_per_second = 200;
  std::size_t packets = 200;    ///< at least
  bool port_is_filled = false;  ///< those that connect while that begins may be answered 503
};

/// Belongs to the test's thread.
class HostileRoom {
 public:
  /// As many analyzers that will be hostile; they are good at first.
  explicit HostileRoom(std::size_t hostile_analyzers = 0);

  /// Agents connect, `meanwhile` is called, and they send their packets: each is accepted, each good analyzer goes on
  /// receiving, /healthz answers and the ledger balances.
  Felt live(
      const GoodLoad& load, const std::function<void()>& meanwhile = [] {});
  void attack(const Attack& attack);
  /// Until each attacker has begun.
  void await_attackers();
  RawAnalyzer& hostile(std::size_t index) { return *hostile_[index]; }
  /// With the guests still there: every packet was taken, byte for byte, by one that said so; the memory is within
  /// its bounds; the daemon ends.
  void settle();

 private:
  double resident_bytes();
  Duration longest_gap(TimePoint begin, TimePoint end) const;

  const test::TemporaryFolder folder_;
  std::vector<std::unique_ptr<RawAnalyzer>> good_;
  std::vector<std::unique_ptr<RawAnalyzer>> hostile_;
  DaemonProcess daemon_;
  Attackers attackers_{daemon_.packet_url(), daemon_.admin_url()};
  std::vector<Sent> sent_;
  std::size_t loads_ = 0;
  double quiet_bytes_ = 0;  ///< resident after the first load
};

}  // namespace logdist::e2e
