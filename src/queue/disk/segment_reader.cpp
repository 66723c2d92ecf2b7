#include "logdist/queue/disk/segment_reader.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "logdist/queue/log/record_batch.hpp"

namespace logdist::queue {

SegmentReader::SegmentReader(std::unique_ptr<File> file, const SegmentMark& mark, std::uint64_t file_bytes,
                             std::uint64_t offset)
    : mark_(mark), file_(std::move(file)), scanner_(mark, file_bytes, offset), window_offset_(offset) {}

std::error_code SegmentReader::next(ScanStep& step) {
  for (;;) {
    if (has_more_of_batch() && next_of_batch(step)) return {};
    in_batch_.reset();
    const std::size_t used = static_cast<std::size_t>(scanner_.offset() - window_offset_);
    step = scanner_.next(std::string_view(window_).substr(std::min(used, window_.size())));
    if (step.kind == ScanStep::Kind::record && step.header.type == RecordType::batch) {
      enter_batch(step);
      if (in_batch_) continue;
    }
    if (step.kind != ScanStep::Kind::need_more) return {};
    if (const std::error_code error = fill(step.bytes)) return error;
  }
}

/// Its records come next; or it is bad bytes, as `step` then says.
void SegmentReader::enter_batch(ScanStep& step) {
  std::optional<std::string> records = expand_batch(step.body);
  if (!records || records->empty()) {
    step = {ScanStep::Kind::bad, step.bytes, {}, {}, {}};
    return;
  }
  const std::size_t bytes = records->size();
  in_batch_.emplace(Batch{scanner_.offset() - step.bytes, step.bytes, std::move(*records), {mark_, bytes, 0}});
}

/// False: there are no more, or none that is whole. What is missing shows by its ordinals.
bool SegmentReader::next_of_batch(ScanStep& step) {
  const std::string_view records = in_batch_->records;
  step = in_batch_->scanner.next(records.substr(in_batch_->scanner.offset()));
  if (step.kind == ScanStep::Kind::record && step.header.type == RecordType::packet) {
    step.bytes = in_batch_->bytes;
    return true;
  }
  return false;
}

std::error_code SegmentReader::fill(std::size_t bytes) {
  const std::size_t used = static_cast<std::size_t>(scanner_.offset() - window_offset_);
  window_.erase(0, std::min(used, window_.size()));
  window_offset_ = scanner_.offset();
  const std::size_t kept = window_.size();
  const std::uint64_t left = scanner_.file_bytes() - window_offset_;
  window_.resize(std::min<std::uint64_t>(left, std::max(bytes, window_bytes)));
  std::size_t got = 0;
  const std::error_code error =
      file_->read(window_offset_ + kept, std::span<char>(window_.data() + kept, window_.size() - kept), got);
  // A file that is shorter than it was listed to be reads as zeros: they are no records.
  if (error) window_.clear();
  return error;
}

std::error_code read_segment_header(FileSystem& files, const std::string& path, DecodedSegmentHeader& header) {
  std::error_code error;
  const std::unique_ptr<File> file = files.open(path, FileSystem::Open::read, error);
  if (!file) return error;
  std::array<char, segment_header_bytes> bytes{};
  std::size_t got = 0;
  error = file->read(0, bytes, got);
  if (!error) header = decode_segment_header({bytes.data(), got});
  return error;
}

std::error_code read_sealed_summary(FileSystem& files, const std::string& path, const SegmentMark& mark,
                                    std::uint64_t file_bytes, std::optional<SegmentSummary>& summary) {
  if (file_bytes < segment_header_bytes + record_header_bytes + 8) return {};
  std::error_code error;
  const std::unique_ptr<File> file = files.open(path, FileSystem::Open::read, error);
  if (!file) return error;
  std::array<char, 8> last{};
  std::size_t got = 0;
  error = file->read(file_bytes - last.size(), last, got);
  if (error || got < last.size()) return error;
  const std::uint64_t offset = seal_offset({last.data(), last.size()}, file_bytes);
  if (offset == file_bytes) return {};
  // A number that happens to lie there must not make us read the whole file: its head decides.
  std::array<char, record_header_bytes> head{};
  error = file->read(offset, head, got);
  if (error || got < head.size()) return error;
  const auto header = decode_record_header({head.data(), head.size()}, mark);
  if (!header || header->type != RecordType::seal) return {};
  std::string record(file_bytes - offset, '\0');
  error = file->read(offset, record, got);
  if (!error && got == record.size()) summary = read_seal(record, mark, offset);
  return error;
}

std::error_code sync_segment(FileSystem& files, const std::string& path) {
  std::error_code error;
  const std::unique_ptr<File> file = files.open(path, FileSystem::Open::write, error);
  return file ? file->sync() : error;
}

std::error_code scan_segment(FileSystem& files, const std::string& path, const SegmentMark& mark,
                             std::uint64_t file_bytes, SummaryBuilder& builder) {
  std::error_code error;
  std::unique_ptr<File> file = files.open(path, FileSystem::Open::read, error);
  if (!file) return error;
  SegmentReader reader(std::move(file), mark, file_bytes);
  for (ScanStep step;;) {
    const std::uint64_t offset = reader.offset();
    error = reader.next(step);
    if (error || step.kind == ScanStep::Kind::end) return error;
    builder.add(step, offset);
  }
}

}  // namespace logdist::queue
