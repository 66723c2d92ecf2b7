// Which packets may test an analyzer, how many slots those may hold that have failed before, and which slots are left
// to the packets of other loops.
#include <algorithm>

#include "dispatch/load_balancer_state.hpp"

namespace logdist::dispatch {
namespace {

/// Of an analyzer's slots and of its connections, while other packets wait.
constexpr std::uint32_t suspect_share = 8;
/// Of its connections, when none waits: each suspect has one for itself, and others need some.
constexpr std::uint32_t suspect_connections = 2;

}  // namespace

void LoadBalancer::State::note_fresh_waits() {
  const bool anywhere =
      std::any_of(loops.begin(), loops.end(), [](const Loop& loop) { return loop.fresh.since_anywhere() != never; });
  for (Analyzer& analyzer : analyzers) analyzer.fresh_waits = anywhere;
  if (anywhere) return;
  for (const Loop& loop : loops) {
    if (loop.fresh.since_somewhere() == never) continue;
    for (AnalyzerId id = 0; id < analyzers.size(); ++id) {
      analyzers[id].fresh_waits = analyzers[id].fresh_waits || loop.fresh.since(id) != never;
    }
  }
}

bool LoadBalancer::State::suspect_fits(AnalyzerId id, bool within_share) const {
  const Analyzer& analyzer = analyzers[id];
  std::uint32_t most = within_share ? std::max(1u, analyzer.slots / suspect_share) : analyzer.slots;
  const std::uint32_t part = within_share ? suspect_share : suspect_connections;
  if (analyzer.connections > 0) most = std::min(most, std::max(1u, analyzer.connections / part));
  return analyzer.suspects < most;
}

bool LoadBalancer::State::has_room(AnalyzerId id) const {
  return analyzers[id].in_service && selector.has_free_slot(id);
}

bool LoadBalancer::State::awaits_test(AnalyzerId id, TimePoint now) const {
  return testing_count > 0 && analyzers[id].monitor->wants_trial() && may_be_tested(id, now);
}

bool LoadBalancer::State::may_be_tested(AnalyzerId id, TimePoint now) const {
  const Analyzer& analyzer = analyzers[id];
  // Attempts of its better days may still hold its slots.
  return !analyzer.removed && !analyzer.drained && analyzer.paused_until <= now && selector.has_free_slot(id);
}

bool LoadBalancer::State::may_get(AnalyzerId analyzer, const Eligibility& eligible) const {
  if (eligible.only && *eligible.only != analyzer) return false;
  return selector.takes(analyzer, eligible.protocol) &&
         std::ranges::find(eligible.excluded, analyzer) == eligible.excluded.end();
}

std::optional<AnalyzerId> LoadBalancer::State::wanted_trial(const std::optional<Eligibility>& eligible, TimePoint now,
                                                            TimePoint admitted_at) const {
  if (testing_count == 0) return std::nullopt;
  for (AnalyzerId id = 0; id < analyzers.size(); ++id) {
    if (!awaits_test(id, now) || fresh_elsewhere.since(id) < admitted_at) continue;
    if (!eligible || may_get(id, *eligible)) return id;
  }
  return std::nullopt;
}

std::optional<AnalyzerId> LoadBalancer::State::wanted_suspect_trial(const Eligibility& eligible, TimePoint now) const {
  if (testing_count == 0) return std::nullopt;
  for (AnalyzerId id = 0; id < analyzers.size(); ++id) {
    const Analyzer& analyzer = analyzers[id];
    if (analyzer.fresh_waits || !analyzer.monitor->wants_suspect_trial() || !may_be_tested(id, now)) continue;
    if (may_get(id, eligible)) return id;
  }
  return std::nullopt;
}

bool LoadBalancer::PlacementBatch::let_suspects_pass() {
  state_.mutex.is_held();
  state_.note_fresh_waits();
  bool is_kept = false;  // for those that wait elsewhere
  suspects_pass_ = false;
  for (AnalyzerId id = 0; id < state_.analyzers.size(); ++id) {
    if (!state_.has_room(id) && !state_.awaits_test(id, now_)) continue;
    (state_.analyzers[id].fresh_waits ? is_kept : suspects_pass_) = true;
  }
  State::Loop& mine = state_.loops[loop_];
  // What is kept may be free for suspects without another becoming free.
  if (is_kept) mine.blocked_at_version = std::min(mine.blocked_at_version, state_.capacity_version - 1);
  if (!suspects_pass_) return false;
  // All of them are offered again: those that are placed now keep nobody waiting.
  mine.suspects.clear();
  for (AnalyzerId id = 0; id < state_.analyzers.size(); ++id) {
    if (state_.analyzers[id].fresh_waits || !state_.awaits_test(id, now_)) continue;
    state_.analyzers[id].monitor->trust_probe(now_);
    state_.refresh(id, now_);
  }
  return true;
}

std::optional<Placement> LoadBalancer::PlacementBatch::place_suspect(const PacketFacts& packet,
                                                                     const Eligibility& eligible) {
  state_.mutex.is_held();
  if (suspects_pass_) {
    if (const auto trial = state_.wanted_suspect_trial(eligible, now_)) {
      ++state_.analyzers[*trial].suspects;
      return begin_trial(*trial, packet);
    }
  }
  if (state_.fresh_elsewhere.since_anywhere() < packet.admitted_at) return std::nullopt;
  closed_to_suspects(eligible);
  close_to_younger(packet.admitted_at);
  const auto placement = pick(packet, {closed_.data(), closed_.size()}, true);
  if (placement) ++state_.analyzers[placement->charge.analyzer].suspects;
  return placement;
}

bool LoadBalancer::PlacementBatch::has_slot(core::Protocol protocol, const retry::RetryState& retry_state) {
  state_.mutex.is_held();
  if (retry_state.attempts() > 0 && !state_.retries.has_room()) return false;
  const Eligibility eligible{protocol, retry_state.excluded(), retry_state.only()};
  if (!retry_state.suspect()) {
    return state_.selector.can_pick(protocol, closed_to(eligible)) || state_.wanted_trial(eligible, now_);
  }
  return state_.selector.can_pick(protocol, closed_to_suspects(eligible)) ||
         (suspects_pass_ && state_.wanted_suspect_trial(eligible, now_));
}

/// Whether suspects hold no more than their share of `analyzer`: until it is known that no other waits for it.
bool LoadBalancer::PlacementBatch::suspects_keep_share_at(AnalyzerId analyzer) const {
  state_.mutex.is_held();
  return !suspects_pass_ || state_.analyzers[analyzer].fresh_waits;
}

/// Adds those with a slot for an older packet of another loop.
void LoadBalancer::PlacementBatch::close_to_younger(TimePoint admitted_at) {
  state_.mutex.is_held();
  if (std::min(state_.fresh_elsewhere.since(), state_.suspects_elsewhere.since()) >= admitted_at) return;
  for (AnalyzerId id = 0; id < state_.analyzers.size(); ++id) {
    if (!state_.has_room(id)) continue;
    const bool fresh_first = state_.fresh_elsewhere.since(id) < admitted_at;
    const bool suspect_first =
        state_.suspects_elsewhere.since(id) < admitted_at && state_.suspect_fits(id, suspects_keep_share_at(id));
    if (suspect_first || fresh_first) closed_.push_back(id);
  }
}

/// Those not eligible, and those at which suspects hold all they may.
std::span<const AnalyzerId> LoadBalancer::PlacementBatch::closed_to_suspects(const Eligibility& eligible) {
  state_.mutex.is_held();
  const auto excluded = eligible.excluded;
  closed_.assign(excluded.begin(), excluded.end());
  for (AnalyzerId id = 0; id < state_.analyzers.size(); ++id) {
    const bool counted = state_.analyzers[id].in_service && std::ranges::find(excluded, id) == excluded.end();
    if (!counted) continue;
    const bool is_other = eligible.only && *eligible.only != id;
    if (is_other || !state_.suspect_fits(id, suspects_keep_share_at(id))) closed_.push_back(id);
  }
  return {closed_.data(), closed_.size()};
}

}  // namespace logdist::dispatch
