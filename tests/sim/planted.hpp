// Defects planted into the product, to show that the checkers bite.
//
// The objects that ship are linked as they are; the linker (--wrap, see
// CMakeLists.txt) sends the calls of some of their functions here, and as long
// as no defect is planted they go on to where they were meant for.
#pragma once

namespace logdist::sim {

enum class Defect {
  none,
  lost_refund,             ///< a failed attempt frees its slot, but its charge stays
  double_settlement,       ///< now and then a delivered packet is dead-lettered, too
  success_unheard,         ///< now and then a 200 is taken for a failure
  order_lost,              ///< once an analyzer has come back, the first with a free slot gets every packet
  forgotten_at_shutdown,   ///< now and then a packet that is given up is not kept
  queue_bound_off_by_one,  ///< the queue holds one packet more than configured
  slot_bound_off_by_one,   ///< an analyzer has one packet more in flight than configured
  delivery_counted_twice,  ///< now and then a delivery is entered twice in the ledger
  outcome_miscounted,      ///< broken connections are counted as time-outs
  tested_too_often,        ///< an analyzer in Testing gets packets without end
  slot_overlooked,         ///< now and then a free slot is not seen
  timer_late,              ///< waits end a second too late
  probe_misread,           ///< a passed probe is taken for a failed one
};

/// From now on the product has this defect, and no other. To be told again before
/// each life, so that one does not depend on the last. Not thread-safe.
void plant(Defect defect);

}  // namespace logdist::sim
