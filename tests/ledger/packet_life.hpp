// A random but lawful life of many packets, told to a ledger event by event.
#pragma once

#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "logdist/base/random.hpp"
#include "logdist/ledger/ledger.hpp"

namespace logdist::ledger {

enum class Place { queued, waiting, in_flight, delivered, dead_lettered, handed_back, spilled, lost };
inline constexpr std::size_t place_count = 8;

/// Packets that come, move and settle. Knows by itself where each one is.
class PacketLife {
 public:
  PacketLife(Ledger& ledger, std::uint64_t seed) : ledger_(ledger), random_(seed) {}

  /// One packet moves on, or a new one comes in. All books are in order after it.
  void step() {
    if (open_.empty() || random_.below(3) == 0) return come();
    const std::size_t chosen = random_.below(open_.size());
    std::swap(open_[chosen], open_.back());
    const Packet packet = open_.back();
    open_.pop_back();
    packet.place == Place::in_flight ? end_attempt(packet) : leave(packet);
  }

  /// Settles all that is still open by delivering it.
  void settle_all() {
    while (!open_.empty()) {
      const Packet packet = open_.back();
      open_.pop_back();
      if (packet.place != Place::in_flight) {
        leave_place(packet);
        ledger_.attempt_begun(packet.messages);
      }
      ledger_.attempt_ended(packet.messages, 0, Outcome::delivered, Duration{});
      deliver(packet, 0);
    }
  }

  const Amount& at(Place place) const { return places_[static_cast<std::size_t>(place)]; }
  const Amount& admitted() const { return admitted_; }
  const Amount& recovered() const { return recovered_; }

 private:
  struct Packet {
    std::uint32_t messages;
    Place place;
  };

  void come() {
    const Packet packet{1 + static_cast<std::uint32_t>(random_.below(50)), Place::queued};
    if (random_.below(5) == 0) {
      recovered_.add(packet.messages);
      ledger_.recovered(amount_of(packet));
      return enter(packet, Place::spilled);
    }
    admitted_.add(packet.messages);
    ledger_.admitted(packet.messages);
    constexpr std::array places{Place::queued, Place::waiting, Place::spilled};
    enter(packet, places[random_.below(places.size())]);
  }

  void enter(Packet packet, Place place) {
    packet.place = place;
    count(place).add(packet.messages);
    if (place == Place::queued) ledger_.queue_entered(packet.messages);
    if (place == Place::waiting) ledger_.wait_entered(packet.messages);
    if (place == Place::in_flight) ledger_.attempt_begun(packet.messages);
    if (place == Place::spilled) ledger_.spill_entered(amount_of(packet));
    open_.push_back(packet);
  }

  void leave_place(const Packet& packet) {
    count(packet.place).subtract(packet.messages);
    switch (packet.place) {
      case Place::queued: return ledger_.queue_left(packet.messages);
      case Place::spilled: return ledger_.spill_left(amount_of(packet));
      default: return ledger_.wait_left(packet.messages);
    }
  }

  /// Out of the queue or the wait: to an analyzer, or to an end.
  void leave(const Packet& packet) {
    leave_place(packet);
    if (packet.place == Place::spilled) {
      if (random_.below(10) != 0) return enter(packet, Place::queued);
      count(Place::lost).add(packet.messages);
      return ledger_.lost(amount_of(packet));
    }
    switch (random_.below(6)) {
      case 0:
        count(Place::dead_lettered).add(packet.messages);
        return ledger_.dead_lettered(packet.messages, DeadLetterReason::max_rounds);
      case 1: count(Place::handed_back).add(packet.messages); return ledger_.handed_back(packet.messages);
      default: return enter(packet, Place::in_flight);
    }
  }

  void end_attempt(const Packet& packet) {
    const auto analyzer = static_cast<AnalyzerId>(random_.below(5));
    const auto outcome = static_cast<Outcome>(random_.below(outcome_count));
    count(Place::in_flight).subtract(packet.messages);
    ledger_.attempt_ended(packet.messages, analyzer, outcome, std::chrono::milliseconds(random_.below(100)));
    outcome == Outcome::delivered ? deliver({packet.messages, Place::delivered}, analyzer)
                                  : enter(packet, Place::waiting);
  }

  void deliver(const Packet& packet, AnalyzerId analyzer) {
    count(Place::delivered).add(packet.messages);
    ledger_.delivered(packet.messages, analyzer, std::chrono::milliseconds(1));
  }

  static Amount amount_of(const Packet& packet) { return {1, packet.messages}; }

  Amount& count(Place place) { return places_[static_cast<std::size_t>(place)]; }

  Ledger& ledger_;
  Random random_;
  std::vector<Packet> open_;
  std::array<Amount, place_count> places_{};
  Amount admitted_;
  Amount recovered_;
};

}  // namespace logdist::ledger
