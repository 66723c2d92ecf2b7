// What a request goes through, from its head to its answer.
#include <algorithm>
#include <chrono>
#include <limits>
#include <utility>

#include <boost/asio/post.hpp>

#include "ingest/http_fault.hpp"
#include "ingest/session.hpp"
#include "logdist/base/uuid.hpp"

namespace logdist::ingest {
namespace {

using SessionPtr = boost::intrusive_ptr<Session>;

/// The first reservation for a chunked body; from there it doubles.
constexpr std::size_t first_growth_bytes = 16 * 1024;

/// Unread bytes of a body that ends with its last chunk: more than can be in hand.
constexpr std::size_t length_unknown = std::numeric_limits<std::size_t>::max();

std::uint64_t unix_ms() {
  using namespace std::chrono;
  return static_cast<std::uint64_t>(duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count());
}

/// Moves what `buffer` holds into a block with room for `capacity` bytes.
void rehouse(packet::Buffer& buffer, std::size_t capacity, packet::BufferPool& pool) {
  packet::Buffer other = pool.take(capacity);
  other.append(buffer.view());
  buffer = std::move(other);
}

}  // namespace

/// True when something was done and there may be more to do; so for all steps.
bool Session::read_head(TimePoint now) {
  if (!parser_) {
    // Empty lines before a request are to be ignored (RFC 9112, 2.2).
    while (input_.view().starts_with("\r\n")) input_.consume(2);
    if (input_.empty() || input_.view() == "\r") return false;
    parser_.emplace();
    // Only stored, in the usual case that the head is already whole.
    expire_at(now + loop_.context.server.header_timeout);
  }
  switch (parser_->parse_head(input_.view())) {
    case RequestParser::Progress::complete: head_complete(now); return true;
    case RequestParser::Progress::need_more:
      if (!input_.full()) return false;
      [[fallthrough]];
    case RequestParser::Progress::too_large:
      refuse({RejectReason::header_too_large, 431, "the request's head is larger than 16 KiB", true});
      return true;
    case RequestParser::Progress::malformed:
      refuse({RejectReason::malformed_http, 400, parser_->fault(), true});
      return true;
  }
  return false;
}

void Session::head_complete(TimePoint now) {
  const RequestHead& head = parser_->head();
  input_.consume(parser_->head_size());
  body_unread_ = head.chunked ? length_unknown : head.content_length.value_or(0);
  is_head_ = head.is_head;
  if (loop_.draining || !head.keep_alive) {
    persistence_ = Persistence::close;
  } else {
    persistence_ = head.http_1_1 ? Persistence::implied : Persistence::keep_alive;
  }

  const std::size_t max_body = loop_.context.server.max_body;
  const Judgement judgement = judge(head, {max_body, loop_.draining});
  if (!judgement) return refuse(judgement.error());
  begin_packet(head, *judgement);
  ask_for_room(head.chunked ? std::min(first_growth_bytes, max_body) : body_unread_, now);
}

/// Keeps of the head what goes with the packet: its bytes are overwritten soon.
void Session::begin_packet(const RequestHead& head, packet::Format format) {
  format_ = format;
  delivery_ = &loop_.context.sink.make();
  packet::Packet& packet = delivery_->packet;
  packet.passthrough_headers.assign("Content-Type: ").append(*head.content_type).append("\r\n");
  for (const auto& [name, value] : head.trace) {
    packet.passthrough_headers.append(name).append(": ").append(value).append("\r\n");
  }
  packet.id.clear();
  invalid_key_ = head.idempotency_key && !packet::is_valid_id(*head.idempotency_key);
  if (head.idempotency_key && !invalid_key_) packet.id = *head.idempotency_key;
}

/// Reserves up to `total_bytes` for the body, now or when its turn comes.
void Session::ask_for_room(std::size_t total_bytes, TimePoint now) {
  // The wait may end on another thread, which must not count references: the one
  // that granted() passes on is taken here.
  intrusive_ptr_add_ref(this);
  queue::ByteBudget& budget = loop_.context.budget;
  const bool held = parser_->head().chunked ? budget.grow(*this, total_bytes) : budget.reserve(*this, total_bytes);
  if (held) {
    intrusive_ptr_release(this);
    room_granted(now);
  } else {
    phase_ = Phase::room;
  }
}

void Session::granted() {
  boost::asio::post(loop_.context.loop, [self = SessionPtr(this, false)] {
    if (self->phase_ != Phase::room) return;  // its time was over, or the agent had gone
    const TimePoint now = Clock::now();
    self->room_granted(now);
    self->advance(now);
  });
}

void Session::room_granted(TimePoint now) {
  packet::Buffer& body = delivery_->packet.body;
  const bool first = body.capacity() == 0;
  const bool waited = phase_ == Phase::room;
  rehouse(body, held_bytes(), loop_.context.buffers);
  phase_ = parser_->head().chunked ? Phase::chunks : Phase::body;
  if (first || waited) expire_at(now + loop_.context.server.body_timeout);
  if (first && parser_->head().expects_continue && input_.empty()) Replies::proceed(output_.tail());
}

bool Session::read_body(TimePoint now) {
  if (const std::size_t count = std::min(body_unread_, input_.size()); count != 0) {
    delivery_->packet.body.append(input_.view().substr(0, count));
    input_.consume(count);
    body_unread_ -= count;
  }
  if (body_unread_ != 0) return false;
  body_complete(now);
  return true;
}

bool Session::read_chunks(TimePoint now) {
  if (input_.empty()) return false;
  packet::Buffer& body = delivery_->packet.body;
  const std::size_t max_body = loop_.context.server.max_body;
  // The payload in hand is at most as long as the bytes in hand.
  if (const std::size_t needed = std::min(body.size() + input_.size(), max_body); needed > held_bytes()) {
    input_.enlarge();  // it is one of the longer ones
    ask_for_room(std::min(std::max(needed, 2 * held_bytes()), max_body), now);
    return true;
  }
  const auto [progress, consumed] = parser_->parse_chunks(input_.view(), body, max_body);
  input_.consume(consumed);
  switch (progress) {
    case RequestParser::Progress::complete:
      body_unread_ = 0;
      loop_.context.budget.end_growth(*this, body.size());
      if (body.capacity() / 2 > body.size()) rehouse(body, body.size(), loop_.context.buffers);
      body_complete(now);
      return true;
    case RequestParser::Progress::need_more:
      if (!input_.full()) return false;
      refuse({RejectReason::malformed_http, 400, http_fault::long_chunk_head, true});
      return true;
    case RequestParser::Progress::malformed:
      refuse({RejectReason::malformed_http, 400, parser_->fault(), true});
      return true;
    case RequestParser::Progress::too_large:
      refuse({RejectReason::body_too_large, 413, "the body is larger than server.max_body allows", true});
      return true;
  }
  return false;
}

void Session::body_complete(TimePoint now) {
  packet::Packet& packet = delivery_->packet;
  loop_.context.ledger.packet_received(packet.body.size());
  const packet::DecodeResult decoded = loop_.context.decoder.decode(format_, packet.body);
  if (!decoded) {
    const packet::DecodeError fault = decoded.error();
    const bool is_id = fault.fault == packet::DecodeFault::invalid_packet_id;
    return refuse({is_id ? RejectReason::invalid_packet_id : RejectReason::invalid_body, 400, fault.detail},
                  fault.offset);
  }
  packet.messages = decoded->messages;
  loop_.context.ledger.messages_received(packet.messages);
  if (!decoded->packet_id.empty()) {
    packet.id = decoded->packet_id;
  } else if (invalid_key_) {
    return refuse({RejectReason::invalid_packet_id, 400, "Idempotency-Key must be 1 to 128 visible ASCII characters"});
  } else if (packet.id.empty()) {
    make_uuid_v7(packet.id, unix_ms(), loop_.context.random);
  }
  if (loop_.draining) return refuse(draining_refusal());
  admit(now);
}

void Session::admit(TimePoint now) {
  packet_id_ = delivery_->packet.id;
  messages_ = delivery_->packet.messages;
  switch (loop_.context.sink.admit(*delivery_, *this, now)) {
    case queue::Admission::queued:
      delivery_ = nullptr;
      loop_.context.budget.release(*this);
      return answer_accepted(202);
    case queue::Admission::waiting: phase_ = Phase::delivery; return;
  }
}

void Session::settled(queue::Settlement settlement) {
  const SessionPtr self(this);
  delivery_ = nullptr;
  loop_.context.budget.release(*this);
  if (loop_.draining) persistence_ = Persistence::close;
  switch (settlement) {
    case queue::Settlement::delivered: answer_accepted(200); break;
    case queue::Settlement::handed_back:
      answer_problem(503, loop_.draining ? "shutting down before an analyzer took the packet: it is yours again"
                                         : "no analyzer took the packet in time: it is yours again");
      break;
    case queue::Settlement::dead_lettered:
      answer_problem(422, "no analyzer will take the packet: it is kept as a dead letter");
      break;
  }
  // The answer goes now; but what follows it may admit the next packet, and not
  // from within the dispatcher's turn.
  const TimePoint now = Clock::now();
  if (!flush(now)) return;
  if (last_answer_ || readable_ || !input_.empty()) return loop_.poller.again(*this);
  take_input(now);
}

void Session::answer_accepted(unsigned status) {
  loop_.replies.accepted(output_.tail(), status, packet_id_, messages_, persistence_);
  end_request();
}

void Session::answer_problem(unsigned status, std::string_view detail, std::optional<std::size_t> offset) {
  const std::chrono::seconds retry_after =
      status == 503 ? loop_.context.sink.retry_after(Clock::now()) : std::chrono::seconds(0);
  loop_.replies.problem(output_.tail(), {status, detail, offset, is_head_, retry_after}, persistence_);
  end_request();
}

void Session::refuse(const Refusal& refusal, std::optional<std::size_t> offset) {
  loop_.context.ledger.rejected(refusal.reason);
  drop_packet();
  if (refusal.close || body_unread_ > input_.size()) {
    persistence_ = Persistence::close;
  } else {
    input_.consume(body_unread_);  // it is all here: the next request begins behind it
  }
  answer_problem(refusal.status, refusal.detail, offset);
}

void Session::end_request() {
  parser_.reset();
  phase_ = Phase::head;
  last_answer_ = persistence_ == Persistence::close;
  is_head_ = false;
  body_unread_ = 0;
}

/// Lets go of the packet and of its room, wherever they are.
void Session::drop_packet() {
  if (loop_.context.budget.release(*this)) intrusive_ptr_release(this);  // granted() won't pass it on
  if (delivery_ == nullptr) return;
  queue::Delivery& delivery = *std::exchange(delivery_, nullptr);
  if (phase_ == Phase::delivery) {
    loop_.context.sink.abandon(delivery, Clock::now());
  } else {
    loop_.context.sink.discard(delivery);
  }
}

}  // namespace logdist::ingest
