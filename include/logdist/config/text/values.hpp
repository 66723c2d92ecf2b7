// Values of the configuration that have a text of their own. Plain values; safe to copy and to share.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "logdist/base/time.hpp"

namespace logdist::config {

using namespace std::chrono_literals;

inline constexpr std::uint64_t KiB = 1024;
inline constexpr std::uint64_t MiB = 1024 * KiB;
inline constexpr std::uint64_t GiB = 1024 * MiB;

/// An address to listen on. Port 0 means any free one.
struct ListenAddress {
  std::string host;
  std::uint16_t port = 0;
  std::string path = {};  ///< of a unix socket: then there is no host

  bool is_unix() const { return !path.empty(); }
  bool operator==(const ListenAddress&) const = default;
};

/// When a stored packet is acknowledged.
struct SyncPolicy {
  bool syncs = true;    ///< after a sync; false: after the write
  Duration interval{};  ///< at most one sync in so long; 0: one for all that are ready together

  bool operator==(const SyncPolicy&) const = default;
};

/// A positive decimal number, exact: `units` millionths. 40 is 40'000'000 units,
/// 0.5 is 500'000. Exact so that ties in the balance never depend on rounding.
struct Weight {
  static constexpr std::uint64_t units_per_one = 1'000'000;
  std::uint64_t units = units_per_one;

  double value() const { return static_cast<double>(units) / static_cast<double>(units_per_one); }
};

}  // namespace logdist::config
