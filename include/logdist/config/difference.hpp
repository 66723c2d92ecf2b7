// What changes when a running daemon gets another configuration.
//
// Free functions without state, thread-safe. Both configurations were loaded without
// an error.
#pragma once

#include <string>
#include <vector>

#include "logdist/config/options.hpp"

namespace logdist::config {

/// One key with another value.
struct Change {
  std::string key;   ///< "log.level"; of an analyzer "weight"
  std::string from;  ///< as in the file; empty for what is not shown: a header may be a secret
  std::string to;

  friend bool operator==(const Change&, const Change&) = default;
};

/// `weight: 40 -> 50`, or the key alone when the values are not shown.
std::string to_string(const Change& change);

/// An analyzer that stays, and what changed: weight, max_in_flight, headers.
struct ChangedAnalyzer {
  std::string name;
  std::vector<Change> changes;

  friend bool operator==(const ChangedAnalyzer&, const ChangedAnalyzer&) = default;
};

/// What a running daemon has to change to take another configuration. Analyzers are
/// identified by name; one with another url, `forward` or `formats` is another analyzer, removed and added.
/// Their order in the file makes no difference.
struct Difference {
  std::vector<std::string> added;    ///< names, in the order of the file
  std::vector<std::string> removed;  ///< names, in the order they had
  std::vector<ChangedAnalyzer> changed;
  std::vector<Change> taken;           ///< other keys that take effect at once
  std::vector<Change> restart_needed;  ///< keys that do not: they stay as they are until a restart

  /// Whether taking `wanted` changes something now.
  bool changes_nothing() const { return added.empty() && removed.empty() && changed.empty() && taken.empty(); }

  friend bool operator==(const Difference&, const Difference&) = default;
};

/// Whether both are configured alike.
bool is_same_source(const SourceOptions& one, const SourceOptions& other);

Difference compare(const Options& in_force, const Options& wanted);

/// `in_force`, with the analyzers of `wanted` and with all else that takes effect at
/// once.
Options take_over(const Options& in_force, const Options& wanted);

/// All keys with their values as a JSON object, for people and tools. The values
/// of headers are masked: they may be secrets.
std::string masked_json(const Options& options);

}  // namespace logdist::config
