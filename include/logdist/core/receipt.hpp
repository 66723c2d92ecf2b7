// Which acknowledgement becomes true when a packet is delivered.
#pragma once

#include <cstdint>

namespace logdist::core {

/// Plain numbers, of one process: in another one they mean nothing. See queue::AckRegistry.
struct Receipt {
  std::uint64_t channel = 0;  ///< 0: nobody asks
  std::uint64_t number = 0;   ///< of the channel

  bool is_set() const { return channel != 0; }
  bool operator==(const Receipt&) const = default;
};

}  // namespace logdist::core
