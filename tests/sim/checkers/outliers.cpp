// outliers: an analyzer is ejected only when it had enough packets of late and did worse than another, never for the
// third of a second time within an interval; and what is left in service then has its part of the weight.
#include <algorithm>
#include <deque>
#include <map>
#include <vector>

#include "tests/sim/checker.hpp"

namespace logdist::sim {
namespace {

class Outliers final : public Checker {
 public:
  using Checker::Checker;

  void sent(const PacketHistory& history, const core::Attempt&) override { sent_at_[history.serial] = world_.now(); }

  void attempt_ended(const PacketHistory& history, const core::AttemptResult&) override {
    lasted_[history.serial] = world_.now() - sent_at_[history.serial];
  }

  void result_seen(const PacketHistory& history, const core::AttemptResult& result) override {
    if (!promised().enabled || history.suspect()) return;
    const bool taken = result.outcome == Outcome::delivered;
    if (taken || is_failure(result))
      results_[history.analyzer].push_back({world_.now(), taken, lasted_[history.serial]});
  }

  void stepped() override {
    if (!promised().enabled) return;
    const std::vector<dispatch::AnalyzerView>& views = world_.views_after_event();
    seen_.resize(views.size());
    bool any = false;
    for (AnalyzerId id = 0; id < views.size(); ++id) {
      if (views[id].ejections > seen_[id].ejections) {
        any = true;
        judge(id, views);
      }
      seen_[id].ejections = views[id].ejections;
    }
    if (any) check_rest(views);
  }

 private:
  struct Result {
    TimePoint at{};
    bool taken = false;
    Duration lasted{};
  };
  struct Seen {
    std::uint64_t ejections = 0;
    TimePoint ejected_at{};
  };
  /// Of what may have been the last interval.
  struct Recent {
    std::uint64_t packets = 0;
    std::uint64_t failures = 0;
    double rate_max = 0;  ///< of any stretch up to now with enough packets
    double rate_min = 1;
    double latency_max = 0;
    double latency_min = 1e9;
  };

  const health::OutlierOptions& promised() const { return world_.scenario().balancer.outlier; }

  /// The interval has ended now, and began one interval ago, or somewhat more: each beginning is tried.
  Recent recent(AnalyzerId id) {
    std::deque<Result>& results = results_[id];
    const TimePoint earliest = world_.now() - promised().interval - 2 * lateness_max;
    while (!results.empty() && results.front().at < earliest) results.pop_front();
    Recent recent;
    double latency = 0;
    for (auto result = results.rbegin(); result != results.rend(); ++result) {
      ++recent.packets;
      if (result->taken) {
        latency += to_seconds(result->lasted);
      } else {
        ++recent.failures;
      }
      const bool may_begin_here =
          std::next(result) == results.rend() || std::next(result)->at <= world_.now() - promised().interval;
      if (!may_begin_here || recent.packets < promised().min_packets) continue;
      const auto taken = static_cast<double>(recent.packets - recent.failures);
      const double rate = taken / static_cast<double>(recent.packets);
      recent.rate_min = std::min(recent.rate_min, rate);
      recent.rate_max = std::max(recent.rate_max, rate);
      if (taken < promised().min_packets) continue;
      recent.latency_min = std::min(recent.latency_min, latency / taken);
      recent.latency_max = std::max(recent.latency_max, latency / taken);
    }
    return recent;
  }

  void judge(AnalyzerId id, const std::vector<dispatch::AnalyzerView>& views) {
    checked();
    const Recent own = recent(id);
    if (world_.now() - seen_[id].ejected_at < promised().interval) complain("analyzer {} is ejected again at once", id);
    seen_[id].ejected_at = world_.now();
    if (own.packets < promised().min_packets) complain("analyzer {} is ejected after {} packets", id, own.packets);
    bool is_worse = false;
    for (AnalyzerId other = 0; other < views.size(); ++other) {
      if (other == id) continue;
      const Recent others = recent(other);
      if (others.packets < promised().min_packets) continue;
      const bool fails = own.failures >= promised().min_failures && own.rate_min < others.rate_max;
      is_worse = is_worse || fails || own.latency_max > others.latency_min;
    }
    if (!is_worse) complain("analyzer {} is ejected, and none is better", id);
  }

  void check_rest(const std::vector<dispatch::AnalyzerView>& views) {
    double all = 0;
    double left = 0;
    for (AnalyzerId id = 0; id < views.size(); ++id) {
      if (views[id].removed) continue;
      const auto weight = static_cast<double>(world_.weight_units(id));
      all += weight;
      left += views[id].in_service ? weight : 0;
    }
    if (left < all * (1 - promised().max_ejected) - 1e-6) {
      complain("{} of {} of the weight is left in service after an ejection", left, all);
    }
  }

  std::map<std::uint64_t, TimePoint> sent_at_;        ///< by packet: its last attempt
  std::map<std::uint64_t, Duration> lasted_;          ///< likewise
  std::map<AnalyzerId, std::deque<Result>> results_;  ///< of packets that had not failed before
  std::vector<Seen> seen_;
};

}  // namespace

std::unique_ptr<Checker> make_outliers(const World& world, Findings& findings) {
  return std::make_unique<Outliers>("outliers", world, findings);
}

}  // namespace logdist::sim
