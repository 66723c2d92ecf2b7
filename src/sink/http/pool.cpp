// How connections end, and what was under way on them.
#include "sink/http/pool.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "logdist/base/check.hpp"
#include "sink/http/pool_manager.hpp"

namespace logdist::sink {
namespace {

/// A connection unused for so long can be spared when another loop wants one.
constexpr Duration spare_after = std::chrono::milliseconds(100);

/// What the front of a connection came to; the others stood behind it.
Outcome outcome_of_front(End why, bool connected, bool begun) {
  if (!connected || !begun) return Outcome::connect_error;  // the analyzer cannot have it
  switch (why) {
    case End::timed_out: return Outcome::timeout;
    case End::broken_http: return Outcome::protocol_error;
    case End::not_connected:
    case End::lost:
    case End::unsolicited:
    case End::surplus:
    case End::cut_body:
    case End::last_answer: break;
  }
  return Outcome::connection_broken;
}

core::AttemptResult uncounted(Outcome outcome) { return {outcome, 0, std::nullopt, false, {}}; }

}  // namespace

Pool::Pool(PoolManager& manager, AnalyzerId analyzer, const AnalyzerTarget& target)
    : manager_(manager),
      analyzer_(analyzer),
      head_(target, manager.options()),
      limits_(target.limits),
      layer_(target.layer),
      native_(target.native),
      decompress_(target.decompress),
      names_(manager.io(), manager.names(), target.host, target.port),
      addresses_(manager.draw_turn()),
      depth_(manager.options().pipeline),
      shared_ceiling_(depth_.ceiling()) {
  limits_->join(this, shared_ceiling_);
}

Pool::~Pool() { limits_->leave(this); }

net::Endpoints Pool::assign_address(Connection& connection, const net::Endpoints& found, TimePoint now) {
  net::Endpoints endpoints = addresses_.assign(found, now);
  connection.notes.address = endpoints.front();
  connection.notes.has_address = true;
  return endpoints;
}

void Pool::reached(Connection& connection, const boost::asio::ip::tcp::endpoint& address, TimePoint now) {
  for (const auto& endpoint : connection.unreached()) addresses_.unreachable(endpoint, now);
  addresses_.reached(address);
  addresses_.moved(connection.notes.address, address);
  connection.notes.address = address;
}

void Pool::opened(Connection& connection, TimePoint now) {
  --opening_;
  connection.notes.waiting_since = now;
  connection.notes.retire_at = now + manager_.draw_connection_age();
}

void Pool::written(Connection& connection) {
  if (gathering_ == &connection) gathering_ = nullptr;
}

void Pool::on_drained(Connection& connection, TimePoint now) {
  if (connection.in_body()) settle_body(connection, now);
  refill(connection, now);
  if (connection.pipeline().empty() && !connection.in_body()) become_idle(connection, now);
  place_waiting(now);
}

/// Attempts wait, and these connections only for a body that nobody needs.
void Pool::drop_late_bodies(TimePoint now) {
  for (std::size_t index = connections_.size(); index-- > 0;) {
    Connection& connection = *connections_[index];
    if (!has_waiting()) return;
    if (!connection.in_body() || !connection.pipeline().empty() || connection.held) continue;
    if (now - connection.notes.body_since < spare_after) continue;
    ended(connection, End::cut_body, boost::asio::error::timed_out, now);
    index = std::min(index, connections_.size());
  }
}

void Pool::become_idle(Connection& connection, TimePoint now) {
  if (removed_ || now >= connection.notes.retire_at) return discard(connection);
  connection.notes.idle_since = now;
  connection.notes.heard = false;
  connection.notes.pipelined = false;
  idle_.push_front(connection);
  manager_.tick_by(connection.notes.retire_at);
  if (connections_.size() > 1) manager_.tick_soon(now);
}

void Pool::ended(Connection& connection, End why, const boost::system::error_code& error, TimePoint now) {
  const ConnectionPtr keep(&connection);
  if (native_) count_refused(connection);
  end_held(connection, false);
  learn(connection, why, now);
  if (connection.state() == Connection::State::connecting) {
    names_.forget();
    for (const auto& endpoint : connection.unreached()) addresses_.unreachable(endpoint, now);
  }
  give_up(connection, why, error);
  discard(connection);
  place_waiting(now);
}

/// Whether the analyzer has not looked at what was asked on `connection` since
/// it was last idle, or says that it will not.
bool Pool::is_resendable(const Connection& connection, End why) const {
  const bool stale = connection.notes.answers > 0 && !connection.notes.heard;
  const bool unsolicited = why == End::unsolicited || why == End::surplus;
  return why == End::last_answer || why == End::cut_body || unsolicited || (why == End::lost && stale);
}

void Pool::learn(const Connection& connection, End why, TimePoint now) {
  const Connection::Notes& notes = connection.notes;
  if (why == End::lost && notes.answers > 0 && !notes.heard) {
    depth_.on_quiet_close(notes.answers, now - notes.answered_at, notes.pipelined);
  } else if (why == End::cut_body && !notes.last) {
    depth_.on_quiet_close(notes.answers, Duration::zero(), notes.pipelined);  // however long the body took
  } else if (why == End::lost || why == End::broken_http) {
    depth_.on_break(notes.pipelined);
  } else if (why == End::surplus) {
    depth_.on_surplus(now);
  }
  if (depth_.ceiling() != shared_ceiling_) note_ceiling();
}

core::Attempt& Pool::take_front(Connection& connection) {
  InFlightRequest& request = connection.pipeline().front();
  connection.pipeline().pop_front();
  return leave(request);
}

core::Attempt& Pool::take_back(Connection& connection) {
  InFlightRequest& request = connection.pipeline().back();
  connection.pipeline().pop_back();
  return leave(request);
}

core::Attempt& Pool::leave(InFlightRequest& request) {
  manager_.stop_clock(request);
  if (--under_way_ == 0) latency_.end();
  if (request.attempt->alone) --going_alone_;
  if (request.content) manager_.plain_bodies().keep(*request.attempt, *std::exchange(request.content, std::nullopt));
  return *request.attempt;
}

// The front carries the connection's one failure. What the analyzer has not
// looked at is sent again: once, but as often as a connection ends with an
// answer that says so, for that is progress.
void Pool::give_up(Connection& connection, End why, const boost::system::error_code& error) {
  const bool connected = connection.state() == Connection::State::open;
  const bool resendable = !removed_ && is_resendable(connection, why);
  Pipeline& pipeline = connection.pipeline();
  const std::size_t begun = pipeline.begun();
  Attempts again;
  for (std::size_t index = 0; !pipeline.empty(); ++index) {
    core::Attempt& attempt = take_front(connection);
    if (resendable && (!attempt.retried_stale || why == End::last_answer)) {
      attempt.retried_stale = true;
      again.push_back(attempt);
      ++manager_.statistics.resent;
    } else if (index == 0) {
      const Outcome outcome = outcome_of_front(why, connected, begun > 0);
      // What was sent before, on the kept connection that closed, may have been taken.
      const bool unknown = outcome == Outcome::connect_error && attempt.retried_stale;
      // The answer before this one was good, and a bad body behind it is no failure.
      const bool counts = why != End::cut_body;
      const bool in_company = outcome == Outcome::connection_broken && begun > 1;
      manager_.attempt_ended(
          attempt, {unknown ? Outcome::connection_broken : outcome, 0, std::nullopt, counts, error, in_company});
    } else if (index < begun) {
      manager_.attempt_ended(attempt, uncounted(Outcome::connection_broken));
    } else {
      end_unsent(attempt);
    }
  }
  resent_.splice(resent_.end(), again);
}

/// No byte of it was written, unless on the kept connection that closed.
void Pool::end_unsent(core::Attempt& attempt) {
  manager_.attempt_ended(attempt, uncounted(attempt.retried_stale ? Outcome::connection_broken : Outcome::unsent));
}

/// Closes `connection`, which has nothing under way, and gives back its place.
void Pool::discard(Connection& connection) {
  LOGDIST_CHECK(connection.pipeline().empty() && !connection.held);
  if (connection.state() == Connection::State::connecting) --opening_;
  if (connection.idle_hook.is_linked()) idle_.erase(idle_.iterator_to(connection));
  if (gathering_ == &connection) gathering_ = nullptr;
  if (clearing_ == &connection) clearing_ = nullptr;
  manager_.forget_write(connection);
  manager_.stop_body_clock(connection);
  if (connection.notes.has_address) addresses_.released(connection.notes.address);
  connection.close();
  if (connections_.size() > 1) limits_->give_back();
  limits_->count_closed();
  const auto place = std::find(connections_.begin(), connections_.end(), &connection);
  std::swap(*place, connections_.back());
  connections_.pop_back();
  if (is_over()) manager_.end_pools_soon();
}

void Pool::recall(TimePoint now) {
  while (core::Attempt* const attempt = manager_.plain_bodies().recall(analyzer_)) end_unsent(*attempt);
  for (Attempts* waiting : {&resent_, &alone_, &backlog_}) {
    while (!waiting->empty()) {
      core::Attempt& attempt = waiting->front();
      waiting->pop_front();
      end_unsent(attempt);
    }
  }
  for (std::size_t index = connections_.size(); index-- > 0;) {
    Connection& connection = *connections_[index];
    Pipeline& pipeline = connection.pipeline();
    const bool was_empty = pipeline.empty();
    while (pipeline.size() > pipeline.begun()) {
      end_unsent(take_back(connection));
    }
    if (was_empty || !pipeline.empty() || connection.in_body()) continue;
    if (connection.usable()) {
      become_idle(connection, now);
    } else {
      discard(connection);  // nothing would limit its time to connect
    }
  }
}

void Pool::remove(TimePoint now) {
  removed_ = true;
  recall(now);
  while (!idle_.empty()) discard(idle_.front());
  if (is_over()) manager_.end_pools_soon();
}

void Pool::set_headers(const AnalyzerTarget& target) { head_ = RequestHead(target, manager_.options()); }

void Pool::shutdown() {
  removed_ = true;
  recall(TimePoint{});
  while (!connections_.empty()) {
    Connection& connection = *connections_.back();
    end_held(connection, false);
    while (!connection.pipeline().empty()) {
      manager_.attempt_ended(take_front(connection), uncounted(Outcome::connection_broken));
    }
    discard(connection);
  }
  names_.stop();
}

void Pool::tick(TimePoint now) {
  const bool wanted = limits_->is_wanted_from(this);
  while (connections_.size() > 1 && !idle_.empty()) {
    const Duration unused = now - idle_.back().notes.idle_since;
    if (unused < (wanted ? spare_after : manager_.options().idle_timeout)) break;
    discard(idle_.back());
    if (wanted) limits_->room_made();
  }
  for (auto next = idle_.begin(); next != idle_.end();) {
    Connection& connection = *next++;
    if (now >= connection.notes.retire_at) {
      discard(connection);
    } else {
      manager_.tick_by(connection.notes.retire_at);
    }
  }
  drop_late_bodies(now);
  place_waiting(now);
  if (connections_.size() > 1 && !idle_.empty()) manager_.tick_soon(now);
}

}  // namespace logdist::sink
