#include "tests/sim/disk_agent.hpp"

#include <string>

#include "tests/sim/disk_trace.hpp"

namespace logdist::sim {

using namespace std::chrono_literals;
using queue::Settlement;

namespace {

constexpr Duration pause_when_refused = 1s;

}  // namespace

DiskAgent::DiskAgent(Stage& stage, const AgentPlan& plan) : stage_(stage), plan_(plan), draws_(stage.draws.seed()) {}

void DiskAgent::connect(Loop& loop) {
  loop_ = &loop;
  send_after(plan_.pause);
}

void DiskAgent::disconnect() {
  loop_ = nullptr;
  waits_ = false;
}

void DiskAgent::send_after(Duration pause) {
  Duration wait = draws_.between(pause / 2, pause * 2);
  if (plan_.burst > 1) {
    wait = ++begun_count_ % plan_.burst == 0 ? wait * static_cast<Duration::rep>(plan_.burst) : Duration(0);
  }
  stage_.timeline.after(wait, [this] {
    if (loop_ != nullptr && !stopped_ && stage_.trace.histories().size() < plan_.until_packets) send();
  });
}

void DiskAgent::send() {
  const TimePoint now = stage_.timeline.now();
  PacketHistory draft;
  draft.serial = stage_.trace.histories().size();
  draft.loop = plan_.loop;
  draft.messages = draws_.between(1u, plan_.messages_max);
  draft.bytes = draws_.between<std::size_t>(1, plan_.bytes_max);
  draft.admitted_at = now;
  draft.trait = traits_.next(draws_, plan_);
  draft.give_up_at = now + stage_.scenario.caller_runs_timeout;

  queue::Delivery& delivery = loop_->dispatcher().make();
  delivery.packet.id = std::to_string(draft.serial);
  delivery.packet.messages = draft.messages;
  delivery.packet.body = loop_->buffers().take(draft.bytes);
  delivery.packet.body.append(body_of(draft.serial, draft.bytes));
  const queue::Admission admission = loop_->dispatcher().admit(delivery, *this, now);
  draft.given_to_disk = admission == queue::Admission::pending;
  stage_.trace.admit(draft);
  stage_.journal.note("packet {} of {} messages, {} bytes {} by loop {}", draft.serial, draft.messages, draft.bytes,
                      draft.given_to_disk ? "is to be stored" : "is waited with", plan_.loop);
  waits_ = true;
  waits_with_ = draft.serial;
  wait(delivery);
  loop_->arm_timer();
}

/// Some agents go before they have their answer.
void DiskAgent::wait(queue::Delivery& delivery) {
  if (!draws_.chance(plan_.disappears)) return;
  stage_.timeline.after(draws_.across(10us, 5s), [this, &delivery, serial = waits_with_] {
    if (!waits_ || waits_with_ != serial) return;
    waits_ = false;
    stage_.journal.note("the agent of packet {} has gone", serial);
    stage_.trace.abandon(stage_.trace.history(std::to_string(serial)));
    loop_->dispatcher().abandon(delivery, stage_.timeline.now());
    send_after(plan_.pause);
  });
}

void DiskAgent::settled(Settlement settlement) {
  waits_ = false;
  const bool is_refused = settlement == Settlement::handed_back || settlement == Settlement::not_stored;
  if (is_refused) stage_.journal.note("packet {} is answered 503", waits_with_);
  stage_.trace.answer(waits_with_, settlement);
  send_after(is_refused ? pause_when_refused : plan_.pause);
}

void DiskAgent::stored() {
  waits_ = false;
  stage_.journal.note("packet {} is answered 202", waits_with_);
  stage_.trace.store(waits_with_);
  send_after(plan_.pause);
}

}  // namespace logdist::sim
