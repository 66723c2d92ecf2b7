#include "logdist/ingest/clients/client_rates.hpp"

#include <algorithm>

namespace logdist::ingest {

Duration ClientRates::try_take_packet(std::uint64_t body_bytes, const ClientLimits& limits, TimePoint now) {
  const Duration for_packet = packets.try_take(1, limits.packets, now);
  const Duration for_bytes = bytes.try_take(body_bytes, limits.bytes, now);
  if (for_packet == Duration::zero() && for_bytes == Duration::zero()) return Duration::zero();
  if (for_packet == Duration::zero()) packets.give_back(1, limits.packets);
  if (for_bytes == Duration::zero()) bytes.give_back(body_bytes, limits.bytes);
  return std::max(for_packet, for_bytes);
}

}  // namespace logdist::ingest
