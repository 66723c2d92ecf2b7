// What a loop does with the durable queue's packets and reports.
#include <algorithm>
#include <chrono>

#include "logdist/core/header_lines.hpp"
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

core::ContentCoding coding_of(std::string_view forwarded_headers) {
  const auto name = core::header_value(forwarded_headers, "Content-Encoding");
  return name ? core::find_coding(*name).value_or(core::ContentCoding::identity) : core::ContentCoding::identity;
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

void Loop::read_back(std::vector<storage::ReadBackPacket> packets) {
  const TimePoint now = Clock::now();
  for (const storage::ReadBackPacket& read : packets) {
    const auto metadata = queue::decode_metadata(read.stored.metadata);
    queue::Delivery& delivery = dispatcher_.make();
    core::Packet& packet = delivery.packet;
    packet.body = buffers_.take(read.stored.body.size());
    packet.body.append(read.stored.body);
    if (metadata) {
      packet.id = metadata->packet_id;
      packet.forwarded_headers = metadata->forwarded_headers;
      packet.agent = metadata->agent;
      packet.path = metadata->path;
    }
    packet.coding = coding_of(packet.forwarded_headers);
    packet.protocol = protocol_of(packet.forwarded_headers);
    packet.messages = read.stored.messages;
    delivery.store_id = read.stored.id;
    dispatcher_.restore(delivery, read.has_place, time_of(read.stored.received_at_ns, now));
  }
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
