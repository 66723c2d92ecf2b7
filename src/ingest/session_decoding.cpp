// Compressed bodies and long ones: decoded a slice a turn, of the compressed ones a few at a time.
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <fmt/format.h>

#include "ingest/session.hpp"
#include "logdist/base/counted.hpp"

namespace logdist::ingest {
/// What a body of `length` bytes says to the limiter: one whose content is to come as well grows on.
std::size_t Session::reserved_length(std::size_t length) const {
  const bool coded = delivery_->packet.coding != core::ContentCoding::identity;
  return coded && length != 0 ? queue::MemoryLimiter::length_unknown : length;
}

void Session::begin_decoding() {
  const bool empty = delivery_->packet.body.size() == 0;
  if (empty && delivery_->packet.coding == route_->default_coding) {
    // Compressed without saying so, or nothing at all.
    const auto result = shared_.context.decoder.decode(route_->format, delivery_->packet.body);
    return result ? decoded(*result, Clock::now()) : refuse_body(result.error());
  }
  if (empty) {
    return refuse_coded_body({codec::DecompressErrorCode::truncated, "it is empty", 0});
  }
  keep();
  phase_ = Phase::decoding;
  expire_at(never);
}

/// False when it waits in line for a decompressor.
bool Session::begin_coded_body(TimePoint now) {
  const core::Packet& packet = delivery_->packet;
  if (packet.coding == core::ContentCoding::identity) {
    coded_body_.emplace(shared_.context.decoder, shared_.context.buffers, route_->format, packet.body.view());
    return true;
  }
  body_class_ = codec::DecompressorPool::class_of(packet.body.size());
  if (decoding_line().empty() && take_decompressor()) return true;
  wait_to_decode(now);
  return false;
}

/// False when none is left for its class.
bool Session::take_decompressor() {
  const core::Packet& packet = delivery_->packet;
  auto decompressor = shared_.decompressors.take(packet.coding, body_class_);
  if (!decompressor) return false;
  expire_at(never);
  coded_body_.emplace(shared_.context.decoder, shared_.context.buffers, std::move(decompressor), route_->format,
                      packet.body.view(), shared_.context.server.max_decoded);
  return true;
}

/// In line, until one comes back.
void Session::wait_to_decode(TimePoint now) {
  waits_to_decode_ = true;
  decoding_line().push_back(*this);
  expire_at(route_->is_upload ? never : now + shared_.context.buffer_timeout);
}

SessionShared::DecodingLine& Session::decoding_line() {
  return shared_.to_decode[static_cast<std::size_t>(body_class_)];
}

/// True when the body is decoded; else there is more to do in a later turn.
bool Session::decode_slice(TimePoint now) {
  if (waits_to_decode_) return false;
  if (!coded_body_) {
    // No decompressor is held up by an agent that does not read its answers.
    if (!output_.empty() || !begin_coded_body(now)) return false;
  }
  if (const std::size_t bytes = delivery_->packet.body.size() + coded_body_->wanted_bytes(); bytes > held_bytes()) {
    ask_for_space(bytes, queue::MemoryLimiter::length_unknown, now);
    if (phase_ != Phase::decoding) return false;
  }
  if (!coded_body_->step()) {
    end_decoding(now);
    return true;
  }
  if (coded_body_->is_to_wait()) {
    coded_body_.reset();
    shared_.context.memory.end_growth(*this, delivery_->packet.body.size());
    body_class_ = codec::BodyClass::lengthy;
    wait_to_decode(now);
    lend_decompressors();
  }
  return false;
}

void Session::end_decoding(TimePoint now) {
  core::Packet& packet = delivery_->packet;
  const bool is_coded = packet.coding != core::ContentCoding::identity;
  if (is_coded) shared_.context.ledger.decompressed(packet.coding, coded_body_->content_bytes());
  const codec::CodedBody::Result& result = coded_body_->result();
  if (const auto* const error = std::get_if<codec::DecompressError>(&result)) return refuse_coded_body(*error);
  if (const auto* const error = std::get_if<codec::DecodeError>(&result)) {
    return refuse_body(
        *error, is_coded ? fmt::format("in the content of the {} body: ", to_string(packet.coding)) : std::string());
  }
  codec::Decoded found = std::get<codec::Decoded>(result);
  const std::string packet_id(found.packet_id);
  const std::vector<codec::BulkActions> actions(found.actions.begin(), found.actions.end());
  found.packet_id = packet_id;
  found.actions = actions;
  return_decompressor();
  if (is_coded) shared_.context.memory.end_growth(*this, packet.body.size());
  decoded(found, now);
}

/// `of_content`: the offset is not within the body, but within what it is compressed from.
void Session::refuse_body(const codec::DecodeError& error, std::string_view of_content) {
  const bool is_id = error.code == codec::DecodeErrorCode::invalid_packet_id;
  const std::string detail = fmt::format("{}{}", of_content, error.detail);
  Problem problem{400, detail, error.offset, error.code, error.message};
  refuse({is_id ? RejectReason::invalid_packet_id : RejectReason::invalid_body, 400, detail}, problem);
}

void Session::refuse_count(std::uint32_t messages) {
  const std::string detail = fmt::format("the body has {}, and {} says {}", counted(messages, "message"),
                                         route_->count_header, *count_promised_);
  refuse({RejectReason::invalid_body, 400, detail}, {400, detail, std::nullopt, codec::DecodeErrorCode::invalid_body});
}

void Session::refuse_coded_body(const codec::DecompressError& error) {
  if (error.code == codec::DecompressErrorCode::too_large) {
    return refuse({RejectReason::body_too_large, 413, "the body's content is larger than server.max_decoded allows"});
  }
  const std::string detail =
      fmt::format("the body is not {} as a whole: {}", to_string(delivery_->packet.coding), error.detail);
  refuse({RejectReason::invalid_body, 400, detail}, {400, detail, error.offset, codec::DecodeErrorCode::invalid_body});
}

/// Done with the content, or the body is dropped.
void Session::return_decompressor() {
  if (std::exchange(waits_to_decode_, false)) decoding_line().erase(decoding_line().iterator_to(*this));
  if (!coded_body_) return;
  coded_body_.reset();
  lend_decompressors();
}

/// To whoever has waited for longest in each line, as long as there are any for its class. The lengthy ones first: they
/// get the fewest.
void Session::lend_decompressors() {
  for (const auto body_class : {codec::BodyClass::lengthy, codec::BodyClass::usual, codec::BodyClass::small}) {
    auto& line = shared_.to_decode[static_cast<std::size_t>(body_class)];
    while (!line.empty() && line.front().take_decompressor()) {
      Session& next = line.front();
      line.pop_front();
      next.waits_to_decode_ = false;
      shared_.poller.requeue(next);
    }
  }
}

}  // namespace logdist::ingest
