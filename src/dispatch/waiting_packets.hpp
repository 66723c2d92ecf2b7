// How long the packets of a loop have waited that may go to an analyzer.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "logdist/base/ids.hpp"
#include "logdist/base/time.hpp"

namespace logdist::dispatch {

/// The admission of the oldest packet that waits, by the analyzers that it may go to. Most may go anywhere, and are one
/// number. Not thread-safe.
class WaitingPackets {
 public:
  /// Since when the oldest waits that `analyzer` may get; `never`: none does.
  TimePoint since(AnalyzerId analyzer) const {
    if (somewhere_ == never || analyzer >= at_.size()) return anywhere_;
    return std::min(anywhere_, at_[analyzer]);
  }
  /// The same of those that any analyzer may get.
  TimePoint since_anywhere() const { return anywhere_; }
  /// The same of the others.
  TimePoint since_somewhere() const { return somewhere_; }
  /// The same of all.
  TimePoint since() const { return std::min(anywhere_, somewhere_); }

  /// Whether for each analyzer that is there one waits that is as old: another one changes nothing.
  bool covers(TimePoint admitted_at) const { return covered_since_ <= admitted_at; }
  /// It is so of those admitted from then on.
  void cover(TimePoint admitted_at) { covered_since_ = std::min(covered_since_, admitted_at); }

  /// One waits that any analyzer may get.
  void add(TimePoint admitted_at) {
    anywhere_ = std::min(anywhere_, admitted_at);
    cover(admitted_at);
  }
  /// One waits that `analyzer` may get, and not all may.
  void add(TimePoint admitted_at, AnalyzerId analyzer) {
    if (analyzer >= at_.size()) at_.resize(analyzer + std::size_t{1}, never);
    at_[analyzer] = std::min(at_[analyzer], admitted_at);
    somewhere_ = std::min(somewhere_, admitted_at);
  }
  /// One waits that nobody who is there may get.
  void add_for_nobody(TimePoint admitted_at) { nowhere_ = std::min(nowhere_, admitted_at); }
  /// Those of `others` wait, too.
  void add(const WaitingPackets& others) {
    anywhere_ = std::min(anywhere_, others.anywhere_);
    nowhere_ = std::min(nowhere_, others.nowhere_);
    covered_since_ = std::min(covered_since_, others.covered_since_);
    if (others.somewhere_ == never) return;
    somewhere_ = std::min(somewhere_, others.somewhere_);
    at_.resize(std::max(at_.size(), others.at_.size()), never);
    for (std::size_t id = 0; id < others.at_.size(); ++id) at_[id] = std::min(at_[id], others.at_[id]);
  }
  /// `analyzer` is new. Until the packets are offered again it is taken for one that any of them may go to.
  void enter(AnalyzerId analyzer) {
    const TimePoint oldest = std::min(somewhere_, nowhere_);
    if (oldest != never) add(oldest, analyzer);
  }
  void clear() {
    if (somewhere_ != never) std::fill(at_.begin(), at_.end(), never);
    anywhere_ = somewhere_ = nowhere_ = covered_since_ = never;
  }

 private:
  TimePoint anywhere_ = never;
  TimePoint somewhere_ = never;
  TimePoint nowhere_ = never;
  TimePoint covered_since_ = never;
  std::vector<TimePoint> at_;  ///< of those that not all may get, by AnalyzerId
};

}  // namespace logdist::dispatch
