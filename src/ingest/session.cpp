#include "ingest/session.hpp"

#include <poll.h>

#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>

#include "logdist/base/check.hpp"

namespace logdist::ingest {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using SessionPtr = boost::intrusive_ptr<Session>;

/// How long an agent may take to read our last answer and to close.
constexpr Duration linger_timeout = std::chrono::seconds(2);
/// How often we look whether an agent has gone that has sent its next request.
constexpr Duration gone_check_interval = std::chrono::milliseconds(250);

}  // namespace

Session::Session(SessionLoop& loop, Socket socket, std::optional<ConnectionSlots::Slot> slot)
    : loop_(loop), socket_(std::move(socket)), slot_(std::move(slot)) {
  error_code ignored;  // a socket that refuses these fails at its first read
  socket_.non_blocking(true, ignored);
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
}

Session::~Session() { LOGDIST_CHECK(delivery_ == nullptr && phase_ == Phase::closed); }

void Session::start() { advance(Clock::now()); }

void Session::refuse_connection() {
  loop_.refused_open += 1;
  persistence_ = Persistence::close;
  refuse({RejectReason::too_many_connections, 503, "too many connections", true});
  advance(Clock::now());
}

void Session::drain() {
  const SessionPtr self(this);
  if (busy() || phase_ != Phase::head) return;
  error_code error;
  if (socket_.available(error) == 0) close();  // else a request is in the socket, and gets its answer
}

bool Session::busy() const {
  if (phase_ == Phase::closed) return false;
  return !output_.empty() || !input_.empty() || (phase_ != Phase::head && phase_ != Phase::lingering);
}

void Session::close() {
  if (phase_ == Phase::closed) return;
  const SessionPtr self(this, false);  // takes over the list's reference
  drop_packet();
  phase_ = Phase::closed;
  error_code ignored;
  socket_.close(ignored);
  loop_.deadlines.remove(*this);
  loop_.open.erase(loop_.open.iterator_to(*this));
  if (!slot_) loop_.refused_open -= 1;
  slot_.reset();
}

/// Does all that can be done with what was read, sends the answers in one go, and
/// waits for what comes next.
void Session::advance(TimePoint now) {
  while (!last_answer_ && !output_.under_way() && step(now)) {
  }
  if (phase_ == Phase::closed || !flush(now)) return;
  if (last_answer_) return linger(now);
  wait_for_input(now);
}

bool Session::step(TimePoint now) {
  switch (phase_) {
    case Phase::head: return read_head(now);
    case Phase::body: return read_body(now);
    case Phase::chunks: return read_chunks(now);
    case Phase::room:
    case Phase::delivery:
    case Phase::lingering:
    case Phase::closed: return false;
  }
  return false;
}

/// False when the socket does not take it all now, or the agent has gone: the
/// session goes on by itself later, or is closed.
bool Session::flush(TimePoint now) {
  if (output_.under_way()) return false;
  if (output_.empty()) return true;
  error_code error;
  const std::size_t count = socket_.write_some(asio::buffer(output_.next()), error);
  if (error && error != asio::error::would_block) {
    close();
    return false;
  }
  output_.sent(count);
  if (output_.empty()) return true;
  expire_at(now + loop_.context.server.idle_timeout);
  send_rest();
  return false;
}

void Session::send_rest() {
  socket_.async_write_some(asio::buffer(output_.begin_write()),
                           [self = SessionPtr(this)](const error_code& error, std::size_t count) {
                             self->output_.sent(count);
                             if (self->phase_ == Phase::closed) return;
                             if (error) return self->close();
                             if (!self->output_.empty()) return self->send_rest();
                             self->rest_sent(Clock::now());
                           });
}

/// Nothing was read meanwhile, so what is half read has its whole time again. An
/// agent cannot draw a request out like that: no second answer stalls within it.
void Session::rest_sent(TimePoint now) {
  const config::ServerOptions& server = loop_.context.server;
  if (phase_ == Phase::head && parser_) expire_at(now + server.header_timeout);
  if (phase_ == Phase::body || phase_ == Phase::chunks) expire_at(now + server.body_timeout);
  advance(now);  // sets the time of the other phases
}

/// While an answer is under way its own time runs, and rest_sent() comes back to
/// that of the phase.
void Session::expire_at(TimePoint at) {
  if (!output_.under_way()) loop_.deadlines.set(*this, at);
}

void Session::wait_for_input(TimePoint now) {
  if (receiving_) return;  // into space that must not move
  switch (phase_) {
    case Phase::head:
      if (!parser_) {  // nothing, or half an empty line
        input_.shrink();
        expire_at(now + loop_.context.server.idle_timeout);
      }
      [[fallthrough]];
    case Phase::chunks: {
      const auto space = input_.space();
      return receive({space.data(), space.size()});
    }
    case Phase::body: {
      packet::Buffer& body = delivery_->packet.body;
      return receive({body.data() + body.size(), body_unread_});
    }
    case Phase::room:
    case Phase::delivery: return watch_agent(now);
    case Phase::lingering:
    case Phase::closed: return;
  }
}

void Session::receive(asio::mutable_buffer into) {
  if (receiving_) return;  // one that was cancelled has not come back yet: received() goes on from there
  receiving_ = true;
  socket_.async_read_some(
      into, [self = SessionPtr(this)](const error_code& error, std::size_t count) { self->received(error, count); });
}

void Session::received(const error_code& error, std::size_t count) {
  receiving_ = false;
  if (phase_ == Phase::closed) return;
  if (last_answer_) {  // what comes after the last answer is not looked at
    if (error && error != asio::error::operation_aborted) return close();
    if (phase_ == Phase::lingering) linger(Clock::now());
    return;
  }
  if (error) return close();
  if (phase_ == Phase::body) {
    packet::Buffer& body = delivery_->packet.body;
    body.resize(body.size() + count);
    body_unread_ -= count;
  } else {
    input_.commit(count);
  }
  advance(Clock::now());
}

/// Closing at once would reset the connection when bytes of the agent are still
/// unread, and take our answer with it. So: no more from us, and whatever comes
/// is thrown away until the agent closes or the time is over (RFC 9112, 9.6).
void Session::linger(TimePoint now) {
  if (phase_ != Phase::lingering) {
    phase_ = Phase::lingering;
    expire_at(now + linger_timeout);
    error_code error;
    socket_.shutdown(asio::socket_base::shutdown_send, error);
    if (error) return close();
  }
  input_.consume(input_.size());
  const auto space = input_.space();
  receive({space.data(), space.size()});
}

/// Notices that the agent has gone while nothing is read from it. The wait is not
/// cancelled when the settlement comes: the next read queues behind it, which
/// saves the read that would find nothing.
void Session::watch_agent(TimePoint now) {
  expire_at(phase_ == Phase::room ? now + loop_.context.room_timeout : never);
  if (watching_) return;
  watching_ = true;
  socket_.async_wait(asio::socket_base::wait_read, [self = SessionPtr(this)](const error_code& error) {
    self->watching_ = false;
    if (error || (self->phase_ != Phase::room && self->phase_ != Phase::delivery)) return;
    if (self->agent_gone()) return self->close();
    // Its next bytes are there and stay unread, so readiness tells nothing more.
    const TimePoint next_check = Clock::now() + gone_check_interval;
    if (self->phase_ == Phase::delivery) self->expire_at(next_check);
  });
}

bool Session::agent_gone() {
  pollfd state{socket_.native_handle(), POLLRDHUP, 0};
  return ::poll(&state, 1, 0) > 0 && (state.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

void Session::expired(TimePoint now) {
  const SessionPtr self(this);
  if (output_.under_way() || phase_ == Phase::lingering) return close();
  if (!output_.empty()) return advance(now);  // settled just now: the answer is still to be sent
  if (phase_ == Phase::delivery) {
    if (agent_gone()) return close();
    return expire_at(now + gone_check_interval);
  }
  if (phase_ == Phase::head && !parser_) return close();

  persistence_ = Persistence::close;
  if (phase_ == Phase::room) {
    refuse({RejectReason::buffers_full, 503, "no room for the body in time: send the packet again later", true});
  } else {
    refuse({RejectReason::timeout, 408,
            phase_ == Phase::head ? "the request's head took too long" : "the body took too long", true});
  }
  error_code ignored;
  if (receiving_) socket_.cancel(ignored);  // it may be reading into a buffer that is given back
  advance(now);
}

}  // namespace logdist::ingest
