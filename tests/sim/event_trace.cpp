#include "tests/sim/event_trace.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "logdist/base/check.hpp"
#include "logdist/core/packet.hpp"

namespace logdist::sim {

using core::AttemptResult;

bool is_failure(const AttemptResult& result) {
  switch (result.outcome) {
    case Outcome::delivered:
    case Outcome::refused:
    case Outcome::paused:
    case Outcome::unsent: return false;
    default: return result.counts_for_health;
  }
}

PacketHistory& EventTrace::admit(const PacketHistory& draft) {
  PacketHistory& history = histories_.emplace_back(draft);
  LOGDIST_CHECK(history.serial == histories_.size() - 1);
  for (Witness* witness : witnesses_) witness->admitted(history);
  history.where = history.accepted ? Location::queued : Location::waiting;
  terms_.admitted.add(history.messages);
  term_of(history).add(history.messages);
  ++untried_like(history);
  received_[static_cast<std::size_t>(history.format)] += {1, history.messages, history.bytes};
  if (history.accepted) {
    ++held_packets_;
    held_bytes_ += history.bytes;
  } else {
    ++requests_;
    open_requests_.insert(history.serial);
  }
  return history;
}

void EventTrace::send(const core::Attempt& attempt) {
  PacketHistory& sent = history(attempt.packet->id);
  for (Witness* witness : witnesses_) witness->sent(sent, attempt);
  if (sent.attempts_begun++ == 0) --untried_like(sent);
  sent.analyzer = attempt.analyzer;
  largest_sent_ = std::max(largest_sent_, sent.messages);
  AnalyzerTally& there = tally(attempt.analyzer);
  ++there.under_way;
  there.charged_messages += sent.messages;
  move(sent, Location::in_flight);
}

void EventTrace::take(PacketHistory& history) {
  for (Witness* witness : witnesses_) witness->taken(history);
  ++history.taken;
}

void EventTrace::end_attempt(PacketHistory& history, const AttemptResult& result) {
  for (Witness* witness : witnesses_) witness->attempt_ended(history, result);
  if (is_ambiguous(result.outcome)) ++history.ambiguous;
  ended_[history.loop].push_back({&history, result});
}

void EventTrace::begin_turn(LoopId loop) {
  for (Witness* witness : witnesses_) witness->turn_begun(loop);
  seen_[loop] = std::exchange(ended_[loop], {});
  for (const auto& [history, result] : seen_[loop]) {
    for (Witness* witness : witnesses_) witness->result_seen(*history, result);
    AnalyzerTally& there = tally(history->analyzer);
    --there.under_way;
    ++there.attempts[static_cast<std::size_t>(result.outcome)];
    const bool delivered = result.outcome == Outcome::delivered;
    const bool refused = result.outcome == Outcome::refused;
    if (!delivered && !refused) there.charged_messages -= history->messages;
    if (delivered) there.delivered.add(history->messages);
    if (refused) ++history->refusals;
    if (result.status > 0) history->answered = true;
    if (is_failure(result)) ++history->failures;
    move(*history, delivered ? Location::delivered : Location::waiting);
  }
}

void EventTrace::end_turn(LoopId loop) {
  // Nobody is told of a packet that is handed back when its agent has gone.
  for (const auto& [history, result] : seen_[loop]) {
    if (history->abandoned && history->where == Location::waiting) move(*history, Location::handed_back);
  }
  seen_[loop].clear();
}

void EventTrace::dead_letter(std::string_view id, DeadLetterReason reason, core::Protocol format) {
  PacketHistory& dead = history(id);
  for (Witness* witness : witnesses_) witness->dead_lettered(dead, reason);
  ++dead_letters_[static_cast<std::size_t>(reason)];
  dead.kept_as = format;
  move(dead, Location::dead_lettered);
}

void EventTrace::answer(std::uint64_t serial, queue::Settlement settlement) {
  PacketHistory& history = histories_.at(serial);
  for (Witness* witness : witnesses_) witness->answered(history, settlement);
  open_requests_.erase(history.serial);
  const bool ended = settlement == queue::Settlement::handed_back || settlement == queue::Settlement::not_stored;
  if (ended) move(history, Location::handed_back);
}

void EventTrace::abandon(PacketHistory& history) {
  for (Witness* witness : witnesses_) witness->abandoned(history);
  history.abandoned = true;
  open_requests_.erase(history.serial);
  if (history.where != Location::in_flight) move(history, Location::handed_back);
}

void EventTrace::store(std::uint64_t serial) {
  PacketHistory& history = histories_.at(serial);
  for (Witness* witness : witnesses_) witness->stored(history);
  open_requests_.erase(history.serial);
  history.accepted = true;
  if (history.settled()) return;
  ++held_packets_;
  held_bytes_ += history.bytes;
  if (history.where == Location::waiting) move(history, Location::queued);
}

void EventTrace::cut() {
  for (auto& of_loop : ended_) of_loop.clear();
  for (auto& of_loop : seen_) of_loop.clear();
  for (AnalyzerTally& there : tallies_) there.under_way = 0;
  open_requests_.clear();
  for (PacketHistory& history : histories_) {
    if (history.settled()) continue;
    if (history.where == Location::in_flight) tally(history.analyzer).charged_messages -= history.messages;
    move(history, history.accepted ? Location::queued : Location::handed_back);
  }
}

void EventTrace::begin_probe(AnalyzerId analyzer, health::Epoch epoch) {
  for (Witness* witness : witnesses_) witness->probe_begun(analyzer, epoch);
}

void EventTrace::end_probe(AnalyzerId analyzer, health::Epoch epoch, health::ProbeResult result) {
  for (Witness* witness : witnesses_) witness->probe_ended(analyzer, epoch, result);
}

PacketHistory& EventTrace::history(std::string_view id) {
  std::uint64_t serial = 0;
  LOGDIST_CHECK(std::from_chars(id.data(), id.data() + id.size(), serial).ec == std::errc());
  return histories_.at(serial);
}

std::size_t EventTrace::untried(core::ProtocolSet formats) const {
  std::size_t sum = 0;
  for (std::size_t i = 0; i < untried_.size(); ++i)
    sum += formats.has(static_cast<core::Protocol>(i)) ? untried_[i] : 0;
  return sum;
}

const AnalyzerTally& EventTrace::of(AnalyzerId analyzer) const {
  static const AnalyzerTally none;
  return analyzer < tallies_.size() ? tallies_[analyzer] : none;
}

AnalyzerTally& EventTrace::tally(AnalyzerId analyzer) {
  if (analyzer >= tallies_.size()) tallies_.resize(analyzer + std::size_t{1});
  return tallies_[analyzer];
}

ledger::Amount& EventTrace::term_of(const PacketHistory& history) {
  switch (history.where) {
    case Location::queued: return terms_.queued;
    case Location::waiting: return terms_.waiting;
    case Location::in_flight: return terms_.in_flight;
    case Location::delivered: return terms_.delivered;
    case Location::dead_lettered: return terms_.dead_lettered;
    case Location::handed_back: return terms_.handed_back;
  }
  check_failed("a known place", __FILE__, __LINE__);
}

void EventTrace::move(PacketHistory& history, Location to) {
  const bool was_settled = history.settled();
  term_of(history).subtract(history.messages);
  history.where = to;
  term_of(history).add(history.messages);
  if (was_settled == history.settled()) return;
  if (was_settled) {  // it has come back from the disk
    if (history.accepted) {
      ++held_packets_;
      held_bytes_ += history.bytes;
    }
    return;
  }
  if (history.attempts_begun == 0) --untried_like(history);
  if (history.accepted) {
    --held_packets_;
    held_bytes_ -= history.bytes;
  }
}

}  // namespace logdist::sim
