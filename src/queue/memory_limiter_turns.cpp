// Whose turn it is among those that wait for space, and how much of it one client may hold.
#include <algorithm>

#include "logdist/queue/memory_limiter.hpp"

namespace logdist::queue {
namespace {

/// Of what is left, how much a client may hold.
constexpr std::size_t share_of_free = 8;
/// Most clients that are passed over at once: the others are looked at when something changes again.
constexpr std::size_t passed_over_max = 64;

}  // namespace

/// Of those that wait: the one whose turn it is; null without any.
MemoryLimiter::Reservation* MemoryLimiter::first_of(const Line& line) {
  if (line.turns.empty()) return nullptr;
  return const_cast<Reservation*>(&line.turns.front().waiting.front());
}

/// A client that did not wait has the last turn.
void MemoryLimiter::enter(Line& line, Reservation& reservation) {
  Client& client = line.clients[reservation.client_];
  if (client.waiting.empty()) line.turns.push_back(client);
  insert_by_age(client.waiting, reservation);
}

/// If it was served in its client's turn, that has the last one next.
void MemoryLimiter::leave(Line& line, Reservation& reservation, bool served) {
  Client& client = line.clients[reservation.client_];
  const bool had_turn = served && first_of(line) == &reservation;
  client.waiting.erase(client.waiting.iterator_to(reservation));
  const Turns::iterator at = line.turns.iterator_to(client);
  if (client.waiting.empty()) {
    line.turns.erase(at);
    line.clients.erase(reservation.client_);
  } else if (had_turn) {
    line.turns.splice(line.turns.end(), line.turns, at);
  }
}

/// Of the large bodies that wait: the one whose turn it is, of a client that may hold more; null without any. Clients
/// that may not have the last turns then.
MemoryLimiter::Reservation* MemoryLimiter::first_large_locked() {
  Turns& turns = lines_[1].turns;
  for (std::size_t looked_at = std::min(turns.size(), passed_over_max); looked_at > 0; --looked_at) {
    Reservation* const first = first_of(lines_[1]);
    if (within_share_locked(*first)) return first;
    turns.splice(turns.end(), turns, turns.begin());
  }
  return nullptr;
}

bool MemoryLimiter::within_share_locked(const Reservation& reservation) const {
  const auto held = large_held_by_.find(reservation.client_);
  if (held == large_held_by_.end()) return true;
  const std::size_t free = large_max() - std::min(large_max(), large_held_);
  const std::size_t more = reservation.wanted_bytes_ + (reservation.counts_as_large_ ? 0 : reservation.held_bytes_);
  return more <= free && held->second + more <= share_of_free * (free - more);
}

/// `bytes` more of what it holds are of a large body.
void MemoryLimiter::count_large_locked(Reservation& reservation, std::size_t bytes) {
  if (!reservation.counts_as_large_) reservation.held_for_ = reservation.client_;
  reservation.counts_as_large_ = true;
  large_held_ += bytes;
  if (reservation.held_for_ != nobody) large_held_by_[reservation.held_for_] += bytes;
}

}  // namespace logdist::queue
