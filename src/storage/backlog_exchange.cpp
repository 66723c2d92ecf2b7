// Packets that find no place, because others hold all and cannot be sent now: their places are exchanged. And the
// bodies of those come back.
#include <algorithm>
#include <utility>

#include "logdist/base/time.hpp"
#include "logdist/queue/disk/packet_lookup.hpp"
#include "storage/backlog.hpp"

namespace logdist::storage {

using queue::FetchOutcome;
using queue::LookupOutcome;

namespace {

/// Parked packets read at a time, between others.
constexpr std::size_t fetched_at_once = 16;

}  // namespace

void Backlog::offer(const Offer& offer) {
  {
    const MutexLock lock(mutex_);
    offers_.push_back(offer);
  }
  wake();
}

void Backlog::fetch(const Fetch& fetch) {
  {
    const MutexLock lock(mutex_);
    asked_.push_back(fetch);
  }
  wake();
}

/// Before it waits: what for.
void Backlog::tell_wants() {
  std::size_t wanted = 0;
  for (const std::deque<Fetch>* const fetches : {&fetches_new_, &fetches_again_}) {
    if (!fetches->empty()) wanted = std::max(wanted, fetches->front().bytes);
  }
  if (next_ < batch_.size()) {
    wanted = std::max(wanted, queue_bytes_of(batch_[next_]));
  } else if (unread_ > unreported_) {
    wanted = std::max<std::size_t>(wanted, 1);
  }
  if (wanted > 0) wanted = std::max(wanted, bytes_short_);
  const std::size_t before = room_wanted_.exchange(wanted, std::memory_order_relaxed);
  if (wanted == 0 || (wanted <= before && now_ < told_wants_at_ + look_again)) return;
  told_wants_at_ = now_;
  loops_->room_wanted();
}

bool Backlog::serve_offer() {
  Offer offer;
  {
    const MutexLock lock(mutex_);
    for (const Fetch& asked : asked_) (asked.is_suspect ? fetches_again_ : fetches_new_).push_back(asked);
    asked_.clear();
    if (offers_.empty()) return false;
    offer = offers_.front();
    offers_.pop_front();
  }
  std::vector<ReadBackPacket> packets;
  exchange_fetched(offer, packets);
  exchange_next(offer, packets);
  loops_->exchange(offer.loop, std::move(packets));
  return true;
}

/// A free place, or one that is offered.
bool Backlog::take_place_in(Offer& offer, std::size_t bytes, ReadBackPacket& packet) {
  packet.has_place = limits_.try_take(bytes);
  if (!packet.has_place) {
    const std::size_t held = limits_.bytes();
    const std::size_t free = limits_.max_bytes() - std::min(held, limits_.max_bytes());
    if (offer.packets == 0) return false;
    if (bytes > offer.bytes + free) {
      bytes_short_ = bytes;
      return false;
    }
    --offer.packets;
    offer.bytes -= std::min(offer.bytes, bytes);
    packet.in_exchange = true;
  }
  bytes_short_ = 0;
  return true;
}

void Backlog::exchange_fetched(Offer& offer, std::vector<ReadBackPacket>& packets) {
  while (packets.size() < fetched_at_once) {
    std::deque<Fetch>* const fetches = next_fetch();
    if (fetches == nullptr || fetches->front().loop != offer.loop) return;
    ReadBackPacket packet;
    if (!take_place_in(offer, fetches->front().bytes, packet)) return;
    read_parked(*fetches, packet);
    packets.push_back(std::move(packet));
  }
}

void Backlog::exchange_next(Offer& offer, std::vector<ReadBackPacket>& packets) {
  while (packets.size() < hand_over_packets && has_next()) {
    ReadBackPacket packet;
    if (!take_place_in(offer, queue_bytes_of(batch_[next_]), packet)) return;
    packet.stored = std::move(batch_[next_]);
    ++next_;
    packets.push_back(std::move(packet));
    credit_ = std::min(credit_max, credit_ + 1);
  }
}

/// Whether one is read, and not handed over; reads on if need be.
bool Backlog::has_next() {
  while (next_ == batch_.size()) {
    if (!read_more()) return false;
  }
  return true;
}

bool Backlog::serve_fetches() {
  std::size_t served = 0;
  for (; served < fetched_at_once; ++served) {
    std::deque<Fetch>* const fetches = next_fetch();
    if (fetches == nullptr || !limits_.try_take(fetches->front().bytes)) break;
    const LoopId loop = fetches->front().loop;
    std::vector<ReadBackPacket> packets(1);
    packets.front().has_place = true;
    read_parked(*fetches, packets.front());
    loops_->read_back(loop, std::move(packets));
  }
  return served > 0;
}

/// Whose turn it is; null: nobody's.
std::deque<Backlog::Fetch>* Backlog::next_fetch() {
  if (!fetches_new_.empty()) return &fetches_new_;
  if (fetches_again_.empty()) return nullptr;
  const bool others_wait = next_ < batch_.size() || unread_ > unreported_;
  return !others_wait || credit_ >= fetch_costs ? &fetches_again_ : nullptr;
}

/// The first of `fetches`.
void Backlog::read_parked(std::deque<Fetch>& fetches, ReadBackPacket& packet) {
  const Fetch fetch = fetches.front();
  fetches.pop_front();
  if (fetch.is_suspect) credit_ -= std::min(credit_, fetch_costs);
  packet.parked = fetch.delivery;
  switch (queue::find_packet(log_, fetch.id, fetch.place, packet.stored)) {
    case LookupOutcome::found:
      packet.outcome = packet.in_exchange ? FetchOutcome::exchanged : FetchOutcome::here;
      return;
    case LookupOutcome::lost: packet.outcome = FetchOutcome::lost; break;
    case LookupOutcome::unavailable: packet.outcome = FetchOutcome::unavailable; break;
  }
  if (packet.has_place) limits_.give_back(fetch.bytes);
}

}  // namespace logdist::storage
