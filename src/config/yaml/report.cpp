#include "logdist/config/yaml/report.hpp"

#include <fmt/format.h>

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

void Report::sort() {
  sort_by_line(errors_);
  sort_by_line(warnings_);
  if (cut_) errors_.push_back({errors_.back().source, 0, "", "there are more errors; only these are shown"});
}

std::string to_string(const Error& error) {
  std::string text = error.source;
  if (error.line > 0) text += fmt::format(":{}", error.line);
  if (!error.key.empty()) text += ": " + error.key;
  return text + ": " + error.message;
}

}  // namespace logdist::config
