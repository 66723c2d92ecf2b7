// Collects what is wrong, in order, up to a limit.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "logdist/config/load.hpp"

namespace logdist::config {

/// Where a key was set, for messages about it.
struct SourceLocation {
  std::string source;    ///< the file's name, or "environment"
  std::size_t line = 0;  ///< 1-based; 0: without lines
  std::string key;       ///< as written there: "analyzers[1].weight", "LOGDIST_THREADS"
};

inline constexpr const char* environment_source = "environment";

/// Errors and warnings. Past the limit they are only counted, so that a hostile
/// file cannot take the memory.
class Report {
 public:
  static constexpr std::size_t errors_max = 1'000;

  void add_error(const SourceLocation& location, std::string message);
  void add_warning(const SourceLocation& location, std::string message);

  /// Whether more errors would not be shown: reading on is of no use.
  bool full() const { return errors_.size() >= errors_max; }

  /// Moves all into `loaded`: the file's by line, then the environment's.
  void move_to(Loaded& loaded);

 private:
  std::vector<Error> errors_;
  std::vector<Error> warnings_;
  bool cut_ = false;
};

}  // namespace logdist::config
