// Which attempt goes out on which connection.
#include <algorithm>

#include "logdist/base/ascii.hpp"
#include "logdist/core/header_lines.hpp"
#include "logdist/core/packet.hpp"
#include "logdist/http/media_type.hpp"
#include "sink/http/pool.hpp"
#include "sink/http/pool_manager.hpp"

namespace logdist::sink {
namespace {

/// While the analyzer is not known to be slow, connections are opened a few at
/// a time: the first answers deepen the pipelines, and no more may be needed.
constexpr std::size_t opening_max = 2;
/// A pipeline is no deeper than what is answered in this part of the timeout,
/// or its last requests would time out for standing behind the others.
constexpr int timeout_part = 4;
/// A request that takes so many times what others take may never be answered.
constexpr int stuck_factor = 8;

}  // namespace

void Pool::send(core::Attempt& attempt, TimePoint now) {
  if (removed_) return end_unsent(attempt);
  if (decompress_ && goes_plain(*attempt.packet)) return manager_.decompress(attempt);
  decompressed(attempt, now);
}

// Loki's protobuf is a snappy block by definition, said or not: no server of its protocol takes another.
bool Pool::goes_plain(const core::Packet& packet) const {
  if (packet.coding == core::ContentCoding::identity) return false;
  if (!native_ || packet.protocol != core::Protocol::loki || packet.coding != core::ContentCoding::snappy) return true;
  const auto content_type = core::header_value(packet.forwarded_headers, "Content-Type").value_or("");
  return equals_in_lower_case(logdist::http::media_type(content_type), "application/json");
}

void Pool::decompressed(core::Attempt& attempt, TimePoint now) {
  (attempt.alone ? alone_ : backlog_).push_back(attempt);
  place_waiting(now);
}

bool Pool::is_slow(TimePoint now) const { return latency_.is_slow(manager_.last_poll_time(now)); }

bool Pool::may_open(TimePoint now) const { return opening_ < opening_max || is_slow(now); }

/// Whether its first request waits for much longer than others: what is put behind it waits, too, and fails with it.
bool Pool::is_stuck(const Connection& connection, TimePoint now) const {
  if (connection.pipeline().empty()) return false;
  const Duration usual = std::max(LatencyEwma::silence_max, stuck_factor * latency_.answer_time());
  return manager_.last_poll_time(now) - connection.notes.waiting_since > usual;
}

std::size_t Pool::room(const Connection& connection, TimePoint now) const {
  const Connection::Notes& notes = connection.notes;
  if (!connection.usable() || notes.last || now >= notes.retire_at || &connection == clearing_) return 0;
  const Pipeline& pipeline = connection.pipeline();
  if (!pipeline.empty() && pipeline.front().attempt->alone) return 0;
  if (is_stuck(connection, now)) return 0;
  std::size_t depth = std::min(connection.notes.depth, depth_.ceiling());
  if (is_slow(now) && latency_.answer_time() > Duration::zero()) {
    const auto in_time = manager_.options().timeout / timeout_part / latency_.answer_time();
    depth = std::clamp<std::size_t>(static_cast<std::size_t>(in_time), 1, depth);
  }
  const std::size_t busy = pipeline.size();
  if (!connection.in_body()) return depth - std::min(depth, busy);
  // A body that has not ended takes a place, as its request did. Nothing is put behind one alone: it may be
  // late, or shorter than it said, and the next answer would be taken for its rest.
  if (busy == 0) return 0;
  return depth - std::min(depth, busy + 1);
}

// Fast analyzers: few connections, each written once a turn. Slow ones: as many
// answers awaited at once as may be, then pipelining. A name with several addresses
// has a connection to each, and they are used in turn.
Connection* Pool::choose(TimePoint now) {
  const bool slow = is_slow(now);
  if (!slow && gathering_ != nullptr && room(*gathering_, now) > 0) return gathering_;
  if (may_spread(now)) {
    if (Connection* opened = open(now)) return opened;
  }
  if (Connection* idle = take_idle(now)) return idle;
  if (slow) {
    if (Connection* opened = open(now)) return opened;
  }
  if (Connection* busy = least_loaded(now)) return busy;
  return !slow && may_open(now) ? open(now) : nullptr;
}

bool Pool::may_spread(TimePoint now) const {
  // No more than this loop's part of the budget: or the loops would take it from each other for this.
  const std::size_t wanted = std::min<std::size_t>(addresses_.reachable(), limits_->max_open_of_loop());
  return connections_.size() < wanted && may_open(now);
}

/// The one used last, so that the others are seen to be spare; with several addresses the one that
/// has waited longest.
Connection* Pool::take_idle(TimePoint now) {
  while (!idle_.empty()) {
    Connection& connection = addresses_.reachable() > 1 ? idle_.back() : idle_.front();
    if (now < connection.notes.retire_at) return &connection;
    discard(connection);
  }
  return nullptr;
}

Connection* Pool::least_loaded(TimePoint now) {
  Connection* best = nullptr;
  for (const ConnectionPtr& connection : connections_) {
    if (room(*connection, now) == 0) continue;
    if (best == nullptr || connection->pipeline().size() < best->pipeline().size()) best = connection.get();
  }
  return best;
}

Connection* Pool::open(TimePoint now) {
  if (!connections_.empty() && !limits_->try_take(this)) return nullptr;
  connections_.push_back(ConnectionPtr(new Connection(*this, manager_.io(), manager_.options().pipeline)));
  limits_->count_opened();
  ++opening_;
  ++manager_.statistics.connects;
  connections_.back()->connect(names_, now);
  return connections_.back().get();
}

void Pool::attach(Connection& connection, core::Attempt& attempt, TimePoint now) {
  Pipeline& pipeline = connection.pipeline();
  if (connection.idle_hook.is_linked()) idle_.erase(idle_.iterator_to(connection));
  if (under_way_++ == 0) latency_.begin(now);
  if (attempt.alone) ++going_alone_;
  if (clearing_ == &connection) clearing_ = nullptr;
  if (pipeline.empty()) {
    connection.notes.waiting_since = now;
    connection.notes.heard = false;
    connection.notes.pipelined = false;
  } else {
    connection.notes.pipelined = true;
  }
  InFlightRequest& request = pipeline.push_back();
  request.attempt = &attempt;
  request.content = manager_.plain_bodies().take(attempt);
  head_.write(request.head, *attempt.packet, request.content ? std::optional(request.content->size()) : std::nullopt);
  manager_.start_clock(request, now);
  if (connection.state() != Connection::State::open) return;  // opened() writes it
  gathering_ = &connection;
  manager_.write_later(connection);
}

void Pool::place_waiting(TimePoint now) {
  if (alone_.empty() && (resent_.empty() || !resent_.front().alone)) clearing_ = nullptr;
  place_resent(now);
  place_alone(now);
  while (!backlog_.empty()) {
    Connection* connection = choose(now);
    if (connection == nullptr) return manager_.tick_soon(now);
    core::Attempt& attempt = backlog_.front();
    backlog_.pop_front();
    attach(*connection, attempt, now);
  }
}

// On a new connection; when there can be none, in place of an idle one, or after
// the next answer on a busy one.
void Pool::place_resent(TimePoint now) {
  while (!resent_.empty()) {
    Connection* connection = may_open(now) ? open(now) : nullptr;
    if (connection == nullptr && clearing_ != nullptr && clearing_->idle_hook.is_linked()) {
      discard(*clearing_);
      connection = open(now);
    }
    if (connection == nullptr && connections_.size() == idle_.size()) {
      discard(idle_.back());
      connection = open(now);
    }
    if (connection == nullptr) {
      if (resent_.front().alone) clear_one(now);
      return manager_.tick_soon(now);
    }
    core::Attempt& attempt = resent_.front();
    resent_.pop_front();
    attach(*connection, attempt, now);
  }
}

bool Pool::may_go_alone() const { return going_alone_ < std::max<std::size_t>(1, limits_->max_open() / 2); }

void Pool::place_alone(TimePoint now) {
  while (!alone_.empty() && may_go_alone()) {
    Connection* connection = take_idle(now);
    if (connection == nullptr) connection = open(now);
    if (connection == nullptr) return clear_one(now);
    attach_alone(*connection, now);
  }
}

/// The next one that goes alone, on a connection with nothing under way.
bool Pool::attach_alone(Connection& connection, TimePoint now) {
  const bool proven = connection.notes.answers > 1;
  const bool again = proven && !resent_.empty() && resent_.front().alone;
  if (!again && (alone_.empty() || !may_go_alone())) return false;
  Attempts& waiting = again ? resent_ : alone_;
  core::Attempt& attempt = waiting.front();
  waiting.pop_front();
  attach(connection, attempt, now);
  return true;
}

/// The connection that is soonest idle gets nothing more until it is.
void Pool::clear_one(TimePoint now) {
  if (clearing_ != nullptr) return;
  for (const ConnectionPtr& connection : connections_) {
    const Pipeline& pipeline = connection->pipeline();
    if (!connection->usable() || pipeline.empty() || pipeline.front().attempt->alone) continue;
    if (clearing_ == nullptr || pipeline.size() < clearing_->pipeline().size()) clearing_ = connection.get();
  }
  if (clearing_ == nullptr) manager_.tick_soon(now);
}

// The connection has just brought an answer, and not its first: it lives and is
// kept, good enough for what is sent again.
void Pool::refill(Connection& connection, TimePoint now) {
  if (connection.pipeline().empty() && !connection.in_body() && attach_alone(connection, now)) return;
  const bool proven = connection.notes.answers > 1;
  for (std::size_t free = room(connection, now); free > 0; --free) {
    Attempts& waiting = proven && !resent_.empty() && !resent_.front().alone ? resent_ : backlog_;
    if (waiting.empty()) return;
    core::Attempt& attempt = waiting.front();
    waiting.pop_front();
    attach(connection, attempt, now);
  }
}

/// Shares what is known of the ceiling now; the listener is told when all loops'
/// connections together take more or fewer packets for it.
void Pool::note_ceiling() {
  if (ceiling_is_learned_ && depth_.ceiling() == shared_ceiling_) return;
  ceiling_is_learned_ = true;
  shared_ceiling_ = depth_.ceiling();
  if (limits_->learn(this, shared_ceiling_)) manager_.capacity_changed(analyzer_);
}

}  // namespace logdist::sink
