// What an operator can have changed while the daemon runs.
//
// The seam between the admin port, which speaks HTTP, and the application, which
// carries it out.
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
  config::Weight configured_weight{};  ///< that a reload brings back
  double target_share = 0;
  std::uint32_t in_flight = 0;  ///< packets
};

/// What came of a reload.
struct ReloadReport {
  std::vector<std::string> faults;  ///< each a line; when there are any, nothing has changed
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

/// See the head of this file. Confined to the admin server's loop, never blocks
/// it. `who` asks, for the log: "127.0.0.1:50123".
class Control {
 public:
  virtual std::vector<ControlledAnalyzer> analyzers() const = 0;
  virtual ConfigurationReport configuration() const = 0;

  /// Takes an analyzer out of service, or back; no effect when it is so already.
  /// False: there is none of that name.
  virtual bool set_drained(const std::string& analyzer, bool drained, const std::string& who) = 0;
  /// From now on credited by it, until another is set or a reload brings back the
  /// configured one.
  virtual bool set_weight(const std::string& analyzer, config::Weight weight, const std::string& who) = 0;

  /// Reads the configuration again and takes it, or refuses it, as a whole. `done`
  /// is called once, maybe from within.
  virtual void reload(const std::string& who, std::function<void(const ReloadReport&)> done) = 0;

 protected:
  ~Control() = default;
};

}  // namespace logdist::admin
