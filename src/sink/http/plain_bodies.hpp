// The bodies that are decompressed for analyzers that take plain ones.
#pragma once

#include <cstddef>
#include <optional>
#include <unordered_map>

#include <boost/intrusive/list.hpp>

#include "logdist/base/ids.hpp"
#include "logdist/codec/compression/content.hpp"
#include "logdist/core/attempt.hpp"
#include "logdist/os/thread_time.hpp"
#include "logdist/queue/memory_limiter.hpp"

namespace logdist::sink {

/// Decompresses the bodies of one loop's attempts: one after the other, as they came, a slice at a time.
///
/// An attempt is here from add() until step() gives it back; its content is here from then until take(), again after
/// keep(), and must be here or forgotten when the attempt has ended. All contents together hold at most `held_max`
/// bytes, and no more than `memory` has room for, where they count, too; or else there is only one. What finds no room
/// waits for an attempt that ends, which each does within its timeout.
///
/// Sans-I/O. Confined to its loop.
class PlainBodies {
 public:
  struct Limits {
    std::size_t content_max = 0;  ///< of one body; more is not decompressed
    std::size_t held_max = 0;
    queue::MemoryLimiter* memory = nullptr;  ///< none: they count nowhere
  };

  explicit PlainBodies(Limits limits) : limits_(limits), builder_(buffers_, decompressors_) {}
  ~PlainBodies() { count(0); }
  PlainBodies(const PlainBodies&) = delete;
  PlainBodies& operator=(const PlainBodies&) = delete;

  /// Its packet's body is compressed.
  void add(core::Attempt& attempt) { waiting_.push_back(attempt); }
  /// The first attempt at `analyzer` that waits is taken out again; none: null.
  core::Attempt* recall(AnalyzerId analyzer);

  /// Whether step() has something to do, and the room for it.
  bool can_step() const;
  struct Step {
    std::size_t bytes = 0;           ///< of content
    core::Attempt* ready = nullptr;  ///< the one whose turn it was, once that is over
  };
  Step step();

  /// The content of an attempt that was ready. None if its body could not be decompressed: it goes out as it came.
  std::optional<codec::Content> take(const core::Attempt& attempt);
  /// It is to be sent again, or has ended.
  void keep(const core::Attempt& attempt, codec::Content content) { contents_.emplace(&attempt, std::move(content)); }
  void forget(const core::Attempt& attempt) {
    if (!contents_.empty()) drop(attempt);
  }

  /// Bytes of memory.
  std::size_t held_bytes() const { return held_bytes_ + builder_.capacity(); }

 private:
  void drop(const core::Attempt& attempt);
  bool take_room();
  void count(std::size_t bytes);

  const Limits limits_;
  core::BufferPool buffers_{max_kept_bytes};
  codec::DecompressorPool decompressors_{&Clock::now, &os::thread_time};
  codec::ContentBuilder builder_;                                      ///< for the first of `waiting_`
  boost::intrusive::list<core::Attempt> waiting_;                      ///< for their turn, as they came
  std::unordered_map<const core::Attempt*, codec::Content> contents_;  ///< of those that are ready
  std::size_t held_bytes_ = 0;                                         ///< by contents that are complete
  std::size_t counted_bytes_ = 0;                                      ///< with limits_.memory

  static constexpr std::size_t max_kept_bytes = std::size_t{4} << 20;
};

}  // namespace logdist::sink
