// The numbers that a JSON text has at one place.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

namespace logdist::codec {

/// One container on the way from the root to a number.
struct JsonStep {
  enum class Kind : std::uint8_t { member, any_member, element };

  Kind kind = Kind::member;  ///< of an object, or of an array
  std::string_view key{};    ///< of a `member`
};

/// Reads a text in pieces of any size and finds the numbers, also those that are strings of digits, at the end of a
/// path; what has the same key elsewhere is none. It stops behind the value, or where the text is broken, and keeps
/// what it has found. Constant memory; not thread-safe.
class JsonNumberReader {
 public:
  JsonNumberReader();
  ~JsonNumberReader();
  JsonNumberReader(JsonNumberReader&&) noexcept;
  JsonNumberReader& operator=(JsonNumberReader&&) noexcept;

  /// Another text. `path`, which lives as long as it is read, begins at the root; numbers of at least `least` count.
  void begin(std::span<const JsonStep> path, std::uint64_t least);
  void read(std::string_view piece);

  std::uint64_t last() const;   ///< of the numbers found; 0: there was none
  std::uint32_t count() const;  ///< of those of at least `least`

 private:
  struct Parser;

  std::unique_ptr<Parser> parser_;  ///< made when it is needed first
};

}  // namespace logdist::codec
