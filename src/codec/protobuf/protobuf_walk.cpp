#include "logdist/codec/protobuf/protobuf_walk.hpp"

#include <bit>
#include <cstring>
#include <limits>
#include <tuple>

namespace logdist::codec {
namespace {

enum WireType : std::uint8_t { varint, fixed64, length_delimited, group_begin, group_end, fixed32 };

/// The number at `at`, which moves behind it; nothing when it has more than `length_max` bytes. What is
/// above 64 bits is dropped.
template <std::size_t length_max>
std::optional<std::uint64_t> read_number(const char* bytes, std::size_t& at) {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < length_max; ++i) {
    const auto byte = static_cast<unsigned char>(bytes[at++]);
    number |= std::uint64_t{byte & 0x7fU} << (7 * i);
    if (byte < 0x80) return number;
  }
  return std::nullopt;
}

/// A field up to its content. `wrong` says what is, if anything.
struct Head {
  std::uint32_t number = 0;
  std::uint8_t wire_type = 0;
  std::uint64_t length = 0;  ///< of the content
  const char* wrong = nullptr;
};

/// Passes over the number at `at`; false: it has more than ten bytes. Looks at eight bytes at once.
inline bool skip_number(const char* bytes, std::size_t& at) {
  if constexpr (std::endian::native == std::endian::little) {
    constexpr std::uint64_t highest_bits = 0x8080808080808080;
    std::uint64_t word = 0;
    std::memcpy(&word, bytes + at, sizeof word);
    if (const std::uint64_t last = ~word & highest_bits; last != 0) {
      at += static_cast<std::size_t>(std::countr_zero(last)) / 8 + 1;
      return true;
    }
  }
  return read_number<10>(bytes, at).has_value();
}

/// Of most fields that have a length: a byte for the tag, and one or two for the length. Bytes of the head; 0: it
/// is another.
inline std::size_t read_short_head(const char* bytes, Head& head) {
  const auto tag = static_cast<unsigned char>(bytes[0]);
  const auto low = static_cast<unsigned char>(bytes[1]);
  const auto high = static_cast<unsigned char>(bytes[2]);
  if ((tag & 0x87) != length_delimited || tag < 8 || (low & high & 0x80) != 0) return 0;
  const bool one_byte = low < 0x80;
  head.number = tag >> 3;
  head.wire_type = length_delimited;
  head.length = one_byte ? low : (low & 0x7fU) | static_cast<unsigned>(high) << 7;
  return one_byte ? 2 : 3;
}

/// Of the field at `at`, which moves behind the head.
inline Head read_head(const char* bytes, std::size_t& at) {
  std::uint64_t tag = static_cast<unsigned char>(bytes[at]);
  if (tag < 0x80) {
    ++at;
  } else {
    const auto longer = read_number<5>(bytes, at);
    if (!longer) return {.wrong = "a tag of more than 5 bytes"};
    tag = *longer & std::numeric_limits<std::uint32_t>::max();  // what is above is not looked at
  }
  Head head{static_cast<std::uint32_t>(tag >> 3), static_cast<std::uint8_t>(tag & 7)};
  if (head.number == 0) {
    head.wrong = "a field has the number 0";
    return head;
  }
  switch (head.wire_type) {
    case length_delimited: {
      const auto length = read_number<5>(bytes, at);
      head.length = length.value_or(ProtobufWalk::unknown_size);
      if (head.length > std::numeric_limits<std::int32_t>::max()) head.wrong = "a length of more than 31 bits";
      break;
    }
    case varint:
      if (!skip_number(bytes, at)) head.wrong = "a number of more than 10 bytes";
      break;
    case fixed64: head.length = 8; break;
    case fixed32: head.length = 4; break;
    case group_begin:
    case group_end: break;
    default: head.wrong = "a field has a wire type that there is not";
  }
  return head;
}

}  // namespace

ProtobufWalk::ProtobufWalk(const ProtobufSchema& schema) : schema_(schema) { levels_[0] = {unknown_size, 0, 1}; }

bool ProtobufWalk::walk(std::string_view part, std::size_t base) {
  Level level = levels_[depth_];
  std::size_t at = position_ - base;
  while (at < part.size()) {
    const std::size_t end = level.end - base;
    if (at == end) {
      if (level.group != 0) return fail("a group has no end", base + at);
      level = levels_[--depth_];
      continue;
    }
    Head head;
    std::size_t next = at + read_short_head(part.data() + at, head);
    if (next == at) head = read_head(part.data(), next);
    if (base + next > body_size_) return fail("it ends too early", body_size_);
    if (next > end || (head.length > end - next && head.wrong == nullptr)) {
      return fail("a field is longer than the message that it is in", base + at);
    }
    if (head.wrong != nullptr) return fail(head.wrong, base + at);

    std::uint8_t message = 0;
    if (head.wire_type == length_delimited && head.number < std::tuple_size_v<ProtobufFields>) {
      message = schema_.messages[level.message][head.number];
    }
    if (head.wire_type == group_end) {
      if (head.number != level.group) return fail("the end of a group that has not begun", base + at);
      level = levels_[--depth_];
    } else if (message != 0 || head.wire_type == group_begin) {
      if (depth_ == protobuf_depth_max) return fail("nested deeper than 64 levels", base + at);
      level = message != 0 ? Level{base + next + head.length, 0, message} : Level{level.end, head.number, 0};
      levels_[++depth_] = level;
      if (message == schema_.counted) ++count_;
    } else {
      next += head.length;
    }
    at = next;
  }
  position_ = base + at;
  return true;
}

bool ProtobufWalk::finish() {
  for (; depth_ > 0; --depth_) {
    if (levels_[depth_].group != 0 || levels_[depth_].end != body_size_) return fail("it ends too early", body_size_);
  }
  return position_ == body_size_ || fail("it ends too early", body_size_);
}

bool ProtobufWalk::fail(std::string_view detail, std::size_t offset) {
  error_ = ProtobufError{detail, offset};
  return false;
}

}  // namespace logdist::codec
