// What a packet costs from its place in the queue to its settlement: bounds, lane,
// the turn with its one lock, ledger. Upstream answers at once. With several
// threads, each is a loop of its own; what they share is what ships.
#include <benchmark/benchmark.h>

#include <cstddef>
#include <memory>
#include <vector>

#include "logdist/dispatch/dispatcher.hpp"
#include "logdist/dispatch/load_balancer.hpp"

namespace logdist::dispatch {
namespace {

constexpr std::size_t queue_packets = 10'000;
constexpr std::size_t packets_a_turn = 16;

/// Nobody waits for a slot here, so nobody is to be woken.
class NoWakes final : public WakeupListener {
 public:
  void wake_loop(LoopId) override {}
  void wake_control() override {}
};

/// Delivers what it was sent, at the next flush.
class InstantUpstream final : public sink::Upstream {
 public:
  void set_listener(sink::AttemptListener& listener) { listener_ = &listener; }
  void send(core::Attempt& attempt, TimePoint) override { sent_.push_back(&attempt); }
  void flush(TimePoint now) override {
    for (core::Attempt* const attempt : sent_) {
      listener_->attempt_ended(*attempt, {Outcome::delivered, 204, std::nullopt, true, {}}, now);
    }
    sent_.clear();
  }
  void recall(AnalyzerId, TimePoint) override {}

 private:
  sink::AttemptListener* listener_ = nullptr;
  std::vector<core::Attempt*> sent_;
};

class NoDeadLetters final : public sink::DeadLetters {
 public:
  void put(const sink::DeadLetter&) override {}
};

class NoWaiter final : public queue::Waiter {
 public:
  void settled(queue::Settlement) override {}
};

/// What the loops share.
struct House {
  explicit House(std::size_t loops)
      : balancer({}, std::vector<AnalyzerSpec>{{40, 4096, 4096}, {30, 4096, 4096}, {30, 4096, 4096}}, loops, wakeups,
                 TimePoint{}) {}

  NoWakes wakeups;
  LoadBalancer balancer;
  queue::QueueLimits bounds{queue_packets, std::size_t{1} << 30};
  NoDeadLetters dead_letters;
};

class Loop final : public TurnRequest {
 public:
  Loop(House& house, LoopId id)
      : dispatcher_(make_dispatcher(options(id),
                                    {house.balancer, house.bounds, ledger_, upstream_, house.dead_letters, *this})) {
    upstream_.set_listener(*dispatcher_);
  }

  void turn_soon() override {}

  void queue_one() {
    queue::Delivery& delivery = dispatcher_->make();
    delivery.packet.messages = 10;
    dispatcher_->admit(delivery, waiter_, TimePoint{});
  }
  void turn() { dispatcher_->turn(TimePoint{}); }
  bool idle() const { return dispatcher_->idle(); }

 private:
  static DispatcherOptions options(LoopId id) {
    DispatcherOptions result;
    result.loop = id;
    return result;
  }

  ledger::Ledger ledger_;
  InstantUpstream upstream_;
  NoWaiter waiter_;
  std::unique_ptr<Dispatcher> dispatcher_;
};

std::unique_ptr<House> house;

void set_up(const benchmark::State& state) {
  house = std::make_unique<House>(static_cast<std::size_t>(state.threads()));
}
void tear_down(const benchmark::State&) { house.reset(); }

void push_and_pop(benchmark::State& state) {
  Loop loop(*house, static_cast<LoopId>(state.thread_index()));
  for (auto _ : state) {
    for (std::size_t packet = 0; packet < packets_a_turn; ++packet) loop.queue_one();
    loop.turn();
  }
  while (!loop.idle()) loop.turn();
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(packets_a_turn));
}
BENCHMARK(push_and_pop)->Setup(set_up)->Teardown(tear_down)->Threads(1)->Threads(4)->UseRealTime();

}  // namespace
}  // namespace logdist::dispatch
