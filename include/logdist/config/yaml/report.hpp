// Collects what is wrong, in order, up to a limit.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace logdist::config {

/// One thing wrong with the configuration.
struct Error {
  std::string source;    ///< the file's name, or "environment"
  std::size_t line = 0;  ///< 1-based; 0 when the source has no lines
  std::string key;       ///< "delivery.timeout", "analyzers[1].weight"; may be empty
  std::string message;   ///< what is wrong and what is allowed
};

/// `FILE:LINE: key.path: what is wrong, what is allowed`, as `check` prints it.
std::string to_string(const Error& error);

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

  bool empty() const { return errors_.empty(); }
  /// Whether more errors would not be shown: reading on is of no use.
  bool full() const { return errors_.size() >= errors_max; }

  /// Moves all into `found`, a Loaded, say: the file's by line, then the environment's.
  template <typename Found>
  void move_to(Found& found) {
    sort();
    found.errors = std::move(errors_);
    found.warnings = std::move(warnings_);
  }

 private:
  void sort();

  std::vector<Error> errors_;
  std::vector<Error> warnings_;
  bool cut_ = false;
};

}  // namespace logdist::config
