// What an operator can change while the daemon runs.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "logdist/config/difference.hpp"
#include "logdist/config/options.hpp"
#include "logdist/health/health.hpp"

namespace logdist::admin {

/// One analyzer, as far as it can be controlled.
struct ControlledAnalyzer {
  std::string name;
  std::string url;
  health::State state = health::State::healthy;
  bool in_service = true;
  bool paused = false;  ///< by its own Retry-After
  bool drained = false;
  config::Weight weight{};             ///< in force
  config::Weight configured_weight{};  ///< a reload restores it
  double target_share = 0;
  std::uint32_t in_flight = 0;  ///< packets
};

/// The result of a reload.
struct ReloadReport {
  std::vector<std::string> faults;  ///< each a line; if there are any, nothing has changed
  std::vector<std::string> warnings;
  config::Difference difference;
  std::uint64_t revision = 0;  ///< of the configuration now in force
};

/// The configuration in force.
struct ConfigurationReport {
  std::uint64_t revision = 1;                  ///< counts the reloads that were taken; 1 is that of the start
  config::Options options;                     ///< with all that was set since
  std::vector<config::Change> restart_needed;  ///< what the last reload found changed, and could not take
};

/// Which packets are to be sent once more. Times in nanoseconds since 1970.
struct ReplayOrder {
  std::optional<std::int64_t> from_ns{};  ///< received from then on
  std::optional<std::int64_t> to_ns{};    ///< and before then; none: until now
  std::vector<std::string> ids{};         ///< only these; none: all
  bool dead_letters = false;              ///< only those that no analyzer took
  std::string analyzer{};                 ///< they go only to the one of that name; none: to any
  double rate = 0;                        ///< packets per second at most; 0: as they are taken
  bool dry_run = false;                   ///< only counted
};

/// A replay, as it is now.
struct ReplayView {
  std::string id;
  std::string state;  ///< running, done, stopped
  bool dry_run = false;
  std::uint64_t packets_found = 0;
  std::uint64_t messages_found = 0;
  std::uint64_t packets_replayed = 0;
  std::uint64_t packets_failed = 0;
  std::uint64_t packets_in_flight = 0;
  std::uint64_t times_refused = 0;
  std::uint64_t segments_unreadable = 0;
  double read_share = 0;  ///< of the log
};

/// What an operator can change while the daemon runs: the interface between the admin
/// port, which speaks HTTP, and the daemon, which carries it out. Confined to the admin
/// server's loop, which it never blocks. `who` is where a request comes from, for the
/// log: "127.0.0.1:50123", or "alice from 127.0.0.1:50123" when it has a token. Errors are values: false, or the faults
/// of a ReloadReport.
class Control {
 public:
  virtual std::vector<ControlledAnalyzer> analyzers() const = 0;
  virtual ConfigurationReport configuration() const = 0;

  /// Takes an analyzer out of service, or puts it back; no effect if that is already the
  /// case. False: there is none of that name.
  virtual bool set_drained(const std::string& analyzer, bool drained, const std::string& who) = 0;
  /// The weight in force from now on, until another is set or a reload restores the
  /// configured one. False: there is no analyzer of that name.
  virtual bool set_weight(const std::string& analyzer, config::Weight weight, const std::string& who) = 0;

  /// Begins a replay. Why it cannot; empty: it has begun, as `replay`.
  virtual std::string begin_replay(const ReplayOrder& order, const std::string& who, ReplayView& replay) = 0;
  /// The one that runs, and those before it, oldest first.
  virtual std::vector<ReplayView> replays() const = 0;
  /// False: there is none of that id.
  virtual bool stop_replay(const std::string& id, const std::string& who) = 0;

  /// Reads the configuration again and applies or refuses it as a whole. `done` is called
  /// once, perhaps before the call returns.
  virtual void reload(const std::string& who, std::function<void(const ReloadReport&)> done) = 0;

 protected:
  ~Control() = default;
};

}  // namespace logdist::admin
