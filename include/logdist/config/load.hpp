// From a YAML file and the environment to Options, or to the list of every error.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "logdist/config/options.hpp"
#include "logdist/config/yaml/report.hpp"

namespace logdist::config {

/// A key that is in the file but overridden by an environment variable.
struct MaskedKey {
  std::string source;    ///< the file's name
  std::size_t line = 0;  ///< 1-based
  std::string variable;  ///< "LOGDIST_THREADS"
  std::string value;     ///< the file's, only for comparison: it may be a secret
};

/// What loading found. `options` are usable only when `errors` is empty.
struct Loaded {
  Options options;
  std::vector<Error> errors;
  std::vector<Error> warnings;                ///< unknown LOGDIST_* variables and the like
  std::map<std::string, MaskedKey> masked{};  ///< by key; "analyzers" for the list as a whole
  // For errors that only this machine can find.
  std::string source{};                               ///< the file's name, or "environment"
  std::map<std::string, Error, std::less<>> given{};  ///< where each key was, without a message; defaults were not

  /// An error of `key` ("queue.directory", "analyzers[1].url"), at the place where that was given.
  Error error_of(const std::string& key, std::string message) const;
};

/// A warning for each key that changed in the file from `before` to `now` without effect,
/// because a variable overrides it.
std::vector<Error> masked_changes(const Loaded& before, const Loaded& now);

/// The message for an analyzer's url that leads back to the daemon's own packet port,
/// `listening`.
std::string own_port_message(const std::string& url, const std::string& listening);

/// The environment variables that begin with LOGDIST_; name → value.
using Environment = std::map<std::string, std::string>;

/// All LOGDIST_* variables of this process.
Environment read_environment();

/// Environment beats file beats default. Reads `file` (none: only the
/// environment), validates everything and reports every error at once; an
/// unreadable file is an error, never an exception. Not thread-safe against
/// setenv; otherwise without shared state.
Loaded load(const std::optional<std::string>& file, const Environment& environment);

/// The same from a text in memory; `name` stands for the file in errors.
Loaded load_text(std::string_view text, const std::string& name, const Environment& environment);

}  // namespace logdist::config
