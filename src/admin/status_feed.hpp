// One status a second, for all who watch.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include "logdist/admin/server.hpp"

namespace logdist::admin {

/// Who is told.
class Watcher {
 public:
  /// There is a newer status, another event, or the feed has stopped.
  virtual void news() = 0;

 protected:
  ~Watcher() = default;
};

/// However many watch, each status is gathered and put into words once; nothing is
/// gathered while nobody does. Confined to its loop.
class StatusFeed : public std::enable_shared_from_this<StatusFeed> {
 public:
  StatusFeed(boost::asio::any_io_executor loop, std::shared_ptr<const Sources> sources, const Limits& limits);

  /// Takes `watcher` in until leave(); false, and nothing is taken in, when
  /// Limits::event_streams are there already.
  bool join(Watcher& watcher);
  void leave(Watcher& watcher);

  /// Tells all watchers that it is over.
  void stop();
  bool stopped() const { return stopped_; }

  /// The newest status on one line, not much older than a second; none yet, or
  /// the loops do not answer: nullptr.
  const std::shared_ptr<const std::string>& status() const { return status_; }
  /// Grows with each status.
  std::uint64_t status_number() const { return status_number_; }
  const EventLog& events() const { return *sources_->events; }
  const Limits& limits() const { return limits_; }

 private:
  void tick();
  void ask();
  void take(const telemetry::Scrape& scrape);
  void tell();

  const boost::asio::any_io_executor loop_;
  const std::shared_ptr<const Sources> sources_;
  const Limits limits_;
  boost::asio::steady_timer timer_;
  std::vector<Watcher*> watchers_;
  std::shared_ptr<const std::string> status_;
  std::uint64_t status_number_ = 0;
  std::optional<TimePoint> asked_at_;  ///< while a scrape is on its way
  bool ticking_ = false;
  bool stopped_ = false;
};

}  // namespace logdist::admin
