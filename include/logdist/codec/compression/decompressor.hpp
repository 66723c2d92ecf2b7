// Decompresses a body in slices.
//
// The whole compressed body is there from the beginning; its content is written to where the caller
// wants it, so many bytes at a time as the caller has time for. Nothing is allocated in proportion to
// what a body claims.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "logdist/base/time.hpp"
#include "logdist/core/content_coding.hpp"

namespace logdist::codec {

using core::ContentCoding;

/// What is wrong with a compressed body.
enum class DecompressErrorCode : std::uint8_t {
  malformed,  ///< not of its coding, a checksum that differs, too large a window
  truncated,  ///< it ends before its end
  trailing,   ///< more bytes behind its end
  too_large,  ///< its content is larger than allowed
};

struct DecompressError {
  DecompressErrorCode code = DecompressErrorCode::malformed;
  std::string_view detail;  ///< a sentence for people
  std::size_t offset = 0;   ///< in the compressed body, about where it shows
};

/// By what time the decompressors of a loop decide. Theirs in common; it outlives them.
struct DecompressionWatch {
  using ReadClock = TimePoint (*)();

  ReadClock clock;      ///< cheap, so that it is read all the time; it goes on while others have the processor
  ReadClock cpu_clock;  ///< of the thread's own time
  /// The next so many bodies are measured by the latter.
  unsigned checked_bodies = 0;
  /// The next so many of gzip and deflate are given to the steady library (inflate_decompressor.hpp) at once.
  unsigned steady_bodies = 0;
};

/// Decompresses one body after the other. Keeps its state between them: 90 KB for gzip and deflate, and 40 KB more once
/// a body has taken it too long; for zstd 160 KB, and while a body is under way also its window, at most 8 MiB.
/// Confined to one thread.
class Decompressor {
 public:
  enum class Progress : std::uint8_t { more, complete, failed };
  struct Step {
    std::size_t written = 0;
    Progress progress = Progress::more;
  };
  /// Compressed bytes after which a step ends, which bounds its time; fewer of them where little comes of
  /// them, or after a step that took long: blocks with tables of their own take zstd 0.6 ms for 4 KiB.
  static constexpr std::size_t step_input_max = std::size_t{64} << 10;
  static constexpr std::size_t barren_input_max = std::size_t{4} << 10;
  /// What a library is given at a time, so that a step may end when it has taken long.
  static constexpr std::size_t piece_max = std::size_t{16} << 10;

  virtual ~Decompressor() = default;
  Decompressor(const Decompressor&) = delete;
  Decompressor& operator=(const Decompressor&) = delete;

  /// Begins with `body`, which stays where it is; what was under way is forgotten. `content_max`: bytes
  /// that its content may have.
  void begin(std::string_view body, std::size_t content_max);

  /// Of a format that refers to any byte before: the content's size, once begun. All of it is to be in
  /// one place then, each `out` behind the last. None: `out` may be anywhere, and none after an error.
  std::optional<std::size_t> contiguous_size() const { return contiguous_size_; }

  /// Writes the next bytes of the content to `out`, which is not empty. That may be none. Not to be
  /// called again after `complete` or `failed`.
  Step step(std::span<char> out);

  /// Bytes of the body so far.
  std::size_t read_bytes() const { return position_; }
  /// Whether it has taken longer than any ordinary body of 1 MiB does: by the thread's own time, if there is a watch.
  bool has_taken_long() const { return has_taken_long_; }

  /// Once step() has said `failed`.
  const DecompressError& error() const { return error_; }

 protected:
  /// `watch`: none, and no step ends because of the time.
  explicit Decompressor(DecompressionWatch* watch) : watch_(watch) {}

  /// What a coding does: begins, and writes at most `out`. Reads from position_ on, and moves it.
  virtual void start() = 0;
  virtual Step run(std::span<char> out) = 0;

  /// For run(): fails, by default at position_.
  Step fail(DecompressErrorCode code, std::string_view detail) { return fail(code, detail, position_); }
  Step fail(DecompressErrorCode code, std::string_view detail, std::size_t offset);

  /// For measured(): begins with the body again. What was given already is decompressed once more, by steps that write
  /// nothing.
  void begin_again();

  /// After a step, if there is a watch: spent() has grown.
  virtual void measured(Progress) {}
  DecompressionWatch* watch() const { return watch_; }
  /// What the body has taken since begin() or measure_by_cpu().
  Duration spent() const { return spent_; }
  bool is_measured_by_cpu() const { return by_cpu_; }
  void measure_by_cpu();
  /// Bytes of the content so far, given or to be given.
  std::size_t content_size() const { return content_size_; }
  /// Bytes that a step reads at most, as things stand.
  std::size_t input_max() const {
    return position_ > 0 && content_size_ >= position_ / 2 && !was_slow_ ? step_input_max : barren_input_max;
  }
  std::string_view rest() const { return body_.substr(position_); }
  bool at_end() const { return position_ == body_.size(); }

  std::string_view body_;
  std::size_t position_ = 0;
  std::size_t content_max_ = 0;
  std::optional<std::size_t> contiguous_size_;

 private:
  Step decompress(std::span<char> out);
  Step catch_up();
  bool takes_long(std::size_t bytes, std::size_t& looked_bytes);
  TimePoint now() const { return by_cpu_ ? watch_->cpu_clock() : watch_->clock(); }

  DecompressionWatch* const watch_;
  bool by_cpu_ = false;
  bool has_taken_long_ = false;
  bool was_slow_ = false;  ///< the step before
  Duration spent_{};
  TimePoint step_began_;          ///< when the step began
  std::size_t content_size_ = 0;  ///< so far
  std::size_t behind_ = 0;        ///< of that, what is to be decompressed once more
  DecompressError error_;
};

/// Of any coding but identity.
std::unique_ptr<Decompressor> make_decompressor(ContentCoding coding, DecompressionWatch* watch = nullptr);

}  // namespace logdist::codec
