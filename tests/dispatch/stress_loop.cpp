#include "tests/dispatch/stress_loop.hpp"

#include <gtest/gtest.h>

#include <charconv>
#include <chrono>

#include <boost/intrusive/parent_from_member.hpp>

#include "tests/dispatch/stress_request.hpp"

namespace logdist::dispatch {

using std::chrono::milliseconds;

namespace {

constexpr std::size_t open_requests_max = 40;

DispatcherOptions dispatcher_options(LoopId id, std::uint64_t seed) {
  DispatcherOptions options;
  options.loop = id;
  options.retry = {milliseconds(2), milliseconds(40), 2.0, 0.2, 2};
  options.caller_runs_timeout = milliseconds(100);
  options.seed = seed;
  return options;
}

std::size_t serial_of(const core::Packet& packet) {
  std::size_t serial = 0;
  std::from_chars(packet.id.data(), packet.id.data() + packet.id.size(), serial);
  return serial;
}

}  // namespace

StressLoop::StressLoop(LoopId id, StressGround& ground, std::size_t packets, std::uint64_t seed)
    : ground_(ground),
      packets_(packets),
      random_(seed),
      upstream_(io_, ground, seed + 1),
      dispatcher_(make_dispatcher(dispatcher_options(id, seed + 2),
                                  {ground.balancer, ground.bounds, ledger_, upstream_, *this, *this})) {
  upstream_.set_listener(*this);
}

StressLoop::~StressLoop() { stop(); }

void StressLoop::start() {
  boost::asio::post(io_, [this] { send_soon(); });
  thread_ = std::thread([this] { io_.run(); });
}

void StressLoop::stop() {
  io_.stop();
  if (thread_.joinable()) thread_.join();
}

void StressLoop::wake() {
  if (wake_pending_.exchange(true)) return;
  boost::asio::post(io_, [this] {
    wake_pending_ = false;
    turn();
  });
}

void StressLoop::turn_soon() {
  if (turn_pending_) return;
  turn_pending_ = true;
  boost::asio::post(io_, [this] {
    if (turn_pending_) turn();
  });
}

void StressLoop::turn() {
  turn_pending_ = false;
  dispatcher_->turn(ground_.clock.now());
}

std::future<StressReport> StressLoop::report() {
  const auto promise = std::make_shared<std::promise<StressReport>>();
  post([promise](StressLoop& own) {
    promise->set_value({own.ledger_.snapshot().terms, own.records_.size(), own.open_requests_, own.dispatcher_->idle(),
                        own.dispatcher_->has_attempts()});
  });
  return promise->get_future();
}

void StressLoop::go_on() {
  const TimePoint now = ground_.clock.now();
  if (dispatcher_->next_timer() <= now) dispatcher_->on_timer(now);
  upstream_.allow(random_.below(24));
  allowed_ = random_.below(20);
  send_soon();
}

void StressLoop::send_soon() {
  if (sending_ || stopped_) return;
  sending_ = true;
  boost::asio::post(io_, [this] { send_some(); });
}

void StressLoop::send_some() {
  sending_ = false;
  for (std::uint64_t burst = 1 + random_.below(6); burst > 0; --burst) {
    if (stopped_ || allowed_ == 0 || records_.size() == packets_ || open_requests_ >= open_requests_max) return;
    --allowed_;
    const std::size_t serial = records_.size();
    records_.push_back({.messages = static_cast<std::uint32_t>(1 + random_.below(100))});
    ++open_requests_;
    requests_.push_back(std::make_unique<StressRequest>(*this, serial));
    requests_.back()->begin();
  }
  if (random_.below(4) == 0)
    requests_[requests_.size() - 1 - random_.below(std::min<std::size_t>(requests_.size(), 60))]->leave();
  change_something();
  send_soon();
}

/// What loops ask of the load balancer besides their turns.
void StressLoop::change_something() {
  const TimePoint now = ground_.clock.now();
  if (random_.below(20) == 0) {
    const auto wait = dispatcher_->retry_after(now);
    EXPECT_GE(wait.count(), 1);
    EXPECT_LE(wait.count(), 60);
  }
  if (random_.below(50) == 0) {
    const auto packets = static_cast<std::uint32_t>(1 + random_.below(StressAnalyzer::slots_max));
    dispatcher_->capacity_changed(static_cast<AnalyzerId>(random_.below(3)), packets, now);
  }
}

void StressLoop::stop_sending() {
  stopped_ = true;
  for (const auto& request : requests_) {
    if (request->coming()) request->leave();
  }
}

void StressLoop::request_over() {
  --open_requests_;
  send_soon();
}

void StressLoop::put(const sink::DeadLetter& letter) { ++records_[serial_of(letter.packet)].dead_lettered; }

void StressLoop::attempt_ended(core::Attempt& attempt, const core::AttemptResult& result, TimePoint now) {
  if (result.outcome == Outcome::delivered) ++records_[serial_of(*attempt.packet)].delivered;
  dispatcher_->attempt_ended(attempt, result, now);
}

}  // namespace logdist::dispatch
