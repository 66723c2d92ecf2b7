// What a request goes through, from its head to its answer.
#include <algorithm>
#include <chrono>
#include <limits>
#include <utility>

#include <fmt/format.h>
#include <boost/asio/post.hpp>

#include "ingest/client_address.hpp"
#include "ingest/proxy_header.hpp"
#include "ingest/session.hpp"
#include "logdist/base/uuid.hpp"
#include "logdist/http/text.hpp"
#include "logdist/telemetry/log.hpp"

namespace logdist::ingest {
namespace {

using SessionPtr = boost::intrusive_ptr<Session>;

/// Unread bytes of a body that ends with its last chunk: more than can be in hand.
constexpr std::size_t length_unknown = std::numeric_limits<std::size_t>::max();

std::uint64_t unix_ms() {
  using namespace std::chrono;
  return static_cast<std::uint64_t>(duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count());
}

void log_rejected(const IpAddress& client, const RequestError& error) {
  if (!log::writes(log::Level::debug)) return;
  const std::string name = client.is_set() ? client.to_string() : "unix";
  log::debug("request_rejected", fmt::format("a request of {}: {}, {}", name, error.status, error.detail),
             {{"client", name}, {"status", error.status}, {"cause", error.detail}});
}

/// Moves what `buffer` holds into a block with room for `capacity` bytes.
void reallocate(core::Buffer& buffer, std::size_t capacity, core::BufferPool& pool) {
  core::Buffer other = pool.take(capacity);
  other.append(buffer.view());
  buffer = std::move(other);
}

}  // namespace

/// True when something was done and there may be more to do; so for all steps.
bool Session::read_head(TimePoint now) {
  if (proxy_header_due_) return read_proxy_header(now);
  if (!parser_) {
    input_.consume(http::empty_lines_size(input_.view()));
    if (input_.empty() || input_.view() == "\r") return false;
    if (idle()) keep();
    parser_.emplace(shared_.context.via_name);
    // Only stored, in the usual case that the head is already whole.
    expire_at(now + shared_.context.server.header_timeout);
  }
  switch (parser_->parse(input_.view())) {
    case http::Progress::complete: head_complete(now); return true;
    case http::Progress::need_more: return false;
    case http::Progress::failed: refuse(error_of(parser_->error())); return true;
  }
  return false;
}

/// What comes first from a trusted proxy, once: without it nobody knows whose
/// requests these are.
bool Session::read_proxy_header(TimePoint now) {
  const ProxyHeader header = parse_proxy_header(input_.view());
  if (header.progress == ProxyHeader::Progress::need_more) return false;
  proxy_header_due_ = false;
  if (header.progress == ProxyHeader::Progress::malformed) {
    refuse({RejectReason::malformed_http, 400, header.error, true});
    return true;
  }
  input_.consume(header.size);
  if (header.source.is_set()) client_ = peer_ = header.source;
  begin_layer();
  expire_at(now + (handshake_due_ ? shared_.context.server.header_timeout : shared_.context.server.idle_timeout));
  return true;
}

void Session::head_complete(TimePoint now) {
  const http::RequestHead head = parser_->head(input_.view());
  client_ = client_of(peer_, head.fields, shared_.context.server.trusted_proxies);
  input_.consume(parser_->head_size());  // the bytes stay where they are
  const std::size_t max_body = shared_.context.server.max_body;
  if (head.chunked) chunks_.emplace(max_body);
  body_unread_ = head.chunked ? length_unknown : head.content_length.value_or(0);
  is_head_ = head.method == http::Method::head;
  if (shared_.draining || !head.keep_alive) {
    persistence_ = Persistence::close;
  } else {
    persistence_ = head.http_1_1 ? Persistence::implied : Persistence::keep_alive;
  }

  const Result validated = validate_request(head, {max_body, shared_.draining});
  if (!validated) return refuse(validated.error());
  if (validated->purpose != Purpose::packet) return answer_purpose(validated->purpose);
  begin_packet(head, *validated);
  const std::size_t length = head.chunked ? queue::MemoryLimiter::length_unknown : body_unread_;
  ask_for_space(std::min(shared_.context.memory.step(std::min(input_.size(), length), length), max_body),
                reserved_length(length), now);
}

/// Keeps of the head what goes with the packet: its bytes are overwritten soon.
void Session::begin_packet(const http::RequestHead& head, const Admissible& admissible) {
  format_ = admissible.format;
  delivery_ = &shared_.context.sink.make();
  core::Packet& packet = delivery_->packet;
  packet.coding = admissible.coding;
  packet.forwarded_headers.assign("Content-Type: ").append(*head.content_type).append("\r\n");
  if (packet.coding != core::ContentCoding::identity) {
    packet.forwarded_headers.append("Content-Encoding: ").append(to_string(packet.coding)).append("\r\n");
  }
  if (!head.traceparent.empty()) {
    packet.forwarded_headers.append("traceparent: ").append(head.traceparent).append("\r\n");
  }
  for (const std::string_view line : head.tracestate) {
    packet.forwarded_headers.append("tracestate: ").append(line).append("\r\n");
  }
  if (shared_.context.keeps_origin) keep_origin(head);
  packet.id.clear();
  invalid_key_ = head.idempotency_key && !codec::is_valid_id(*head.idempotency_key);
  if (head.idempotency_key && !invalid_key_) packet.id = *head.idempotency_key;
}

/// Reserves up to `total_bytes` for a body of `length`, now or when its turn comes.
void Session::ask_for_space(std::size_t total_bytes, std::size_t length, TimePoint now) {
  // The wait may end on another thread, which must not count references: the one
  // that granted() passes on is taken here.
  intrusive_ptr_add_ref(this);
  if (shared_.context.memory.reserve(*this, total_bytes, length)) {
    intrusive_ptr_release(this);
    space_granted(now);
  } else {
    stop_body_time(now);
    phase_ = Phase::buffer_space;
  }
}

void Session::granted() {
  boost::asio::post(shared_.context.loop, [self = SessionPtr(this, false)] {
    if (self->phase_ != Phase::buffer_space) return;  // its time was over, or the agent had gone
    const TimePoint now = Clock::now();
    self->space_granted(now);
    self->advance(now);
  });
}

void Session::space_granted(TimePoint now) {
  if (coded_body_) {
    phase_ = Phase::decoding;
    return expire_at(never);
  }
  core::Buffer& body = delivery_->packet.body;
  const bool first = body.capacity() == 0;
  const bool waited = phase_ == Phase::buffer_space;
  if (first || body.capacity() < held_bytes()) reallocate(body, held_bytes(), shared_.context.buffers);
  phase_ = parser_->chunked() ? Phase::chunks : Phase::body;
  if (first || waited) resume_body_time(now, first);
  if (rate_ends_ == never) watch_rate(now);
  expire_at(std::min(body_ends_, rate_ends_));
  if (first && parser_->expects_continue() && input_.empty()) ResponseWriter::proceed(output_.tail());
}

bool Session::read_body(TimePoint now) {
  core::Buffer& body = delivery_->packet.body;
  if (const std::size_t count = std::min({body_unread_, input_.size(), held_bytes() - body.size()}); count != 0) {
    body.append(input_.view().substr(0, count));
    input_.consume(count);
    body_unread_ -= count;
  }
  if (body_unread_ == 0) {
    body_complete(now);
    return true;
  }
  if (body.size() < held_bytes()) return false;
  const std::size_t length = body.size() + body_unread_;
  const std::size_t arrived = body.size() + std::min(input_.size(), body_unread_);
  ask_for_space(shared_.context.memory.step(arrived, length), reserved_length(length), now);
  return true;
}

bool Session::read_chunks(TimePoint now) {
  if (input_.empty()) return false;
  core::Buffer& body = delivery_->packet.body;
  const std::size_t max_body = shared_.context.server.max_body;
  // The payload in hand is at most as long as the bytes in hand.
  if (const std::size_t needed = std::min(body.size() + input_.size(), max_body); needed > held_bytes()) {
    input_.enlarge();  // it is one of the longer ones
    constexpr std::size_t unknown = queue::MemoryLimiter::length_unknown;
    ask_for_space(std::min(shared_.context.memory.step(needed, unknown), max_body), unknown, now);
    return true;
  }
  switch (decode_chunks()) {
    case http::Progress::complete:
      body_unread_ = 0;
      if (delivery_->packet.coding == core::ContentCoding::identity) {
        shared_.context.memory.end_growth(*this, body.size());
      }
      if (body.capacity() / 2 > body.size()) reallocate(body, body.size(), shared_.context.buffers);
      body_complete(now);
      return true;
    case http::Progress::need_more: return false;
    case http::Progress::failed: refuse(error_of(chunks_->error())); return true;
  }
  return false;
}

/// All that is in hand.
http::Progress Session::decode_chunks() {
  http::ChunkDecoder::Step step;
  while (!input_.empty() && step.progress == http::Progress::need_more) {
    step = chunks_->decode(input_.view());
    delivery_->packet.body.append(step.data);
    input_.consume(step.consumed);
  }
  return step.progress;
}

void Session::body_complete(TimePoint now) {
  core::Packet& packet = delivery_->packet;
  shared_.context.ledger.packet_received(packet.body.size());
  if (packet.coding != core::ContentCoding::identity) return begin_decoding();
  const codec::DecodeResult result = shared_.context.decoder.decode(format_, packet.body);
  if (!result) return refuse_body(result.error());
  decoded(*result, now);
}

void Session::decoded(const codec::Decoded& decoded, TimePoint now) {
  core::Packet& packet = delivery_->packet;
  packet.messages = decoded.messages;
  shared_.context.ledger.messages_received(packet.messages);
  if (!decoded.packet_id.empty()) {
    packet.id = decoded.packet_id;
  } else if (invalid_key_) {
    return refuse({RejectReason::invalid_packet_id, 400, "Idempotency-Key must be 1 to 128 visible ASCII characters"});
  } else if (packet.id.empty()) {
    make_uuid_v7(packet.id, unix_ms(), shared_.context.random);
  }
  if (shared_.draining) return refuse(draining_error());
  admit(now);
}

void Session::admit(TimePoint now) {
  packet_id_ = delivery_->packet.id;
  messages_ = delivery_->packet.messages;
  switch (shared_.context.sink.admit(*delivery_, *this, now)) {
    case queue::Admission::queued:
      delivery_ = nullptr;
      shared_.context.memory.release(*this);
      return answer_accepted(202);
    case queue::Admission::waiting: phase_ = Phase::delivery; return;
    case queue::Admission::pending: phase_ = Phase::storing; return;
  }
}

void Session::settled(queue::Settlement settlement) {
  const SessionPtr self(this);
  delivery_ = nullptr;
  shared_.context.memory.release(*this);
  if (shared_.draining) persistence_ = Persistence::close;
  switch (settlement) {
    case queue::Settlement::delivered: answer_accepted(200); break;
    case queue::Settlement::handed_back:
      answer_problem(503, shared_.draining ? "shutting down: no analyzer took the packet, send it again"
                                           : "no analyzer took the packet in time, send it again");
      break;
    case queue::Settlement::dead_lettered:
      answer_problem(422, "no analyzer will take the packet: it is kept as a dead letter");
      break;
    case queue::Settlement::not_stored: answer_problem(503, "the packet could not be stored, send it again"); break;
  }
  answered();
}

void Session::answer_accepted(unsigned status) {
  shared_.responses.accepted(output_.tail(), status, packet_id_, messages_, persistence_);
  served_ = true;
  end_request();
}

/// Of requests that are no packets.
void Session::answer_purpose(Purpose purpose) {
  pass_body();
  if (purpose == Purpose::health) {
    shared_.responses.alive(output_.tail(), is_head_, persistence_);
  } else {
    shared_.responses.options(output_.tail(), persistence_);
  }
  end_request();
}

void Session::answer_problem(unsigned status, std::string_view detail, std::optional<std::size_t> offset,
                             std::string_view allow, std::string_view accept_encoding) {
  const std::chrono::seconds retry_after =
      status == 503 ? shared_.context.sink.retry_after(Clock::now()) : std::chrono::seconds(0);
  shared_.responses.problem(output_.tail(), {status, detail, offset, is_head_, retry_after, allow, accept_encoding},
                            persistence_);
  end_request();
}

void Session::refuse(const RequestError& error, std::optional<std::size_t> offset) {
  shared_.context.ledger.rejected(error.reason);
  log_rejected(client_, error);
  drop_packet();
  if (error.close) {
    persistence_ = Persistence::close;
  } else {
    pass_body();
  }
  answer_problem(error.status, error.detail, offset, error.allow,
                 error.names_codings ? core::accepted_codings : std::string_view());
}

/// Skips a body that nobody wants; when it is not all here, the connection closes.
void Session::pass_body() {
  if (body_unread_ <= input_.size()) return input_.consume(body_unread_);  // the next request begins behind it
  persistence_ = Persistence::close;
}

void Session::end_request() {
  keep();
  parser_.reset();
  chunks_.reset();
  client_ = peer_;
  phase_ = Phase::head;
  last_answer_ = persistence_ == Persistence::close;
  is_head_ = false;
  body_unread_ = 0;
}

/// Lets go of the packet and of its buffer space, wherever they are.
void Session::drop_packet() {
  return_decompressor();
  if (shared_.context.memory.release(*this)) intrusive_ptr_release(this);  // granted() won't pass it on
  if (delivery_ == nullptr) return;
  queue::Delivery& delivery = *std::exchange(delivery_, nullptr);
  if (phase_ == Phase::delivery || phase_ == Phase::storing) {
    shared_.context.sink.abandon(delivery, Clock::now());
  } else {
    shared_.context.sink.discard(delivery);
  }
}

}  // namespace logdist::ingest
