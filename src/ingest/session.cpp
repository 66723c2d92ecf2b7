#include "ingest/session.hpp"

#include <algorithm>
#include <span>
#include <utility>

#include <boost/asio/error.hpp>

#include "logdist/base/check.hpp"
#include "logdist/ingest/clients/client_address.hpp"
#include "logdist/net/listen.hpp"

namespace logdist::ingest {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using SessionPtr = boost::intrusive_ptr<Session>;

/// Reads in a row before the other sessions have their turn.
constexpr int max_reads = 16;
/// The same of steps, of which a request takes two or three: one read may bring a hundred requests.
constexpr int max_steps = 128;

}  // namespace

Session::Session(SessionShared& shared, net::Stream connection, std::optional<ConnectionSlots::Slot> slot)
    : Watcher(Side::ingress),
      shared_(shared),
      transport_(std::make_unique<net::PlainTransport>(std::move(connection))),
      slot_(std::move(slot)),
      refused_(!slot_),
      peer_(transport_->peer()),
      client_(peer_),
      proxy_header_due_(!refused_ && shared.context.server.proxy_protocol &&
                        is_trusted(peer_, shared.context.server.trusted_proxies)) {}

Session::~Session() { LOGDIST_CHECK(delivery_ == nullptr && phase_ == Phase::closed); }

void Session::start() {
  if (shared_.poller.add(transport_->native_handle(), *this)) return close();
  const TimePoint now = Clock::now();
  become_idle(now);
  if (!proxy_header_due_) begin_layer();
  if (proxy_header_due_ || handshake_due_) expire_at(now + shared_.context.server.header_timeout);
}

/// What was read so far came before the layer, or is its own.
void Session::begin_layer() {
  if (!shared_.context.make_transport) return;
  transport_ = shared_.context.make_transport(transport_->release(), input_.view());
  handshake_due_ = transport_->needs_handshake();
  if (handshake_due_) input_.consume(input_.size());  // else there is no layer, and it is a request
}

/// False while it is under way, and when it has failed, which closes the session. A key's part in it takes as long as
/// dozens of packets do: one goes on in a round, so that a flood of them costs those who are connected little more.
bool Session::shake_hands(TimePoint now) {
  const std::uint64_t round = shared_.poller.rounds();
  if (std::exchange(shared_.last_handshake_round, round) == round) {
    shared_.poller.requeue(*this);
    return false;
  }
  const error_code error = transport_->handshake();
  if (error == asio::error::would_block) return false;
  if (error) {
    close();
    return false;
  }
  handshake_due_ = false;
  readable_ = true;  // what came behind it may be in the layer
  if (idle()) expire_at(now + shared_.context.server.idle_timeout);
  return true;
}

void Session::refuse_connection() {
  shared_.refused_open += 1;
  persistence_ = Persistence::close;
  refuse({RejectReason::too_many_connections, 503, "too many connections", true});
  if (shared_.poller.add(transport_->native_handle(), *this)) return close();
  begin_layer();
  const TimePoint now = Clock::now();
  if (handshake_due_) expire_at(now + farewell());
  advance(now);
}

bool Session::busy() const {
  if (phase_ == Phase::closed) return false;
  const bool unsent = !output_.empty() || output_.blocked();
  if (phase_ == Phase::lingering) return shared_.draining || unsent;
  return unsent || !input_.empty() || phase_ != Phase::head;
}

void Session::close() {
  if (phase_ == Phase::closed) return;
  const SessionPtr self(this, false);  // takes over the list's reference
  drop_packet();
  keep();
  phase_ = Phase::closed;
  shared_.poller.remove(transport_->native_handle(), *this);
  transport_->close();
  shared_.deadlines.remove(*this);
  shared_.open.erase(shared_.open.iterator_to(*this));
  if (refused_) shared_.refused_open -= 1;
  slot_.reset();
}

void Session::ready(net::Readiness of_socket) {
  const SessionPtr self(this);
  const net::Readiness readiness = transport_->translate(of_socket);
  readable_ = readable_ || readiness.readable;
  hung_up_ = hung_up_ || readiness.closed;
  gone_ = gone_ || readiness.broken;
  const TimePoint now = Clock::now();
  if (output_.blocked()) {
    if (!readiness.writable) return;
    if (send()) return rest_sent(now);
    output_.block();  // what was taken of it may all be in the layer
  } else if (!awaits_us()) {
    advance(now);
  } else if (hung_up_ && phase_ != Phase::storing) {
    agent_sends_no_more(now);
  }
}

/// While it waits for us. It may still read its answer, or be gone: only a write tells. So it gets an interim
/// answer, which clients of HTTP/1.1 pass over (RFC 9110, 15.2); a closed connection answers that with a reset.
void Session::agent_sends_no_more(TimePoint now) {
  if (gone_ || !takes_interim_) return close();
  if (std::exchange(asked_whether_gone_, true)) return;
  ResponseWriter::proceed(output_.tail());
  flush(now);
}

/// Whether nothing is read meanwhile: it is not the agent that is waited for.
bool Session::awaits_us() const {
  return phase_ == Phase::buffer_space || phase_ == Phase::delivery || phase_ == Phase::storing ||
         phase_ == Phase::no_room;
}

/// Does all that can be done with what was read, sends the answers in one go, and
/// reads on, until there is nothing to be read.
void Session::advance(TimePoint now) {
  if (handshake_due_ && !shake_hands(now)) return;
  for (int reads = 0;; ++reads) {
    int steps = 0;
    while (!last_answer_ && !output_.blocked() && !answer_held_ && steps < max_steps && step(now)) ++steps;
    const bool answer_held = answer_held_;
    if (phase_ == Phase::closed || handshake_due_ || !flush(now)) return;
    if (last_answer_) return linger(now);
    // After a slice, the others have their turn.
    if (phase_ == Phase::decoding) return waits_to_decode_ ? void() : shared_.poller.requeue(*this);
    if (!awaits_us() && (reads == max_reads || steps == max_steps || answer_held)) return shared_.poller.requeue(*this);
    if (!take_input(now)) return;
  }
}

bool Session::step(TimePoint now) {
  if (handshake_due_) return shake_hands(now);
  switch (phase_) {
    case Phase::head: return read_head(now);
    case Phase::body: return read_body(now);
    case Phase::chunks: return read_chunks(now);
    case Phase::upload: return read_upload(now);
    case Phase::decoding: return decode_slice(now);
    case Phase::no_room:
    case Phase::buffer_space:
    case Phase::delivery:
    case Phase::storing:
    case Phase::lingering:
    case Phase::closed: return false;
  }
  return false;
}

/// False when the socket does not take it all now, or the agent has gone: the
/// session goes on when the socket does, or is closed.
bool Session::flush(TimePoint now) {
  if (output_.blocked()) return false;
  if (send()) return true;
  if (phase_ == Phase::closed) return false;
  expire_at(now + (shared_.draining ? drain_farewell : shared_.context.server.idle_timeout));
  output_.block();
  become_evictable(EvictionReason::stalled, now);
  return false;
}

/// Whether all is sent. An error closes the session.
bool Session::send() {
  while (!output_.empty() || !transport_->flushed()) {
    error_code error;
    const std::size_t count = transport_->write_some(output_.unsent(), error);
    if (error == asio::error::would_block) return false;
    if (error) {
      close();
      return false;
    }
    output_.sent(count);
  }
  if (std::exchange(answer_held_, false)) shared_.context.memory.release(*this);
  return true;
}

/// Nothing was read meanwhile, so what is half read has its whole time again. An
/// agent cannot draw a request out like that: no second answer stalls within it.
void Session::rest_sent(TimePoint now) {
  keep();
  const config::ServerOptions& server = shared_.context.server;
  if (phase_ == Phase::head && parser_) expire_at(now + server.header_timeout);
  if (phase_ == Phase::body || phase_ == Phase::chunks) {
    body_ends_ = now + server.body_timeout;
    expire_at(std::min(body_ends_, rate_ends_));
  }
  if (phase_ == Phase::decoding) expire_at(never);
  advance(now);  // sets the time of the other phases
}

/// Reads what the phase has use for. False when nothing came: the session waits.
bool Session::take_input(TimePoint now) {
  switch (phase_) {
    case Phase::head:
      if (!parser_) {  // nothing, or half an empty line
        input_.shrink();
        become_idle(now);
      }
      [[fallthrough]];
    case Phase::chunks:
    case Phase::upload:
    case Phase::body:
      if (receive()) return true;
      if (phase_ != Phase::closed && !evictable()) become_evictable(EvictionReason::stalled, now);
      return false;
    case Phase::buffer_space:
    case Phase::delivery:
      keep();
      expire_at(phase_ == Phase::buffer_space && !route_->is_upload ? now + shared_.context.buffer_timeout : never);
      if (hung_up_) agent_sends_no_more(now);
      return false;
    case Phase::no_room:
      keep();
      expire_at(body_ends_);
      if (hung_up_) agent_sends_no_more(now);
      return false;
    case Phase::storing:
      keep();
      expire_at(never);
      return false;  // soon over: an agent that sends no more has its answer, too
    case Phase::decoding:
    case Phase::lingering:
    case Phase::closed: return false;
  }
  return false;
}

/// Reads, a body of known length straight to where it stays, and asks for more than
/// that, so that one read drains the connection. False when nothing came; when that was the end, the
/// session is closed.
bool Session::receive() {
  if (!readable_) return false;
  const std::span<char> space = input_.space();
  std::span<char> rest_of_body;
  if (phase_ == Phase::body) {
    core::Buffer& body = delivery_->packet.body;
    rest_of_body = {body.data() + body.size(), std::min(body_unread_, held_bytes() - body.size())};
  }
  error_code error;
  const std::size_t count =
      rest_of_body.empty() ? transport_->read_some(space, error) : transport_->read_some(rest_of_body, space, error);
  readable_ = !error && (!transport_->drained() || hung_up_);
  if (error && error != asio::error::would_block) close();
  if (error) return false;
  if (const std::size_t of_body = std::min(count, rest_of_body.size()); of_body > 0) {
    core::Buffer& body = delivery_->packet.body;
    body.resize(body.size() + of_body);
    body_unread_ -= of_body;
  }
  input_.commit(count - std::min(count, rest_of_body.size()));
  return true;
}

void Session::keep_origin(const http::RequestHead& head) {
  delivery_->packet.agent = client_.is_set() ? client_.to_string() : "unix";
  delivery_->packet.path = head.path;
}

void Session::stored() {
  const SessionPtr self(this);
  delivery_ = nullptr;
  if (shared_.draining) persistence_ = Persistence::close;
  if (upload_) return part_settled();
  release_body();
  answer_accepted(false);
  answered();
}

/// Out of the order of reading: the packet's end has come, or it is stored.
void Session::answered() {
  // The answer goes now; but what follows it may admit the next packet, and not
  // from within the dispatcher's turn.
  const TimePoint now = Clock::now();
  if (!flush(now)) return;
  if (last_answer_ || readable_ || !input_.empty()) return shared_.poller.requeue(*this);
  take_input(now);
}

/// Closing at once would reset the connection when bytes of the agent are still
/// unread, and take our answer with it. So: no more from us, and whatever comes
/// is thrown away until the agent closes or the time is over (RFC 9112, 9.6).
void Session::linger(TimePoint now) {
  if (phase_ != Phase::lingering) {
    phase_ = Phase::lingering;
    become_evictable(EvictionReason::finished, now);
    shared_.deadlines.set(*this, now + farewell());
    error_code error;
    transport_->shutdown_send(error);
    if (error) return close();
  }
  for (int reads = 0; reads < max_reads; ++reads) {
    input_.consume(input_.size());
    if (!receive()) return;
  }
  shared_.poller.requeue(*this);
}

}  // namespace logdist::ingest
