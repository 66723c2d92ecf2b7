// A body that is many packets: cut at its entries while it is received, and held up where there is no room.
#include <sys/socket.h>

#include <algorithm>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "ingest/session.hpp"
#include "logdist/base/counted.hpp"
#include "logdist/base/uuid.hpp"

namespace logdist::ingest {

void Session::begin_upload(const http::RequestHead& head, TimePoint now) {
  const core::Packet& packet = delivery_->packet;
  upload_ = std::make_unique<Upload>(shared_.context.server.max_body);
  upload_->headers = packet.forwarded_headers;
  upload_->agent = packet.agent;
  upload_->path = packet.path;
  upload_->ended = !head.chunked && body_unread_ == 0;
  if (head.chunked) chunks_.emplace(std::numeric_limits<std::uint64_t>::max());
  // It may be silent for as long as it likes; that its agent is gone without a word is found out by TCP.
  const int on = 1;
  ::setsockopt(transport_->native_handle(), SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
  phase_ = Phase::upload;
  if (parser_->expects_continue() && input_.empty()) ResponseWriter::proceed(output_.tail());
  input_.enlarge();
  watch_upload(now);
}

bool Session::read_upload(TimePoint now) {
  Upload& upload = *upload_;
  core::Buffer& body = delivery_->packet.body;
  if (upload.parts.read(body.view())) {
    admit_part(now);
    return true;
  }
  if (upload.parts.error()) {
    refuse_upload();
    return true;
  }
  if (upload.parts.take_blank() > 0) {
    body.resize(0);
    keep_upload_space();
  }
  if (upload.ended) {
    end_upload(now);
    return true;
  }
  if (!input_.empty()) return receive_upload(now);
  watch_upload(now);
  return false;
}

/// Takes what is in hand.
bool Session::receive_upload(TimePoint now) {
  Upload& upload = *upload_;
  core::Buffer& body = delivery_->packet.body;
  // The payload in hand is at most as long as the bytes in hand.
  if (const std::size_t needed = body.size() + input_.size(); needed > held_bytes()) {
    constexpr std::size_t unknown = queue::MemoryLimiter::length_unknown;
    constexpr std::size_t usual_max = Upload::part_bytes_max + InputBuffer::max_size;
    upload.grows = true;
    ask_for_space(std::max(needed, std::min(shared_.context.memory.step(needed, unknown), usual_max)), unknown, now);
    return true;
  }
  const std::size_t before = body.size();
  if (chunks_) {
    const http::Progress progress = decode_chunks();
    if (progress == http::Progress::failed) {
      refuse(error_of(chunks_->error()));
      return true;
    }
    upload.ended = progress == http::Progress::complete;
    if (upload.ended) body_unread_ = 0;
  } else {
    const std::size_t count = std::min(input_.size(), body_unread_);
    body.append(input_.view().substr(0, count));
    input_.consume(count);
    body_unread_ -= count;
    upload.ended = body_unread_ == 0;
  }
  if (before == 0) upload.part_since = now;
  upload.arrived_bytes += body.size() - before;
  return true;
}

/// Says when something is due: the part in hand, or the rest of an entry. Between entries there is no haste.
void Session::watch_upload(TimePoint now) {
  Upload& upload = *upload_;
  TimePoint at = never;
  if (upload.parts.part().entries > 0) at = upload.part_since + Upload::part_time_max;
  if (upload.parts.in_entry()) {
    if (std::exchange(upload.timed_entry, upload.parts.entries()) != upload.parts.entries()) {
      resume_body_time(now, true);
    }
    if (rate_ends_ == never) watch_rate(now);
    at = std::min({at, body_ends_, rate_ends_});
  }
  expire_at(at);
}

/// Whether the time has come for what watch_upload() has said, and it is done.
bool Session::upload_expired(TimePoint now) {
  if (shared_.draining) return false;
  if (phase_ == Phase::no_room) {
    admit_in_time(now);
    return true;
  }
  if (phase_ != Phase::upload) return false;
  const bool part_is_due = upload_->parts.part().entries > 0 && now >= upload_->part_since + Upload::part_time_max;
  if (part_is_due) {
    admit_part(now);
    return true;
  }
  if (now >= body_ends_ || !keeps_rate() || hogs_space()) return false;
  watch_rate(now);
  watch_upload(now);
  return true;
}

/// The whole entries in hand become a packet.
void Session::admit_part(TimePoint now) {
  Upload& upload = *upload_;
  core::Packet& packet = delivery_->packet;
  const codec::JournalParts::Part part = upload.parts.part();
  upload.parts.take();
  if (const std::string_view rest = packet.body.view().substr(part.bytes); !rest.empty()) {
    upload.rest = shared_.context.buffers.take(rest.size());
    upload.rest.append(rest);
  }
  packet.body.resize(part.bytes);
  if (packet.body.capacity() / 2 > part.bytes) packet.body = copy_of(packet.body);
  packet.messages = upload.part_entries = part.entries;
  make_uuid_v7(packet.id, wall_clock_ms(), shared_.context.random);
  count_received(part.bytes);
  count_messages(part.entries);
  upload.is_late = shared_.draining;
  is_paid_ = false;
  admit_in_time(now);
}

/// When its client may send so much; until then nothing more of it is read.
void Session::admit_in_time(TimePoint now) {
  const Duration wait = take_part_rate(now);
  const bool is_late = upload_ && upload_->is_late;
  if (wait == Duration::zero() && (is_late || take_place())) return admit(now);
  phase_ = Phase::no_room;
  body_ends_ = now + (wait == Duration::zero() ? Upload::room_pause : wait);
  expire_at(body_ends_);
}

core::Buffer Session::copy_of(const core::Buffer& buffer) {
  core::Buffer copy = shared_.context.buffers.take(buffer.size());
  copy.append(buffer.view());
  return copy;
}

/// The part is no longer ours: on to the next.
void Session::next_part(TimePoint now) {
  Upload& upload = *upload_;
  upload.accepted_entries += upload.part_entries;
  upload.part_since = now;
  upload.timed_entry = std::numeric_limits<std::uint64_t>::max();  // the wait was not its agent's
  delivery_ = &shared_.context.sink.make();
  core::Packet& packet = delivery_->packet;
  packet.body = std::move(upload.rest);
  packet.protocol = route_->protocol;
  packet.coding = core::ContentCoding::identity;
  packet.forwarded_headers = upload.headers;
  packet.agent = upload.agent;
  packet.path = upload.path;
  phase_ = Phase::upload;
  keep_upload_space();
  keep();
}

/// For what is in hand, and no more.
void Session::keep_upload_space() {
  core::Buffer& body = delivery_->packet.body;
  const bool grew = std::exchange(upload_->grows, false);
  if (body.size() == 0) {
    body = {};
    shared_.context.memory.release(*this);
  } else if (grew) {
    shared_.context.memory.end_growth(*this, body.size());
  }
}

/// There was no room for it, and its agent is not told: it is admitted again after a pause. The bytes of the one that
/// was admitted may still be read.
void Session::try_again() {
  const core::Packet& packet = delivery_->packet;
  queue::Delivery& again = shared_.context.sink.make();
  again.packet.body = copy_of(packet.body);
  again.packet.id = packet.id;
  again.packet.forwarded_headers = packet.forwarded_headers;
  again.packet.agent = packet.agent;
  again.packet.path = packet.path;
  again.packet.protocol = packet.protocol;
  again.packet.coding = packet.coding;
  again.packet.messages = packet.messages;
  delivery_ = &again;
  phase_ = Phase::no_room;
  body_ends_ = Clock::now() + Upload::room_pause;
  expire_at(body_ends_);
}

/// All of it has come, and all parts that were full are taken.
void Session::end_upload(TimePoint now) {
  if (!upload_->parts.finish()) return refuse_upload();
  if (upload_->parts.part().entries > 0) return admit_part(now);
  drop_packet();
  answer_accepted(false);
}

void Session::refuse_upload() {
  const codec::JournalError& error = *upload_->parts.error();
  const std::string detail = fmt::format("{}; {} accepted", error.detail,
                                         counted(upload_->accepted_entries, "entry before was", "entries before were"));
  const unsigned status = error.too_large ? 413 : 400;
  const RejectReason reason = error.too_large ? RejectReason::body_too_large : RejectReason::invalid_body;
  refuse({reason, status, detail, true}, {status, detail, error.offset});
}

}  // namespace logdist::ingest
