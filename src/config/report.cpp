#include "config/report.hpp"

#include <algorithm>
#include <utility>

namespace logdist::config {
namespace {

void sort_by_line(std::vector<Fault>& faults) {
  std::stable_sort(faults.begin(), faults.end(), [](const Fault& left, const Fault& right) {
    const bool left_last = left.source == environment_source;
    const bool right_last = right.source == environment_source;
    return std::pair(left_last, left.line) < std::pair(right_last, right.line);
  });
}

}  // namespace

void Report::fault(const Place& place, std::string message) {
  if (full()) {
    cut_ = true;
    return;
  }
  faults_.push_back({place.source, place.line, place.key, std::move(message)});
}

void Report::warning(const Place& place, std::string message) {
  if (warnings_.size() < faults_max) warnings_.push_back({place.source, place.line, place.key, std::move(message)});
}

void Report::move_to(Loaded& loaded) {
  sort_by_line(faults_);
  sort_by_line(warnings_);
  loaded.faults = std::move(faults_);
  loaded.warnings = std::move(warnings_);
  if (cut_) loaded.faults.push_back({loaded.faults.back().source, 0, "", "more is wrong, but only this much is shown"});
}

}  // namespace logdist::config
