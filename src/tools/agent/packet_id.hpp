// What the sources of packets have in common.
#pragma once

#include <chrono>
#include <string>

#include "logdist/base/random.hpp"
#include "logdist/base/uuid.hpp"

namespace logdist::tools {

inline constexpr const char* json_content_type = "application/json";

/// A fresh id: sorts by the time it was made at.
inline std::string make_packet_id(Random& random) {
  const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
  const auto unix_ms = std::chrono::duration_cast<std::chrono::milliseconds>(since_epoch).count();
  std::string id;
  make_uuid_v7(id, static_cast<std::uint64_t>(unix_ms), random);
  return id;
}

}  // namespace logdist::tools
