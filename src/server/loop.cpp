#include "logdist/server/loop.hpp"

#include <pthread.h>

#include <string>

#include "logdist/base/version.hpp"

namespace logdist::server {
namespace {

/// Body buffers a loop keeps for reuse: enough for the packets of a busy moment,
/// little beside the queue's bound.
constexpr std::size_t kept_buffer_bytes = 8 * 1024 * 1024;

dispatch::DispatcherOptions dispatcher_options(LoopId id, const SharedState& shared) {
  const config::DeliveryOptions& delivery = shared.options.delivery;
  dispatch::DispatcherOptions options;
  options.loop = id;
  options.retry = {delivery.retry.initial, delivery.retry.max, delivery.retry.multiplier, delivery.retry.jitter,
                   delivery.max_rounds};
  options.max_age = delivery.max_age;
  options.caller_runs_timeout = delivery.caller_runs_timeout;
  options.ack_delivered = delivery.ack == config::AckMode::delivered;
  options.seed = shared.seed + 1 + id;
  options.parked_max /= shared.loops;
  return options;
}

sink::PoolOptions pool_options(LoopId id, SharedState& shared) {
  const config::DeliveryOptions& delivery = shared.options.delivery;
  sink::PoolOptions pool;
  pool.timeout = delivery.timeout;
  pool.pipeline = delivery.pipeline;
  pool.max_connection_age = delivery.max_connection_age;
  pool.via = shared.instance.via_name();
  pool.content_max = std::size_t{1} << 30;  // an earlier process may have admitted more than this one
  pool.contents_held_max = shared.options.server.max_decoded;
  pool.memory = &shared.bodies;
  pool.seed = shared.seed + 1001 + id;
  pool.user_agent = user_agent();
  return pool;
}

}  // namespace

Loop::Loop(LoopId id, SharedState& shared)
    : id_(id),
      shared_(shared),
      buffers_(kept_buffer_bytes),
      random_(~shared.seed - id),
      upstream_(io_, shared.names, pool_options(id, shared)),
      dispatcher_(
          dispatch::make_dispatcher(dispatcher_options(id, shared),
                                    {shared.balancer, shared.bounds, ledger_, upstream_, *shared.dead_letters, *this,
                                     shared.storage ? &shared.storage->store(id) : nullptr, shared.acks.get()})),
      sessions_(session_environment()),
      timer_(io_) {
  poller_.set_mid_round_hook([this] {
    if (turn_pending_) turn();
  });
  upstream_.set_listener(*dispatcher_);
  if (shared.storage) shared.storage->set_listener(id, *dispatcher_);
  for (AnalyzerId analyzer = 0; analyzer < shared.registry.size(); ++analyzer) {
    upstream_.add(shared.registry.target(analyzer));
  }
}

Loop::~Loop() { stop(); }

void Loop::forget(const std::vector<AnalyzerId>& analyzers) {
  if (analyzers.empty()) return;
  dispatcher_->forget(analyzers);
  for (const AnalyzerId analyzer : analyzers) ledger_.fold(analyzer);
}

ingest::SessionEnvironment Loop::session_environment() {
  const config::Options& options = shared_.options;
  ingest::SessionEnvironment environment{io_,
                                         *dispatcher_,
                                         decoder_,
                                         buffers_,
                                         ledger_,
                                         shared_.bodies,
                                         random_,
                                         options.server,
                                         options.delivery.caller_runs_timeout,
                                         shared_.instance.via_name()};
  environment.make_transport = shared_.tls.packet_port().factory(id_);
  environment.keeps_origin = shared_.storage != nullptr;
  environment.is_ready = [this] { return shared_.readiness(Clock::now()).ready(); };
  environment.acks = shared_.acks.get();
  environment.clients = &shared_.agent_access.directory();
  if (options.delivery.ack == config::AckMode::delivered) {
    environment.relays_answers = [this] { return upstream_.has_native(); };
  }
  return environment;
}

void Loop::start() {
  thread_ = std::thread([this] { io_.run(); });
  pthread_setname_np(thread_.native_handle(), ("loop-" + std::to_string(id_)).c_str());
}

void Loop::stop() {
  io_.stop();
  if (thread_.joinable()) thread_.join();
}

void Loop::wake() {
  if (wake_pending_.exchange(true)) return;
  boost::asio::post(io_, [this] {
    wake_pending_ = false;
    turn();
  });
}

void Loop::turn_soon() {
  if (turn_pending_) return;
  turn_pending_ = true;
  if (poller_.in_round()) return;  // whose middle or end it is
  // Posted behind the handlers that are ready now: they share the turn.
  boost::asio::post(io_, [this] {
    if (turn_pending_) turn();
  });
}

void Loop::turn() {
  turn_pending_ = false;
  dispatcher_->turn(Clock::now());
  arm_timer();
}

void Loop::arm_timer() {
  const TimePoint next = dispatcher_->next_timer();
  if (next >= timer_at_) return;  // an earlier wake-up re-arms
  timer_at_ = next;
  timer_.expires_at(next);
  timer_.async_wait([this](boost::system::error_code error) {
    if (error) return;
    timer_at_ = never;
    dispatcher_->on_timer(Clock::now());
    arm_timer();
  });
}

}  // namespace logdist::server
