// metrics: what /metrics would show is what was seen from outside.
#include <map>

#include "logdist/metrics/catalogue.hpp"
#include "tests/sim/checker.hpp"

namespace logdist::sim {
namespace {

/// Every so many events: a scrape is dear.
constexpr std::uint64_t scrape_period = 97;

class Metrics final : public Checker {
 public:
  using Checker::Checker;

  void stepped() override {
    if (++events_ % scrape_period == 0) scrape();
  }
  void shut_down() override { scrape(); }

 private:
  using Labels = std::map<std::string, std::string>;

  void scrape() {
    samples_.clear();
    for (const prometheus::MetricFamily& family : metrics::collect(world_.scrape(), "simulated")) {
      for (const prometheus::ClientMetric& metric : family.metric) {
        std::string name = family.name;
        for (const auto& label : metric.label) name += '/' + label.value;
        switch (family.type) {
          case prometheus::MetricType::Counter: samples_[name] = metric.counter.value; break;
          case prometheus::MetricType::Histogram:
            samples_[name] = static_cast<double>(metric.histogram.sample_count);
            break;
          default: samples_[name] = metric.gauge.value; break;
        }
      }
    }
    check_terms();
    check_settlements();
    for (AnalyzerId id = 0; id < world_.views().size(); ++id) check_analyzer(id);
  }

  void check_terms() {
    const ledger::Terms& terms = chronicle_.terms();
    const std::pair<const char*, const ledger::Amount*> places[] = {
        {"admitted", &terms.admitted},      {"queued", &terms.queued},       {"waiting", &terms.waiting},
        {"in_flight", &terms.in_flight},    {"delivered", &terms.delivered}, {"dead_lettered", &terms.dead_lettered},
        {"handed_back", &terms.handed_back}};
    for (const auto& [place, amount] : places) {
      expect(fmt::format("logdist_ledger_packets/{}", place), amount->packets);
      expect(fmt::format("logdist_ledger_messages/{}", place), amount->messages);
    }
    expect("logdist_ledger_imbalance_packets", 0);
    expect("logdist_ledger_imbalance_messages", 0);
  }

  void check_settlements() {
    const ledger::Terms& terms = chronicle_.terms();
    expect("logdist_packets_admitted_total", terms.admitted.packets);
    expect("logdist_messages_admitted_total", terms.admitted.messages);
    expect("logdist_packets_handed_back_total", terms.handed_back.packets);
    expect("logdist_packet_residence_seconds", terms.delivered.packets);
    expect("logdist_queue_packets", chronicle_.held_packets());
    expect("logdist_queue_bytes", chronicle_.held_bytes());
    expect("logdist_caller_runs_total", world_.scenario().ack_delivered ? 0 : chronicle_.requests());
    for (std::size_t i = 0; i < dead_letter_reason_count; ++i) {
      const char* reason = to_string(static_cast<DeadLetterReason>(i));
      expect(fmt::format("logdist_packets_dead_lettered_total/{}", reason), chronicle_.dead_letters()[i]);
    }
  }

  void check_analyzer(AnalyzerId id) {
    const AnalyzerTally& seen = chronicle_.of(id);
    expect(fmt::format("logdist_packets_delivered_total/{}", id), seen.delivered.packets);
    expect(fmt::format("logdist_messages_delivered_total/{}", id), seen.delivered.messages);
    expect(fmt::format("logdist_in_flight_packets/{}", id), seen.under_way);
    for (std::size_t i = 0; i < outcome_count; ++i) {
      const char* outcome = to_string(static_cast<Outcome>(i));
      expect(fmt::format("logdist_delivery_attempts_total/{}/{}", id, outcome), seen.attempts[i]);
    }
  }

  void expect(const std::string& sample, auto seen) {
    const auto found = samples_.find(sample);
    if (found == samples_.end()) {
      complain("{} is missing", sample);
    } else if (found->second != static_cast<double>(seen)) {
      complain("{} is {}, seen were {}", sample, found->second, seen);
    }
  }

  std::uint64_t events_ = 0;
  std::map<std::string, double> samples_;
};

}  // namespace

std::unique_ptr<Checker> make_metrics(const World& world, Findings& findings) {
  return std::make_unique<Metrics>("metrics", world, findings);
}

}  // namespace logdist::sim
