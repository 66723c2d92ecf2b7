// Whose turn it is among those that wait for space.
#include "logdist/queue/memory_limiter.hpp"

namespace logdist::queue {

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

}  // namespace logdist::queue
