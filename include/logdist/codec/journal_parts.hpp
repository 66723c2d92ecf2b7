// Cuts a journal that is being received into parts of whole entries.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "logdist/codec/journal_splitter.hpp"

namespace logdist::codec {

/// Keeps account of a buffer to which a stream is appended, and from whose beginning parts are taken. A part is
/// some whole entries, of `part_bytes_max` bytes together at most; an entry that is longer is a part of its own.
/// Looks at each byte once. Confined to one thread.
class JournalParts {
 public:
  JournalParts(std::size_t entry_bytes_max, std::size_t part_bytes_max)
      : splitter_(entry_bytes_max), part_bytes_max_(part_bytes_max) {}

  /// Reads what is new in `buffer`, which begins where the last part ended. True: a part is full, and there may be
  /// bytes that were not read yet. An error stays one.
  bool read(std::string_view buffer);
  /// The stream ends with what was read: an entry that no empty line has ended is whole. False: error() is there.
  bool finish();

  /// The whole entries at the beginning of the buffer.
  struct Part {
    std::size_t bytes = 0;
    std::uint32_t entries = 0;
  };
  const Part& part() const { return part_; }
  /// The part is taken off the buffer, whose rest moves to its beginning.
  void take();

  /// Bytes at the beginning of the buffer that belong to no entry: they may be dropped.
  std::size_t take_blank();

  /// An entry has begun and is not over.
  bool in_entry() const { return splitter_.entry_bytes() > 0; }
  /// Entries that were ended so far.
  std::uint64_t entries() const { return entries_; }
  const std::optional<JournalError>& error() const { return splitter_.error(); }

 private:
  bool end_entry();

  JournalSplitter splitter_;
  const std::size_t part_bytes_max_;
  std::size_t read_bytes_ = 0;  ///< of the buffer
  Part part_;
  Part next_;  ///< behind it: the entry that did not fit
  std::uint64_t entries_ = 0;
  bool finished_ = false;
};

}  // namespace logdist::codec
