// Which packets may test an analyzer, and how many slots those may hold that have
// failed before.
#include <algorithm>

#include "dispatch/load_balancer_state.hpp"
#include "dispatch/selector_groups.hpp"

namespace logdist::dispatch {
namespace {

/// Of an analyzer's slots, while other packets wait.
constexpr std::uint32_t suspect_share = 8;
/// Of its connections, always: each suspect has one for itself, and others need some.
constexpr std::uint32_t suspect_connections = 2;

}  // namespace

/// Whether a packet waits, on any loop, that is not suspect and could go anywhere.
bool LoadBalancer::fresh_waits() const {
  return std::any_of(loops_.begin(), loops_.end(), [](const Loop& loop) { return loop.blocked_head != never; });
}

/// Whether one more may go to `id`, as far as their number is concerned.
bool LoadBalancer::suspect_fits(AnalyzerId id, bool within_share) const {
  const Analyzer& analyzer = analyzers_[id];
  std::uint32_t most = within_share ? std::max(1u, analyzer.slots / suspect_share) : analyzer.slots;
  if (analyzer.connections > 0) most = std::min(most, std::max(1u, analyzer.connections / suspect_connections));
  return analyzer.suspects < most;
}

bool LoadBalancer::has_room_for_suspects(bool within_share) const {
  for (AnalyzerId id = 0; id < analyzers_.size(); ++id) {
    if (analyzers_[id].in_service && suspect_fits(id, within_share) && selector_->has_free_slot(id)) return true;
  }
  return false;
}

bool LoadBalancer::may_be_tested(AnalyzerId id, TimePoint now) const {
  const Analyzer& analyzer = analyzers_[id];
  // Attempts of its better days may still hold its slots.
  return !analyzer.removed && !analyzer.drained && analyzer.paused_until <= now && selector_->has_free_slot(id);
}

bool LoadBalancer::may_get(AnalyzerId analyzer, core::Protocol protocol, std::span<const AnalyzerId> excluded) const {
  return selector_->takes(analyzer, protocol) && std::ranges::find(excluded, analyzer) == excluded.end();
}

/// The analyzer that is to get the next packet to test it; configured order.
std::optional<AnalyzerId> LoadBalancer::wanted_trial(std::optional<core::Protocol> protocol,
                                                     std::span<const AnalyzerId> excluded, TimePoint now) const {
  if (testing_ == 0) return std::nullopt;
  for (AnalyzerId id = 0; id < analyzers_.size(); ++id) {
    if (!analyzers_[id].monitor->wants_trial() || !may_be_tested(id, now)) continue;
    if (!protocol || may_get(id, *protocol, excluded)) return id;
  }
  return std::nullopt;
}

/// Without a probe to decide, a suspect may test an analyzer, too.
std::optional<AnalyzerId> LoadBalancer::wanted_suspect_trial(core::Protocol protocol,
                                                             std::span<const AnalyzerId> excluded,
                                                             TimePoint now) const {
  if (testing_ == 0) return std::nullopt;
  for (AnalyzerId id = 0; id < analyzers_.size(); ++id) {
    if (!analyzers_[id].monitor->wants_suspect_trial() || !may_be_tested(id, now)) continue;
    if (may_get(id, protocol, excluded)) return id;
  }
  return std::nullopt;
}

bool LoadBalancer::PlacementBatch::let_suspects_pass() {
  suspects_pass_ = !balancer_.fresh_waits();
  if (!suspects_pass_) {
    // Those that wait may find their slots without another becoming free.
    Loop& mine = balancer_.loops_[loop_];
    mine.blocked_at_version = std::min(mine.blocked_at_version, balancer_.capacity_version_ - 1);
    return false;
  }
  // All of them are offered again: those that are placed now keep nobody waiting.
  balancer_.loops_[loop_].suspect_head = never;
  if (balancer_.testing_ == 0) return true;
  for (AnalyzerId id = 0; id < balancer_.analyzers_.size(); ++id) {
    if (!balancer_.may_be_tested(id, now_)) continue;
    balancer_.analyzers_[id].monitor->trust_probe(now_);
    balancer_.refresh(id, now_);
  }
  return true;
}

std::optional<Placement> LoadBalancer::PlacementBatch::place_suspect(const PacketFacts& packet,
                                                                     std::span<const AnalyzerId> excluded,
                                                                     bool yields) {
  if (suspects_pass_) {
    if (const auto trial = balancer_.wanted_suspect_trial(packet.protocol, excluded, now_)) {
      ++balancer_.analyzers_[*trial].suspects;
      return begin_trial(*trial, packet);
    }
  }
  if (yields) return std::nullopt;
  const auto placement = pick(packet, closed_to_suspects(excluded));
  if (placement) ++balancer_.analyzers_[placement->charge.analyzer].suspects;
  return placement;
}

/// Those excluded, and those at which suspects hold all they may.
std::span<const AnalyzerId> LoadBalancer::PlacementBatch::closed_to_suspects(std::span<const AnalyzerId> excluded) {
  closed_.assign(excluded.begin(), excluded.end());
  for (AnalyzerId id = 0; id < balancer_.analyzers_.size(); ++id) {
    const bool counted = balancer_.analyzers_[id].in_service && std::ranges::find(excluded, id) == excluded.end();
    if (counted && !balancer_.suspect_fits(id, !suspects_pass_)) closed_.push_back(id);
  }
  return {closed_.data(), closed_.size()};
}

}  // namespace logdist::dispatch
