// Queue and dispatch under real threads: several loops that admit, deliver and
// settle, and a control thread that adds, removes, drains, re-weights, pauses and
// fails analyzers at the same time. Whatever the threads do to each other: the books
// balance at every look, no bound is ever passed, and each packet is settled once.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <iostream>
#include <memory>
#include <utility>
#include <vector>

#include "tests/dispatch/stress_loop.hpp"

namespace logdist::dispatch {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t seed = 20'261;
constexpr std::size_t loop_count = 4;
constexpr std::size_t packets_each = 6'000;
constexpr std::size_t looks_max = 100'000;  ///< of the control thread, until something counts as stuck

LoadBalancerOptions balancer_options() {
  LoadBalancerOptions options;
  options.health.probing = true;
  options.health.interval = 20ms;
  options.health.failure_threshold = 3;
  options.health.backoff_initial = 5ms;
  options.health.backoff_max = 40ms;
  options.health.slow_start = 50ms;
  options.pause = {2ms, 20ms, 2.0, 0.2};
  options.balance = {200, 1'000};
  options.seed = seed;
  return options;
}

constexpr AnalyzerSpec ordinary{3, StressAnalyzer::slots_max, StressAnalyzer::slots_max};

/// The control thread, which is the test's own, and its loops.
class Stress : public testing::Test, public WakeupListener {
 protected:
  void SetUp() override {
    std::cout << "seed " << seed << '\n';
    for (LoopId id = 0; id < loop_count; ++id) {
      loops_.push_back(std::make_unique<StressLoop>(id, ground_, packets_each, seed + 10 * (id + std::size_t{1})));
    }
    for (const auto& loop : loops_) loop->start();
  }
  void TearDown() override {
    for (const auto& loop : loops_) loop->stop();
  }

  void wake_loop(LoopId loop) override { loops_[loop]->wake(); }
  void wake_control() override { ++control_wakes_; }

  template <typename Work>
  void on_all_loops(Work work) {
    for (const auto& loop : loops_) loop->post(work);
  }

  /// One round of the control thread while the loops run, and a look at everybody's books.
  void look() {
    ground_.clock.advance(std::chrono::microseconds(random_.below(5'000)));
    on_all_loops([](StressLoop& own) { own.go_on(); });
    for (std::uint64_t changes = stormy_ ? random_.below(4) : 0; changes > 0; --changes) change_something();
    for (const auto& [order, result] : std::exchange(probes_, {})) {
      ground_.balancer.probe_ended(order, result, ground_.clock.now());
    }
    for (const ProbeOrder& order : ground_.balancer.tick(ground_.clock.now())) {
      probes_.emplace_back(order, draw_probe(ground_.analyzers[order.analyzer].fault_mode));
    }
    state_changes_ += ground_.balancer.take_state_changes().size();
    for (const PauseNotice& notice : ground_.balancer.take_pauses()) pauses_ += notice.pauses;
    ground_.expect_within_bounds();
    gather();
  }

  void gather() {
    std::vector<std::future<StressReport>> coming;
    for (const auto& loop : loops_) coming.push_back(loop->report());
    reports_.clear();
    for (auto& report : coming) {
      reports_.push_back(report.get());
      EXPECT_EQ(reports_.back().terms.imbalance(), ledger::Amount{});
    }
    ++looks_;
  }

  health::ProbeResult draw_probe(FaultMode fault_mode) {
    using enum health::ProbeResult;
    if (fault_mode == FaultMode::failing || fault_mode == FaultMode::breaking) return failed;
    return fault_mode == FaultMode::mixed && random_.below(2) == 0 ? failed : passed;
  }

  /// What an operator, and bad luck, do to the analyzers.
  void change_something() {
    const std::size_t whom = random_.below(present_.size());
    const AnalyzerId analyzer = present_[whom];
    switch (random_.below(10)) {
      case 0: ground_.balancer.set_weight(analyzer, 1 + random_.below(100)); break;
      case 1: {
        const auto packets = static_cast<std::uint32_t>(1 + random_.below(StressAnalyzer::slots_max));
        ground_.balancer.set_max_in_flight(analyzer, packets, ground_.clock.now());
        break;
      }
      case 2:
        if (known_ == ground_.analyzers.size()) break;
        present_.push_back(ground_.balancer.add(ordinary, ground_.clock.now()));
        ASSERT_EQ(present_.back(), known_++);
        break;
      case 3:
        if (present_.size() < 3) break;
        ground_.balancer.remove(analyzer, ground_.clock.now());
        present_.erase(present_.begin() + static_cast<std::ptrdiff_t>(whom));
        break;
      case 4: ground_.analyzers[analyzer].fault_mode = FaultMode::well; break;
      case 5:
      case 6: drain_or_take_back(analyzer); break;
      default: ground_.analyzers[analyzer].fault_mode = static_cast<FaultMode>(random_.below(fault_mode_count)); break;
    }
  }

  /// Any analyzer, the last one in service too: packets then wait for it.
  void drain_or_take_back(AnalyzerId analyzer) {
    const bool drained = !ground_.balancer.views(ground_.clock.now())[analyzer].drained;
    ground_.balancer.set_drained(analyzer, drained, ground_.clock.now());
    const AnalyzerView view = ground_.balancer.views(ground_.clock.now())[analyzer];
    EXPECT_EQ(view.drained, drained);
    EXPECT_FALSE(view.drained && view.in_service);
    drains_ += drained ? 1 : 0;
  }

  template <typename Condition>
  void look_until(Condition condition) {
    const std::size_t begun = looks_;
    do {
      ASSERT_LT(looks_ - begun, looks_max) << "something is stuck";
      ASSERT_FALSE(HasFailure());
      look();
    } while (!condition());
  }

  /// Trouble until so many packets were begun.
  void storm(std::size_t packets) {
    stormy_ = true;
    look_until([&] {
      std::size_t sent = 0;
      for (const StressReport& report : reports_) sent += report.sent;
      return sent >= packets;
    });
  }

  void heal() {
    stormy_ = false;
    for (StressAnalyzer& analyzer : ground_.analyzers) analyzer.fault_mode = FaultMode::well;
    for (const AnalyzerId analyzer : present_) {
      // Also when it is not drained: then nothing changes.
      ground_.balancer.set_drained(analyzer, false, ground_.clock.now());
    }
  }

  bool all(bool (*holds)(const StressReport&)) const { return std::ranges::all_of(reports_, holds); }

  void expect_all_settled_once();

  Random random_{seed};
  std::vector<AnalyzerId> present_{0, 1, 2};
  std::size_t known_ = present_.size();
  StressGround ground_{balancer_options(), std::vector<AnalyzerSpec>(present_.size(), ordinary), loop_count, *this};
  std::vector<std::unique_ptr<StressLoop>> loops_;
  std::vector<std::pair<ProbeOrder, health::ProbeResult>> probes_;  ///< under way
  std::vector<StressReport> reports_;                               ///< of the last look
  bool stormy_ = false;
  std::size_t looks_ = 0;
  std::uint64_t state_changes_ = 0;
  std::uint64_t pauses_ = 0;
  std::uint64_t drains_ = 0;
  std::atomic<std::uint64_t> control_wakes_{0};
};

/// One packet's end, by what it was promised.
void expect_settled_once(const StressRecord& record) {
  using queue::Settlement;
  if (!record.admitted) {
    EXPECT_EQ(record.delivered + record.dead_lettered + record.told, 0) << "it was never ours";
    return;
  }
  EXPECT_LE(record.delivered + record.dead_lettered, 1);
  EXPECT_EQ(record.told, record.accepted || record.abandoned ? 0 : 1);
  if (record.accepted) {
    EXPECT_EQ(record.delivered + record.dead_lettered, 1) << "it was ours to lose";
  }
  if (record.told == 0) return;
  EXPECT_EQ(record.delivered, record.settlement == Settlement::delivered ? 1 : 0);
  EXPECT_EQ(record.dead_lettered, record.settlement == Settlement::dead_lettered ? 1 : 0);
}

void Stress::expect_all_settled_once() {
  TearDown();
  ledger::Terms seen;
  ledger::Terms books;
  std::uint64_t recalled = 0;
  for (const auto& loop : loops_) {
    books += loop->books().terms;
    recalled += loop->upstream().recalled();
    for (const StressRecord& record : loop->records()) {
      expect_settled_once(record);
      if (!record.admitted) continue;
      seen.admitted.add(record.messages);
      (record.delivered > 0       ? seen.delivered
       : record.dead_lettered > 0 ? seen.dead_lettered
                                  : seen.handed_back)
          .add(record.messages);
    }
  }
  for (const auto term :
       {&ledger::Terms::admitted, &ledger::Terms::queued, &ledger::Terms::waiting, &ledger::Terms::in_flight,
        &ledger::Terms::delivered, &ledger::Terms::dead_lettered, &ledger::Terms::handed_back}) {
    EXPECT_EQ(books.*term, seen.*term);
  }
  EXPECT_EQ(ground_.bounds.packets() + ground_.bounds.bytes() + ground_.bodies.held_bytes(), 0u);
  for (const StressAnalyzer& analyzer : ground_.analyzers) EXPECT_EQ(analyzer.under_way, 0u);
  double deficits = 0;
  for (const AnalyzerView& view : ground_.balancer.views(ground_.clock.now())) {
    EXPECT_EQ(view.account.in_flight, 0u);
    if (view.in_service) deficits += view.account.deficit;
  }
  EXPECT_NEAR(deficits, 0, 1e-6);

  // It was a storm.
  EXPECT_GT(seen.delivered.packets, 0);
  EXPECT_GT(seen.dead_lettered.packets, 0);
  EXPECT_GT(seen.handed_back.packets, 0);
  EXPECT_GT(state_changes_, 0u);
  EXPECT_GT(pauses_, 0u);
  EXPECT_GT(drains_, 0u);
  EXPECT_GT(recalled, 0u);
  EXPECT_GT(known_, present_.size());
  std::cout << seen.admitted.packets << " packets, " << seen.delivered.packets << " delivered, "
            << seen.dead_lettered.packets << " dead letters, " << seen.handed_back.packets << " handed back; " << looks_
            << " looks, " << state_changes_ << " changes of state, " << pauses_ << " pauses, " << drains_ << " drains, "
            << recalled << " recalled, " << known_ << " analyzers\n";
}

TEST_F(Stress, HealsAndDrains) {
  storm(loop_count * packets_each);
  heal();
  look_until([&] { return all([](const auto& report) { return report.idle && report.open_requests == 0; }); });
  on_all_loops([](StressLoop& own) {
    own.stop_sending();
    own.dispatcher().begin_drain(own.ground().clock.now());
  });
  look();
  EXPECT_TRUE(all([](const auto& report) { return report.idle; }));
  expect_all_settled_once();
}

TEST_F(Stress, IsDrainedAndGivenUpInTheMidst) {
  storm(loop_count * packets_each / 2);
  on_all_loops([](StressLoop& own) {
    own.stop_sending();
    own.dispatcher().begin_drain(own.ground().clock.now());
  });
  for (int i = 0; i < 5; ++i) look();
  on_all_loops([](StressLoop& own) {
    own.dispatcher().give_up(own.ground().clock.now());
    own.upstream().shutdown(own.ground().clock.now());
  });
  look_until([&] { return all([](const auto& report) { return !report.has_attempts; }); });
  on_all_loops([](StressLoop& own) { own.dispatcher().dead_letter_until(never); });
  look();
  EXPECT_TRUE(all([](const auto& report) { return report.idle && report.open_requests == 0; }));
  expect_all_settled_once();
}

}  // namespace
}  // namespace logdist::dispatch
