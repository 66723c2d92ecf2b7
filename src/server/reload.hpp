// Another configuration for a running daemon.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "logdist/admin/control.hpp"
#include "logdist/admin/events.hpp"
#include "logdist/registry/discovery/discovery.hpp"
#include "logdist/registry/health_driver.hpp"
#include "logdist/server/daemon.hpp"
#include "logdist/server/loop.hpp"
#include "logdist/server/shared_state.hpp"

namespace logdist::server {

/// Reads the configuration again, and takes it over whole or not at all: a fault
/// refuses all of it. In two steps, since a packet may be placed on an analyzer as
/// soon as the load balancer knows it: first every loop is told who is added; when all
/// have answered, the load balancer learns of everything at once, between two picks.
/// Then the loops let go of the removed ones, whose packets under way are awaited.
///
/// Weights become the configured ones; what was drained stays so as long as the
/// configuration has an analyzer of that name. What only a restart changes is told,
/// and the rest taken.
///
/// Confined to the control thread. One reload at a time, the others wait their
/// turn; beyond `requests_max` they are refused. What it is given outlives it, and the loops answer no more once it is
/// destroyed.
class Reload {
 public:
  using Done = std::function<void(const admin::ReloadReport&)>;
  static constexpr std::size_t requests_max = 64;

  /// `configured` is the configuration that the daemon was started with, before it
  /// was fitted to this machine.
  Reload(boost::asio::io_context& control, SharedState& shared, const std::vector<std::unique_ptr<Loop>>& loops,
         registry::HealthDriver& health, registry::Discovery& discovery, admin::EventLog& events,
         config::Options configured, ConfigurationSource source);

  /// `done` is called once, maybe from within.
  void request(const std::string& who, Done done);
  /// A source of discovery gives another set: the analyzers become those configured and those that the sources give,
  /// all else stays, and so do weights and drains of an operator. Several that wait are one.
  void request_set(const std::string& source);
  /// From now on every reload is refused: the daemon is shutting down.
  void close();

  admin::ConfigurationReport report() const;
  bool last_successful() const { return last_successful_; }
  /// When the configuration in force was taken.
  std::chrono::system_clock::time_point taken_at() const { return taken_at_; }
  /// As of now: a reload may have changed it.
  Duration grace() const { return configured_.shutdown.grace; }

 private:
  struct Request {
    std::string who;
    Done done;
    bool only_set = false;  ///< of analyzers; nothing is read again
  };

  bool only_set() const { return requests_.front().only_set; }
  void begin();
  std::vector<std::string> load();
  config::Difference difference() const;
  void tell_loops(const std::vector<AnalyzerId>& entering);
  std::uint32_t connections_for_added();
  void take();
  void revise(const config::Difference& difference);
  void name(AnalyzerId id, const config::AnalyzerOptions& analyzer);
  void let_go(const std::vector<AnalyzerId>& removed);
  void set_headers(const std::vector<AnalyzerId>& changed);
  void finish(std::vector<std::string> faults, config::Difference difference);
  void tell(const std::string& who, const admin::ReloadReport& report);

  boost::asio::io_context& control_;
  SharedState& shared_;
  const std::vector<std::unique_ptr<Loop>>& loops_;
  registry::HealthDriver& health_;
  registry::Discovery& discovery_;
  admin::EventLog& events_;
  const ConfigurationSource source_;

  config::Options configured_;  ///< what was started with, and all that was taken since; no analyzers of discovery
  std::vector<config::Change> restart_needed_;
  std::uint64_t revision_ = 1;
  bool last_successful_ = true;
  std::chrono::system_clock::time_point taken_at_ = std::chrono::system_clock::now();
  bool closed_ = false;

  std::deque<Request> requests_;  ///< the first one is under way
  config::Loaded loaded_;         ///< for it
  std::size_t loops_to_answer_ = 0;
};

}  // namespace logdist::server
