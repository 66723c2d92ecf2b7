#include "tests/dispatch/world.hpp"

#include <gtest/gtest.h>

namespace logdist::dispatch {
namespace {

LoadBalancerOptions balancer_options(const WorldOptions& options) {
  LoadBalancerOptions result;
  result.health.probing = options.probing;
  result.health.interval = 5s;
  result.health.failure_threshold = 3;
  result.health.backoff_initial = 500ms;
  result.health.backoff_max = 30s;
  result.health.slow_start = 10s;
  result.pause = {100ms, 10s, 2.0, 0.2};
  result.make_balancer = options.make_balancer;
  result.outlier = options.outlier;
  result.max_retries = options.max_retries;
  result.seed = options.seed;
  return result;
}

std::vector<AnalyzerSpec> specs(const WorldOptions& options) {
  std::vector<AnalyzerSpec> result;
  for (const std::uint64_t weight : options.weights) {
    const std::size_t index = result.size();
    const core::ProtocolSet formats =
        index < options.formats.size() ? options.formats[index] : core::ProtocolSet::all();
    result.push_back({weight, options.slots, options.slots, 0, formats});
  }
  return result;
}

}  // namespace

World::World(const WorldOptions& options)
    : bounds(options.queue_packets, 1 << 30),
      balancer(balancer_options(options), specs(options), options.loops, *this, now) {
  for (LoopId id = 0; id < options.loops; ++id) {
    LoopParts& loop = *loops.emplace_back(std::make_unique<LoopParts>());
    DispatcherOptions own;
    own.loop = id;
    own.retry = {100ms, 10s, 2.0, 0.2, options.max_rounds};
    own.caller_runs_timeout = 30s;
    own.max_age = options.max_age;
    own.ack_delivered = options.ack_delivered;
    own.seed = options.seed + id;
    loop.dispatcher = make_dispatcher(own, DispatcherParts{balancer, bounds, loop.ledger, loop.upstream, dead_letters,
                                                           loop, id == 0 ? options.store : nullptr, options.acks});
  }
}

queue::Admission World::admit(const std::string& id, std::uint32_t messages, LoopId loop) {
  return admit_as(core::Protocol::packet, id, messages, loop);
}

queue::Admission World::admit_as(core::Protocol protocol, const std::string& id, std::uint32_t messages, LoopId loop) {
  queue::Delivery& delivery = loops[loop]->dispatcher->make();
  delivery.packet.protocol = protocol;
  delivery.packet.id = id;
  delivery.packet.messages = messages;
  delivery.packet.body = buffers.take(16);
  delivery.packet.body.append("0123456789");
  return loops[loop]->dispatcher->admit(delivery, waiter, now);
}

queue::Delivery& World::admit_waiting(RecordingWaiter& own_waiter, const std::string& id, LoopId loop) {
  queue::Delivery& delivery = loops[loop]->dispatcher->make();
  delivery.packet.id = id;
  delivery.packet.messages = 1;
  EXPECT_EQ(loops[loop]->dispatcher->admit(delivery, own_waiter, now), queue::Admission::waiting);
  return delivery;
}

void World::run() {
  for (bool again = true; again;) {
    again = false;
    if (std::exchange(control_wanted, false)) {
      for (const ProbeOrder& order : balancer.tick(now)) probes.push_back(order);
      for (const StateChange& change : balancer.take_state_changes()) changes.push_back(change);
      again = true;
    }
    for (auto& loop : loops) {
      if (!std::exchange(loop->turn_wanted, false)) continue;
      loop->dispatcher->turn(now);
      check_books();
      again = true;
    }
  }
}

void World::advance(Duration step) {
  const TimePoint until = now + step;
  while (now < until) {
    TimePoint next = std::min(until, std::max(balancer.next_event(), now + 1ms));
    for (auto& loop : loops) next = std::min(next, std::max(loop->dispatcher->next_timer(), now + 1ms));
    now = next;
    control_wanted = true;
    for (auto& loop : loops) {
      if (loop->dispatcher->next_timer() <= now) loop->dispatcher->on_timer(now);
    }
    run();
  }
}

void World::end(Outcome outcome, unsigned status, LoopId loop, bool counts_for_health) {
  ManualUpstream& upstream = loops[loop]->upstream;
  ASSERT_FALSE(upstream.under_way.empty());
  core::Attempt& attempt = *upstream.under_way.front();
  upstream.under_way.pop_front();
  core::AttemptResult result;
  result.outcome = outcome;
  result.status = status;
  result.counts_for_health = counts_for_health;
  loops[loop]->dispatcher->attempt_ended(attempt, result, now);
  run();
}

void World::deliver_everything() {
  for (bool again = true; again;) {
    again = false;
    for (LoopId loop = 0; loop < loops.size(); ++loop) {
      while (!loops[loop]->upstream.under_way.empty()) {
        end(Outcome::delivered, 200, loop);
        again = true;
      }
    }
  }
}

void World::end_all(Outcome outcome, unsigned status) {
  for (bool again = true; again;) {
    again = false;
    for (LoopId loop = 0; loop < loops.size(); ++loop) {
      while (!loops[loop]->upstream.under_way.empty()) {
        const bool bad = loops[loop]->upstream.under_way.front()->packet->id.starts_with("bad");
        end(bad ? outcome : Outcome::delivered, bad ? status : 200, loop);
        again = true;
      }
    }
  }
}

ledger::Terms World::terms() const {
  ledger::Terms sum;
  for (const auto& loop : loops) sum += loop->ledger.snapshot().terms;
  return sum;
}

void World::check_books() const {
  for (const auto& loop : loops) {
    EXPECT_EQ(loop->ledger.snapshot().terms.imbalance(), ledger::Amount{});
  }
}

}  // namespace logdist::dispatch
