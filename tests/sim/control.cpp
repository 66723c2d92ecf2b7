#include "tests/sim/control.hpp"

namespace logdist::sim {

using namespace std::chrono_literals;

void Control::wake() {
  if (tick_pending_) return;
  tick_pending_ = true;
  stage_.timeline.after(stage_.draws.across(1us, 100us), [this] {
    tick_pending_ = false;
    tick();
  });
}

void Control::tick() {
  for (const dispatch::ProbeOrder& order : balancer_.tick(stage_.timeline.now())) begin_probe(order);
  for (const dispatch::StateChange& change : balancer_.take_state_changes()) {
    const std::string cause =
        change.to == health::State::failed ? std::string(" (") + to_string(change.failure.outcome) + ")" : "";
    stage_.journal.note("analyzer {}: {} -> {}{}", change.analyzer, health::to_string(change.from),
                        health::to_string(change.to), cause);
  }
  const TimePoint next = balancer_.next_event();
  if (next == never) return;
  stage_.timeline.at(next + stage_.draws.between(0ns, lateness_max), [this, mine = ++timer_] {
    if (mine == timer_) tick();
  });
}

void Control::begin_probe(const dispatch::ProbeOrder& order) {
  stage_.trace.begin_probe(order.analyzer, order.epoch);
  ProbeReply reply = stage_.analyzers[order.analyzer]->probe();
  if (reply.after >= stage_.scenario.probe_timeout)
    reply = {stage_.scenario.probe_timeout, health::ProbeResult::failed};
  stage_.timeline.after(reply.after, [this, order, result = reply.result] {
    stage_.trace.end_probe(order.analyzer, order.epoch, result);
    stage_.journal.note("analyzer {}: its probe {}", order.analyzer,
                        result == health::ProbeResult::failed ? "fails" : "passes");
    balancer_.probe_ended(order, result, stage_.timeline.now(), {Outcome::http_error, 500, {}, true});
  });
}

}  // namespace logdist::sim
