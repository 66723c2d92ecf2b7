#include "tests/sim/loop.hpp"

namespace logdist::sim {
namespace {

using namespace std::chrono_literals;

dispatch::DispatcherOptions dispatcher_options(const Scenario& scenario, LoopId id) {
  dispatch::DispatcherOptions options;
  options.loop = id;
  options.retry = scenario.retry;
  options.max_age = scenario.max_age;
  options.caller_runs_timeout = scenario.caller_runs_timeout;
  options.ack_delivered = scenario.ack_delivered;
  options.seed = scenario.seed + 1 + id;
  return options;
}

}  // namespace

Loop::Loop(Stage& stage, LoopId id, dispatch::LoadBalancer& balancer, queue::QueueLimits& bounds,
           sink::DeadLetters& dead_letters, queue::Store* store)
    : stage_(stage),
      id_(id),
      upstream_(stage),
      dispatcher_(dispatch::make_dispatcher(dispatcher_options(stage.scenario, id),
                                            {balancer, bounds, ledger_, upstream_, dead_letters, *this, store})) {
  upstream_.set_listener(*dispatcher_);
}

void Loop::turn_soon() {
  if (turn_pending_) return;
  turn_pending_ = true;
  stage_.timeline.after(
      stage_.draws.chance(0.02) ? stage_.draws.across(1us, lateness_max) : stage_.draws.across(1us, 20us),
      [this] { turn(); });
}

void Loop::turn() {
  turn_pending_ = false;
  stage_.trace.begin_turn(id_);
  dispatcher_->turn(stage_.timeline.now());
  stage_.trace.end_turn(id_);
  arm_timer();
}

void Loop::arm_timer() {
  const TimePoint next = dispatcher_->next_timer();
  if (next >= timer_at_) return;  // an earlier wake-up re-arms
  timer_at_ = next;
  stage_.timeline.at(next + stage_.draws.between(0ns, lateness_max), [this, next] {
    if (timer_at_ != next) return;  // it was set to an earlier time meanwhile
    timer_at_ = never;
    dispatcher_->on_timer(stage_.timeline.now());
    arm_timer();
  });
}

}  // namespace logdist::sim
