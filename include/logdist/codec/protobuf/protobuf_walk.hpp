// Walks the wire format of protobuf by a table, and counts the messages of one type.
//
// The table knows only which fields are messages. The bytes of all other fields are passed over, as are
// unknown ones and groups. What a parser that libprotobuf's protoc has made takes, this takes, and
// nothing else, but for the text of strings: whether it is UTF-8 is not looked at.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string_view>

namespace logdist::codec {

/// The messages in a message: by the number of a field the index of its type in the schema, 0 where the
/// field is no message, or unknown.
using ProtobufFields = std::array<std::uint8_t, 16>;

/// The messages of a body. [0] is one of which no field is known, [1] the body.
struct ProtobufSchema {
  std::span<const ProtobufFields> messages;
  std::uint8_t counted;  ///< the index of those that are counted
};

/// ExportLogsServiceRequest of OTLP, of which the log records are counted.
extern const ProtobufSchema otlp_schema;
/// PushRequest of Loki, of which the entries are counted.
extern const ProtobufSchema loki_schema;

/// Deepest nesting of messages and groups in a body.
inline constexpr std::size_t protobuf_depth_max = 64;

/// What cannot be, and the byte of the body where it is; the body's size when it ends too early.
struct ProtobufError {
  std::string_view detail;
  std::size_t offset = 0;
};

/// One body, a part after the other. Confined to one thread.
class ProtobufWalk {
 public:
  /// Bytes from the first of a field up to its content, at most.
  static constexpr std::size_t head_max = 16;
  static constexpr std::size_t unknown_size = std::numeric_limits<std::size_t>::max();

  /// `schema` outlives it.
  explicit ProtobufWalk(const ProtobufSchema& schema);

  /// Bytes of the body, once they are known: at the latest before the last walk().
  void set_body_size(std::size_t size) { body_size_ = size; }

  /// Walks the fields that begin within `part`, byte `base` of the body and what follows; `head_max` bytes
  /// behind it may be read. False: error() is there.
  bool walk(std::string_view part, std::size_t base);

  /// The whole body has been walked. False: it has ended too early.
  bool finish();

  /// The byte where the next field begins, which may be behind what has come.
  std::size_t position() const { return position_; }
  std::uint32_t count() const { return count_; }
  const std::optional<ProtobufError>& error() const { return error_; }

 private:
  /// A message that is not over, or a group.
  struct Level {
    std::size_t end = 0;
    std::uint32_t group = 0;  ///< its number; 0: a message
    std::uint8_t message = 0;
  };

  bool fail(std::string_view detail, std::size_t offset);

  const ProtobufSchema& schema_;
  std::size_t body_size_ = unknown_size;
  std::array<Level, protobuf_depth_max + 1> levels_;
  std::size_t depth_ = 0;  ///< the index of the innermost level
  std::size_t position_ = 0;
  std::uint32_t count_ = 0;
  std::optional<ProtobufError> error_;
};

}  // namespace logdist::codec
