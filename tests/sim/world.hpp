// The daemon in simulated surroundings: the real load balancer, dispatchers, queue
// bounds and ledgers; simulated threads, time, analyzers and agents.
//
// It lets things happen and judges nothing: that is the checkers' part.
#pragma once

#include <algorithm>
#include <memory>
#include <set>
#include <vector>

#include "logdist/dispatch/load_balancer.hpp"
#include "logdist/queue/memory_limiter.hpp"
#include "logdist/queue/queue_limits.hpp"
#include "logdist/telemetry/scrape.hpp"
#include "tests/sim/agent.hpp"
#include "tests/sim/control.hpp"
#include "tests/sim/loop.hpp"
#include "tests/sim/stage.hpp"

namespace logdist::sim {

/// The real decisions in simulated surroundings.
class World final : public dispatch::WakeupListener {
 public:
  explicit World(const Scenario& scenario);

  /// The next event happens.
  void step() {
    views_after_event_.clear();
    timeline_.step();
  }
  bool nothing_to_come() const { return timeline_.empty(); }
  TimePoint now() const { return timeline_.now(); }

  /// The agents of the scenario send no more.
  void stop_agents();
  /// All analyzers are well from now on.
  void heal_analyzers();
  /// One agent sends one packet after the other, of up to `messages_max`.
  void start_feeding(std::uint32_t messages_max);
  void stop_feeding();

  void begin_drain();
  /// The grace is over: no attempt is begun any more, those under way end.
  void give_up();
  /// And what is left is dead-lettered, the oldest first over all loops, as
  /// server::Drain does it.
  void write_letters();

  // What can be seen from outside.
  const Scenario& scenario() const { return scenario_; }
  const EventTrace& trace() const { return trace_; }
  EventTrace& trace() { return trace_; }
  const Journal& journal() const { return journal_; }
  const queue::QueueLimits& bounds() const { return bounds_; }
  const queue::MemoryLimiter& bodies() const { return bodies_; }
  /// The body of each agent, in their order.
  std::vector<Agent::Body> agents_bodies() const;
  std::vector<dispatch::AnalyzerView> views() const { return balancer_.views(now()); }
  /// The same for Checker::stepped(): between two events nothing moves, so they are made once.
  const std::vector<dispatch::AnalyzerView>& views_after_event() const {
    if (views_after_event_.empty()) views_after_event_ = views();
    return views_after_event_;
  }
  /// That client `client` holds of the queue, by its own count.
  std::uint32_t places_of(std::size_t client) const;
  bool drained(AnalyzerId analyzer) const { return drained_.contains(analyzer); }
  core::ProtocolSet formats(AnalyzerId analyzer) const { return configured_[analyzer].formats; }
  bool takes(AnalyzerId analyzer, core::Protocol format) const { return formats(analyzer).has(format); }
  /// Whether nobody in service takes a format that `analyzer` takes.
  bool all_out_for(AnalyzerId analyzer, const std::vector<dispatch::AnalyzerView>& views) const;
  std::uint64_t weight_units(AnalyzerId analyzer) const { return configured_[analyzer].weight_units; }
  /// The bound on packets in flight to `analyzer`, as configured and learned.
  std::uint32_t slots(AnalyzerId analyzer) const {
    return std::min(configured_[analyzer].max_in_flight, configured_[analyzer].capacity);
  }
  ledger::Terms terms() const;
  telemetry::Scrape scrape() const;
  /// No loop and no control thread is about to do something.
  bool quiet() const;
  bool draining() const { return draining_; }
  bool giving_up() const { return giving_up_; }
  bool idle() const;
  std::size_t given_up() const;

 private:
  struct Letters final : sink::DeadLetters {
    explicit Letters(World& own_world) : world(own_world) {}
    void put(const sink::DeadLetter& letter) override;
    World& world;
  };

  void wake_loop(LoopId loop) override { loops_[loop]->wake(); }
  void wake_control() override { control_.wake(); }

  ingest::ClientRates* rates_of(std::size_t client);
  void enter(const AnalyzerPlan& plan);
  void add(const AnalyzerPlan& plan);
  bool anyone_takes(core::Protocol format) const;
  void begin_spell(AnalyzerId analyzer, std::size_t index);
  void make(const Change& change);
  void remove(AnalyzerId analyzer);
  void set_drained(AnalyzerId analyzer, bool drained);

  const Scenario scenario_;
  Timeline timeline_;
  Draws draws_;
  Journal journal_{timeline_};
  EventTrace trace_;
  std::vector<std::unique_ptr<Analyzer>> analyzers_;
  std::vector<dispatch::AnalyzerSpec> configured_;  ///< as of now, by AnalyzerId
  std::vector<AnalyzerId> present_;                 ///< those not removed
  std::set<AnalyzerId> drained_;                    ///< of those, now
  Stage stage_;
  Letters letters_{*this};
  std::vector<std::unique_ptr<ingest::ClientRates>> clients_;  ///< packets in the loops refer to them
  queue::QueueLimits bounds_;
  queue::MemoryLimiter bodies_;
  dispatch::LoadBalancer balancer_;
  std::vector<std::unique_ptr<Loop>> loops_;
  Control control_;
  mutable std::vector<dispatch::AnalyzerView> views_after_event_;  ///< empty: not asked for yet
  std::vector<std::unique_ptr<Agent>> agents_;
  bool healed_ = false;
  bool draining_ = false;
  bool giving_up_ = false;
};

}  // namespace logdist::sim
