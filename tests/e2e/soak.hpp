// A long time of load on analyzers that crash and return, and the books of it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "logdist/base/random.hpp"
#include "logdist/base/time.hpp"
#include "tests/e2e/daemon_process.hpp"
#include "tests/e2e/delivered.hpp"
#include "tests/e2e/load.hpp"
#include "tests/e2e/raw_analyzer_process.hpp"
#include "tests/support/temporary_folder.hpp"

namespace logdist::e2e {

struct SoakPlan {
  Duration length = std::chrono::minutes(10);
  std::uint64_t seed = 1;  ///< of the crashes and of the packets' sizes
  std::size_t analyzers = 4;
  std::size_t agents = 32;
  double packets_per_second = 1000;
  std::string daemon{};  ///< the binary; empty: the one under test
};

/// What was seen from outside.
struct SoakResult {
  Delivered delivered;
  std::size_t sent = 0;         ///< packets, whatever the answer was
  std::size_t handed_back = 0;  ///< answered 503
  std::size_t unanswered = 0;   ///< the connection broke: nobody promised anything
  double explained = 0;         ///< duplicates that the daemon's counters allow
  std::size_t kills = 0;        ///< of analyzers
  std::size_t stops = 0;        ///< of analyzers
  std::size_t scrapes = 0;      ///< of /metrics
  std::size_t imbalances = 0;   ///< scrapes whose ledger did not balance
  double first_bytes = 0;       ///< resident memory, the mean of the first third after the warm-up
  double last_bytes = 0;        ///< the mean of the last third
  int exit_code = -1;           ///< of the daemon

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
    enum class State { up, killed, stopped };

    std::unique_ptr<RawAnalyzerProcess> process;
    State state = State::up;
    TimePoint next{};  ///< when it changes
  };

  std::string setting() const;
  Duration draw_seconds(double least, double most);
  void change(Candidate& candidate, TimePoint now);
  void return_to_life(Candidate& candidate, TimePoint now);
  void scrape();
  void weigh_memory();

  const SoakPlan plan_;
  Random random_;
  const test::TemporaryFolder folder_;
  std::vector<Candidate> candidates_;
  std::unique_ptr<DaemonProcess> daemon_;
  std::vector<double> resident_bytes_;  ///< at each scrape under load
  SoakResult result_;
};

}  // namespace logdist::e2e
