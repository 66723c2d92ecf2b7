// What a request goes through, from its head to its answer.
#include <algorithm>
#include <charconv>
#include <limits>
#include <utility>

#include <fmt/format.h>
#include <boost/asio/post.hpp>

#include "ingest/session.hpp"
#include "logdist/base/append.hpp"
#include "logdist/base/uuid.hpp"
#include "logdist/http/text.hpp"
#include "logdist/ingest/clients/client_address.hpp"
#include "logdist/ingest/dialects/forwarded_headers.hpp"
#include "logdist/net/proxy_header.hpp"
#include "logdist/telemetry/log.hpp"

namespace logdist::ingest {
namespace {

using SessionPtr = boost::intrusive_ptr<Session>;

/// Unread bytes of a body that ends with its last chunk: more than can be in hand.
constexpr std::size_t length_unknown = std::numeric_limits<std::size_t>::max();

/// Its id as its last sender names it: an analyzer's URL leads here, of this daemon or of one behind it.
void log_loop(const IpAddress& client, const http::RequestHead& head) {
  const std::string name = client.is_set() ? client.to_string() : "unix";
  const std::string id = head.idempotency_key && codec::is_valid_id(*head.idempotency_key)
                             ? std::string(*head.idempotency_key)
                             : std::string("without an id");
  log::warn(
      "loop_refused",
      fmt::format("a packet of this daemon has come back from {} ({}): answered 508; an analyzer's URL leads here",
                  name, id),
      {{"client", name}, {"packet_id", id}});
}

/// None when it is no number.
std::optional<std::uint64_t> parse_count(std::string_view digits) {
  std::uint64_t count = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), count);
  return error == std::errc() && end == digits.data() + digits.size() ? std::optional(count) : std::nullopt;
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
  const net::ProxyHeader header = net::parse_proxy_header(input_.view());
  if (header.progress == net::ProxyHeader::Progress::need_more) return false;
  proxy_header_due_ = false;
  if (header.progress == net::ProxyHeader::Progress::malformed) {
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
  takes_interim_ = head.http_1_1;
  if (shared_.draining || !head.keep_alive) {
    persistence_ = Persistence::close;
  } else {
    persistence_ = head.http_1_1 ? Persistence::implied : Persistence::keep_alive;
  }

  const Result validated =
      validate_request(head, {shared_.routes, max_body, shared_.draining, shared_.context.acks != nullptr});
  route_ = validated ? validated->route : validated.error().route;
  if (!let_in(head, now)) return;
  if (!validated) {
    if (validated.error().reason == RejectReason::loop) log_loop(client_, head);
    return refuse(validated.error());
  }
  if (validated->purpose == Purpose::acks) return begin_ack_query(head, *validated, now);
  if (validated->purpose != Purpose::packet) return answer_purpose(*validated);
  if (!route_->is_upload && !take_rate(now)) return;
  if (!begin_packet(head, *validated)) return;
  if (route_->is_upload && validated->coding == core::ContentCoding::identity) return begin_upload(head, now);
  receive_body(head, now);
}

void Session::receive_body(const http::RequestHead& head, TimePoint now) {
  const std::size_t max_body = shared_.context.server.max_body;
  const std::size_t length = head.chunked ? queue::MemoryLimiter::length_unknown : body_unread_;
  ask_for_space(std::min(shared_.context.memory.step(std::min(input_.size(), length), length), max_body),
                reserved_length(length), now);
}

/// Keeps of the head what goes with the packet: its bytes are overwritten soon. False when it is refused.
bool Session::begin_packet(const http::RequestHead& head, const Admissible& admissible) {
  delivery_ = &shared_.context.sink.make();
  delivery_->packet.protocol = route_->protocol;
  delivery_->packet.coding = admissible.coding;
  take_packet_id(head);
  count_promised_.reset();
  if (!route_->count_header.empty()) {
    if (const auto count = head.field(route_->count_header)) count_promised_ = parse_count(*count);
  }
  if (shared_.context.keeps_origin) keep_origin(head);
  if (!take_channel(head)) return false;
  if (take_headers(head)) return true;
  refuse({RejectReason::header_too_large, 431, "the headers that go along with a packet are larger than 4 KiB"});
  return false;
}

void Session::take_packet_id(const http::RequestHead& head) {
  std::string& id = delivery_->packet.id;
  id.clear();
  invalid_key_ = head.idempotency_key && !codec::is_valid_id(*head.idempotency_key);
  if (head.idempotency_key && !invalid_key_) id = *head.idempotency_key;
  if (route_->id_header.empty()) return;
  const auto own = head.field(route_->id_header);
  if (own && codec::is_valid_id(*own)) id = *own;
}

/// False when there is too much of them.
bool Session::take_headers(const http::RequestHead& head) {
  std::string& lines = delivery_->packet.forwarded_headers;
  lines.clear();
  if (head.content_type) append_all(lines, "Content-Type: ", *head.content_type, "\r\n");
  if (head.encoded) {
    append_all(lines, "Content-Encoding: ", to_string(delivery_->packet.coding), "\r\n");
  }
  append_all(lines, "Packet-Format: ", to_string(route_->protocol), "\r\n");
  if (route_->goes_along) {
    lines.append("Packet-Target: ");
    append_target(lines, head.path, head.query);
    lines.append("\r\n");
    if (!append_kept_headers(lines, head.fields)) return false;
  }
  if (head.proxied && !append_via(lines, head.fields)) return false;
  if (!head.traceparent.empty()) lines.append("traceparent: ").append(head.traceparent).append("\r\n");
  for (const std::string_view line : head.tracestate) lines.append("tracestate: ").append(line).append("\r\n");
  return true;
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
  if (is_decoded_) return route_->is_upload ? admit_in_time(now) : admit(now);
  if (coded_body_) {
    phase_ = Phase::decoding;
    return expire_at(never);
  }
  core::Buffer& body = delivery_->packet.body;
  const bool first = body.capacity() == 0;
  const bool waited = phase_ == Phase::buffer_space;
  if (first || body.capacity() < held_bytes()) reallocate(body, held_bytes(), shared_.context.buffers);
  phase_ = parser_->chunked() ? Phase::chunks : Phase::body;
  if (upload_) {
    phase_ = Phase::upload;
    upload_->timed_entry = std::numeric_limits<std::uint64_t>::max();
    return;
  }
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
  if (ack_channel_) return answer_acks();
  core::Packet& packet = delivery_->packet;
  count_received(packet.body.size());
  charge_body(packet.body.size(), now);
  const bool is_long = packet.body.size() > codec::CodedBody::whole_max;
  if (is_long || packet.coding != core::ContentCoding::identity) return begin_decoding();
  const codec::DecodeResult result = shared_.context.decoder.decode(route_->format, packet.body);
  if (!result) return refuse_body(result.error());
  decoded(*result, now);
}

void Session::decoded(const codec::Decoded& decoded, TimePoint now) {
  core::Packet& packet = delivery_->packet;
  packet.messages = decoded.messages;
  if (count_promised_ && *count_promised_ != decoded.messages) return refuse_count(decoded.messages);
  count_messages(packet.messages);
  const bool id_in_head = !route_->id_header.empty() && !packet.id.empty();
  if (!decoded.packet_id.empty() && !id_in_head) {
    packet.id = decoded.packet_id;
  } else if (invalid_key_) {
    return refuse({RejectReason::invalid_packet_id, 400, "Idempotency-Key must be 1 to 128 visible ASCII characters"});
  } else if (packet.id.empty()) {
    make_uuid_v7(packet.id, wall_clock_ms(), shared_.context.random);
  }
  if (shared_.draining) return refuse(draining_error());
  packet_id_ = packet.id;
  messages_ = packet.messages;
  if (messages_ == 0) return decoded_nothing();
  if (!route_->is_upload && !take_message_rate(messages_, now)) return;
  if (!route_->is_upload && !take_place()) return refuse_share();
  reserve_reply(decoded, now);
}

/// As good as a packet, but there is nothing to be delivered.
void Session::decoded_nothing() {
  drop_packet();
  answer_accepted(false);
}

/// Where it may be long, for its agent need not read it: that of `_bulk`, and an analyzer's own.
void Session::reserve_reply(const codec::Decoded& decoded, TimePoint now) {
  if (route_->dialect == Dialect::elasticsearch) bulk_reply_ = bulk_reply(decoded.actions);
  core::Packet& packet = delivery_->packet;
  // An ackId of the analyzer would be none of ours.
  const bool is_relayed = shared_.context.relays_answers && !receipt_.is_set() && shared_.context.relays_answers();
  if (is_relayed) packet.answer_bytes_max = relayed_answer_bytes_max(packet.protocol, packet.messages);
  const std::size_t bytes = bulk_reply_.body.size() + packet.answer_bytes_max;
  if (bytes == 0) return route_->is_upload ? admit_in_time(now) : admit(now);
  is_decoded_ = true;
  // As of a body that grows on: its end is release_body(), which leaves the answer's part.
  ask_for_space(held_bytes() + bytes, queue::MemoryLimiter::length_unknown, now);
}

}  // namespace logdist::ingest
