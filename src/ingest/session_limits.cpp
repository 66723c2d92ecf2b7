// How long an agent may take for what, and what ends a session before its agent does.
#include <algorithm>
#include <utility>

#include "ingest/session.hpp"

namespace logdist::ingest {
namespace {

using SessionPtr = boost::intrusive_ptr<Session>;

}  // namespace

/// Between requests, with nothing left to be said. The time runs from here: neither
/// an empty line nor half of one renews it.
void Session::become_idle(TimePoint now) {
  if (idle()) return;
  become_evictable(std::exchange(served_, false) ? EvictionReason::served : EvictionReason::silent, now);
  expire_at(now + shared_.context.server.idle_timeout);
}

void Session::become_evictable(EvictionReason reason, TimePoint now) {
  if (refused_) return;  // it has no slot to give
  keep();
  shared_.evictions.add(*this, reason, now);
  stall_begins_bytes_ = arrived_bytes();
}

void Session::keep() {
  if (evictable()) shared_.evictions.remove(*this);
}

/// Of a body, so far.
std::size_t Session::arrived_bytes() const {
  if (upload_) return upload_->arrived_bytes;
  return delivery_ == nullptr ? 0 : delivery_->packet.body.size();
}

/// Of a body: whether it has come as fast as is asked for since it was waited for first.
bool Session::keeps_coming(TimePoint now) const {
  if (phase_ != Phase::body && phase_ != Phase::chunks && phase_ != Phase::upload) return false;
  const std::size_t came = arrived_bytes() - stall_begins_bytes_;
  const double seconds = to_seconds(now - evictable_from() + shared_.context.stalled_after);
  return came > 0 && static_cast<double>(came) >= static_cast<double>(shared_.context.server.min_body_rate) * seconds;
}

std::optional<ConnectionSlots::Slot> Session::make_room(TimePoint now) {
  const SessionPtr self(this);
  const bool owes_nothing = phase_ == Phase::lingering || output_.blocked();
  if (!owes_nothing && transport_->available() != 0) return std::nullopt;  // a request, or more of it, is in the socket
  if (!owes_nothing && keeps_coming(now)) {
    become_evictable(EvictionReason::stalled, now);
    return std::nullopt;
  }
  auto slot = std::exchange(slot_, std::nullopt);
  if (stalled() && !owes_nothing) {
    persistence_ = Persistence::close;
    refuse({RejectReason::timeout, 408, "the request took too long while others waited for a connection", true});
    send();
  }
  close();
  shared_.context.ledger.connection_evicted();
  return slot;
}

void Session::drain() {
  const SessionPtr self(this);
  if (phase_ == Phase::head && !parser_ && !output_.blocked()) {
    // Else a request is in the socket, and gets its answer.
    if (transport_->available() == 0) return close();
    return expire_at(at());
  }
  if (phase_ == Phase::lingering || output_.blocked()) {
    return shared_.deadlines.set(*this, std::min(at(), Clock::now() + farewell()));
  }
  expire_at(at());
}

/// How long an agent may take to read our last answer and to close.
Duration Session::farewell() const { return shared_.draining ? drain_farewell : linger_timeout; }

/// While an answer is held up its own time runs, and rest_sent() comes back to
/// that of the phase. While we drain, what is half received has a moment to be
/// complete: no packet would come of it.
void Session::expire_at(TimePoint at) {
  if (output_.blocked()) return;
  const bool late = upload_ && upload_->is_late;
  const bool owed = (phase_ == Phase::delivery && !late) || phase_ == Phase::storing || phase_ == Phase::lingering;
  if (shared_.draining && !owed) at = std::min(at, shared_.half_received_until);
  shared_.deadlines.set(*this, at);
}

/// The body begins to come, or goes on to after a wait for space, which is not the agent's time.
void Session::resume_body_time(TimePoint now, bool first) {
  if (first) body_time_left_ = shared_.context.server.body_timeout;
  body_ends_ = now + body_time_left_;
  rate_ends_ = never;
}

void Session::stop_body_time(TimePoint now) { body_time_left_ = std::max(body_ends_ - now, Duration::zero()); }

/// A body that holds much is to come at a least rate from here on, in any window of time; and while others wait for
/// space, in each step of it, so fast as it has to for what it holds to come within its time.
void Session::watch_rate(TimePoint now) {
  const bool holds_much = held_bytes() > shared_.context.memory.small_body_max();
  if (shared_.context.server.min_body_rate == 0 || !holds_much) {
    rate_ends_ = never;
    return;
  }
  if (rate_ == nullptr) rate_ = std::make_unique<BodyRate>();
  if (rate_ends_ == never) *rate_ = {};
  rate_->end_step(arrived_bytes());
  rate_ends_ = now + shared_.context.rate_window / static_cast<Duration::rep>(BodyRate::window_steps);
}

/// Whether the body came fast enough in the window that is over.
bool Session::keeps_rate() const {
  if (rate_ == nullptr) return true;
  const auto came = rate_->of_window(arrived_bytes());
  const double seconds = to_seconds(shared_.context.rate_window);
  return !came || static_cast<double>(*came) >= static_cast<double>(shared_.context.server.min_body_rate) * seconds;
}

/// Whether others wait for what it holds, and it came more slowly in the last step than would fill that in time.
bool Session::hogs_space() const {
  if (rate_ == nullptr || !shared_.context.memory.large_waits() || transport_->available() != 0) return false;
  const double step = to_seconds(shared_.context.rate_window) / static_cast<double>(BodyRate::window_steps);
  const double in_time = to_seconds(shared_.context.server.body_timeout);
  return static_cast<double>(rate_->of_step(arrived_bytes())) * in_time < static_cast<double>(held_bytes()) * step;
}

void Session::expired(TimePoint now) {
  const SessionPtr self(this);
  if (output_.blocked() || phase_ == Phase::lingering) return close();
  if (!output_.empty()) return advance(now);  // settled just now: the answer is still to be sent
  if (phase_ == Phase::head && !parser_) return close();

  if (upload_expired(now)) return advance(now);
  const bool receives_body = phase_ == Phase::body || phase_ == Phase::chunks;
  if (receives_body && now < body_ends_ && !shared_.draining && keeps_rate() && !hogs_space()) {
    watch_rate(now);
    return expire_at(std::min(body_ends_, rate_ends_));
  }
  persistence_ = Persistence::close;
  refuse(expiry_error(now));
  advance(now);
}

RequestError Session::expiry_error(TimePoint now) const {
  if (shared_.draining) return draining_error();
  if (phase_ == Phase::buffer_space || waits_to_decode_) {
    return {RejectReason::buffers_full, 503, "no space for the body in time: send the packet again later", true};
  }
  if (phase_ == Phase::head) return {RejectReason::timeout, 408, "the request's head took too long", true};
  if (now < body_ends_ && keeps_rate()) {
    return {RejectReason::buffers_full, 503,
            "the body came slowly while others waited for its space: send the packet again later", true};
  }
  if (now < body_ends_) {
    return {RejectReason::timeout, 408, "the body came slower than server.min_body_rate allows", true};
  }
  return {RejectReason::timeout, 408, "the body took too long", true};
}

}  // namespace logdist::ingest
