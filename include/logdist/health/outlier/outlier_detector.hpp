// Which analyzers do so much worse than the others that they are better left out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "logdist/base/ids.hpp"
#include "logdist/base/time.hpp"

namespace logdist::health {

struct OutlierOptions {
  bool enabled = false;
  double success_rate_below = 0.05;  ///< the others' success rate, by so much, 0…1
  double latency_factor = 5;         ///< times the others' latency
  std::uint32_t min_packets = 100;   ///< in an interval, of the one and of each of the others that count
  std::uint32_t min_failures = 5;    ///< in an interval, for an ejection by success rate
  Duration interval = std::chrono::seconds(10);
  double max_ejected = 0.5;  ///< of the weight, 0…1
};

/// What an analyzer was ejected for.
struct Ejection {
  enum class Reason : std::uint8_t { success_rate, latency };

  AnalyzerId analyzer = 0;
  Reason reason = Reason::success_rate;
  double value = 0;   ///< its success rate, 0…1, or its latency in seconds
  double others = 0;  ///< the same of the others: their mean
  Duration length{};  ///< how long it is to stay away before it is tested
};

/// "success_rate", "latency".
const char* to_string(Ejection::Reason reason);

/// Compares the analyzers in service with each other, interval by interval: an analyzer is an outlier when its success
/// rate is below the mean of the others' by more than `success_rate_below`, by more than 1.9 times their spread and by
/// more than chance explains (three standard errors); or when its mean latency is above `latency_factor` times theirs,
/// and above it by more than 1.9 times their spread.
/// "The others" leaves out the one that is judged, so one bad analyzer among two or three is found, too; one of n that
/// counts itself is never further from the mean than sqrt(n - 1) deviations. Their spread has a floor of 2 points, and
/// their latency one of a millisecond, so that nobody is ejected for noise.
///
/// The worst one is ejected first, and none when less than 1 - `max_ejected` of all weight would be left in service,
/// for whatever reason the rest is out. The n-th ejection in a row lasts n intervals, `length_max` at most; each
/// interval in which it was judged and no outlier takes one back.
///
/// Source: Envoy's outlier detection, with leave-one-out. Sans-I/O. Not thread-safe: the caller serialises.
/// on_success() and on_failure() cost a few additions.
class OutlierDetector {
 public:
  static constexpr double deviations = 1.9;
  static constexpr double rate_spread_min = 0.02;
  static constexpr double latency_min_seconds = 0.001;
  static constexpr Duration length_max = std::chrono::minutes(5);

  OutlierDetector(const OutlierOptions& options, TimePoint now);

  bool enabled() const { return options_.enabled; }
  /// A new analyzer has this id: nothing is known of it.
  void enter(AnalyzerId analyzer);

  /// A packet that had not failed before was taken there, or failed there.
  void on_success(AnalyzerId analyzer, Duration latency) {
    Tally& tally = tallies_[analyzer];
    ++tally.successes;
    tally.latency_seconds += to_seconds(latency);
  }
  void on_failure(AnalyzerId analyzer) { ++tallies_[analyzer].failures; }

  /// One of all that are there.
  struct Standing {
    AnalyzerId analyzer = 0;
    std::uint64_t weight = 0;
    bool in_service = true;
  };

  /// When end_interval() is next due; `never` when it is off.
  TimePoint next_event() const { return options_.enabled ? interval_ends_at_ : never; }
  /// Who is to be ejected now, the worst first. Begins a new interval.
  std::vector<Ejection> end_interval(std::span<const Standing> standings, TimePoint now);

 private:
  struct Tally {
    std::uint64_t successes = 0;
    std::uint64_t failures = 0;
    double latency_seconds = 0;   ///< of the successes, in all
    std::uint32_t ejections = 0;  ///< in a row
  };
  /// Of one analyzer that can be judged.
  struct Record {
    AnalyzerId analyzer = 0;
    std::uint64_t weight = 0;
    double successes = 0;
    double packets = 0;
    std::optional<double> latency_seconds;  ///< mean; of enough successes

    double rate() const { return successes / packets; }
  };
  struct Suspicion {
    Ejection ejection;
    std::uint64_t weight = 0;
    double badness = 0;  ///< times the limit; for the order
  };

  std::vector<Record> records_of(std::span<const Standing> standings) const;
  std::vector<Suspicion> suspicions(std::span<const Record> records) const;

  const OutlierOptions options_;
  std::vector<Tally> tallies_;  ///< by AnalyzerId, of this interval
  TimePoint interval_ends_at_;
};

}  // namespace logdist::health
