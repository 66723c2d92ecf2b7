#include "queue/disk/segment_file.hpp"

#include <string>
#include <utility>

namespace logdist::queue {
namespace {

constexpr std::array<char, 8> padding{};

iovec piece(std::string_view bytes) { return {const_cast<char*>(bytes.data()), bytes.size()}; }

}  // namespace

SegmentFile::SegmentFile(std::unique_ptr<File> file, const SegmentHeader& header, std::uint64_t capacity,
                         const std::optional<BalanceFigures>& balance, bool compress)
    : file_(std::move(file)),
      header_(header),
      mark_(header.mark()),
      capacity_(capacity),
      first_balance_(balance ? encode_balance(*balance) : std::string()),
      builder_(std::nullopt) {
  if (compress) batches_.emplace();
}

std::error_code SegmentFile::begin() {
  std::array<char, segment_header_bytes> head{};
  encode_segment_header(header_, head, batches_ ? log_format_version : plain_format_version);
  std::array<iovec, 1> pieces{piece({head.data(), head.size()})};
  if (const std::error_code error = file_->write(0, pieces)) return error;
  if (!first_balance_.empty()) {
    RecordHeader record;
    record.type = RecordType::balance;
    add(record, {}, first_balance_);
    if (const std::error_code error = write()) return error;
  }
  return sync();
}

std::uint64_t SegmentFile::bytes_for(std::size_t balance_bytes, std::size_t payload_bytes, bool in_batch) {
  const std::size_t packet = in_batch ? BatchWriter::payload_bound(0, payload_bytes) : payload_bytes;
  return segment_header_bytes + record_bytes(balance_bytes) + record_bytes(packet);
}

bool SegmentFile::fits(std::size_t payload_bytes) const {
  const std::size_t record = batches_ ? batches_->payload_bound(payload_bytes) : payload_bytes;
  return offset_ + group_bytes_ + record_bytes(record) <= capacity_;
}

void SegmentFile::add(RecordHeader header, std::string_view metadata, std::string_view body) {
  header.metadata_bytes = static_cast<std::uint16_t>(metadata.size());
  header.body_bytes = static_cast<std::uint32_t>(body.size());
  if (header.type != RecordType::packet) header.payload_crc = payload_crc(metadata, body);
  header.ordinal = written_ + static_cast<std::uint32_t>(group_.size());
  header.stable = stable_;
  if (batches_ && header.type == RecordType::packet) {
    add_to_batch(header, metadata, body);
    return;
  }
  close_batch();
  GroupRecord& record = group_.emplace_back();
  record.header = header;
  record.body = header.type == RecordType::packet ? std::string_view() : body;
  gather(record, header, metadata, body);
}

void SegmentFile::add_to_batch(const RecordHeader& header, std::string_view metadata, std::string_view body) {
  GroupRecord& record = group_.emplace_back();
  record.header = header;
  encode_record_header(header, mark_, record.bytes);
  batches_->add(record.bytes, metadata, body);
  if (batches_->is_full()) close_batch();
}

void SegmentFile::close_batch() {
  if (!batches_ || batches_->records() == 0) return;
  GroupRecord& last = group_.back();
  RecordHeader header;
  header.type = RecordType::batch;
  header.messages = static_cast<std::uint32_t>(batches_->records());
  header.ordinal = last.header.ordinal + 1 - header.messages;
  header.stable = stable_;
  last.batch = batches_->finish();
  header.body_bytes = static_cast<std::uint32_t>(last.batch.size());
  header.payload_crc = payload_crc({}, last.batch);
  gather(last, header, {}, last.batch);
}

void SegmentFile::gather(GroupRecord& record, const RecordHeader& header, std::string_view metadata,
                         std::string_view body) {
  encode_record_header(header, mark_, record.bytes);
  pieces_.push_back(piece({record.bytes.data(), record.bytes.size()}));
  if (!metadata.empty()) pieces_.push_back(piece(metadata));
  if (!body.empty()) pieces_.push_back(piece(body));
  const std::size_t unpadded = record_header_bytes + metadata.size() + body.size();
  if (padded(unpadded) != unpadded) pieces_.push_back(piece({padding.data(), padded(unpadded) - unpadded}));
  record.bytes_in_file = padded(unpadded);
  group_bytes_ += record.bytes_in_file;
}

std::error_code SegmentFile::write() {
  close_batch();
  if (const std::error_code error = file_->write(offset_, pieces_)) return error;
  for (const GroupRecord& record : group_) {
    offset_ += record.bytes_in_file;
    builder_.add_record(record.header, record.body, offset_);
  }
  written_ += static_cast<std::uint32_t>(group_.size());
  group_.clear();
  pieces_.clear();
  group_bytes_ = 0;
  return {};
}

std::error_code SegmentFile::sync() {
  if (const std::error_code error = file_->sync()) return error;
  counted_ = stable_ = written_;
  return {};
}

std::error_code SegmentFile::write_seal() {
  SegmentSummary summary = builder_.so_far();
  summary.end_offset = offset_;
  summary.records = written_;
  RecordHeader header;
  header.type = RecordType::seal;
  header.ordinal = written_;
  header.stable = stable_;
  std::string record = encode_record(header, mark_, encode_seal(summary));
  seal_bytes_ = record.size();
  std::array<iovec, 1> pieces{piece(record)};
  return file_->write(offset_, pieces);
}

std::error_code SegmentFile::trim() {
  offset_ += seal_bytes_;
  return file_->truncate(offset_);
}

}  // namespace logdist::queue
