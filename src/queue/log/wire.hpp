// Numbers as they lie in a record: little-endian, or varints of 7 bits a byte.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace logdist::queue {

static_assert(std::endian::native == std::endian::little, "the log is written in the order of this machine");

template <typename Number>
void put_number(char* at, Number number) {
  std::memcpy(at, &number, sizeof number);
}

template <typename Number>
Number get_number(const char* at) {
  Number number{};
  std::memcpy(&number, at, sizeof number);
  return number;
}

inline void append_varint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>((value & 0x7F) | 0x80));
  out.push_back(static_cast<char>(value));
}

/// A difference, which may be negative: small ones of either sign are short.
inline void append_difference(std::string& out, std::uint64_t from, std::uint64_t to) {
  const std::uint64_t difference = to - from;
  append_varint(out, (difference << 1) ^ (0 - (difference >> 63)));
}

inline void append_text(std::string& out, std::string_view text) {
  append_varint(out, text.size());
  out.append(text);
}

template <typename Number>
void append_number(std::string& out, Number number) {
  char bytes[sizeof number];
  put_number(bytes, number);
  out.append(bytes, sizeof number);
}

/// Reads a payload from its beginning. After what does not fit, everything is 0 or empty and ok() is false.
class PayloadReader {
 public:
  explicit PayloadReader(std::string_view bytes) : left_(bytes) {}

  bool ok() const { return ok_; }
  bool at_end() const { return left_.empty(); }
  std::size_t left() const { return left_.size(); }

  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      if (left_.empty()) return fail();
      const auto byte = static_cast<unsigned char>(left_.front());
      left_.remove_prefix(1);
      value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
      if ((byte & 0x80) == 0) return value;
    }
    return fail();
  }

  std::uint64_t difference(std::uint64_t from) {
    const std::uint64_t coded = varint();
    return from + ((coded >> 1) ^ (0 - (coded & 1)));
  }

  std::string_view text() {
    const std::uint64_t size = varint();
    if (size > left_.size()) {
      fail();
      return {};
    }
    const std::string_view result = left_.substr(0, size);
    left_.remove_prefix(size);
    return result;
  }

  template <typename Number>
  Number number() {
    if (left_.size() < sizeof(Number)) return static_cast<Number>(fail());
    const auto result = get_number<Number>(left_.data());
    left_.remove_prefix(sizeof(Number));
    return result;
  }

 private:
  std::uint64_t fail() {
    ok_ = false;
    left_ = {};
    return 0;
  }

  std::string_view left_;
  bool ok_ = true;
};

}  // namespace logdist::queue
