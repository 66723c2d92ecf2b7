#include "logdist/net/address_set.hpp"

#include <algorithm>

namespace logdist::net {

Endpoints AddressSet::assign(Endpoints found, TimePoint now) {
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  forget_others(found);
  std::rotate(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(turn_++ % found.size()), found.end());
  std::stable_sort(found.begin(), found.end(), [&](const Endpoint& left, const Endpoint& right) {
    const Address& a = known_[left];
    const Address& b = known_[right];
    const bool avoid_a = a.avoided_until > now;
    const bool avoid_b = b.avoided_until > now;
    // Of those that are avoided, the one whose time is up first.
    if (avoid_a && avoid_b) return a.avoided_until < b.avoided_until;
    return avoid_a != avoid_b ? avoid_b : a.connections < b.connections;
  });
  reachable_ = static_cast<std::size_t>(std::count_if(
      found.begin(), found.end(), [&](const Endpoint& endpoint) { return known_[endpoint].avoided_until <= now; }));
  ++known_[found.front()].connections;
  return found;
}

void AddressSet::forget_others(const Endpoints& found) {
  std::erase_if(known_, [&](const auto& known) {
    return known.second.connections == 0 && !std::binary_search(found.begin(), found.end(), known.first);
  });
}

void AddressSet::moved(const Endpoint& from, const Endpoint& to) {
  released(from);
  ++known_[to].connections;
}

void AddressSet::released(const Endpoint& endpoint) {
  const auto known = known_.find(endpoint);
  if (known != known_.end() && known->second.connections > 0) --known->second.connections;
}

void AddressSet::unreachable(const Endpoint& endpoint, TimePoint now) {
  Address& address = known_[endpoint];
  if (address.avoided_until <= now && reachable_ > 0) --reachable_;
  address.avoided_until = now + avoided_for;
}

void AddressSet::reached(const Endpoint& endpoint) { known_[endpoint].avoided_until = TimePoint::min(); }

}  // namespace logdist::net
