// Which packets may test an analyzer, and how many slots those may hold that have
// failed before.
#include <algorithm>

#include "dispatch/load_balancer_state.hpp"

namespace logdist::dispatch {
namespace {

/// Of an analyzer's slots and of its connections, while other packets wait.
constexpr std::uint32_t suspect_share = 8;
/// Of its connections, when none waits: each suspect has one for itself, and others need some.
constexpr std::uint32_t suspect_connections = 2;

}  // namespace

bool LoadBalancer::State::fresh_waits() const {
  return std::any_of(loops.begin(), loops.end(), [](const Loop& loop) { return loop.blocked_head != never; });
}

bool LoadBalancer::State::suspect_fits(AnalyzerId id, bool within_share) const {
  const Analyzer& analyzer = analyzers[id];
  std::uint32_t most = within_share ? std::max(1u, analyzer.slots / suspect_share) : analyzer.slots;
  const std::uint32_t part = within_share ? suspect_share : suspect_connections;
  if (analyzer.connections > 0) most = std::min(most, std::max(1u, analyzer.connections / part));
  return analyzer.suspects < most;
}

bool LoadBalancer::State::has_room_for_suspects(bool within_share) const {
  for (AnalyzerId id = 0; id < analyzers.size(); ++id) {
    if (analyzers[id].in_service && suspect_fits(id, within_share) && selector.has_free_slot(id)) return true;
  }
  return false;
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

std::optional<AnalyzerId> LoadBalancer::State::wanted_trial(const std::optional<Eligibility>& eligible,
                                                            TimePoint now) const {
  if (testing_count == 0) return std::nullopt;
  for (AnalyzerId id = 0; id < analyzers.size(); ++id) {
    if (!analyzers[id].monitor->wants_trial() || !may_be_tested(id, now)) continue;
    if (!eligible || may_get(id, *eligible)) return id;
  }
  return std::nullopt;
}

std::optional<AnalyzerId> LoadBalancer::State::wanted_suspect_trial(const Eligibility& eligible, TimePoint now) const {
  if (testing_count == 0) return std::nullopt;
  for (AnalyzerId id = 0; id < analyzers.size(); ++id) {
    if (!analyzers[id].monitor->wants_suspect_trial() || !may_be_tested(id, now)) continue;
    if (may_get(id, eligible)) return id;
  }
  return std::nullopt;
}

bool LoadBalancer::PlacementBatch::let_suspects_pass() {
  state_.mutex.is_held();
  suspects_pass_ = !state_.fresh_waits();
  if (!suspects_pass_) {
    // Those that wait may find their slots without another becoming free.
    State::Loop& mine = state_.loops[loop_];
    mine.blocked_at_version = std::min(mine.blocked_at_version, state_.capacity_version - 1);
    return false;
  }
  // All of them are offered again: those that are placed now keep nobody waiting.
  state_.loops[loop_].suspect_head = never;
  if (state_.testing_count == 0) return true;
  for (AnalyzerId id = 0; id < state_.analyzers.size(); ++id) {
    if (!state_.may_be_tested(id, now_)) continue;
    state_.analyzers[id].monitor->trust_probe(now_);
    state_.refresh(id, now_);
  }
  return true;
}

std::optional<Placement> LoadBalancer::PlacementBatch::place_suspect(const PacketFacts& packet,
                                                                     const Eligibility& eligible, bool yields) {
  state_.mutex.is_held();
  if (suspects_pass_) {
    if (const auto trial = state_.wanted_suspect_trial(eligible, now_)) {
      ++state_.analyzers[*trial].suspects;
      return begin_trial(*trial, packet);
    }
  }
  if (yields) return std::nullopt;
  const auto placement = pick(packet, closed_to_suspects(eligible), true);
  if (placement) ++state_.analyzers[placement->charge.analyzer].suspects;
  return placement;
}

bool LoadBalancer::PlacementBatch::has_slot(core::Protocol protocol, const retry::RetryState& retry_state) {
  state_.mutex.is_held();
  const Eligibility eligible{protocol, retry_state.excluded(), retry_state.only()};
  if (!retry_state.suspect()) {
    return state_.selector.can_pick(protocol, closed_to(eligible)) || state_.wanted_trial(eligible, now_);
  }
  return state_.selector.can_pick(protocol, closed_to_suspects(eligible)) ||
         (suspects_pass_ && state_.wanted_suspect_trial(eligible, now_));
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
    if (is_other || !state_.suspect_fits(id, !suspects_pass_)) closed_.push_back(id);
  }
  return {closed_.data(), closed_.size()};
}

}  // namespace logdist::dispatch
