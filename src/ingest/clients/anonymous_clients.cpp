#include "logdist/ingest/clients/anonymous_clients.hpp"

#include <algorithm>
#include <cstdint>

namespace logdist::ingest {

std::uint64_t hash_of(const IpAddress& address) {
  std::uint64_t hash = 14695981039346656037U;
  for (const std::uint8_t byte : address.bytes()) hash = (hash ^ byte) * 1099511628211U;
  return hash ^ (hash >> 32);
}

AnonymousClients::AnonymousClients(std::size_t max) : part_max_(std::max<std::size_t>(max / parts_count, 1)) {}

AnonymousClients::~AnonymousClients() {
  for (Part& part : parts_) {
    const MutexLock lock(part.mutex);
    part.by_age.clear();
  }
}

std::shared_ptr<AnonymousClient> AnonymousClients::find(const IpAddress& address, TimePoint now) {
  Part& part = parts_[hash_of(address) % parts_count];
  const MutexLock lock(part.mutex);
  std::shared_ptr<AnonymousClient>& entry = part.entries[address];
  if (!entry) {
    entry = std::make_shared<AnonymousClient>(address);
    entry->filed_at_ = now;
    part.by_age.push_back(*entry);
  }
  const std::shared_ptr<AnonymousClient> found = entry;
  found->seen(now);
  if (part.entries.size() > part_max_) forget_oldest(part);
  return found;
}

/// An entry that was seen since it was filed is filed again; each that is passed over is so for a request of its own.
void AnonymousClients::forget_oldest(Part& part) {
  for (std::size_t left = part.entries.size(); left > 0; --left) {
    AnonymousClient& oldest = part.by_age.front();
    const TimePoint seen = oldest.last_seen_.load(std::memory_order_relaxed);
    part.by_age.pop_front();
    if (seen > oldest.filed_at_ && left > 1) {
      oldest.filed_at_ = seen;
      const auto at = std::find_if(part.by_age.rbegin(), part.by_age.rend(),
                                   [seen](const AnonymousClient& other) { return other.filed_at_ <= seen; });
      part.by_age.insert(at.base(), oldest);
      continue;
    }
    oldest.forgotten_.store(true, std::memory_order_relaxed);
    const IpAddress address = oldest.address();  // the map's erase ends it
    part.entries.erase(address);
    return;
  }
}

std::uint64_t AnonymousClients::held_places() const {
  std::uint64_t places = 0;
  for (const Part& part : parts_) {
    const MutexLock lock(part.mutex);
    for (const auto& [address, client] : part.entries) places += client->rates.places.held();
  }
  return places;
}

std::size_t AnonymousClients::size() const {
  std::size_t size = 0;
  for (const Part& part : parts_) {
    const MutexLock lock(part.mutex);
    size += part.entries.size();
  }
  return size;
}

}  // namespace logdist::ingest
