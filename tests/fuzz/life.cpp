// Any course of events in the life of an analyzer and of a packet: whatever
// happens in whatever order, the health monitor and the packet's course keep what
// their headers promise, and once all goes well the analyzer comes back.
#include <fuzzer/FuzzedDataProvider.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "logdist/base/check.hpp"
#include "logdist/delivery/course.hpp"
#include "logdist/health/health.hpp"

namespace logdist {
namespace {

using namespace std::chrono_literals;
using health::Monitor;
using health::State;

Duration draw_duration(FuzzedDataProvider& data, Duration max) {
  return Duration(data.ConsumeIntegralInRange<Duration::rep>(0, max.count()));
}

/// One analyzer's monitor, with what is under way there.
class Analyzer {
 public:
  explicit Analyzer(FuzzedDataProvider& data)
      : data_(data), random_(data.ConsumeIntegral<std::uint64_t>()), options_(draw_options(data)) {}

  void live(std::size_t events) {
    for (std::size_t i = 0; i < events && data_.remaining_bytes() > 0; ++i) {
      const State before = monitor_.state();
      const health::Epoch epoch = monitor_.epoch();
      happen();
      check(before, epoch);
    }
    recover();
  }

 private:
  static health::MonitorOptions draw_options(FuzzedDataProvider& data) {
    health::MonitorOptions options;
    options.probing = data.ConsumeBool();
    options.interval = 1ms + draw_duration(data, 60s);
    options.failure_threshold = data.ConsumeIntegralInRange<std::uint32_t>(1, 10);
    options.backoff_initial = 1ms + draw_duration(data, 10s);
    options.backoff_max = options.backoff_initial + draw_duration(data, 300s);
    options.backoff_multiplier = 1 + data.ConsumeIntegralInRange<int>(0, 30) / 10.0;
    options.backoff_jitter = data.ConsumeIntegralInRange<int>(0, 10) / 10.0;
    options.slow_start = draw_duration(data, 60s);
    return options;
  }

  void happen() {
    switch (data_.ConsumeIntegralInRange<int>(0, 6)) {
      case 0: now_ += draw_duration(data_, 10s); break;
      case 1: now_ -= std::min<Duration>(now_ - start_, 1ms); break;  // another loop's clock
      case 2: monitor_.tick(now_); break;
      case 3: attempts_.push_back(monitor_.epoch()); break;
      case 4: end_attempt(); break;
      case 5: probe(); break;
      default: try_it(); break;
    }
  }

  void end_attempt() {
    if (attempts_.empty()) return;
    const std::size_t index = data_.ConsumeIntegralInRange<std::size_t>(0, attempts_.size() - 1);
    const health::Epoch epoch = attempts_[index];
    attempts_.erase(attempts_.begin() + static_cast<std::ptrdiff_t>(index));
    if (data_.ConsumeBool()) {
      monitor_.on_success(epoch, now_);
    } else {
      monitor_.on_failure(epoch, now_);
    }
  }

  void probe() {
    if (probe_under_way_) {
      probe_under_way_ = false;
      constexpr health::ProbeResult results[] = {health::ProbeResult::passed, health::ProbeResult::missing,
                                                 health::ProbeResult::failed};
      monitor_.on_probe(data_.PickValueInArray(results), probe_epoch_, now_);
    } else if (monitor_.probe_due(now_)) {
      LOGDIST_CHECK(options_.probing);
      probe_under_way_ = true;
      probe_epoch_ = monitor_.epoch();
      monitor_.probe_begun(now_);
      LOGDIST_CHECK(!monitor_.probe_due(now_));
    }
  }

  void try_it() {
    if (!monitor_.wants_trial()) return;
    const health::Epoch epoch = monitor_.epoch();
    monitor_.trial_begun();
    LOGDIST_CHECK(!monitor_.wants_trial());
    if (data_.ConsumeBool()) {
      attempts_.push_back(epoch);
    } else {
      monitor_.trial_void(epoch);
      LOGDIST_CHECK(monitor_.wants_trial());
    }
  }

  void check(State before, health::Epoch epoch) const {
    const State state = monitor_.state();
    LOGDIST_CHECK(state == before || monitor_.epoch() != epoch);
    LOGDIST_CHECK(!(before == State::healthy && state == State::testing));
    LOGDIST_CHECK(!(before == State::failed && state == State::healthy));
    LOGDIST_CHECK(!monitor_.wants_trial() || state == State::testing);
    LOGDIST_CHECK(state != State::failed || monitor_.next_event() != never);
    const std::uint32_t slots = 256;
    const std::uint32_t ramped = monitor_.ramped(slots, now_);
    LOGDIST_CHECK(ramped >= 1 && ramped <= slots);
    LOGDIST_CHECK(monitor_.ramping(now_) || ramped == slots);
  }

  /// All goes well from now on: what is under way is told, and then the analyzer
  /// needs no more than its back-off, a probe and a packet.
  void recover() {
    for (const health::Epoch epoch : attempts_) monitor_.on_success(epoch, now_);
    if (probe_under_way_) monitor_.on_probe(health::ProbeResult::passed, probe_epoch_, now_);
    for (int turn = 0; turn < 4 && monitor_.state() != State::healthy; ++turn) {
      if (monitor_.next_event() != never) now_ = std::max(now_, monitor_.next_event());
      monitor_.tick(now_);
      if (monitor_.probe_due(now_)) {
        monitor_.probe_begun(now_);
        monitor_.on_probe(health::ProbeResult::passed, monitor_.epoch(), now_);
      }
      if (!monitor_.wants_trial()) continue;
      monitor_.trial_begun();
      monitor_.on_success(monitor_.epoch(), now_);
    }
    LOGDIST_CHECK(monitor_.state() == State::healthy);
  }

  FuzzedDataProvider& data_;
  Random random_;
  const health::MonitorOptions options_;
  const TimePoint start_ = TimePoint(1h);
  TimePoint now_ = start_;
  Monitor monitor_{options_, random_, now_};
  std::vector<health::Epoch> attempts_;  ///< packets under way, by the epoch they were begun in
  bool probe_under_way_ = false;
  health::Epoch probe_epoch_ = 0;
};

/// One packet among `analyzers`, until it settles or the events end.
void send_packet(FuzzedDataProvider& data) {
  Random random(data.ConsumeIntegral<std::uint64_t>());
  const auto analyzers = data.ConsumeIntegralInRange<AnalyzerId>(1, 8);
  delivery::RetryPolicy policy;
  policy.initial = 1ms + draw_duration(data, 1s);
  policy.max = policy.initial + draw_duration(data, 60s);
  policy.max_rounds = data.ConsumeIntegralInRange<std::uint32_t>(1, 10);
  delivery::Course course;
  std::uint32_t refusals = 0;
  std::uint32_t heard = 0;
  while (data.remaining_bytes() > 0) {
    const auto excluded = course.excluded();
    const auto analyzer = data.ConsumeIntegralInRange<AnalyzerId>(0, analyzers - 1);
    if (std::find(excluded.begin(), excluded.end(), analyzer) != excluded.end()) {
      const auto wait = course.end_round(policy, random);
      if (!wait) return;
      LOGDIST_CHECK(*wait >= Duration::zero() && *wait <= policy.max * 2);
      LOGDIST_CHECK(course.excluded().size() == (refusals > 0 ? 1u : 0u));
      continue;
    }
    const auto outcome = static_cast<Outcome>(data.ConsumeIntegralInRange<int>(0, outcome_count - 1));
    const auto status = data.ConsumeIntegralInRange<unsigned>(0, 999);
    const delivery::Next next = course.on_result(analyzer, outcome, status);
    heard += outcome == Outcome::unsent ? 0 : 1;
    refusals += outcome == Outcome::refused ? 1 : 0;
    LOGDIST_CHECK(course.attempts() == heard);
    LOGDIST_CHECK(!is_ambiguous(outcome) || course.may_be_duplicate());
    LOGDIST_CHECK((next == delivery::Next::done) == (outcome == Outcome::delivered));
    LOGDIST_CHECK((next == delivery::Next::dead_letter) == (refusals == 2));
    if (next == delivery::Next::done || next == delivery::Next::dead_letter) return;
    LOGDIST_CHECK(course.refused_once() == (refusals == 1));
    LOGDIST_CHECK(course.excluded().size() <= analyzers);
  }
}

}  // namespace
}  // namespace logdist

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  FuzzedDataProvider data(bytes, size);
  const std::size_t events = data.ConsumeIntegralInRange<std::size_t>(0, 1000);
  logdist::Analyzer(data).live(events);
  logdist::send_packet(data);
  return 0;
}
