// Records that are compressed together: the payload of a `batch` record.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "logdist/queue/log/record.hpp"

namespace logdist::queue {

/// A batch is closed by the record that reaches this, or batch_records_max: bytes of records.
inline constexpr std::size_t batch_bytes_max = std::size_t{256} << 10;
inline constexpr std::size_t batch_records_max = 1024;
/// Of the records in one, at most.
inline constexpr std::size_t expanded_batch_bytes_max =
    batch_bytes_max + record_bytes(metadata_bytes_max + record_body_bytes_max);

/// Puts packet records together and compresses them by zstd, at its fastest level. Not thread-safe.
class BatchWriter {
 public:
  /// Throws std::bad_alloc.
  BatchWriter();
  ~BatchWriter();
  BatchWriter(const BatchWriter&) = delete;
  BatchWriter& operator=(const BatchWriter&) = delete;

  /// Copies the record as it would lie in a file, with its padding.
  void add(std::span<const char, record_header_bytes> header, std::string_view metadata, std::string_view body);

  std::size_t records() const { return records_; }
  bool is_full() const { return records_ >= batch_records_max || raw_.size() >= batch_bytes_max; }
  /// No batch of these records, and of one more with such a payload, has a longer payload than this.
  std::size_t payload_bound(std::size_t next_payload) const { return payload_bound(raw_.size(), next_payload); }
  /// The same for `raw` bytes of records.
  static std::size_t payload_bound(std::size_t raw, std::size_t next_payload);

  /// The payload of the batch, and begins the next one. Throws std::bad_alloc.
  std::string finish();

 private:
  struct Context;
  std::unique_ptr<Context> context_;
  std::string raw_;
  std::size_t records_ = 0;
};

/// The records in a batch's payload, one behind the other as they would lie in a file. None for what is no such
/// payload, or has more than `bytes_max` of them. Throws std::bad_alloc. Thread-safe.
std::optional<std::string> expand_batch(std::string_view payload, std::size_t bytes_max = expanded_batch_bytes_max);

}  // namespace logdist::queue
