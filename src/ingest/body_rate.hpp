// How fast a body comes.
#pragma once

#include <array>
#include <cstddef>
#include <optional>

namespace logdist::ingest {

/// The bytes of a body that were there at the end of each of the last steps of time: what came in the last step, and in
/// a window of ten that ends with it. Confined to its session.
class BodyRate {
 public:
  static constexpr std::size_t window_steps = 10;

  /// The next step begins, or the first, when `bytes` are there.
  void end_step(std::size_t bytes) { there_[ended_++ % window_steps] = bytes; }

  /// What has come since the last step ended, when `bytes` are there now.
  std::size_t of_step(std::size_t bytes) const { return bytes - there_[(ended_ - 1) % window_steps]; }
  /// The same since ten have; none: there were fewer.
  std::optional<std::size_t> of_window(std::size_t bytes) const {
    if (ended_ < window_steps) return std::nullopt;
    return bytes - there_[ended_ % window_steps];
  }

 private:
  std::array<std::size_t, window_steps> there_{};
  std::size_t ended_ = 0;
};

}  // namespace logdist::ingest
