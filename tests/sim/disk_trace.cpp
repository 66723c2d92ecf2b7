#include "tests/sim/disk_trace.hpp"

#include <charconv>

namespace logdist::sim {

std::string body_of(std::uint64_t serial, std::size_t bytes) {
  std::string body(bytes, '\0');
  std::uint64_t state = serial * 0x9e3779b97f4a7c15 + 1;
  for (char& byte : body) {
    state = state * 6364136223846793005 + 1442695040888963407;
    byte = static_cast<char>(state >> 56);
  }
  return body;
}

std::optional<std::uint64_t> serial_of(std::string_view id, std::size_t packets) {
  std::uint64_t serial = 0;
  const auto [end, error] = std::from_chars(id.data(), id.data() + id.size(), serial);
  if (error != std::errc() || end != id.data() + id.size() || serial >= packets) return std::nullopt;
  return serial;
}

void DiskTrace::admitted(const PacketHistory&) { packets_.emplace_back(); }

void DiskTrace::stored(const PacketHistory& history) { packets_.at(history.serial).acknowledged = true; }

void DiskTrace::taken(const PacketHistory& history) {
  ++packets_.at(history.serial).taken;
  taken_now_[history.serial] = history.messages;
}

/// A refusal's charge stays, too, and is in the next balance.
void DiskTrace::result_seen(const PacketHistory& history, const core::AttemptResult& result) {
  taken_now_.erase(history.serial);
  const bool delivered = result.outcome == Outcome::delivered;
  if (delivered || result.outcome == Outcome::refused) messages_in_doubt_ += history.messages;
  if (delivered) end(history.serial);
}

void DiskTrace::dead_lettered(const PacketHistory& history, DeadLetterReason) {
  packets_.at(history.serial).is_dead_letter = true;
  end(history.serial);
}

void DiskTrace::end(std::uint64_t serial) {
  packets_.at(serial).ended = Safety::Ended::in_doubt;
  in_doubt_.push_back(serial);
}

void DiskTrace::read_back(const queue::StoredPacket&, std::string_view id, bool) {
  if (const auto serial = serial_of(id, packets_.size())) {
    Safety& packet = packets_[*serial];
    if (packet.ended == Safety::Ended::maybe) packet.ended = Safety::Ended::no;
    packet.is_refused = false;
  }
}

void DiskTrace::reported(std::uint64_t serial, queue::StoreOutcome outcome) {
  packets_.at(serial).is_durable = outcome == queue::StoreOutcome::durable;
  packets_.at(serial).is_refused = outcome == queue::StoreOutcome::failed || outcome == queue::StoreOutcome::no_space;
}

void DiskTrace::nothing_in_doubt() {
  for (const std::uint64_t serial : in_doubt_) {
    packets_[serial].ended = packets_[serial].is_refused ? Safety::Ended::maybe : Safety::Ended::surely;
  }
  in_doubt_.clear();
  messages_in_doubt_ = 0;
}

void DiskTrace::daemon_ended(const DaemonEnd& end) {
  was_lossy_ = was_lossy_ || end.is_lossy;
  messages_doubtful_ += messages_in_doubt_;
  for (const auto& [serial, messages] : taken_now_) messages_doubtful_ += messages;
  taken_now_.clear();
  messages_in_doubt_ = 0;
  for (const std::uint64_t serial : in_doubt_) packets_[serial].ended = Safety::Ended::maybe;
  in_doubt_.clear();
  for (Safety& packet : packets_) {
    const bool may_return = packet.ended != Safety::Ended::surely || end.is_lossy;
    if (packet.taken > 0 && may_return) ++packet.doubtful;
    if (end.is_lossy) {
      packet.may_be_lost = packet.may_be_lost || packet.acknowledged || packet.is_durable;
      packet.ended = packet.ended == Safety::Ended::no ? packet.ended : Safety::Ended::maybe;
    }
  }
}

}  // namespace logdist::sim
