// Segments made by hand, and all that a scan finds in one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "logdist/queue/log/segment_scanner.hpp"
#include "logdist/queue/log/segment_summary.hpp"

namespace logdist::test {

/// Writes a segment record by record, as the committer does.
class SegmentText {
 public:
  explicit SegmentText(queue::SegmentHeader header = {.log_id = 7, .first_id = 100}) : header_(header) {
    text_.resize(queue::segment_header_bytes);
    queue::encode_segment_header(header, std::span<char, queue::segment_header_bytes>(text_.data(), text_.size()));
  }

  /// Appends a record; where it begins.
  std::size_t add(queue::RecordType type, std::string_view body, std::uint64_t id = 0, std::uint32_t messages = 0) {
    queue::RecordHeader record;
    record.type = type;
    record.id = id;
    record.messages = messages;
    record.ordinal = records_++;
    record.stable = stable_;
    record.time_ns = static_cast<std::int64_t>(1000 + record.ordinal);
    const std::size_t at = text_.size();
    text_ += queue::encode_record(record, header_.mark(), body);
    return at;
  }
  std::size_t packet(std::uint64_t id, std::string_view body, std::uint32_t messages = 1) {
    return add(queue::RecordType::packet, body, id, messages);
  }
  /// All records so far are on stable storage.
  void sync() { stable_ = records_; }

  std::string& text() { return text_; }
  queue::SegmentMark mark() const { return header_.mark(); }

 private:
  queue::SegmentHeader header_;
  std::string text_;
  std::uint32_t records_ = 0;
  std::uint32_t stable_ = 0;
};

struct FoundRecord {
  queue::RecordHeader header;
  std::string metadata;
  std::string body;
};

/// Scans `text` in windows of at least `window` bytes; what it finds goes to `builder`, too.
inline std::vector<FoundRecord> scan(std::string_view text, const queue::SegmentMark& mark, std::size_t window,
                                     queue::SummaryBuilder* builder = nullptr) {
  using Kind = queue::ScanStep::Kind;
  std::vector<FoundRecord> found;
  queue::SegmentScanner scanner(mark, text.size());
  std::size_t size = window;
  for (;;) {
    const std::uint64_t offset = scanner.offset();
    const queue::ScanStep step =
        offset < text.size() ? scanner.next(text.substr(offset, size)) : scanner.next(std::string_view{});
    if (step.kind == Kind::end) return found;
    if (step.kind == Kind::need_more) {
      if (step.bytes <= size) throw std::logic_error("asks for what it has");
      size = step.bytes;
      continue;
    }
    size = window;
    if (step.bytes == 0) throw std::logic_error("stands still");
    if (builder != nullptr) builder->add(step, offset);
    if (step.kind == Kind::record) found.push_back({step.header, std::string(step.metadata), std::string(step.body)});
  }
}

}  // namespace logdist::test
