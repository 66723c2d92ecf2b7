// The last events of a run, for those who read of a failure.
#pragma once

#include <fmt/format.h>

#include <deque>
#include <string>
#include <utility>

#include "tests/sim/timeline.hpp"

namespace logdist::sim {

/// Keeps so many lines; older ones are forgotten.
class Journal {
 public:
  explicit Journal(const Timeline& timeline, std::size_t kept = 60) : timeline_(timeline), kept_(kept) {}

  template <typename... Values>
  void note(fmt::format_string<Values...> format, Values&&... values) {
    if (lines_.size() == kept_) lines_.pop_front();
    const double seconds = to_seconds(timeline_.now().time_since_epoch());
    lines_.push_back(fmt::format("{:12.6f} ", seconds) + fmt::format(format, std::forward<Values>(values)...));
  }

  const std::deque<std::string>& lines() const { return lines_; }

 private:
  const Timeline& timeline_;
  const std::size_t kept_;
  std::deque<std::string> lines_;
};

}  // namespace logdist::sim
