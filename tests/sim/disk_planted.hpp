// Defects planted into the durable queue, to show that the checkers bite. As planted.hpp.
#pragma once

namespace logdist::sim {

enum class DiskDefect {
  none,
  settled_before_delivery,  ///< now and then a packet is settled in the log once it is stored
  reported_before_sync,     ///< a packet is reported durable when it is written, whatever the sync mode
  dropped_from_index,       ///< now and then a packet that is stored is not in the log's index
  settlement_forgotten,     ///< now and then a settlement does not reach the log
  charge_forgotten,         ///< settlements do not say which analyzer was charged
};

/// From now on, and from its beginning; `none` takes it away again.
void plant(DiskDefect defect);

}  // namespace logdist::sim
