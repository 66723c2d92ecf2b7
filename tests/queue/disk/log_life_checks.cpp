// What a recovery found, against what was promised.
#include <cmath>
#include <string>

#include "logdist/queue/disk/settled_reader.hpp"
#include "tests/queue/disk/log_life.hpp"

namespace logdist::test {

void LogLife::check_recovered(bool power_cut) {
  queue::PacketReader reader(*log_, 0, log_->recovery().until_id);
  std::vector<queue::StoredPacket> found;
  while (reader.read(4096, found)) {
  }
  recovered_packets_ += found.size();
  if (flipped_ == 0 && !lossy_ && log_->status().packets != found.size()) {
    broken("counts " + std::to_string(log_->status().packets) + " packets, reads " + std::to_string(found.size()));
  }
  check_packets(found, power_cut);
  check_balance(power_cut);
  // From here on what was found is what there is.
  std::map<std::uint64_t, Packet> left;
  for (const queue::StoredPacket& stored : found) {
    Packet packet = packets_[stored.id];
    // What was not acknowledged may have been written by a sync that failed: it may go again with the power.
    packet.promise = packet.promise == Promise::durable ? Promise::durable : Promise::found;
    packet.done = Done::no;
    packet.is_void = false;
    left[stored.id] = std::move(packet);
  }
  packets_ = std::move(left);
  doubt_messages_ = 0;
  if (log_->recovery().balance) {
    figures_ = *log_->recovery().balance;
  } else {
    figures_known_ = false;
    log_->set_balance(figures_);
  }
}

void LogLife::check_packets(const std::vector<queue::StoredPacket>& found, bool power_cut) {
  std::map<std::uint64_t, bool> seen;
  const bool weak = power_cut && !options_.sync;
  for (const queue::StoredPacket& stored : found) {
    const std::string id = std::to_string(stored.id);
    if (!seen.emplace(stored.id, true).second) broken("recovered twice: " + id);
    const auto known = packets_.find(stored.id);
    if (known == packets_.end()) {
      if (flipped_ == 0 && !weak) broken("recovered, but never given or long done: " + id);
      packets_[stored.id] = {stored.metadata, stored.body, stored.messages, stored.received_at_ns};
      continue;
    }
    const Packet& packet = known->second;
    if (packet.body != stored.body || packet.metadata != stored.metadata || packet.messages != stored.messages ||
        packet.received_at_ns != stored.received_at_ns) {
      broken("recovered with other bytes: " + id);
    }
    if (packet.promise == Promise::elided) broken("was never to be written, and is there: " + id);
    if (flipped_ > 0 || weak) continue;
    if (packet.done == Done::surely) broken("was settled, and came back: " + id);
    if (packet.is_void) broken("was refused, and came back: " + id);
  }
  check_missing(seen, power_cut);
}

void LogLife::check_missing(const std::map<std::uint64_t, bool>& found, bool power_cut) {
  if (flipped_ > 0 || (power_cut && !options_.sync)) return;
  for (const auto& [id, packet] : packets_) {
    if (packet.promise == Promise::durable && packet.done == Done::no && !found.contains(id)) {
      broken("was acknowledged, and is lost: " + std::to_string(id));
    }
  }
  if (log_->status().damaged_records > 0 && !lossy_) broken("damage is counted, and there was none");
}

/// All are there, whatever happened since, unless there was no space.
void LogLife::check_dead_letters() {
  if (flipped_ > 0 || lossy_ || was_full_) return;
  queue::SettledRange range;
  range.dead_letters = true;
  queue::SettledReader reader(*log_, range);
  std::vector<queue::SettledPacketRead> found;
  while (reader.read(1 << 20, found)) {
  }
  std::set<std::uint64_t> left = dead_letters_;
  for (const queue::SettledPacketRead& read : found) left.erase(read.packet.id);
  for (const std::uint64_t id : left) broken("was a dead letter, and is gone: " + std::to_string(id));
}

void LogLife::check_balance(bool power_cut) {
  if (!figures_known_ || flipped_ > 0 || (power_cut && !options_.sync)) return;
  if (!log_->recovery().balance) return broken("the balance is lost");
  for (std::size_t index = 0; index < figures_.analyzers.size(); ++index) {
    const queue::AnalyzerFigures& wanted = figures_.analyzers[index];
    const queue::AnalyzerFigures& got = log_->recovery().balance->analyzers.at(index);
    const double off = std::abs(wanted.deficit - got.deficit) + std::abs(wanted.debt - got.debt);
    if (off > static_cast<double>(doubt_messages_) + 1e-6) {
      broken("the balance of " + wanted.name + " is " + std::to_string(off) + " messages off, in doubt were " +
             std::to_string(doubt_messages_));
    }
  }
}

}  // namespace logdist::test
