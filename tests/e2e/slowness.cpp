#include "tests/e2e/slowness.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <iostream>

namespace logdist::e2e {

Durations::Durations(const Samples& before, const Samples& after, const std::vector<std::string>& analyzers) {
  for (const std::string& analyzer : analyzers) {
    for (const auto& [bound, count] : after.buckets("delivery_duration_seconds", analyzer)) at_most_[bound] += count;
    for (const auto& [bound, count] : before.buckets("delivery_duration_seconds", analyzer)) at_most_[bound] -= count;
  }
}

double Durations::p99_seconds() const {
  const double rank = 0.99 * count();
  double low = 0;
  double below = 0;
  for (const auto& [bound, count] : at_most_) {
    if (count >= rank && count > below) {
      return std::isinf(bound) ? low : low + (bound - low) * (rank - below) / (count - below);
    }
    low = bound;
    below = count;
  }
  return 0;
}

bool is_slowed(const Durations& measured, const Durations& elsewhere) {
  return measured.p99_seconds() > std::max(3 * elsewhere.p99_seconds(), never_slow_seconds);
}

bool judges_durations() { return std::getenv("LOGDIST_JUDGE_DURATIONS") != nullptr; }

bool are_slowed(const std::vector<std::string>& analyzers, DaemonProcess& daemon, DaemonProcess& twin,
                const std::function<void()>& send) {
  const Samples before = daemon.metrics();
  const Samples twin_before = twin.metrics();
  send();
  const Durations here(before, daemon.metrics(), analyzers);
  const Durations there(twin_before, twin.metrics(), analyzers);
  std::cout << "99 in 100 attempts at the good analyzers took at most " << 1000 * here.p99_seconds()
            << " ms, in the twin " << 1000 * there.p99_seconds() << " ms\n";
  return is_slowed(here, there);
}

bool are_slowed_each_time(const std::function<bool()>& slowed, const std::function<void()>& begin_anew) {
  for (int often = 1; slowed(); ++often) {
    if (often == 4) return true;
    begin_anew();
  }
  return false;
}

bool are_judged_slowed(const std::function<bool()>& slowed, const std::function<void()>& begin_anew) {
  if (judges_durations()) return are_slowed_each_time(slowed, begin_anew);
  slowed();  // for its figures
  return false;
}

}  // namespace logdist::e2e
