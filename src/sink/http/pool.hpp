// One loop's connections to one analyzer, and the attempts at it.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include <boost/intrusive/list.hpp>
#include <boost/system/error_code.hpp>

#include "logdist/net/address_set.hpp"
#include "logdist/net/host_addresses.hpp"
#include "logdist/sink/http/answer_head.hpp"
#include "logdist/sink/http/pool_upstream.hpp"
#include "sink/http/connection.hpp"
#include "sink/http/latency_ewma.hpp"
#include "sink/http/pipeline_depth.hpp"
#include "sink/http/request_head.hpp"

namespace logdist::sink {

class PoolManager;

/// Places attempts on connections, opens and closes those, and says how each
/// attempt ended. An attempt is in exactly one place: the backlog, the list of
/// those that go alone, that of those to be sent again, or a request of a connection.
///
/// One that goes alone has its connection for itself, so that what it brings about
/// there is its own doing and befalls nobody else. Half of the connections at most
/// are held so. When none is idle and none can be opened, one is given no more
/// requests until it has brought all its answers.
///
/// Invariant: while an attempt waits there is a connection that is open or
/// opening, whose next event takes the waiting further.
///
/// Confined to its loop. Results go to the PoolManager, which tells them later.
class Pool {
 public:
  Pool(PoolManager& manager, AnalyzerId analyzer, const AnalyzerTarget& target);
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  // What is asked of it.
  void send(core::Attempt& attempt, TimePoint now);
  /// Of one whose body was to be decompressed, once that is done.
  void decompressed(core::Attempt& attempt, TimePoint now);
  /// Gives back what is unsent.
  void recall(TimePoint now);
  /// Recalls, and lets no connection stay once it is idle.
  void remove(TimePoint now);
  void set_headers(const AnalyzerTarget& target);
  /// Ends everything.
  void shutdown();
  /// Looks after idle connections and the backlog.
  void tick(TimePoint now);
  std::size_t connections() const { return connections_.size(); }
  /// Removed, and with nothing left to do.
  bool is_over() const { return removed_ && connections_.empty() && !has_waiting(); }
  /// Most packets that the connections of all loops take at once.
  std::uint32_t capacity() const { return limits_->capacity(); }

  // What its connections tell it.
  /// The addresses to try for it, of those that were found.
  net::Endpoints assign_address(Connection& connection, const net::Endpoints& found, TimePoint now);
  void reached(Connection& connection, const boost::asio::ip::tcp::endpoint& address, TimePoint now);
  void opened(Connection& connection, TimePoint now);
  /// The head of a final answer to the front, which is settled by it. False when that ended the connection.
  bool answered(Connection& connection, const AnswerHead& answer, TimePoint now);
  /// The body behind it has come, too. False when that ended the connection.
  bool answer_ended(Connection& connection, TimePoint now);
  /// The answers at hand are through: there may be room, or nothing to do.
  void on_drained(Connection& connection, TimePoint now);
  /// `error` is what the system or the parser said, if it was one of them.
  void ended(Connection& connection, End why, const boost::system::error_code& error, TimePoint now);
  /// What was gathered for it is being written.
  void written(Connection& connection);

  PoolManager& manager() { return manager_; }
  /// What is put on each connection; empty: nothing.
  const net::TransportFactory& layer() const { return layer_; }
  /// Its answers are read.
  bool is_native() const { return native_; }

 private:
  using Attempts = boost::intrusive::list<core::Attempt>;
  using IdleHook = boost::intrusive::member_hook<Connection, Connection::Hook, &Connection::idle_hook>;

  // Placing (pool_placing.cpp).
  /// Whether its body is to be decompressed.
  bool goes_plain(const core::Packet& packet) const;
  /// Whether the analyzer, and not this loop, takes its time.
  bool is_slow(TimePoint now) const;
  /// Whether to open a connection rather than wait for those that are opening.
  bool may_open(TimePoint now) const;
  bool has_waiting() const { return !backlog_.empty() || !alone_.empty() || !resent_.empty(); }
  bool is_stuck(const Connection& connection, TimePoint now) const;
  std::size_t room(const Connection& connection, TimePoint now) const;
  Connection* choose(TimePoint now);
  Connection* least_loaded(TimePoint now);
  Connection* take_idle(TimePoint now);
  bool may_spread(TimePoint now) const;
  Connection* open(TimePoint now);
  void attach(Connection& connection, core::Attempt& attempt, TimePoint now);
  void place_waiting(TimePoint now);
  void place_resent(TimePoint now);
  void place_alone(TimePoint now);
  bool attach_alone(Connection& connection, TimePoint now);
  bool may_go_alone() const;
  void clear_one(TimePoint now);
  void refill(Connection& connection, TimePoint now);
  void note_ceiling();

  // Ending (pool_answers.cpp, pool.cpp).
  bool is_resendable(const Connection& connection, End why) const;
  void learn(const Connection& connection, End why, TimePoint now);
  void give_up(Connection& connection, End why, const boost::system::error_code& error);
  void end_unsent(core::Attempt& attempt);
  core::Attempt& take_front(Connection& connection);
  core::Attempt& take_back(Connection& connection);
  core::Attempt& leave(InFlightRequest& request);
  void count_refused(Connection& connection);
  void end_held(Connection& connection, bool is_whole);
  void settle_body(Connection& connection, TimePoint now);
  void drop_late_bodies(TimePoint now);
  void become_idle(Connection& connection, TimePoint now);
  void discard(Connection& connection);

  PoolManager& manager_;
  const AnalyzerId analyzer_;
  RequestHead head_;
  const std::shared_ptr<ConnectionBudget> limits_;
  const net::TransportFactory layer_;
  const bool native_;      ///< what its answers say of single messages is counted
  const bool decompress_;  ///< it takes plain bodies
  net::HostAddresses names_;
  net::AddressSet addresses_;

  std::vector<ConnectionPtr> connections_;             ///< open or opening
  boost::intrusive::list<Connection, IdleHook> idle_;  ///< open with nothing under way, latest used first
  Connection* gathering_ = nullptr;                    ///< has been given something to write since the last flush
  std::size_t opening_ = 0;
  std::size_t under_way_ = 0;  ///< attempts in slots
  Attempts backlog_;
  Attempts alone_;                  ///< wait for a connection for themselves
  Attempts resent_;                 ///< to be sent again: only on a connection known to live
  Connection* clearing_ = nullptr;  ///< is given nothing more until it is idle, for one that goes alone
  std::size_t going_alone_ = 0;     ///< connections held by one
  PipelineDepth depth_;
  LatencyEwma latency_;
  std::uint32_t shared_ceiling_;     ///< as the other loops know it
  bool ceiling_is_learned_ = false;  ///< from an answer or a break
  bool removed_ = false;
};

}  // namespace logdist::sink
