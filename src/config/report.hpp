// Collects what is wrong, in order, up to a limit.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "logdist/config/load.hpp"

namespace logdist::config {

/// Where a key was set, for messages about it.
struct Place {
  std::string source;    ///< the file's name, or "environment"
  std::size_t line = 0;  ///< 1-based; 0: without lines
  std::string key;       ///< as written there: "analyzers[1].weight", "LOGDIST_THREADS"
};

inline constexpr const char* environment_source = "environment";

/// Faults and warnings. Past the limit they are only counted, so that a hostile
/// file cannot take the memory.
class Report {
 public:
  static constexpr std::size_t faults_max = 1'000;

  void fault(const Place& place, std::string message);
  void warning(const Place& place, std::string message);

  /// Whether more faults would not be shown: reading on is of no use.
  bool full() const { return faults_.size() >= faults_max; }

  /// Moves all into `loaded`: the file's by line, then the environment's.
  void move_to(Loaded& loaded);

 private:
  std::vector<Fault> faults_;
  std::vector<Fault> warnings_;
  bool cut_ = false;
};

}  // namespace logdist::config
