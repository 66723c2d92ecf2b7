// Any course of events in the life of an analyzer and of a packet: whatever
// happens in whatever order, the health monitor and the packet's retry state keep what
// their headers promise, and once all goes well the analyzer comes back. What they
// promise is counted here a second time: failures in a row, and rounds.
#include <fuzzer/FuzzedDataProvider.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "logdist/base/backoff.hpp"
#include "logdist/base/check.hpp"
#include "logdist/health/health.hpp"
#include "logdist/retry/retry_state.hpp"
#include "tests/fuzz/expected_state.hpp"

namespace logdist {
namespace {

using namespace std::chrono_literals;
using health::Monitor;
using health::State;

Duration draw_duration(FuzzedDataProvider& data, Duration max) {
  return Duration(data.ConsumeIntegralInRange<Duration::rep>(0, max.count()));
}

/// As the back-off's `repeats`-th wait may be, jitter and rounding included.
bool may_be_wait(Duration wait, const Backoff& backoff, std::uint32_t repeats) {
  const auto center = static_cast<double>(backoff.base(repeats).count());
  const auto ticks = static_cast<double>(wait.count());
  return ticks >= center * (1 - backoff.jitter) - 1 && ticks <= center * (1 + backoff.jitter) + 1;
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
    options.answer_within = options.interval / 4;
    return options;
  }

  void happen() {
    switch (data_.ConsumeIntegralInRange<int>(0, 8)) {
      case 0: now_ += draw_duration(data_, 10s); break;
      case 1: now_ -= std::min<Duration>(now_ - start_, 1ms); break;  // another loop's clock
      case 2:
        if (now_ >= monitor_.testing_at()) expected_.backoff_over();
        expected_.judge(now_);
        monitor_.tick(now_);
        if (now_ >= distrusted_until_) distrusted_until_ = {};
        break;
      case 3: begin_attempt(); break;
      case 4: end_attempt(); break;
      case 5: probe(); break;
      case 6: monitor_.set_all_out(all_out_ = data_.ConsumeBool()); break;
      case 7:
        if (options_.probing && monitor_.wants_trial() && now_ >= distrusted_until_) {
          expected_.trusted();
          unproven_ = true;
        }
        monitor_.trust_probe(now_);
        break;
      default: try_it(); break;
    }
  }

  /// Something under way at the analyzer.
  struct Attempt {
    health::Epoch epoch = 0;
    std::uint32_t stay = 0;
    std::uint64_t ticket = 0;  ///< of a packet that has not failed before, sent while Healthy
    TimePoint begun{};
    bool suspect = false;
  };

  void begin_attempt() {
    Attempt attempt{monitor_.epoch(), expected_.stay(), 0, now_, attempts_.size() % 4 == 3};
    if (monitor_.state() == State::healthy && !attempt.suspect) {
      attempt.ticket = ++last_ticket_;
      expected_.sent(attempt.ticket);
      attempt.epoch = monitor_.attempt_begun();
    }
    attempts_.push_back(attempt);
  }

  void end_attempt() {
    if (attempts_.empty()) return;
    const std::size_t index = data_.ConsumeIntegralInRange<std::size_t>(0, attempts_.size() - 1);
    const Attempt attempt = attempts_[index];
    attempts_.erase(attempts_.begin() + static_cast<std::ptrdiff_t>(index));
    const bool delivered = data_.ConsumeBool();
    const bool says_nothing = data_.ConsumeBool();
    if (delivered || (!says_nothing && !attempt.suspect)) tell(attempt, delivered);
    if (attempt.suspect && !delivered) monitor_.on_suspect_failure(attempt.epoch, now_);
    if (!attempt.suspect && !delivered && says_nothing) monitor_.trial_void(attempt.epoch);
    if (attempt.ticket == 0) return;
    if (attempt.stay == expected_.stay()) expected_.over(attempt.ticket, now_);
    monitor_.attempt_ended(attempt.epoch, now_);
  }

  void tell(const Attempt& attempt, bool delivered) {
    const Duration lasted = now_ - attempt.begun;
    const bool counts = attempt.stay == expected_.stay();
    if (counts) expected_.packet(delivered, lasted, now_);
    if (counts && delivered) {
      failed_tests_ = 0;
      unproven_ = false;
      distrusted_until_ = {};
    }
    if (delivered) {
      monitor_.on_success(attempt.epoch, now_, lasted);
    } else {
      monitor_.on_failure(attempt.epoch, now_, lasted);
    }
  }

  void probe() {
    if (probe_under_way_) {
      probe_under_way_ = false;
      constexpr health::ProbeResult results[] = {health::ProbeResult::passed, health::ProbeResult::missing,
                                                 health::ProbeResult::failed};
      const health::ProbeResult result = data_.PickValueInArray(results);
      if (probe_stay_ == expected_.stay()) expected_.probe(result != health::ProbeResult::failed, all_out_);
      monitor_.on_probe(result, probe_epoch_, now_);
    } else if (monitor_.probe_due(now_)) {
      LOGDIST_CHECK(options_.probing);
      probe_under_way_ = true;
      probe_epoch_ = monitor_.epoch();
      probe_stay_ = expected_.stay();
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
      attempts_.push_back({epoch, expected_.stay(), 0, now_, false});
    } else {
      monitor_.trial_void(epoch);
      LOGDIST_CHECK(monitor_.wants_trial());
    }
  }

  void check(State before, health::Epoch epoch) {
    const State state = monitor_.state();
    LOGDIST_CHECK(state == expected_.state());
    if (state == State::healthy && !unproven_) failed_tests_ = 0;
    if (before != State::failed && state == State::failed) {
      const Backoff backoff{options_.backoff_initial, options_.backoff_max, options_.backoff_multiplier,
                            options_.backoff_jitter};
      LOGDIST_CHECK(may_be_wait(monitor_.testing_at() - now_, backoff, failed_tests_));
      ++failed_tests_;
      if (unproven_) distrusted_until_ = monitor_.testing_at();
    }
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
    for (const Attempt& attempt : attempts_) monitor_.on_success(attempt.epoch, now_);
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
  ExpectedState expected_{options_};
  std::uint32_t failed_tests_ = 0;  ///< since it took a packet
  bool unproven_ = false;           ///< Healthy by a probe alone, and has taken none since
  TimePoint distrusted_until_{};
  std::vector<Attempt> attempts_;
  std::uint64_t last_ticket_ = 0;
  bool probe_under_way_ = false;
  bool all_out_ = false;  ///< no analyzer at all is in service
  health::Epoch probe_epoch_ = 0;
  std::uint32_t probe_stay_ = 0;
};

/// The rounds of a packet: whom it may not ask, and when there is to be no further round.
class ExpectedRounds {
 public:
  void heard(AnalyzerId analyzer, Outcome outcome, bool counts, const retry::Taken& taken) {
    if (outcome == Outcome::unsent) return;
    const bool failed = outcome != Outcome::refused && outcome != Outcome::paused && counts;
    if (failed) {
      const auto before = failed_before_.find(analyzer);
      const bool took = before == failed_before_.end() ? taken.lately : taken.packets > before->second;
      all_took_ = all_took_ && took;
      failed_now_[analyzer] = taken.packets;
    }
    if (outcome == Outcome::refused) {
      refuser_.assign(1, analyzer);
    } else {
      asked_.push_back(analyzer);
    }
  }
  /// The one that refused first, then those asked in this round.
  std::vector<AnalyzerId> excluded() const {
    std::vector<AnalyzerId> all = refuser_;
    all.insert(all.end(), asked_.begin(), asked_.end());
    return all;
  }
  /// Whether the round that ends is the last.
  bool end(std::uint32_t max_rounds) {
    rounds_poisoned_ += !failed_now_.empty() && all_took_ ? 1 : 0;
    if (!failed_now_.empty()) failed_before_ = failed_now_;
    failed_now_.clear();
    rounds_refused_ += refuser_.empty() ? 0 : 1;
    ++ended_;
    asked_.clear();
    all_took_ = true;
    return rounds_poisoned_ == max_rounds || rounds_refused_ == max_rounds;
  }
  std::uint32_t ended() const { return ended_; }

 private:
  std::vector<AnalyzerId> refuser_;  ///< at most one
  std::vector<AnalyzerId> asked_;
  std::map<AnalyzerId, std::uint64_t> failed_before_;  ///< in the last round with failures, and what it had taken
  std::map<AnalyzerId, std::uint64_t> failed_now_;
  bool all_took_ = true;               ///< another packet, who failed this one
  std::uint32_t rounds_poisoned_ = 0;  ///< those that count
  std::uint32_t rounds_refused_ = 0;   ///< ended with one refusal known
  std::uint32_t ended_ = 0;
};

/// The round is over, as expected; false when no other is to come.
bool end_round(retry::RetryState& retry_state, ExpectedRounds& expected, const retry::RetryPolicy& policy,
               Random& random) {
  const bool last = expected.end(policy.max_rounds);
  const auto wait = retry_state.end_round(policy, random);
  LOGDIST_CHECK(wait.has_value() == !last);
  if (!wait) return false;
  const Backoff backoff{policy.initial, policy.max, policy.multiplier, policy.jitter};
  LOGDIST_CHECK(may_be_wait(*wait, backoff, expected.ended() - 1));
  LOGDIST_CHECK(std::ranges::equal(retry_state.excluded(), expected.excluded()));
  return true;
}

retry::RetryAction expected_next(Outcome outcome, std::uint32_t refusals) {
  if (outcome == Outcome::unsent) return retry::RetryAction::again;
  if (outcome == Outcome::delivered) return retry::RetryAction::done;
  return refusals == 2 ? retry::RetryAction::dead_letter : retry::RetryAction::other;
}

/// One packet among `analyzers`, until it settles or the events end.
void send_packet(FuzzedDataProvider& data) {
  Random random(data.ConsumeIntegral<std::uint64_t>());
  const auto analyzers = data.ConsumeIntegralInRange<AnalyzerId>(1, 8);
  retry::RetryPolicy policy;
  policy.initial = 1ms + draw_duration(data, 1s);
  policy.max = policy.initial + draw_duration(data, 60s);
  policy.max_rounds = data.ConsumeIntegralInRange<std::uint32_t>(1, 10);
  retry::RetryState retry_state;
  ExpectedRounds expected;
  std::map<AnalyzerId, retry::Taken> taken;
  std::uint32_t refusals = 0;
  std::uint32_t heard = 0;
  while (data.remaining_bytes() > 0) {
    const auto excluded = retry_state.excluded();
    const auto analyzer = data.ConsumeIntegralInRange<AnalyzerId>(0, analyzers - 1);
    if (std::find(excluded.begin(), excluded.end(), analyzer) != excluded.end()) {
      if (!end_round(retry_state, expected, policy, random)) return;
      continue;
    }
    const auto outcome = static_cast<Outcome>(data.ConsumeIntegralInRange<int>(0, outcome_count - 1));
    core::AttemptResult result;
    result.outcome = outcome;
    result.status = data.ConsumeIntegralInRange<unsigned>(0, 999);
    result.counts_for_health = data.ConsumeIntegralInRange<int>(0, 7) != 0;
    taken[analyzer].packets += data.ConsumeIntegralInRange<std::uint64_t>(0, 1);
    taken[analyzer].lately = data.ConsumeBool();
    const retry::RetryAction next = retry_state.on_result(analyzer, result, taken[analyzer]);
    heard += outcome == Outcome::unsent ? 0 : 1;
    refusals += outcome == Outcome::refused ? 1 : 0;
    LOGDIST_CHECK(retry_state.attempts() == heard);
    LOGDIST_CHECK(!is_ambiguous(outcome) || retry_state.may_be_duplicate());
    LOGDIST_CHECK(next == expected_next(outcome, refusals));
    if (next == retry::RetryAction::done || next == retry::RetryAction::dead_letter) return;
    expected.heard(analyzer, outcome, result.counts_for_health, taken[analyzer]);
    LOGDIST_CHECK(retry_state.refused_once() == (refusals == 1));
    LOGDIST_CHECK(std::ranges::equal(retry_state.excluded(), expected.excluded()));
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
