#include "logdist/sink/http/native_answer.hpp"

#include <algorithm>

namespace logdist::sink {

void NativeAnswer::begin(const core::Packet& packet, const AnswerHead& head) {
  refused_.begin(packet.protocol, packet.messages, head.content_type);
  answer_.reset();
  body_bytes_max_ = packet.answer_bytes_max;
  const bool is_too_long = head.framing == Framing::length && head.content_length > body_bytes_max_;
  if (body_bytes_max_ == 0 || is_too_long) return;
  answer_ = std::make_unique<core::AnalyzerAnswer>();
  answer_->status = head.status;
  answer_->content_type = head.content_type;
  answer_->content_encoding = head.content_encoding;
  if (head.framing == Framing::length) answer_->body.reserve(static_cast<std::size_t>(head.content_length));
}

void NativeAnswer::read(std::string_view piece) {
  refused_.read(piece);
  if (answer_ == nullptr) return;
  std::string& body = answer_->body;
  if (piece.size() > body_bytes_max_ - body.size()) return answer_.reset();
  // No more memory than was reserved for it.
  if (const std::size_t size = body.size() + piece.size(); size > body.capacity()) {
    body.reserve(std::min(std::max(2 * size, std::size_t{256}), body_bytes_max_));
  }
  body.append(piece);
}

}  // namespace logdist::sink
