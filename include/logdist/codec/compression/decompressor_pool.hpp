// The decompressors of one loop.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "logdist/codec/compression/decompressor.hpp"

namespace logdist::codec {

/// By how long a body keeps its decompressor.
enum class BodyClass : std::uint8_t {
  small,
  usual,
  lengthy,  ///< has turned out to be
};
inline constexpr std::size_t body_class_count = 3;

/// Lends decompressors, and keeps one of each coding for the next body. At most `lent_max` are out at a
/// time, which bounds their memory (54 MiB where all are zstd with the largest window), and how many bodies
/// take turns. Of those, lengthy ones get `lengthy_max` and all that are not small `lent_max - for_small` at most, so
/// that none waits for bodies that take longer than its own kind does. Confined to one thread; outlives what it has
/// lent.
class DecompressorPool {
 public:
  static constexpr std::size_t lent_max = 6;
  static constexpr std::size_t for_small = 2;                          ///< of them
  static constexpr std::size_t lengthy_max = 2;                        ///< of them
  static constexpr std::size_t small_body_max = std::size_t{4} << 10;  ///< compressed

  struct GiveBack {
    DecompressorPool* pool = nullptr;
    ContentCoding coding = ContentCoding::identity;
    BodyClass body_class = BodyClass::small;
    void operator()(Decompressor* decompressor) const;
  };
  /// Goes back when it ends.
  using Lease = std::unique_ptr<Decompressor, GiveBack>;

  /// Without clocks its decompressors have no watch.
  DecompressorPool() = default;
  DecompressorPool(DecompressionWatch::ReadClock clock, DecompressionWatch::ReadClock cpu_clock)
      : watch_({clock, cpu_clock}) {}

  /// Of a body that begins.
  static BodyClass class_of(std::size_t body_bytes) {
    return body_bytes <= small_body_max ? BodyClass::small : BodyClass::usual;
  }
  /// Whether there is one for a body of the class.
  bool has_one(BodyClass body_class) const;
  /// One for `coding`, which is not identity; none when too many are out.
  Lease take(ContentCoding coding, BodyClass body_class);
  /// The body that has it is a lengthy one from now on. False, and nothing has changed: too many of those are out.
  static bool make_lengthy(Lease& lease);

  std::size_t lent() const { return of_class_[0] + of_class_[1] + of_class_[2]; }

 private:
  std::size_t& lent_to(BodyClass body_class) { return of_class_[static_cast<std::size_t>(body_class)]; }

  std::optional<DecompressionWatch> watch_;
  std::array<std::unique_ptr<Decompressor>, core::content_coding_count> idle_;  ///< by coding
  std::array<std::size_t, body_class_count> of_class_{};                        ///< those that are out
};

}  // namespace logdist::codec
