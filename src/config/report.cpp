#include "logdist/config/report.hpp"

#include <algorithm>
#include <utility>

namespace logdist::config {
namespace {

void sort_by_line(std::vector<Error>& errors) {
  std::stable_sort(errors.begin(), errors.end(), [](const Error& left, const Error& right) {
    const bool left_last = left.source == environment_source;
    const bool right_last = right.source == environment_source;
    return std::pair(left_last, left.line) < std::pair(right_last, right.line);
  });
}

}  // namespace

void Report::add_error(const SourceLocation& location, std::string message) {
  if (full()) {
    cut_ = true;
    return;
  }
  errors_.push_back({location.source, location.line, location.key, std::move(message)});
}

void Report::add_warning(const SourceLocation& location, std::string message) {
  if (warnings_.size() < errors_max)
    warnings_.push_back({location.source, location.line, location.key, std::move(message)});
}

void Report::move_to(Loaded& loaded) {
  sort_by_line(errors_);
  sort_by_line(warnings_);
  loaded.errors = std::move(errors_);
  loaded.warnings = std::move(warnings_);
  if (cut_)
    loaded.errors.push_back({loaded.errors.back().source, 0, "", "there are more errors; only these are shown"});
}

}  // namespace logdist::config
