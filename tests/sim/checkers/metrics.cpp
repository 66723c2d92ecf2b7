// metrics: what /metrics would show is what was seen from outside, or what the
// load balancer told those checkers that work out the same.
#include <algorithm>
#include <map>
#include <utility>

#include "logdist/telemetry/catalogue.hpp"
#include "tests/sim/checker.hpp"

namespace logdist::sim {
namespace {

/// Every so many events, for a scrape is dear; but in some lives after each of so many, time and again.
constexpr std::uint64_t scrape_period = 97;
constexpr std::uint64_t thorough_seeds = 20;    ///< one in so many
constexpr std::uint64_t thorough_periods = 10;  ///< one in so many of them

class Metrics final : public Checker {
 public:
  using Checker::Checker;

  void stepped() override {
    const bool thorough =
        world_.scenario().seed % thorough_seeds == 0 && events_ / scrape_period % thorough_periods == 0;
    if (++events_ % scrape_period == 0 || thorough) scrape();
  }
  void shut_down() override { scrape(); }

 private:
  using Labels = std::map<std::string, std::string>;

  void scrape() {
    samples_.clear();
    for (const prometheus::MetricFamily& family : telemetry::collect(world_.scrape(), "simulated")) {
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
    check_received();
    const std::vector<dispatch::AnalyzerView> views = world_.views();
    for (AnalyzerId id = 0; id < views.size(); ++id) {
      check_analyzer(id);
      check_standing(id, views[id]);
    }
  }

  void check_terms() {
    const ledger::Terms& terms = trace_.terms();
    const std::pair<const char*, const ledger::Amount*> places[] = {{"queued", &terms.queued},
                                                                    {"waiting", &terms.waiting},
                                                                    {"in_flight", &terms.in_flight},
                                                                    {"delivered", &terms.delivered},
                                                                    {"dead_lettered", &terms.dead_lettered},
                                                                    {"handed_back", &terms.handed_back}};
    for (const auto& [place, amount] : places) {
      expect(fmt::format("logdist_ledger_packets/{}", place), amount->packets);
      expect(fmt::format("logdist_ledger_messages/{}", place), amount->messages);
    }
    expect("logdist_ledger_imbalance_packets", 0);
    expect("logdist_ledger_imbalance_messages", 0);
  }

  void check_settlements() {
    const ledger::Terms& terms = trace_.terms();
    expect("logdist_packets_admitted_total", terms.admitted.packets);
    expect("logdist_messages_admitted_total", terms.admitted.messages);
    expect("logdist_packets_handed_back_total", terms.handed_back.packets);
    expect("logdist_packet_residence_seconds", terms.delivered.packets);
    expect("logdist_queue_packets", trace_.held_packets());
    expect("logdist_queue_bytes", trace_.held_bytes());
    expect("logdist_caller_runs_total", world_.scenario().ack_delivered ? 0 : trace_.requests());
    for (std::size_t i = 0; i < dead_letter_reason_count; ++i) {
      const char* reason = to_string(static_cast<DeadLetterReason>(i));
      expect(fmt::format("logdist_packets_dead_lettered_total/{}", reason), trace_.dead_letters()[i]);
    }
  }

  void check_received() {
    for (std::size_t i = 0; i < core::protocol_count; ++i) {
      const char* format = to_string(static_cast<core::Protocol>(i));
      const ledger::ReceivedCounts& seen = trace_.received()[i];
      expect(fmt::format("logdist_packets_received_total/{}", format), seen.packets);
      expect(fmt::format("logdist_messages_received_total/{}", format), seen.messages);
      expect(fmt::format("logdist_received_bytes_total/{}", format), seen.bytes);
    }
  }

  void check_analyzer(AnalyzerId id) {
    const AnalyzerTally& seen = trace_.of(id);
    expect(fmt::format("logdist_packets_delivered_total/{}", id), seen.delivered.packets);
    expect(fmt::format("logdist_messages_delivered_total/{}", id), seen.delivered.messages);
    expect(fmt::format("logdist_in_flight_packets/{}", id), seen.under_way);
    for (std::size_t i = 0; i < outcome_count; ++i) {
      const char* outcome = to_string(static_cast<Outcome>(i));
      expect(fmt::format("logdist_delivery_attempts_total/{}/{}", id, outcome), seen.attempts[i]);
    }
  }

  /// The others judge these numbers; here they have to be shown as they are.
  void check_standing(AnalyzerId id, const dispatch::AnalyzerView& view) {
    const balance::Account& account = view.account;
    for (const auto state : {health::State::healthy, health::State::failed, health::State::testing}) {
      const bool is_so = state == view.state;
      expect(fmt::format("logdist_analyzer_state/{}/{}", id, health::to_string(state)), is_so ? 1 : 0);
    }
    expect(fmt::format("logdist_analyzer_in_service/{}", id), view.in_service ? 1 : 0);
    expect(fmt::format("logdist_analyzer_drained/{}", id), view.drained ? 1 : 0);
    expect(fmt::format("logdist_analyzer_failures_total/{}", id), view.failures);
    expect(fmt::format("logdist_deficit_messages/{}", id), account.deficit);
    expect(fmt::format("logdist_debt_messages/{}", id), account.debt);
    expect(fmt::format("logdist_catch_ups_total/{}", id), account.catch_ups);
    expect(fmt::format("logdist_in_flight_capacity_packets/{}", id), view.slots);
    expect(fmt::format("logdist_analyzer_weight/{}", id), weight_of(id));
    check_target(id, view);
    const std::int64_t all = trace_.terms().delivered.messages;
    const auto delivered = static_cast<double>(trace_.of(id).delivered.messages);
    expect(fmt::format("logdist_share_delivered_ratio/{}", id), all == 0 ? 0 : delivered / static_cast<double>(all));
  }

  double weight_of(AnalyzerId id) const { return static_cast<double>(world_.weight_units(id)); }

  /// Its share of the formats that the most take of those that it takes; where as many take others, of one of these.
  void check_target(AnalyzerId id, const dispatch::AnalyzerView& view) {
    const std::string sample = fmt::format("logdist_share_target_ratio/{}", id);
    if (!view.in_service) return expect(sample, 0);
    int most = 0;
    std::vector<double> targets;
    for (std::size_t i = 0; i < core::protocol_count; ++i) {
      const auto format = static_cast<core::Protocol>(i);
      if (!world_.takes(id, format)) continue;
      const auto [takers, weight] = takers_of(format);
      if (takers > most) targets.clear();
      most = std::max(most, takers);
      if (takers == most) targets.push_back(weight_of(id) / weight);
    }
    const auto found = samples_.find(sample);
    const bool is_one = found != samples_.end() && std::ranges::find(targets, found->second) != targets.end();
    expect(sample, is_one ? found->second : targets.front());
  }

  /// How many there are that take it, and the weights of those in service.
  std::pair<int, double> takers_of(core::Protocol format) const {
    int takers = 0;
    double weight = 0;
    const std::vector<dispatch::AnalyzerView> views = world_.views();
    for (AnalyzerId id = 0; id < views.size(); ++id) {
      if (views[id].removed || !world_.takes(id, format)) continue;
      ++takers;
      if (views[id].in_service) weight += weight_of(id);
    }
    return {takers, weight};
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
