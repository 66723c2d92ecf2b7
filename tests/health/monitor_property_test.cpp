// Random events against a monitor and a second opinion of what it should say.
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "logdist/health/health.hpp"

namespace logdist::health {
namespace {

using namespace std::chrono_literals;

enum class Kind { packet, probe, trial };

/// Something under way at the analyzer.
struct Work {
  Kind kind;
  Epoch epoch;
  std::uint32_t stay;        ///< the state it was begun in, counted
  std::uint64_t serial = 0;  ///< of a packet
  TimePoint begun{};
};

/// What happened in the present state, to count streaks anew at each question.
struct Event {
  bool probe;
  bool failed;
  TimePoint begun{};
  std::uint64_t newest = 0;   ///< packet sent until then
  std::size_t under_way = 0;  ///< packets then, itself included
};

std::uint32_t streak(const std::vector<Event>& events, bool probe) {
  std::uint32_t failures = 0;
  for (auto event = events.rbegin(); event != events.rend(); ++event) {
    if (event->probe != probe) continue;
    if (!event->failed) break;
    ++failures;
  }
  return failures;
}

class World {
 public:
  explicit World(std::uint64_t seed)
      : random_(seed), options_(draw_options()), monitor_(options_, random_, now_), state_(monitor_.state()) {}

  void step() {
    switch (random_.below(5)) {
      case 0: advance(); break;
      case 1: begin_packet(); break;
      case 2: begin_probe_or_trial(); break;
      default: end_one(random_.below(2) == 0); break;
    }
    check_always();
  }

  /// From now on everything goes well: the monitor must come back.
  void heal() {
    for (const Work& work : pending_) tell(work, false);
    for (int turns = 0; turns < 4 && monitor_.state() != State::healthy; ++turns) {
      if (monitor_.next_event() != never) now_ = std::max(now_, monitor_.next_event());
      monitor_.tick(now_);
      if (monitor_.probe_due(now_)) {
        monitor_.probe_begun(now_);
        monitor_.on_probe(ProbeResult::passed, monitor_.epoch(), now_);
      }
      if (!monitor_.wants_trial()) continue;
      monitor_.trial_begun();
      monitor_.on_success(monitor_.epoch(), now_);
    }
    EXPECT_EQ(monitor_.state(), State::healthy);
  }

  int failed_seen() const { return failed_seen_; }
  int recoveries_seen() const { return recoveries_seen_; }

 private:
  MonitorOptions draw_options() {
    MonitorOptions options;
    options.probing = random_.below(4) != 0;
    options.interval = 5s;
    options.failure_threshold = 1 + static_cast<std::uint32_t>(random_.below(4));
    options.backoff_initial = 500ms;
    options.backoff_max = 30s;
    options.backoff_jitter = random_.below(2) == 0 ? 0 : 0.2;
    options.slow_start = 10s * random_.below(2);
    options.answer_within = 1s * random_.below(4);
    return options;
  }

  void advance() {
    const TimePoint due = monitor_.next_event();
    const bool to_the_point = due != never && due > now_ && random_.below(2) == 0;
    const TimePoint target = to_the_point ? due : now_ + std::chrono::milliseconds(random_.below(3'000));
    if (target < due) {
      EXPECT_FALSE(monitor_.probe_due(target));
    }
    now_ = target;
    const State before = monitor_.state();
    monitor_.tick(now_);
    State expected = before;
    if (before == State::failed && now_ >= due) expected = State::testing;
    if (before == State::healthy && packets_take_it_out()) expected = State::failed;
    EXPECT_EQ(monitor_.state(), expected);
    note_state();
    if (expected == State::testing && before == State::failed) {
      EXPECT_EQ(monitor_.probe_due(now_), options_.probing);
      EXPECT_EQ(monitor_.wants_trial(), !options_.probing);
    }
  }

  void begin_packet() {
    if (monitor_.state() != State::healthy) return;
    pending_.push_back({Kind::packet, monitor_.attempt_begun(), stay_, ++last_serial_, now_});
  }

  void begin_probe_or_trial() {
    if (monitor_.probe_due(now_)) {
      monitor_.probe_begun(now_);
      EXPECT_FALSE(monitor_.probe_due(now_));
      pending_.push_back({Kind::probe, monitor_.epoch(), stay_});
    } else if (monitor_.wants_trial()) {
      monitor_.trial_begun();
      EXPECT_FALSE(monitor_.wants_trial());
      pending_.push_back({Kind::trial, monitor_.epoch(), stay_});
    }
  }

  void end_one(bool failed) {
    if (pending_.empty()) return;
    const auto chosen = pending_.begin() + static_cast<std::ptrdiff_t>(random_.below(pending_.size()));
    const Work work = *chosen;
    pending_.erase(chosen);
    const bool stale = work.stay != stay_;
    const State before = monitor_.state();
    const TimePoint due = monitor_.next_event();
    if (!stale && !is_old_news(work, failed))
      events_.push_back({work.kind == Kind::probe, failed, work.begun, last_serial_, packets_under_way() + 1});
    tell(work, failed);
    if (stale) {
      EXPECT_EQ(monitor_.next_event(), due);
    }
    EXPECT_EQ(monitor_.state(), stale ? before : expected_after(work, failed, before));
    note_state();
  }

  void tell(const Work& work, bool failed) {
    if (work.kind == Kind::probe) {
      const ProbeResult passed = random_.below(2) == 0 ? ProbeResult::passed : ProbeResult::missing;
      monitor_.on_probe(failed ? ProbeResult::failed : passed, work.epoch, now_);
    } else if (failed) {
      monitor_.on_failure(work.epoch, now_, now_ - work.begun);
    } else {
      monitor_.on_success(work.epoch, now_, now_ - work.begun);
    }
    if (work.kind == Kind::packet) monitor_.attempt_ended(work.epoch, now_);
  }

  /// A packet that failed and was sent before another that has been taken.
  bool is_old_news(const Work& work, bool failed) const {
    if (!failed || work.kind != Kind::packet) return false;
    return std::ranges::any_of(
        events_, [&](const Event& event) { return !event.probe && !event.failed && event.begun > work.begun; });
  }

  State expected_after(const Work& work, bool failed, State before) const {
    if (before == State::testing) {
      if (failed) return State::failed;
      return work.kind == Kind::trial ? State::healthy : State::testing;
    }
    if (before != State::healthy) return before;
    const bool by_probe = failed && work.kind == Kind::probe && enough();
    return by_probe || packets_take_it_out() ? State::failed : before;
  }

  std::size_t packets_under_way() const {
    return static_cast<std::size_t>(std::ranges::count_if(
        pending_, [&](const Work& work) { return work.kind == Kind::packet && work.stay == stay_; }));
  }

  bool enough() const { return streak(events_, true) + streak(events_, false) >= options_.failure_threshold; }

  /// Enough have failed in a row, and none is awaited that was sent before the first of them was known.
  bool packets_take_it_out() const {
    const std::uint32_t failures = streak(events_, false);
    if (failures == 0 || !enough()) return false;
    auto first = events_.rbegin();
    for (std::uint32_t left = failures; left > 0; ++first) left -= first->probe ? 0u : 1u;
    --first;
    if (now_ >= first->begun + options_.answer_within) return true;
    if (4 * failures >= 3 * (first->under_way + last_serial_ - first->newest)) return true;
    return std::ranges::none_of(pending_, [&](const Work& work) {
      return work.kind == Kind::packet && work.stay == stay_ && work.serial <= first->newest;
    });
  }

  /// Each change of state is a new epoch, along one of the four arrows.
  void note_state() {
    const State state = monitor_.state();
    if (state == state_) return;
    EXPECT_NE(monitor_.epoch(), epoch_);
    if (state == State::failed) {
      check_backoff();
    } else if (state == State::healthy) {
      EXPECT_EQ(state_, State::testing);
      EXPECT_EQ(monitor_.ramping(now_), options_.slow_start > 0s);
      failed_tests_ = 0;
      ++recoveries_seen_;
    } else {
      EXPECT_EQ(state_, State::failed);
    }
    state_ = state;
    epoch_ = monitor_.epoch();
    ++stay_;
    events_.clear();
  }

  void check_backoff() {
    Duration base = options_.backoff_initial;
    for (int i = 0; i < failed_tests_; ++i) base = std::min(base * 2, options_.backoff_max);
    const double wait = to_seconds(monitor_.next_event() - now_);
    EXPECT_GE(wait, to_seconds(base) * (1 - options_.backoff_jitter) - 1e-6);
    EXPECT_LE(wait, to_seconds(base) * (1 + options_.backoff_jitter) + 1e-6);
    ++failed_tests_;
    ++failed_seen_;
  }

  void check_always() {
    EXPECT_EQ(monitor_.state(), state_);
    const bool failed = state_ == State::failed;
    EXPECT_FALSE(monitor_.probe_due(now_) && (failed || !options_.probing));
    EXPECT_FALSE(monitor_.wants_trial() && state_ != State::testing);
    const std::uint32_t slots = monitor_.ramped(256, now_);
    EXPECT_GE(slots, 1u);
    EXPECT_EQ(slots < 256, monitor_.ramping(now_));
    if (state_ == State::healthy) {
      EXPECT_GE(monitor_.ramped(256, now_ + 1s), slots);
    }
    EXPECT_EQ(monitor_.ramped(256, now_ + 10s), 256u);
  }

  Random random_;
  const MonitorOptions options_;
  TimePoint now_ = TimePoint{} + 1h;
  Monitor monitor_;
  std::vector<Work> pending_;
  std::vector<Event> events_;  ///< of this state
  State state_;
  Epoch epoch_ = 0;
  std::uint32_t stay_ = 0;
  std::uint64_t last_serial_ = 0;
  int failed_tests_ = 0;
  int failed_seen_ = 0;
  int recoveries_seen_ = 0;
};

TEST(MonitorProperty, HoldsUnderRandomEventsAndComesBackWhenHealed) {
  int failed = 0;
  int recoveries = 0;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    World world(seed);
    for (int i = 0; i < 2'000 && !::testing::Test::HasFailure(); ++i) world.step();
    world.heal();
    if (HasFailure()) return;
    failed += world.failed_seen();
    recoveries += world.recoveries_seen();
  }
  EXPECT_GT(failed, 1'000);
  EXPECT_GT(recoveries, 1'000);
}

}  // namespace
}  // namespace logdist::health
