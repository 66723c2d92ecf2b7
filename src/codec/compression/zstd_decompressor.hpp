// zstd, by libzstd.
#pragma once

#include <memory>
#include <span>

#include "logdist/codec/compression/decompressor.hpp"

struct ZSTD_DCtx_s;

namespace logdist::codec {

/// All frames are read, skippable ones passed over.
class ZstdDecompressor final : public Decompressor {
 public:
  /// The largest window is 2^23 bytes, what RFC 9659 lets HTTP have.
  static constexpr int window_log_max = 23;
  /// More than this is given back after each body.
  static constexpr std::size_t kept_bytes_max = std::size_t{1} << 20;

  explicit ZstdDecompressor(DecompressionWatch* watch = nullptr);

 protected:
  void start() override;
  Step run(std::span<char> out) override;

 private:
  struct Free {
    void operator()(ZSTD_DCtx_s* context) const;
  };

  void make_context();
  Step fail_with(std::size_t code);
  Step complete(std::size_t written);

  std::unique_ptr<ZSTD_DCtx_s, Free> context_;
  bool in_frame_ = false;
  std::size_t frame_begin_ = 0;
};

}  // namespace logdist::codec
