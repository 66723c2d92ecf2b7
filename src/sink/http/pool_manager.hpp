// What the pools of one loop share: the timer, the gathered writes, and the
// results on their way to the listener.
#pragma once

#include <algorithm>
#include <memory>
#include <vector>

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/intrusive/list.hpp>

#include "logdist/base/random.hpp"
#include "logdist/net/name_resolver.hpp"
#include "logdist/net/poller.hpp"
#include "logdist/sink/http/pool_upstream.hpp"
#include "sink/http/connection.hpp"
#include "sink/http/plain_bodies.hpp"

namespace logdist::sink {

class Pool;

/// The inside of a PoolUpstream. Confined to the thread of its io_context;
/// handlers under way share its ownership and do nothing once it is stopped.
///
/// Results are collected and told only at the end of a call or an event, when
/// everything is consistent again: so the listener may call back.
class PoolManager : public std::enable_shared_from_this<PoolManager> {
 public:
  PoolManager(boost::asio::io_context& io, net::NameResolver& names, PoolOptions options);
  ~PoolManager();

  /// Closes all, tells nobody, and lets no handler do anything any more.
  void stop();

  // For PoolUpstream.
  void set_listener(AttemptListener& listener) { listener_ = &listener; }
  AnalyzerId add_pool(const AnalyzerTarget& target, std::optional<AnalyzerId> reused);
  /// None when it was removed and is over.
  Pool* pool(AnalyzerId analyzer) { return pools_[analyzer].get(); }
  void flush(TimePoint now);
  void shutdown(TimePoint now);
  /// End of a call from outside: tells results and sets the timer.
  void after_call(TimePoint now);

  // For pools and connections.
  boost::asio::io_context& io() { return io_; }
  net::NameResolver& names() { return names_; }
  const PoolOptions& options() const { return options_; }
  /// See Poller: when an answer that is found now may have come at the earliest.
  TimePoint last_poll_time(TimePoint now) const { return poller_.last_poll_time(now); }
  /// End of an event: as after_call(), and has written what it gave rise to.
  void after_event(TimePoint now);
  /// Its pool is told when that is done.
  void decompress(core::Attempt& attempt) { plain_bodies_.add(attempt); }
  PlainBodies& plain_bodies() { return plain_bodies_; }
  void attempt_ended(core::Attempt& attempt, const core::AttemptResult& result);
  void capacity_changed(AnalyzerId analyzer);
  /// Tells the listener at once: it only counts them.
  void messages_refused(AnalyzerId analyzer, std::uint32_t messages) {
    listener_->messages_refused(analyzer, messages);
  }
  /// `connection` has something to write at the next flush.
  void write_later(Connection& connection);
  void forget_write(Connection& connection);
  /// The clock of `request` runs from now; of one clock for all, so that the
  /// deadlines are in order by themselves.
  void start_clock(InFlightRequest& request, TimePoint now);
  void stop_clock(InFlightRequest& request);
  /// The time that a body has behind its head. False if it runs already.
  bool start_body_clock(Connection& connection, TimePoint now);
  void stop_body_clock(Connection& connection);
  /// Pool::tick() for every pool, soon, or at `time` at the latest.
  void tick_soon(TimePoint now);
  void tick_by(TimePoint time) { tick_at_ = std::min(tick_at_, time); }
  /// Pools that are over are destroyed, when no handler of theirs is under way.
  void end_pools_soon();
  /// How long a connection may be used from now on.
  Duration draw_connection_age();
  std::size_t draw_turn() { return random_.below(1024); }

  PoolStatistics statistics;
  std::size_t native_pools = 0;  ///< not removed

 private:
  /// What the listener is to be told: the end of an attempt, or else the capacity.
  struct Notice {
    core::Attempt* attempt;
    core::AttemptResult result;
    AnalyzerId analyzer;
  };
  using Timer =
      boost::asio::basic_waitable_timer<Clock, boost::asio::wait_traits<Clock>, boost::asio::io_context::executor_type>;
  using WriteHook = boost::intrusive::member_hook<Connection, Connection::Hook, &Connection::write_hook>;
  using BodyHook = boost::intrusive::member_hook<Connection, Connection::Hook, &Connection::body_hook>;

  void tell(TimePoint now);
  void tell_capacity(AnalyzerId analyzer, TimePoint now);
  void arm_timer();
  void on_timer();
  void tick(TimePoint now);
  /// How long the body behind an answer may take: less than the attempts behind it have.
  Duration body_time_max() const { return options_.timeout / 4; }
  void end_late(TimePoint now);
  void flush_soon();
  void decompress_soon();
  void decompress_slice(TimePoint now);

  boost::asio::io_context& io_;
  const net::Poller& poller_;
  net::NameResolver& names_;
  const PoolOptions options_;
  AttemptListener* listener_ = nullptr;
  std::vector<std::unique_ptr<Pool>> pools_;     ///< by AnalyzerId
  std::vector<std::unique_ptr<Pool>> replaced_;  ///< over, and their ids are others' now; soon gone
  bool stopped_ = false;

  std::vector<Notice> notices_;
  bool telling_ = false;

  boost::intrusive::list<Connection, WriteHook> to_write_;
  bool flush_posted_ = false;
  bool ending_posted_ = false;

  PlainBodies plain_bodies_;
  bool decompression_posted_ = false;

  boost::intrusive::list<InFlightRequest> clocks_;       ///< by deadline
  boost::intrusive::list<Connection, BodyHook> bodies_;  ///< by body_since
  Timer timer_;
  TimePoint armed_for_ = never;
  TimePoint tick_at_ = never;
  Random random_;
};

}  // namespace logdist::sink
