#include "tests/e2e/samples.hpp"

#include <fmt/format.h>

#include <sstream>
#include <stdexcept>

namespace logdist::e2e {
namespace {

std::string imbalance_of(const Samples& samples, const std::string& unit) {
  const auto term = [&](const std::string& state) {
    return samples.value("logdist_ledger_" + unit + "{state=\"" + state + "\"}");
  };
  const double admitted = samples.value("logdist_" + unit + "_admitted_total");
  const double came = admitted + term("recovered");
  double places = 0;
  std::string terms;
  for (const char* state :
       {"queued", "spilled", "waiting", "in_flight", "delivered", "dead_lettered", "handed_back", "lost"}) {
    places += term(state);
    terms += fmt::format(", {} {}", state, term(state));
  }
  const double own = samples.value("logdist_ledger_imbalance_" + unit);
  if (came == places && own == 0) return {};
  return fmt::format("{}: admitted {}, recovered {}, all places {} (imbalance {}){}\n", unit, admitted,
                     term("recovered"), places, own, terms);
}

}  // namespace

Samples::Samples(const std::string& text) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line.front() == '#') continue;
    const std::size_t space = line.rfind(' ');
    values_[line.substr(0, space)] = std::stod(line.substr(space + 1));
  }
}

double Samples::value(const std::string& series) const {
  const auto found = values_.find(series);
  if (found == values_.end()) throw std::out_of_range("no such series: " + series);
  return found->second;
}

double Samples::sum(const std::string& metric, const std::string& label) const {
  double sum = 0;
  bool found = false;
  for (auto series = values_.lower_bound(metric); series != values_.end() && series->first.starts_with(metric);
       ++series) {
    const std::string labels = series->first.substr(metric.size());
    const bool is_of_metric = labels.empty() || labels.starts_with('{');
    if (!is_of_metric || labels.find(label) == std::string::npos) continue;
    sum += series->second;
    found = true;
  }
  if (!found) throw std::out_of_range("no such series: " + metric + " with " + label);
  return sum;
}

std::map<double, double> Samples::buckets(const std::string& metric, const std::string& analyzer) const {
  const std::string start = fmt::format("logdist_{}_bucket{{analyzer=\"{}\",le=\"", metric, analyzer);
  std::map<double, double> result;
  for (auto series = values_.lower_bound(start); series != values_.end() && series->first.starts_with(start);
       ++series) {
    result[std::stod(series->first.substr(start.size()))] = series->second;
  }
  return result;
}

std::string Samples::imbalance() const { return imbalance_of(*this, "packets") + imbalance_of(*this, "messages"); }

}  // namespace logdist::e2e
