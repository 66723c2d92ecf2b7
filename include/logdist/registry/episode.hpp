// A condition that lasts: reported at its beginning, once in a while, and at its end.
#pragma once

#include <chrono>
#include <cstdint>

#include "logdist/base/time.hpp"

namespace logdist::registry {

/// Turns a condition that is checked regularly into the few moments at which it should be
/// reported to people. Sans-I/O; not thread-safe.
class Episode {
 public:
  enum class News : std::uint8_t { none, begun, lasts, ended };

  /// How often one that lasts is mentioned.
  static constexpr Duration reminder_interval = std::chrono::minutes(1);

  /// It is over when the condition has not held for `settling`, so that one that comes and
  /// goes is one episode.
  explicit Episode(Duration settling) : settling_(settling) {}

  News look(bool holds, TimePoint now) {
    if (holds) last_held_ = now;
    if (!active_) {
      if (!holds) return News::none;
      active_ = true;
      began_ = told_ = now;
      return News::begun;
    }
    if (now - last_held_ >= settling_ && !holds) {
      active_ = false;
      return News::ended;
    }
    if (now - told_ < reminder_interval) return News::none;
    told_ = now;
    return News::lasts;
  }

  /// Of the one that lasts, or that was the last: until the condition held last.
  Duration length() const { return last_held_ - began_; }

 private:
  const Duration settling_;
  bool active_ = false;
  TimePoint began_{};
  TimePoint last_held_{};
  TimePoint told_{};
};

}  // namespace logdist::registry
