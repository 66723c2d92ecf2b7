// What an analyzer that speaks the packet's own protocol has answered.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

#include "logdist/core/analyzer_answer.hpp"
#include "logdist/core/packet.hpp"
#include "logdist/sink/http/answer_head.hpp"
#include "logdist/sink/http/body_reader.hpp"
#include "logdist/sink/http/refused_messages.hpp"

namespace logdist::sink {

/// Reads the body of an answer of success: which messages it refuses, and, where the packet's agent wants it, all of
/// it. Of a longer one than the packet allows nothing is kept. Sans-I/O.
class NativeAnswer final : public BodyReader {
 public:
  /// The answer to `packet` with that head. What was read before is forgotten.
  void begin(const core::Packet& packet, const AnswerHead& head);
  void read(std::string_view piece) override;

  /// The body has ended, or is given up: messages that were refused.
  std::uint32_t end_refused() { return refused_.end(); }
  /// The body has ended: the answer; null when nobody wants it, or it is too long.
  std::unique_ptr<core::AnalyzerAnswer> take() { return std::move(answer_); }

 private:
  RefusedMessages refused_;
  std::unique_ptr<core::AnalyzerAnswer> answer_;
  std::size_t body_bytes_max_ = 0;
};

}  // namespace logdist::sink
