#include "tests/sim/planted.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "balance/credit_accounts.hpp"
#include "balance/edf_queue.hpp"
#include "dispatch/loop_dispatcher.hpp"
#include "logdist/balance/groups/balancer_groups.hpp"
#include "logdist/balance/selector.hpp"
#include "logdist/core/client_places.hpp"
#include "logdist/health/health.hpp"
#include "logdist/ingest/clients/token_bucket.hpp"
#include "logdist/ledger/ledger.hpp"
#include "logdist/queue/memory_limiter.hpp"
#include "logdist/queue/queue_limits.hpp"
#include "logdist/retry/classify.hpp"
#include "logdist/retry/retry_state.hpp"
#include "tests/sim/defective_balancer.hpp"
#include "tests/sim/wrap.hpp"

namespace logdist::sim {
namespace {

Defect planted = Defect::none;
std::uint64_t calls = 0;
bool came_back = false;  ///< an analyzer, in this life

constexpr std::uint64_t unreachable = 1'000'000'000'000;  ///< messages

bool has(Defect defect) { return planted == defect; }
/// Once in `often` calls.
bool strikes(Defect defect, std::uint64_t often) { return has(defect) && ++calls % often == 0; }

std::unique_ptr<balance::Balancer> make_balancer(balance::SelectorOptions options) {
  if (has(Defect::debt_unbounded)) options.max_debt = unreachable;
  if (has(Defect::catch_up_forgotten)) options.catch_up_threshold = unreachable;
  if (has(Defect::catch_up_unbounded)) options.catch_up_share_ppm = 1'000'000;
  if (has(Defect::catch_up_slow)) options.catch_up_share_ppm = 1;
  BalancerDefects defects;
  defects.keeps_charges = has(Defect::lost_refund);
  defects.one_slot_too_many = has(Defect::slot_bound_off_by_one);
  defects.overlooks_slot_each = has(Defect::slot_overlooked) ? 20 : 0;
  return std::make_unique<DefectiveBalancer>(std::make_unique<balance::Selector>(options), defects);
}

}  // namespace

void plant(Defect defect) {
  planted = defect;
  calls = 0;
  came_back = false;
}

LOGDIST_WRAP(retry::RetryAction, on_result,
             "_ZN7logdist5retry10RetryState9on_resultEjRKNS_4core13AttemptResultERKNS0_5TakenE",
             retry::RetryState* retry_state, AnalyzerId analyzer, const core::AttemptResult& result,
             const retry::Taken& taken) {
  retry::Taken heard = taken;
  if (has(Defect::outage_blamed)) heard = {++calls, true};
  const retry::RetryAction next = original_on_result(retry_state, analyzer, result, heard);
  if (has(Defect::refused_once) && result.outcome == Outcome::refused) return retry::RetryAction::dead_letter;
  const bool struck = next == retry::RetryAction::done && strikes(Defect::double_settlement, 50);
  return struck ? retry::RetryAction::dead_letter : next;
}

LOGDIST_WRAP(retry::Classification, classify, "_ZN7logdist5retry8classifyEjSt17basic_string_viewIcSt11char_traitsIcEEl",
             unsigned status, std::string_view retry_after, std::int64_t unix_seconds) {
  const bool struck = status == 200 && strikes(Defect::success_unheard, 50);
  return original_classify(struck ? 500 : status, retry_after, unix_seconds);
}

LOGDIST_WRAP(void, join, "_ZN7logdist7balance14CreditAccounts4joinEjm", balance::CreditAccounts* accounts,
             AnalyzerId analyzer, std::uint64_t packet_messages_max) {
  came_back = true;
  original_join(accounts, analyzer, packet_messages_max);
}

LOGDIST_WRAP(AnalyzerId, choose, "_ZN7logdist7balance8EdfQueue6chooseEv", balance::EdfQueue* queue) {
  const AnalyzerId chosen = original_choose(queue);
  if (!has(Defect::order_lost) || !came_back) return chosen;
  AnalyzerId first = 0;
  while (!queue->is_candidate(first)) ++first;
  return first;
}

LOGDIST_WRAP(void, dead_letter,
             "_ZN7logdist8dispatch14LoopDispatcher11dead_letterERNS_5queue8DeliveryENS_16DeadLetterReasonE",
             dispatch::LoopDispatcher* dispatcher, queue::Delivery& delivery, DeadLetterReason reason) {
  if (has(Defect::format_lost)) delivery.packet.protocol = core::Protocol::journal;
  const bool struck = reason == DeadLetterReason::shutdown && strikes(Defect::forgotten_at_shutdown, 3);
  if (!struck) original_dead_letter(dispatcher, delivery, reason);
}

LOGDIST_WRAP(void, make_bounds, "_ZN7logdist5queue11QueueLimitsC1Emm", queue::QueueLimits* bounds,
             std::size_t max_packets, std::size_t max_bytes) {
  original_make_bounds(bounds, max_packets + (has(Defect::queue_bound_off_by_one) ? 1 : 0), max_bytes);
}

LOGDIST_WRAP(void, delivered,
             "_ZN7logdist6ledger6Ledger9deliveredEjjNSt6chrono8durationIlSt5ratioILl1ELl1000000000EEEE",
             ledger::Ledger* ledger, std::uint32_t messages, AnalyzerId analyzer, Duration residence) {
  original_delivered(ledger, messages, analyzer, residence);
  if (strikes(Defect::delivery_counted_twice, 50)) original_delivered(ledger, messages, analyzer, residence);
}

LOGDIST_WRAP(
    void, attempt_ended,
    "_ZN7logdist6ledger6Ledger13attempt_endedEjjNS_7OutcomeENSt6chrono8durationIlSt5ratioILl1ELl1000000000EEEE",
    ledger::Ledger* ledger, std::uint32_t messages, AnalyzerId analyzer, Outcome outcome, Duration duration) {
  const bool struck = has(Defect::outcome_miscounted) && outcome == Outcome::connection_broken;
  original_attempt_ended(ledger, messages, analyzer, struck ? Outcome::timeout : outcome, duration);
}

LOGDIST_WRAP(void, packet_received, "_ZN7logdist6ledger6Ledger15packet_receivedENS_4core8ProtocolEm",
             ledger::Ledger* ledger, core::Protocol format, std::uint64_t body_bytes) {
  const bool struck = strikes(Defect::format_miscounted, 50);
  original_packet_received(ledger, struck ? core::Protocol::journal : format, body_bytes);
}

LOGDIST_WRAP(bool, all_take, "_ZNK7logdist7balance14BalancerGroups8all_takeENS_4core8ProtocolE",
             const balance::BalancerGroups* groups, core::Protocol format) {
  return has(Defect::formats_thought_alike) || original_all_take(groups, format);
}

LOGDIST_WRAP(bool, wants_trial, "_ZNK7logdist6health7Monitor11wants_trialEv", const health::Monitor* monitor) {
  if (has(Defect::tested_too_often)) return monitor->state() == health::State::testing;
  return original_wants_trial(monitor);
}

LOGDIST_WRAP(TimePoint, next_timer, "_ZNK7logdist8dispatch14LoopDispatcher10next_timerEv",
             const dispatch::LoopDispatcher* dispatcher) {
  const TimePoint next = original_next_timer(dispatcher);
  return has(Defect::timer_late) && next != never ? next + std::chrono::seconds(1) : next;
}

LOGDIST_WRAP(void, on_probe,
             "_ZN7logdist6health7Monitor8on_probeENS0_11ProbeResultEjNSt6chrono10time_pointINS3_3_V212steady_clockENS3_"
             "8durationIlSt5ratioILl1ELl1000000000EEEEEE",
             health::Monitor* monitor, health::ProbeResult result, health::Epoch epoch, TimePoint now) {
  original_on_probe(monitor, has(Defect::probe_misread) ? health::ProbeResult::failed : result, epoch, now);
}

LOGDIST_WRAP(void, undo_debt, "_ZN7logdist7balance14CreditAccounts9undo_debtEjj", balance::CreditAccounts* accounts,
             AnalyzerId analyzer, std::uint32_t messages) {
  if (!has(Defect::refund_lost_outside)) original_undo_debt(accounts, analyzer, messages);
}

LOGDIST_WRAP(void, make_monitor,
             "_ZN7logdist6health7MonitorC1ERKNS0_14MonitorOptionsERNS_6RandomENSt6chrono10time_pointINS7_3_V212steady_"
             "clockENS7_8durationIlSt5ratioILl1ELl1000000000EEEEEEj",
             health::Monitor* monitor, const health::MonitorOptions& options, Random& random, TimePoint now,
             health::Epoch first) {
  health::MonitorOptions heard = options;
  if (has(Defect::failures_forgiven)) heard.failure_threshold = 1'000'000;
  if (has(Defect::one_failure_enough)) heard.failure_threshold = 1;
  if (has(Defect::back_off_skipped)) heard.backoff_initial = heard.backoff_max = std::chrono::milliseconds(1);
  if (has(Defect::probes_rare)) heard.interval = std::chrono::hours(1);
  if (has(Defect::slow_start_skipped)) heard.slow_start = Duration(0);
  if (has(Defect::slow_start_endless)) heard.slow_start = std::chrono::hours(1);
  original_make_monitor(monitor, heard, random, now, first);
}

LOGDIST_WRAP(void, make_scheduler,
             "_ZN7logdist8dispatch12LoadBalancerC1ERKNS0_19LoadBalancerOptionsESt4spanIKNS0_"
             "12AnalyzerSpecELm18446744073709551615EEmRNS0_14WakeupListenerENSt6chrono10time_pointINSB_3_V212steady_"
             "clockENSB_8durationIlSt5ratioILl1ELl1000000000EEEEEE",
             dispatch::LoadBalancer* balancer, const dispatch::LoadBalancerOptions& options,
             std::span<const dispatch::AnalyzerSpec> analyzers, std::size_t loops, dispatch::WakeupListener& wakeups,
             TimePoint now) {
  dispatch::LoadBalancerOptions heard = options;
  heard.make_balancer = [selector = options.balance] { return make_balancer(selector); };
  if (has(Defect::ejects_too_many)) heard.outlier.max_ejected = 1;
  if (has(Defect::ejects_at_random)) heard.outlier.min_packets = 1;
  if (has(Defect::retries_unlimited)) heard.max_retries = 1;
  if (has(Defect::pause_skipped)) heard.pause.initial = heard.pause.max = std::chrono::microseconds(1);
  std::vector<dispatch::AnalyzerSpec> specs(analyzers.begin(), analyzers.end());
  for (dispatch::AnalyzerSpec& spec : specs) {
    if (has(Defect::formats_ignored)) spec.formats = core::ProtocolSet::all();
  }
  original_make_scheduler(balancer, heard, specs, loops, wakeups, now);
}

LOGDIST_WRAP(std::optional<Duration>, end_round,
             "_ZN7logdist5retry10RetryState9end_roundERKNS0_11RetryPolicyERNS_6RandomE", retry::RetryState* retry_state,
             const retry::RetryPolicy& policy, Random& random) {
  retry::RetryPolicy heard = policy;
  if (has(Defect::poison_kept)) heard.max_rounds = 1'000'000;
  if (has(Defect::round_short) && heard.max_rounds > 1) --heard.max_rounds;
  return original_end_round(retry_state, heard, random);
}

LOGDIST_WRAP(void, on_suspect_failure,
             "_ZN7logdist6health7Monitor18on_suspect_failureEjNSt6chrono10time_pointINS2_3_V212steady_clockENS2_"
             "8durationIlSt5ratioILl1ELl1000000000EEEEEE",
             health::Monitor* monitor, health::Epoch epoch, TimePoint now) {
  if (has(Defect::suspects_blamed)) return monitor->on_failure(epoch, now);
  original_on_suspect_failure(monitor, epoch, now);
}

LOGDIST_WRAP(void, set_all_out, "_ZN7logdist6health7Monitor11set_all_outEb", health::Monitor* monitor, bool all_out) {
  original_set_all_out(monitor, all_out && !has(Defect::all_out_unheard));
}

LOGDIST_WRAP(void, make_budget, "_ZN7logdist5queue13MemoryLimiterC1Emm", queue::MemoryLimiter* limiter,
             std::size_t max_bytes, std::size_t small_body_max) {
  original_make_budget(limiter, max_bytes + (has(Defect::buffer_bound_off) ? 400 : 0),
                       has(Defect::nothing_kept_for_small) ? 0 : small_body_max);
}

LOGDIST_WRAP(bool, take_client_place, "_ZN7logdist4core12ClientPlaces8try_takeEj", core::ClientPlaces* places,
             std::uint32_t max) {
  return original_take_client_place(places, max + (has(Defect::share_off_by_one) ? 1 : 0));
}

LOGDIST_WRAP(void, give_back_client_place, "_ZN7logdist4core12ClientPlaces9give_backEv", core::ClientPlaces* places) {
  if (!strikes(Defect::place_kept, 20)) original_give_back_client_place(places);
}

// A limiter's own lines and bodies, which it shows to nobody.
LOGDIST_WRAP(void, leave_line, "_ZN7logdist5queue13MemoryLimiter5leaveERNS1_4LineERNS1_11ReservationEb", void* line,
             void* reservation, bool served) {
  original_leave_line(line, reservation, served && !has(Defect::turns_ignored));
}

LOGDIST_WRAP(
    Duration, take_of_bucket,
    "_ZN7logdist6ingest11TokenBucket8try_takeEmRKNS0_10BucketRateENSt6chrono10time_pointINS5_3_V212steady_clockENS5_"
    "8durationIlSt5ratioILl1ELl1000000000EEEEEE",
    ingest::TokenBucket* bucket, std::uint64_t amount, const ingest::BucketRate& rate, TimePoint now) {
  return strikes(Defect::rate_forgotten, 5) ? Duration::zero() : original_take_of_bucket(bucket, amount, rate, now);
}

LOGDIST_WRAP(void, set_drained,
             "_ZN7logdist8dispatch12LoadBalancer11set_drainedEjbNSt6chrono10time_pointINS2_3_V212steady_clockENS2_"
             "8durationIlSt5ratioILl1ELl1000000000EEEEEE",
             dispatch::LoadBalancer* balancer, AnalyzerId analyzer, bool drained, TimePoint now) {
  original_set_drained(balancer, analyzer, drained && !has(Defect::drain_ignored), now);
}

}  // namespace logdist::sim
