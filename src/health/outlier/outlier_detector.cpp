#include "logdist/health/outlier/outlier_detector.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "logdist/base/check.hpp"

namespace logdist::health {
namespace {

struct Spread {
  double mean = 0;
  double deviation = 0;
};

/// How far apart two success rates may be by chance: so many standard errors (a test of two proportions).
double chance_between(double successes, double packets, double other_successes, double other_packets) {
  constexpr double standard_errors = 3;
  const double rate = (successes + other_successes) / (packets + other_packets);
  return standard_errors * std::sqrt(rate * (1 - rate) * (1 / packets + 1 / other_packets));
}

/// Of a value of `records`, the one of `left_out` not counted; none when there is no other.
template <typename Records, typename Value>
std::optional<Spread> others_of(const Records& records, std::size_t left_out, Value value) {
  double sum = 0;
  double squares = 0;
  double count = 0;
  for (std::size_t i = 0; i < records.size(); ++i) {
    const std::optional<double> one = i == left_out ? std::nullopt : value(records[i]);
    if (!one) continue;
    sum += *one;
    squares += *one * *one;
    ++count;
  }
  if (count == 0) return std::nullopt;
  const double mean = sum / count;
  return Spread{mean, std::sqrt(std::max(0.0, squares / count - mean * mean))};
}

}  // namespace

const char* to_string(Ejection::Reason reason) {
  switch (reason) {
    case Ejection::Reason::success_rate: return "success_rate";
    case Ejection::Reason::latency: return "latency";
  }
  check_failed("a known value", __FILE__, __LINE__);
}

OutlierDetector::OutlierDetector(const OutlierOptions& options, TimePoint now)
    : options_(options), interval_ends_at_(now + options.interval) {}

void OutlierDetector::enter(AnalyzerId analyzer) {
  if (analyzer >= tallies_.size()) tallies_.resize(analyzer + std::size_t{1});
  tallies_[analyzer] = {};
}

std::vector<Ejection> OutlierDetector::end_interval(std::span<const Standing> standings, TimePoint now) {
  interval_ends_at_ = now + options_.interval;
  const std::vector<Record> records = records_of(standings);
  double all = 0;
  double left = 0;  // in service
  for (const Standing& standing : standings) {
    all += static_cast<double>(standing.weight);
    left += standing.in_service ? static_cast<double>(standing.weight) : 0;
  }
  std::vector<Ejection> ejections;
  std::vector<Suspicion> suspects = suspicions(records);
  std::ranges::stable_sort(suspects, std::greater<>{}, &Suspicion::badness);
  for (Suspicion& suspect : suspects) {
    const double rest = left - static_cast<double>(suspect.weight);
    if (rest <= 0 || rest < all * (1 - options_.max_ejected)) continue;
    left = rest;
    std::uint32_t& times = tallies_[suspect.ejection.analyzer].ejections;
    ++times;
    suspect.ejection.length = std::min<Duration>(length_max, options_.interval * times);
    ejections.push_back(suspect.ejection);
  }
  for (const Record& record : records) {
    const bool suspected = std::ranges::any_of(
        suspects, [&record](const Suspicion& suspect) { return suspect.ejection.analyzer == record.analyzer; });
    std::uint32_t& times = tallies_[record.analyzer].ejections;
    if (!suspected && times > 0) --times;
  }
  for (Tally& tally : tallies_) tally = {0, 0, 0, tally.ejections};
  return ejections;
}

/// Of those in service that got enough packets.
std::vector<OutlierDetector::Record> OutlierDetector::records_of(std::span<const Standing> standings) const {
  std::vector<Record> records;
  for (const Standing& standing : standings) {
    const Tally& tally = tallies_[standing.analyzer];
    const std::uint64_t packets = tally.successes + tally.failures;
    if (!standing.in_service || packets < std::max<std::uint64_t>(options_.min_packets, 1)) continue;
    Record record{
        standing.analyzer, standing.weight, static_cast<double>(tally.successes), static_cast<double>(packets), {}};
    if (tally.successes >= std::max<std::uint64_t>(options_.min_packets, 1)) {
      record.latency_seconds = tally.latency_seconds / record.successes;
    }
    records.push_back(record);
  }
  return records;
}

std::vector<OutlierDetector::Suspicion> OutlierDetector::suspicions(std::span<const Record> records) const {
  std::vector<Suspicion> found;
  Record all;
  for (const Record& record : records) {
    all.successes += record.successes;
    all.packets += record.packets;
  }
  for (std::size_t i = 0; i < records.size(); ++i) {
    const Record& record = records[i];
    const auto rates = others_of(records, i, [](const Record& other) { return std::optional(other.rate()); });
    const auto latencies = others_of(records, i, [](const Record& other) { return other.latency_seconds; });
    Suspicion worst;
    if (rates && record.packets - record.successes >= options_.min_failures) {
      const double spread = deviations * std::max(rates->deviation, rate_spread_min);
      const double chance = chance_between(record.successes, record.packets, all.successes - record.successes,
                                           all.packets - record.packets);
      const double margin = std::max({options_.success_rate_below, spread, chance});
      const double below = (rates->mean - record.rate()) / margin;
      if (below > 1) {
        worst = {
            {record.analyzer, Ejection::Reason::success_rate, record.rate(), rates->mean, {}}, record.weight, below};
      }
    }
    if (latencies && record.latency_seconds) {
      const double usual = std::max(latencies->mean, latency_min_seconds);
      const double limit = std::max(options_.latency_factor * usual, usual + deviations * latencies->deviation);
      const double above = *record.latency_seconds / limit;
      if (above > std::max(1.0, worst.badness)) {
        worst = {{record.analyzer, Ejection::Reason::latency, *record.latency_seconds, latencies->mean, {}},
                 record.weight,
                 above};
      }
    }
    if (worst.badness > 1) found.push_back(worst);
  }
  return found;
}

}  // namespace logdist::health
