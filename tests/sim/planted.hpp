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
  refund_lost_outside,     ///< what fails at an analyzer that has left service is not given back to it
  debt_unbounded,          ///< balance.max_debt is not heeded
  catch_up_forgotten,      ///< balance.catch_up_threshold is never reached
  catch_up_unbounded,      ///< balance.catch_up_share is not heeded
  catch_up_slow,           ///< balance.catch_up_share is next to nothing
  failures_forgiven,       ///< health.failure_threshold is never reached
  one_failure_enough,      ///< the first failure takes an analyzer out
  back_off_skipped,        ///< health.backoff is a millisecond
  probes_rare,             ///< health.interval is an hour
  slow_start_skipped,      ///< health.slow_start is nothing
  slow_start_endless,      ///< health.slow_start is an hour
  pause_skipped,           ///< a 429 that names no time pauses for a microsecond
  poison_kept,             ///< delivery.max_rounds is never reached
  refused_once,            ///< the first refusal makes a dead letter
  round_short,             ///< a packet is poison one round too early
  buffer_bound_off,        ///< server.max_buffered is 400 bytes more than configured
  nothing_kept_for_small,  ///< of server.max_buffered
  rate_forgotten,          ///< now and then a packet is not counted by its client's rate
  share_off_by_one,        ///< a client holds one place more than its share
  place_kept,              ///< now and then a client does not get a place back
  turns_ignored,           ///< a client that was served has the next turn, too
  suspects_blamed,         ///< each failure of a packet counts for health, not only its first
  outage_blamed,           ///< an analyzer that takes nothing is thought to take others
  all_out_unheard,         ///< that nobody is in service is not noticed
  drain_ignored,           ///< a drained analyzer stays in service
  formats_ignored,         ///< analyzers are sent what they do not take
  format_miscounted,       ///< now and then a packet is counted under another format
  format_lost,             ///< a dead letter has another format
  retries_unlimited,       ///< delivery.circuit.max_retries is not heeded
  ejects_too_many,         ///< health.outlier.max_ejected is not heeded
  ejects_at_random,        ///< health.outlier takes any difference for an outlier
  formats_thought_alike,   ///< what not all analyzers take is thought to keep any slot from others
};

/// From now on the product has this defect, and no other. To be told again before
/// each life, so that one does not depend on the last. Not thread-safe.
void plant(Defect defect);

}  // namespace logdist::sim
