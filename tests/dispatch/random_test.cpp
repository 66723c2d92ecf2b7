// Random lives of several loops: whatever happens, no packet waits while a slot
// is free, the books balance, and once all is well everything is settled.
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "tests/dispatch/world.hpp"

namespace logdist::dispatch {
namespace {

class RandomLife {
 public:
  explicit RandomLife(std::uint64_t seed) : random_(seed), world_(draw_options(seed)) {}

  void live(int steps) {
    for (int step = 0; step < steps; ++step) {
      act();
      world_.run();
      check();
      if (testing::Test::HasFailure()) return;
    }
  }

  void heal() {
    for (int round = 0; round < 400 && !idle(); ++round) {
      world_.deliver_everything();
      world_.advance(1s);
      check();
    }
    world_.deliver_everything();
    EXPECT_TRUE(idle()) << "something is stuck";
    const ledger::Terms terms = world_.terms();
    EXPECT_EQ(terms.admitted.packets, admitted_);
    EXPECT_EQ(terms.delivered.packets + terms.dead_lettered.packets + terms.handed_back.packets, admitted_);
    EXPECT_EQ(static_cast<std::size_t>(terms.dead_lettered.packets), world_.dead_letters.letters.size());
    EXPECT_EQ(world_.bounds.packets(), 0u);
    EXPECT_EQ(world_.bounds.bytes(), 0u);
  }

 private:
  static WorldOptions draw_options(std::uint64_t seed) {
    Random random(seed * 31);
    WorldOptions options;
    options.weights.resize(1 + random.below(5));
    for (std::uint64_t& weight : options.weights) weight = 1 + random.below(100);
    options.loops = 1 + random.below(4);
    options.queue_packets = 1 + random.below(200);
    options.slots = static_cast<std::uint32_t>(1 + random.below(20));
    options.ack_delivered = random.below(4) == 0;
    options.seed = seed;
    return options;
  }

  void act() {
    const auto loop = static_cast<LoopId>(random_.below(world_.loops.size()));
    switch (random_.below(8)) {
      case 0:
      case 1:
      case 2: {
        const std::uint64_t burst = 1 + random_.below(10);
        for (std::uint64_t i = 0; i < burst; ++i, ++admitted_) {
          world_.admit(std::to_string(admitted_), static_cast<std::uint32_t>(1 + random_.below(1000)), loop);
        }
        break;
      }
      case 3: world_.advance(std::chrono::milliseconds(random_.below(300))); break;
      case 4: world_.advance(std::chrono::milliseconds(random_.below(20'000))); break;
      default: end_some(loop); break;
    }
  }

  void end_some(LoopId loop) {
    static constexpr Outcome outcomes[] = {Outcome::delivered,      Outcome::delivered,         Outcome::delivered,
                                           Outcome::delivered,      Outcome::refused,           Outcome::paused,
                                           Outcome::http_error,     Outcome::timeout,           Outcome::connect_error,
                                           Outcome::protocol_error, Outcome::connection_broken, Outcome::unsent};
    const std::uint64_t many = 1 + random_.below(10);
    for (std::uint64_t i = 0; i < many && !world_.loops[loop]->upstream.under_way.empty(); ++i) {
      const Outcome outcome = outcomes[random_.below(std::size(outcomes))];
      const AnalyzerId analyzer = world_.loops[loop]->upstream.under_way.front()->analyzer;
      const bool tests = world_.views()[analyzer].state == health::State::testing;
      if (tests && outcome == Outcome::refused) refused_trial_.insert(analyzer);
      world_.end(outcome, outcome == Outcome::http_error ? 500 : 0, loop);
    }
  }

  bool idle() const {
    for (const auto& loop : world_.loops) {
      if (!loop->dispatcher->idle()) return false;
    }
    return true;
  }

  /// Nothing wants to happen, so a packet that was never attempted finds no slot.
  void check() {
    const ledger::Terms terms = world_.terms();
    EXPECT_EQ(terms.imbalance(), ledger::Amount{});
    std::int64_t in_flight = 0;
    const std::vector<AnalyzerView> views = world_.views();
    for (AnalyzerId id = 0; id < views.size(); ++id) {
      const AnalyzerView& view = views[id];
      in_flight += view.account.in_flight;
      if (view.state != health::State::testing) refused_trial_.erase(id);
      if (terms.queued.packets == 0) continue;
      EXPECT_FALSE(view.in_service && view.account.in_flight < view.slots) << "a packet waits while a slot is free";
      if (refused_trial_.contains(id)) continue;  // the next one waits
      EXPECT_FALSE(view.state == health::State::testing && !view.paused && view.account.in_flight == 0)
          << "a packet waits while an analyzer waits for its trial";
    }
    EXPECT_EQ(terms.in_flight.packets, in_flight);
  }

  Random random_;
  World world_;
  std::int64_t admitted_ = 0;
  std::set<AnalyzerId> refused_trial_;  ///< Testing, and their last trial was refused
};

TEST(RandomLife, NothingWaitsInVainAndEverythingSettles) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    RandomLife life(seed);
    life.live(200);
    life.heal();
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace logdist::dispatch
