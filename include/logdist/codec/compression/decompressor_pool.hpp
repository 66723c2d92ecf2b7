// The decompressors of one loop.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <optional>

#include "logdist/codec/compression/decompressor.hpp"

namespace logdist::codec {

/// Lends decompressors, and keeps one of each coding for the next body. At most `lent_max` are out at a
/// time, which bounds their memory (54 MiB where all are zstd with the largest window), and how many bodies
/// take turns. Of those, bodies that are not small get all but `for_small` at most, and small ones so never wait for
/// those that take long. Confined to one thread; outlives what it has lent.
class DecompressorPool {
 public:
  static constexpr std::size_t lent_max = 6;
  static constexpr std::size_t for_small = 2;                          ///< of them
  static constexpr std::size_t small_body_max = std::size_t{4} << 10;  ///< compressed: 4 MiB of content at most

  struct GiveBack {
    DecompressorPool* pool = nullptr;
    ContentCoding coding = ContentCoding::identity;
    bool small = false;
    void operator()(Decompressor* decompressor) const;
  };
  /// Goes back when it ends.
  using Lease = std::unique_ptr<Decompressor, GiveBack>;

  /// Without clocks its decompressors have no watch.
  DecompressorPool() = default;
  DecompressorPool(DecompressionWatch::ReadClock clock, DecompressionWatch::ReadClock cpu_clock)
      : watch_({clock, cpu_clock}) {}

  static bool is_small(std::size_t body_bytes) { return body_bytes <= small_body_max; }
  /// Whether there is one for a body that is small, or is not.
  bool has_one(bool small) const { return lent_ < lent_max && (small || lent_to_large_ < lent_max - for_small); }
  /// One for `coding`, which is not identity, and a body of so many bytes; none when too many are out.
  Lease take(ContentCoding coding, std::size_t body_bytes);

  std::size_t lent() const { return lent_; }

 private:
  std::optional<DecompressionWatch> watch_;
  std::array<std::unique_ptr<Decompressor>, core::content_coding_count> idle_;  ///< by coding
  std::size_t lent_ = 0;
  std::size_t lent_to_large_ = 0;  ///< of them
};

}  // namespace logdist::codec
