#include "tests/sim/agent.hpp"

#include <algorithm>
#include <memory>
#include <string>

namespace logdist::sim {

using namespace std::chrono_literals;
using queue::Settlement;

namespace {

constexpr std::size_t step_bytes = 100;
constexpr Duration burst_period = 3s;
constexpr Duration shortest_wait = 1s;

}  // namespace

Agent::Agent(Stage& stage, const AgentPlan& plan, Loop& loop, queue::MemoryLimiter& bodies, ingest::ClientRates* rates)
    : stage_(stage), plan_(plan), loop_(loop), bodies_(bodies), rates_(rates), draws_(stage.draws.seed()) {}

Agent::~Agent() { release(); }

void Agent::begin_after(Duration pause) {
  Duration wait = draws_.between(pause / 2, pause * 2);
  if (plan_.burst > 1)
    wait = ++begun_count_ % plan_.burst == 0 ? wait * static_cast<Duration::rep>(plan_.burst) : Duration(0);
  if (plan_.in_bursts && draws_.chance(0.1)) {
    wait = burst_period - stage_.timeline.now().time_since_epoch() % burst_period;
  }
  stage_.timeline.after(wait, [this] {
    if (!stopped_ && stage_.trace.histories().size() < plan_.until_packets) begin_body();
  });
}

/// Whether its client may send a packet now; else it is answered 429, and comes again when it is told to.
bool Agent::take_rate() {
  if (rates_ == nullptr) return true;
  const ClientPlan& client = stage_.scenario.clients[plan_.client - 1];
  const TimePoint now = stage_.timeline.now();
  const Duration wait = rates_->packets.try_take(1, {client.packets_per_second, client.burst}, now);
  if (wait == Duration::zero()) {
    stage_.trace.let_through(plan_.client, now);
    return true;
  }
  stage_.timeline.after(wait, [this] { begin_after(plan_.pause); });
  return false;
}

/// Whether its client may have one place more of the queue.
bool Agent::take_place() {
  if (rates_ == nullptr) return true;
  const std::uint32_t places_max = stage_.scenario.clients[plan_.client - 1].places_max;
  return places_max == 0 || rates_->places.try_take(places_max);
}

void Agent::begin_body() {
  if (!take_rate()) return;
  bytes_ = draws_.between<std::size_t>(1, plan_.bytes_max);
  chunked_ = draws_.chance(plan_.chunked);
  in_steps_ = chunked_ || draws_.chance(plan_.in_steps);
  trickles_ = in_steps_ && draws_.chance(plan_.trickles);
  begun_ = stage_.timeline.now();
  reserve(in_steps_ ? std::min(step_bytes, bytes_) : bytes_);
}

void Agent::reserve(std::size_t total_bytes) {
  wanted_bytes_ = total_bytes;
  waits_for_space_ = !bodies_.reserve(*this, total_bytes, chunked_ ? queue::MemoryLimiter::length_unknown : bytes_);
  waits_since_ = stage_.timeline.now();
  if (!waits_for_space_) receive();
}

void Agent::granted() {
  waits_for_space_ = false;
  stage_.timeline.after(draws_.across(1us, 50us), [this] { receive(); });
}

/// What was asked for is held: the bytes may come.
void Agent::receive() {
  stage_.timeline.after(trickles_ ? draws_.across(100ms, 3s) : draws_.across(10us, 50ms), [this] {
    if (stopped_ || draws_.chance(plan_.disappears / 2)) {
      release();
      begin_after(plan_.pause);
    } else if (held_bytes() < bytes_) {
      reserve(std::min(held_bytes() + step_bytes, bytes_));
    } else {
      if (chunked_) bodies_.end_growth(*this, bytes_);
      admit();
    }
  });
}

Agent::Body Agent::body(std::size_t small_body_max) const {
  const std::size_t known = chunked_ ? 0 : bytes_;
  const bool large = std::max(wanted_bytes_, known) > small_body_max;
  return {held_bytes(), wanted_bytes_, plan_.client, waits_for_space_, waits_since_,
          begun_,       large,         chunked_,     in_steps_};
}

void Agent::admit() {
  const TimePoint now = stage_.timeline.now();
  if (!take_place()) {
    release();
    return begin_after(shortest_wait);
  }
  PacketHistory draft;
  draft.serial = stage_.trace.histories().size();
  draft.loop = plan_.loop;
  draft.client = plan_.client;
  draft.messages = draws_.between(1u, plan_.messages_max);
  draft.bytes = bytes_;
  draft.admitted_at = now;
  draft.trait = traits_.next(draws_, plan_);
  const std::vector<core::Protocol>& spoken = plan_.spoken;
  draft.format = spoken.size() == 1 ? spoken.front() : spoken[draws_.between<std::size_t>(0, spoken.size() - 1)];

  queue::Delivery& delivery = loop_.dispatcher().make();
  delivery.packet.id = std::to_string(draft.serial);
  delivery.packet.messages = draft.messages;
  if (rates_ != nullptr && stage_.scenario.clients[plan_.client - 1].places_max != 0) {
    delivery.packet.client_place =
        core::HeldPlace(std::shared_ptr<core::ClientPlaces>(std::shared_ptr<void>(), &rates_->places));
  }
  delivery.packet.protocol = draft.format;
  delivery.packet.body = loop_.buffers().take(bytes_);
  delivery.packet.body.resize(bytes_);
  loop_.ledger().packet_received(draft.format, bytes_);
  loop_.ledger().messages_received(draft.format, draft.messages);
  draft.accepted = loop_.dispatcher().admit(delivery, *this, now) == queue::Admission::queued;
  if (!draft.accepted) draft.give_up_at = now + stage_.scenario.caller_runs_timeout;
  stage_.trace.admit(draft);
  stage_.journal.note("packet {}, {} of {} messages, {} bytes {} by loop {}", draft.serial, to_string(draft.format),
                      draft.messages, bytes_, draft.accepted ? "accepted" : "waited with", plan_.loop);
  if (draft.accepted) {
    release();
    begin_after(plan_.pause);
  } else {
    wait(delivery, draft.serial);
  }
}

void Agent::wait(queue::Delivery& delivery, std::uint64_t serial) {
  waits_ = true;
  waits_with_ = serial;
  if (!draws_.chance(plan_.disappears)) return;
  stage_.timeline.after(draws_.across(100us, 5s), [this, &delivery, serial] {
    if (!waits_ || waits_with_ != serial) return;
    waits_ = false;
    stage_.journal.note("the agent of packet {} has gone", serial);
    stage_.trace.abandon(stage_.trace.history(delivery.packet.id));
    loop_.dispatcher().abandon(delivery, stage_.timeline.now());
    release();
    begin_after(plan_.pause);
  });
}

void Agent::settled(Settlement settlement) {
  waits_ = false;
  stage_.trace.answer(waits_with_, settlement);
  release();
  begin_after(settlement == Settlement::handed_back ? shortest_wait : plan_.pause);
}

void Agent::release() {
  bodies_.release(*this);
  waits_for_space_ = false;
  wanted_bytes_ = 0;
}

}  // namespace logdist::sim
