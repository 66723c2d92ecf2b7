// A daemon with two good analyzers and one that goes wrong.
#pragma once

#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <variant>
#include <vector>

#include "tests/e2e/daemon_process.hpp"
#include "tests/e2e/ledger_watch.hpp"
#include "tests/e2e/load.hpp"
#include "tests/e2e/raw_analyzer.hpp"
#include "tests/e2e/raw_analyzer_process.hpp"
#include "tests/support/temporary_folder.hpp"

namespace logdist::e2e {

/// What happens to the process of an analyzer.
enum class Blow { kill, stop };

struct Fault {
  std::string name;
  std::variant<Manner, Blow> what;
  std::vector<std::string> outcomes{};  ///< each ends some attempts at it
  bool fails = true;                    ///< it is shown as Failed; otherwise it stays Healthy
};

inline void PrintTo(const Fault& fault, std::ostream* out) { *out << fault.name; }

/// The analyzer that goes wrong: in this process, or as one of its own.
class Victim {
 public:
  Victim(const Fault& fault, const std::string& journal_path);

  std::string url() const;
  void go_wrong();
  void heal();

 private:
  const std::variant<Manner, Blow> what_;
  std::optional<RawAnalyzer> raw_;
  std::optional<RawAnalyzerProcess> process_;
};

/// How many packets are sent: many a second, or so few that none waits for another.
enum class Traffic { busy, light };

/// One fault from a quiet time to the time after it. Belongs to the test's thread.
class FaultRoom {
 public:
  /// `acknowledgement`: the daemon's delivery.ack.
  explicit FaultRoom(const Fault& fault, const std::string& acknowledgement = "queued");

  /// Packets while all is well.
  void live_quietly();
  /// The fault, under load: it shows, and the others do not feel it.
  void go_wrong();
  /// The analyzer comes back, and gets its part of the packets.
  void heal();
  /// Every packet is accounted for, byte for byte; the memory is back; the daemon ends.
  void settle();

  /// Sends packets: whether attempts at the good analyzers take longer than those of
  /// the daemon's twin, which has no third analyzer. See are_slowed().
  bool others_are_slowed(Traffic traffic = Traffic::busy);
  /// From now on an answer of the good analyzers takes so long, or a little longer.
  void slow_the_others(Duration answer_time);

 private:
  bool a_packet_has_seen(const std::string& outcome);

  /// Sends packets to the daemon and its twin, and waits until they are answered.
  void send(Traffic traffic = Traffic::busy);
  void expect_shown(const std::string& state);

  const Fault fault_;
  const unsigned accepted_status_;  ///< what agents are answered
  const test::TemporaryFolder folder_;
  RawAnalyzer a_{folder_.file("journal")};
  RawAnalyzer b_{folder_.file("journal")};
  Victim victim_;
  DaemonProcess daemon_;
  LedgerWatch watch_{daemon_.admin_url()};
  RawAnalyzer twin_a_{folder_.file("twin")};
  RawAnalyzer twin_b_{folder_.file("twin")};
  DaemonProcess twin_;
  std::vector<Sent> sent_;
  std::size_t loads_ = 0;
  double quiet_bytes_ = 0;
};

}  // namespace logdist::e2e
