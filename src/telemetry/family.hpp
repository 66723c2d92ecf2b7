// Short hand for building prometheus-cpp's families.
#pragma once

#include <concepts>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <prometheus/metric_family.h>

#include "logdist/ledger/histogram.hpp"
#include "logdist/telemetry/count_histogram.hpp"

namespace logdist::telemetry {

using Labels = std::vector<prometheus::ClientMetric::Label>;

/// Adds samples to one family, which must outlive it.
class Family {
 public:
  explicit Family(prometheus::MetricFamily& family) : family_(family) {}

  /// A sample of a counter or gauge.
  template <typename Number>
  requires std::integral<Number> || std::floating_point<Number>
  void add(Number value, Labels labels = {}) {
    prometheus::ClientMetric& metric = family_.metric.emplace_back();
    metric.label = std::move(labels);
    (family_.type == prometheus::MetricType::Counter ? metric.counter.value : metric.gauge.value) =
        static_cast<double>(value);
  }

  /// A sample of a histogram of counts.
  void add(const CountHistogram& histogram) {
    prometheus::ClientMetric& metric = family_.metric.emplace_back();
    std::uint64_t cumulative = 0;
    for (std::size_t i = 0; i < CountHistogram::bucket_count; ++i) {
      const bool last = i == CountHistogram::bounds.size();
      cumulative += histogram.in_bucket(i);
      metric.histogram.bucket.push_back({cumulative, last ? std::numeric_limits<double>::infinity()
                                                          : static_cast<double>(CountHistogram::bounds[i])});
    }
    metric.histogram.sample_count = cumulative;
    metric.histogram.sample_sum = static_cast<double>(histogram.sum());
  }

  /// A sample of a histogram.
  void add(const ledger::Histogram& histogram, Labels labels = {}) {
    prometheus::ClientMetric& metric = family_.metric.emplace_back();
    metric.label = std::move(labels);
    metric.histogram.bucket.reserve(ledger::Histogram::bucket_count);
    std::uint64_t cumulative = 0;
    for (std::size_t i = 0; i < ledger::Histogram::bucket_count; ++i) {
      const bool last = i == ledger::Histogram::bounds_seconds.size();
      cumulative += histogram.in_bucket(i);
      metric.histogram.bucket.push_back(
          {cumulative, last ? std::numeric_limits<double>::infinity() : ledger::Histogram::bounds_seconds[i]});
    }
    metric.histogram.sample_count = cumulative;
    metric.histogram.sample_sum = histogram.sum_seconds();
  }

 private:
  prometheus::MetricFamily& family_;
};

/// Families in the order they are added.
class Families {
 public:
  Family counter(std::string name, std::string help) {
    return add(std::move(name), std::move(help), prometheus::MetricType::Counter);
  }
  Family gauge(std::string name, std::string help) {
    return add(std::move(name), std::move(help), prometheus::MetricType::Gauge);
  }
  Family histogram(std::string name, std::string help) {
    return add(std::move(name), std::move(help), prometheus::MetricType::Histogram);
  }

  std::vector<prometheus::MetricFamily> take() { return std::move(families_); }

 private:
  /// The family is good until the next one is added.
  Family add(std::string name, std::string help, prometheus::MetricType type) {
    return Family(families_.emplace_back(prometheus::MetricFamily{std::move(name), std::move(help), type, {}}));
  }

  std::vector<prometheus::MetricFamily> families_;
};

}  // namespace logdist::telemetry
