// The decompressors of one loop.
#pragma once

#include <array>
#include <cstddef>
#include <memory>

#include "logdist/codec/compression/decompressor.hpp"

namespace logdist::codec {

/// Lends decompressors, and keeps one of each coding for the next body. At most `lent_max` are out at a
/// time, which bounds their memory (36 MiB where all are zstd with the largest window), and how many bodies
/// take turns. Confined to one thread; outlives what it has lent.
class DecompressorPool {
 public:
  static constexpr std::size_t lent_max = 4;

  struct GiveBack {
    DecompressorPool* pool = nullptr;
    ContentCoding coding = ContentCoding::identity;
    void operator()(Decompressor* decompressor) const;
  };
  /// Goes back when it ends.
  using Lease = std::unique_ptr<Decompressor, GiveBack>;

  /// One for `coding`, which is not identity; none when too many are out.
  Lease take(ContentCoding coding);

  std::size_t lent() const { return lent_; }

 private:
  std::array<std::unique_ptr<Decompressor>, core::content_coding_count> idle_;  ///< by coding
  std::size_t lent_ = 0;
};

}  // namespace logdist::codec
