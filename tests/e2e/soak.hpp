// A long time of load on analyzers that crash and return, and the books of it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "logdist/base/time.hpp"
#include "tests/e2e/daemon_process.hpp"
#include "tests/e2e/delivered.hpp"
#include "tests/e2e/downtime.hpp"
#include "tests/e2e/format_tally.hpp"
#include "tests/e2e/load.hpp"
#include "tests/e2e/raw_analyzer_process.hpp"
#include "tests/e2e/soak_schedule.hpp"
#include "tests/support/temporary_folder.hpp"

namespace logdist::e2e {

struct SoakPlan {
  Duration length = std::chrono::minutes(10);
  std::uint64_t seed = 1;  ///< of the crashes and of the packets' sizes
  std::size_t analyzers = 4;
  std::size_t agents = 32;
  double packets_per_second = 1000;
  std::size_t queue_packets = 1000;  ///< small, so that it is full in an outage
  std::string daemon{};              ///< the binary; empty: the one under test
};

/// What was seen from outside.
struct SoakResult {
  Delivered delivered;
  std::vector<FormatTally> formats{};
  std::size_t sent = 0;                    ///< packets, whatever the answer was
  std::size_t delivered_at_once = 0;       ///< answered 200: the queue was full
  std::size_t handed_back = 0;             ///< answered 503
  std::size_t unanswered = 0;              ///< the connection broke: nobody promised anything
  std::size_t dead_letters = 0;            ///< every analyzer comes back, so there is no reason for one
  double caller_runs = 0;                  ///< requests that found the queue full
  double explained = 0;                    ///< duplicates that the daemon's counters allow
  std::vector<std::string> unexplained{};  ///< packets that came again though nobody had been down
  std::size_t outages = 0;                 ///< times in which all analyzers were down
  bool queue_fills = false;                ///< in an outage, by the plan
  std::size_t kills = 0;                   ///< of analyzers
  std::size_t stops = 0;                   ///< of analyzers
  std::size_t scrapes = 0;                 ///< of /metrics
  std::size_t imbalances = 0;              ///< scrapes whose ledger did not balance
  std::vector<double> resident_bytes{};    ///< at each scrape under load
  bool emptied = false;                    ///< the queue, once all analyzers were back
  int exit_code = -1;                      ///< of the daemon

  /// Resident memory, the mean between two fractions of the run.
  double mean_bytes(double from, double to) const;
  /// What is wrong, a sentence each.
  std::vector<std::string> faults() const;
};

/// Belongs to one thread. Throws std::runtime_error when its surroundings fail.
class Soak {
 public:
  explicit Soak(const SoakPlan& plan);

  /// Once.
  SoakResult run();

 private:
  /// One analyzer, and what happens to it next.
  struct Candidate {
    std::string journal;
    core::ProtocolSet takes = core::ProtocolSet::all();
    std::unique_ptr<RawAnalyzerProcess> process;
    std::vector<Turn> turns;
    std::size_t next = 0;               ///< of the turns
    std::vector<Downtime> downtimes{};  ///< the last one goes on while it is down
    bool is_down() const { return next % 2 == 1; }
  };

  std::string configuration() const;
  std::unique_ptr<DaemonProcess> start_daemon() const;
  void take_turn(Candidate& candidate);
  void take_turns(Duration elapsed);
  void scrape();
  void live(Load& load);
  void count_answers(const std::vector<Sent>& sent);
  void read_journals(const std::vector<Sent>& sent, const Samples& samples);

  const SoakPlan plan_;
  const test::TemporaryFolder folder_;
  std::vector<Candidate> candidates_;
  std::unique_ptr<DaemonProcess> daemon_;
  SoakResult result_;
};

}  // namespace logdist::e2e
