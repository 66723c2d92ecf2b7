#include "tests/sim/chronicle.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "logdist/base/check.hpp"
#include "logdist/packet/packet.hpp"

namespace logdist::sim {

using delivery::AttemptResult;

Story& Chronicle::admit(const Story& draft) {
  Story& story = stories_.emplace_back(draft);
  LOGDIST_CHECK(story.serial == stories_.size() - 1);
  for (Witness* witness : witnesses_) witness->admitted(story);
  story.where = story.accepted ? Whereabouts::queued : Whereabouts::waiting;
  terms_.admitted.add(story.messages);
  term_of(story).add(story.messages);
  ++untried_;
  if (story.accepted) {
    ++held_packets_;
    held_bytes_ += story.bytes;
  } else {
    ++requests_;
    open_requests_.insert(story.serial);
  }
  return story;
}

void Chronicle::send(const delivery::Attempt& attempt) {
  Story& sent = story(attempt.packet->id);
  for (Witness* witness : witnesses_) witness->sent(sent, attempt);
  if (sent.attempts_begun++ == 0) --untried_;
  sent.analyzer = attempt.analyzer;
  largest_sent_ = std::max(largest_sent_, sent.messages);
  AnalyzerTally& there = tally(attempt.analyzer);
  ++there.under_way;
  there.charged_messages += sent.messages;
  move(sent, Whereabouts::in_flight);
}

void Chronicle::take(Story& story) {
  for (Witness* witness : witnesses_) witness->taken(story);
  ++story.taken;
}

void Chronicle::end_attempt(Story& story, const AttemptResult& result) {
  for (Witness* witness : witnesses_) witness->attempt_ended(story, result);
  if (is_ambiguous(result.outcome)) ++story.ambiguous;
  ended_[story.loop].push_back({&story, result});
}

void Chronicle::begin_turn(LoopId loop) {
  for (Witness* witness : witnesses_) witness->turn_begun(loop);
  seen_[loop] = std::exchange(ended_[loop], {});
  for (const auto& [story, result] : seen_[loop]) {
    for (Witness* witness : witnesses_) witness->result_seen(*story, result);
    AnalyzerTally& there = tally(story->analyzer);
    --there.under_way;
    ++there.attempts[static_cast<std::size_t>(result.outcome)];
    const bool delivered = result.outcome == Outcome::delivered;
    const bool refused = result.outcome == Outcome::refused;
    if (!delivered && !refused) there.charged_messages -= story->messages;
    if (delivered) there.delivered.add(story->messages);
    if (refused) ++story->refusals;
    if (result.status >= 500) ++story->answered_5xx;
    move(*story, delivered ? Whereabouts::delivered : Whereabouts::waiting);
  }
}

void Chronicle::end_turn(LoopId loop) {
  // Nobody is told of a packet that is handed back when its agent has gone.
  for (const auto& [story, result] : seen_[loop]) {
    if (story->abandoned && story->where == Whereabouts::waiting) move(*story, Whereabouts::handed_back);
  }
  seen_[loop].clear();
}

void Chronicle::dead_letter(std::string_view id, DeadLetterReason reason) {
  Story& dead = story(id);
  for (Witness* witness : witnesses_) witness->dead_lettered(dead, reason);
  ++dead_letters_[static_cast<std::size_t>(reason)];
  move(dead, Whereabouts::dead_lettered);
}

void Chronicle::answer(std::uint64_t serial, queue::Settlement settlement) {
  Story& story = stories_.at(serial);
  for (Witness* witness : witnesses_) witness->answered(story, settlement);
  open_requests_.erase(story.serial);
  if (settlement == queue::Settlement::handed_back) move(story, Whereabouts::handed_back);
}

void Chronicle::abandon(Story& story) {
  for (Witness* witness : witnesses_) witness->abandoned(story);
  story.abandoned = true;
  open_requests_.erase(story.serial);
  if (story.where != Whereabouts::in_flight) move(story, Whereabouts::handed_back);
}

void Chronicle::begin_probe(AnalyzerId analyzer, health::Epoch epoch) {
  for (Witness* witness : witnesses_) witness->probe_begun(analyzer, epoch);
}

void Chronicle::end_probe(AnalyzerId analyzer, health::Epoch epoch, health::ProbeResult result) {
  for (Witness* witness : witnesses_) witness->probe_ended(analyzer, epoch, result);
}

Story& Chronicle::story(std::string_view id) {
  std::uint64_t serial = 0;
  LOGDIST_CHECK(std::from_chars(id.data(), id.data() + id.size(), serial).ec == std::errc());
  return stories_.at(serial);
}

const AnalyzerTally& Chronicle::of(AnalyzerId analyzer) const {
  static const AnalyzerTally none;
  return analyzer < tallies_.size() ? tallies_[analyzer] : none;
}

AnalyzerTally& Chronicle::tally(AnalyzerId analyzer) {
  if (analyzer >= tallies_.size()) tallies_.resize(analyzer + std::size_t{1});
  return tallies_[analyzer];
}

ledger::Amount& Chronicle::term_of(const Story& story) {
  switch (story.where) {
    case Whereabouts::queued: return terms_.queued;
    case Whereabouts::waiting: return terms_.waiting;
    case Whereabouts::in_flight: return terms_.in_flight;
    case Whereabouts::delivered: return terms_.delivered;
    case Whereabouts::dead_lettered: return terms_.dead_lettered;
    case Whereabouts::handed_back: return terms_.handed_back;
  }
  check_failed("a known place", __FILE__, __LINE__);
}

void Chronicle::move(Story& story, Whereabouts to) {
  const bool was_settled = story.settled();
  term_of(story).subtract(story.messages);
  story.where = to;
  term_of(story).add(story.messages);
  if (was_settled || !story.settled()) return;
  if (story.attempts_begun == 0) --untried_;
  if (story.accepted) {
    --held_packets_;
    held_bytes_ -= story.bytes;
  }
}

}  // namespace logdist::sim
