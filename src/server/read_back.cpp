// What a loop does with the durable queue's packets and reports.
#include <algorithm>
#include <chrono>

#include "logdist/core/header_lines.hpp"
#include "logdist/http/media_type.hpp"
#include "logdist/ingest/dialects/route_table.hpp"
#include "logdist/queue/log/record.hpp"
#include "logdist/server/loop.hpp"

namespace logdist::server {
namespace {

/// On this process's clock; one from the future is as old as now.
TimePoint time_of(std::int64_t unix_ns, TimePoint now) {
  using namespace std::chrono;
  const auto age = system_clock::now().time_since_epoch() - nanoseconds(unix_ns);
  return now - std::max<Duration>(duration_cast<Duration>(age), Duration::zero());
}

core::ContentCoding coding_of(std::string_view forwarded_headers, core::Protocol protocol) {
  if (const auto name = core::header_value(forwarded_headers, "Content-Encoding")) {
    return core::find_coding(*name).value_or(core::ContentCoding::identity);
  }
  const auto content_type = core::header_value(forwarded_headers, "Content-Type");
  return ingest::default_coding(protocol, http::media_type(content_type.value_or("")));
}

core::Protocol protocol_of(std::string_view forwarded_headers) {
  const auto name = core::header_value(forwarded_headers, "Packet-Format");
  return name ? core::find_protocol(*name).value_or(core::Protocol::packet) : core::Protocol::packet;
}

}  // namespace

void Loop::collect_reports() {
  shared_.storage->collect(id_, Clock::now());
  arm_timer();
}

/// A packet as it was stored.
queue::Delivery& Loop::fill(const queue::StoredPacket& stored) {
  const auto metadata = queue::decode_metadata(stored.metadata);
  queue::Delivery& delivery = dispatcher_->make();
  core::Packet& packet = delivery.packet;
  packet.body = buffers_.take(stored.body.size());
  packet.body.append(stored.body);
  if (metadata) {
    packet.id = metadata->packet_id;
    packet.forwarded_headers = metadata->forwarded_headers;
    packet.agent = metadata->agent;
    packet.path = metadata->path;
    packet.receipt = metadata->receipt;
  }
  packet.protocol = protocol_of(packet.forwarded_headers);
  packet.coding = coding_of(packet.forwarded_headers, packet.protocol);
  packet.messages = stored.messages;
  return delivery;
}

void Loop::read_back(std::vector<storage::ReadBackPacket> packets) {
  const TimePoint now = Clock::now();
  for (storage::ReadBackPacket& read : packets) {
    if (read.parked != nullptr) {
      fetched(read, now);
      continue;
    }
    queue::Delivery& delivery = fill(read.stored);
    delivery.store_id = read.stored.id;
    delivery.store_place = read.stored.place;
    const TimePoint admitted_at = time_of(read.stored.received_at_ns, now);
    if (read.in_exchange) {
      dispatcher_->restore_in_exchange(delivery, admitted_at);
    } else {
      dispatcher_->restore(delivery, read.has_place, admitted_at);
    }
  }
  arm_timer();
}

void Loop::fetched(storage::ReadBackPacket& read, TimePoint now) {
  const bool is_here = read.outcome == queue::FetchOutcome::here || read.outcome == queue::FetchOutcome::exchanged;
  if (is_here) {
    core::Buffer& body = read.parked->packet.body;
    body = buffers_.take(read.stored.body.size());
    body.append(read.stored.body);
    read.parked->store_place = read.stored.place;
  }
  dispatcher_->fetched(*read.parked, read.outcome, now);
}

void Loop::exchange(std::vector<storage::ReadBackPacket> packets) {
  dispatcher_->offer_ended();
  read_back(std::move(packets));
}

/// Stands for the agent of a packet that is replayed.
class Loop::ReplayWaiter final : public queue::Waiter {
 public:
  using Place = std::list<std::shared_ptr<ReplayWaiter>>::iterator;

  ReplayWaiter(Loop& loop, storage::ReplayEnded ended, bool has_one_analyzer)
      : loop_(loop), ended_(std::move(ended)), has_one_analyzer_(has_one_analyzer) {}

  void set_place(Place place) { place_ = place; }
  void settled(queue::Settlement settlement) override { end(outcome_of(settlement)); }
  void stored() override { end(storage::ReplayOutcome::safe); }
  void end(storage::ReplayOutcome outcome) {
    const std::shared_ptr<ReplayWaiter> self = *place_;  // until this returns
    loop_.replays_.erase(place_);
    ended_(outcome);
  }

 private:
  storage::ReplayOutcome outcome_of(queue::Settlement settlement) const {
    switch (settlement) {
      case queue::Settlement::delivered: return storage::ReplayOutcome::safe;
      case queue::Settlement::dead_lettered:
        return has_one_analyzer_ ? storage::ReplayOutcome::failed : storage::ReplayOutcome::safe;
      case queue::Settlement::handed_back:
      case queue::Settlement::not_stored: break;
    }
    return storage::ReplayOutcome::refused;
  }

  Loop& loop_;
  const storage::ReplayEnded ended_;
  const bool has_one_analyzer_;
  Place place_;
};

void Loop::replay(const storage::ReplayedPacket& packet, storage::ReplayEnded ended) {
  if (!dispatcher_->takes_packets()) return ended(storage::ReplayOutcome::refused);
  queue::Delivery& delivery = fill(*packet.stored);
  if (packet.analyzer && !shared_.balancer.has(*packet.analyzer, delivery.packet.protocol)) {
    dispatcher_->discard(delivery);
    return ended(storage::ReplayOutcome::failed);
  }
  if (packet.analyzer) delivery.retry_state.set_only(*packet.analyzer);
  delivery.packet.receipt = {};  // that of the packet that has ended
  delivery.packet.forwarded_headers += "Packet-Replay: " + packet.replay_id + "\r\n";
  const auto place = replays_.insert(
      replays_.end(), std::make_shared<ReplayWaiter>(*this, std::move(ended), packet.analyzer.has_value()));
  (*place)->set_place(place);
  if (dispatcher_->admit(delivery, **place, Clock::now()) == queue::Admission::queued) {
    (*place)->end(storage::ReplayOutcome::safe);
  }
  arm_timer();
}

void Loop::recovered(const ledger::Amount& packets) {
  ledger_.recovered(packets);
  ledger_.spill_entered(packets);
}

void Loop::lost(const ledger::Amount& packets) {
  ledger_.spill_left(packets);
  ledger_.lost(packets);
}

}  // namespace logdist::server
