// The events of the dashboard and /v1/events about the analyzers.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "logdist/admin/events.hpp"
#include "logdist/config/options.hpp"
#include "logdist/dispatch/load_balancer.hpp"

namespace logdist::registry {

/// Posts an event for each change of an analyzer's state. Pauses and catch-ups can happen
/// many times per second and are posted at most every ten seconds each, so that they do
/// not push out other events. Confined to the control thread; what it is given outlives
/// it.
class AnalyzerEvents {
 public:
  AnalyzerEvents(boost::asio::io_context& control, const dispatch::LoadBalancer& balancer, admin::EventLog& log,
                 const config::Options& options);

  /// This id has the name and the host: a new one, or one that was another's.
  void set(AnalyzerId id, const std::string& name, const std::string& host);

  /// Begins to look for catch-ups.
  void start();
  void stop();

  /// Of the tests that an analyzer fails while it is out of service, the first is posted,
  /// then one per minute with their number, so that an outage of hours does not fill the
  /// list.
  void changed(const dispatch::StateChange& change);
  void paused(const dispatch::PauseNotice& notice);

 private:
  /// Something that may happen often: posted once in a while, with the count.
  struct Often {
    std::uint64_t untold = 0;
    TimePoint next_at = TimePoint::min();
  };
  struct Analyzer {
    std::string name;
    std::string host;
    std::uint64_t failed_tests = 0;  ///< since it was last in service
    TimePoint test_told_at{};
    Often pauses{};
    Often catch_ups{};
    std::uint64_t catch_ups_seen = 0;
  };

  /// Whether the change of an analyzer that is out of service is posted.
  static bool is_told(Analyzer& analyzer, const dispatch::StateChange& change);
  void look();
  void look_later();
  /// The count to be posted now; 0 when it is too early, or there is nothing to post.
  static std::uint64_t to_tell(Often& often, std::uint64_t more, TimePoint now);

  const dispatch::LoadBalancer& balancer_;
  admin::EventLog& log_;
  const Duration packet_limit_;
  const Duration probe_limit_;
  std::vector<Analyzer> analyzers_;  ///< by AnalyzerId
  boost::asio::steady_timer timer_;
};

}  // namespace logdist::registry
