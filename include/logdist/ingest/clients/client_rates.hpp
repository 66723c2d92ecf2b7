// The rates of one client.
#pragma once

#include <cstdint>

#include "logdist/base/time.hpp"
#include "logdist/core/client_places.hpp"
#include "logdist/ingest/clients/token_bucket.hpp"

namespace logdist::ingest {

/// What a client may send. A plain value.
struct ClientLimits {
  BucketRate packets;
  BucketRate messages;
  BucketRate bytes;
  std::uint32_t places_max = 0;  ///< of the queue's places; 0: as many as there are

  bool is_limited() const {
    return packets.is_limited() || messages.is_limited() || bytes.is_limited() || places_max != 0;
  }
};

/// What it has sent lately. Thread-safe.
struct alignas(64) ClientRates {
  TokenBucket packets;
  TokenBucket messages;
  TokenBucket bytes;
  core::ClientPlaces places;

  /// Takes a packet of so many bytes whole, or nothing; then there is room for it after so long.
  Duration try_take_packet(std::uint64_t body_bytes, const ClientLimits& limits, TimePoint now);
};

}  // namespace logdist::ingest
