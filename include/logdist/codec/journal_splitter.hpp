// Cuts a stream in systemd's journal export format where its entries end.
//
// An entry is a block of fields that an empty line ends. A field is a line `NAME=text`, or, where the text may
// hold anything, a line `NAME`, the length of the text in eight bytes, little-endian, the text, and a line feed.
// See systemd's "Journal Export Formats".
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace logdist::codec {

/// What is wrong with a stream.
struct JournalError {
  std::string_view detail;  ///< a sentence for people
  std::size_t offset = 0;   ///< in the stream
  bool too_large = false;   ///< an entry has more bytes than one may have
};

/// Reads one stream, a piece after the other. Keeps no byte of it. Confined to one thread.
class JournalSplitter {
 public:
  /// `entry_bytes_max`: bytes that an entry may have.
  explicit JournalSplitter(std::size_t entry_bytes_max) : entry_bytes_max_(entry_bytes_max) {}

  struct Step {
    std::size_t taken = 0;    ///< bytes of the piece that were read
    bool entry_ends = false;  ///< with the last of them
  };
  /// Reads the next bytes: to the end of an entry, or all. Fewer, and no end: error() is there, and no more
  /// may come.
  Step step(std::string_view piece);

  enum class End : std::uint8_t {
    between_entries,  ///< all is said
    with_entry,       ///< and with it the last entry, which no empty line has ended
    within_entry,     ///< error() is there
  };
  /// The stream ends here.
  End finish();

  /// Bytes of the entry that is not over.
  std::size_t entry_bytes() const { return entry_bytes_; }
  const std::optional<JournalError>& error() const { return error_; }

 private:
  enum class State : std::uint8_t { line_begin, name, text, length, data, data_end };

  std::size_t advance(std::string_view rest);
  std::size_t advance_line(std::string_view rest);
  std::size_t advance_length(std::string_view rest);
  std::size_t fail_as_too_large();
  std::size_t fail(std::string_view detail, std::size_t ahead = 0);

  const std::size_t entry_bytes_max_;
  State state_ = State::line_begin;
  bool has_field_ = false;   ///< the entry has one
  bool entry_ends_ = false;  ///< with the byte that was read last
  std::size_t entry_bytes_ = 0;
  std::uint64_t data_left_ = 0;    ///< of the text of a field, or its length as far as it came
  std::uint8_t length_bytes_ = 0;  ///< that came of the length
  std::size_t position_ = 0;       ///< in the stream
  std::optional<JournalError> error_;
};

}  // namespace logdist::codec
