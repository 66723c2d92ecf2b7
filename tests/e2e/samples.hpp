// What a scrape of /metrics shows.
#pragma once

#include <map>
#include <string>

namespace logdist::e2e {

/// The samples of the Prometheus text format, by series as written:
/// `logdist_ledger_packets{state="queued"}`.
class Samples {
 public:
  explicit Samples(const std::string& text);

  /// Throws std::out_of_range, which names the series, when there is none such.
  double value(const std::string& series) const;
  /// Over all series of a metric that have this label: `reason="timeout"`; without one, over all.
  double sum(const std::string& metric, const std::string& label = {}) const;
  /// Of `logdist_ledger_packets` (or `…_messages`) for a state.
  double packets(const std::string& state) const { return value("logdist_ledger_packets{state=\"" + state + "\"}"); }
  double messages(const std::string& state) const { return value("logdist_ledger_messages{state=\"" + state + "\"}"); }
  double admitted_packets() const { return value("logdist_packets_admitted_total"); }
  /// Of a metric that has only the label `analyzer`.
  double of(const std::string& metric, const std::string& analyzer) const {
    return value("logdist_" + metric + "{analyzer=\"" + analyzer + "\"}");
  }

  /// Attempts at the analyzer that ended so.
  double attempts(const std::string& analyzer, const std::string& outcome) const {
    return value("logdist_delivery_attempts_total{analyzer=\"" + analyzer + "\",outcome=\"" + outcome + "\"}");
  }
  /// The buckets of a histogram that has only the label `analyzer` besides: how many observations
  /// are at most so many seconds.
  std::map<double, double> buckets(const std::string& metric, const std::string& analyzer) const;

  /// What is wrong with the conservation of packets and messages: the terms
  /// added up here, and the daemon's own verdict. Empty: nothing.
  std::string imbalance() const;

 private:
  std::map<std::string, double> values_;
};

}  // namespace logdist::e2e
