#include "logdist/balance/groups/balancer_groups.hpp"

#include <algorithm>
#include <utility>

namespace logdist::balance {
namespace {

constexpr std::size_t index_of(core::Protocol protocol) { return static_cast<std::size_t>(protocol); }

}  // namespace

BalancerGroups::BalancerGroups(BalancerFactory make_balancer) : make_balancer_(std::move(make_balancer)) {
  groups_.reserve(core::protocol_count);
  make_group().is_used = true;
}

AnalyzerId BalancerGroups::add(std::uint64_t weight_units, std::uint32_t slots, core::ProtocolSet takes,
                               std::optional<AnalyzerId> reused) {
  AnalyzerId id = 0;
  for (Group& group : groups_) {
    id = group.balancer->add(weight_units, slots, reused);
    group.takers.resize(std::max<std::size_t>(group.takers.size(), id + std::size_t{1}));
    group.takers[id] = false;
  }
  analyzers_.resize(std::max<std::size_t>(analyzers_.size(), id + std::size_t{1}));
  analyzers_[id] = {weight_units, slots, takes, true, false, {}};
  regroup();
  return id;
}

void BalancerGroups::remove(AnalyzerId analyzer) {
  for (Group& group : groups_) group.balancer->remove(analyzer);
  analyzers_[analyzer].removed = true;
  regroup();
}

void BalancerGroups::set_weight(AnalyzerId analyzer, std::uint64_t weight_units) {
  analyzers_[analyzer].weight_units = weight_units;
  for (Group& group : groups_) group.balancer->set_weight(analyzer, weight_units);
}

void BalancerGroups::set_slots(AnalyzerId analyzer, std::uint32_t slots) {
  analyzers_[analyzer].slots = slots;
  share_slots(analyzer);
}

void BalancerGroups::set_in_service(AnalyzerId analyzer, bool in_service) {
  analyzers_[analyzer].in_service = in_service;
  for (Group& group : groups_) settle_service(group, analyzer);
}

/// Each group has the slots that the others leave.
bool BalancerGroups::has_free_slot(AnalyzerId analyzer) const { return groups_[0].balancer->has_free_slot(analyzer); }

bool BalancerGroups::can_pick() const {
  return std::any_of(groups_.begin(), groups_.end(),
                     [](const Group& group) { return group.is_used && group.balancer->can_pick({}); });
}

bool BalancerGroups::can_pick(core::Protocol protocol, std::span<const AnalyzerId> excluded) const {
  return groups_[group_of_[index_of(protocol)]].balancer->can_pick(excluded);
}

std::optional<BalancerGroups::Charged> BalancerGroups::pick(core::Protocol protocol, std::uint32_t messages,
                                                            std::span<const AnalyzerId> excluded) {
  const std::uint8_t group = group_of_[index_of(protocol)];
  const auto charge = groups_[group].balancer->pick({messages, excluded});
  if (!charge) return std::nullopt;
  ++analyzers_[charge->analyzer].in_flight[group];
  if (groups_.size() > 1) share_slots(charge->analyzer);
  return Charged{*charge, group};
}

BalancerGroups::Charged BalancerGroups::pick_this(core::Protocol protocol, AnalyzerId analyzer,
                                                  std::uint32_t messages) {
  const std::uint8_t group = group_of_[index_of(protocol)];
  const Charged charged{groups_[group].balancer->pick_this(analyzer, messages), group};
  ++analyzers_[analyzer].in_flight[group];
  if (groups_.size() > 1) share_slots(analyzer);
  return charged;
}

void BalancerGroups::release(const Charged& charged) {
  groups_[charged.group].balancer->release(charged.charge);
  ended(charged);
}

void BalancerGroups::undo(const Charged& charged) {
  groups_[charged.group].balancer->undo(charged.charge);
  ended(charged);
}

void BalancerGroups::ended(const Charged& charged) {
  Analyzer& analyzer = analyzers_[charged.charge.analyzer];
  --analyzer.in_flight[charged.group];
  if (groups_.size() > 1 && !analyzer.removed) share_slots(charged.charge.analyzer);
}

bool BalancerGroups::takes_any(AnalyzerId analyzer, core::ProtocolSet formats) const {
  for (std::size_t i = 0; i < core::protocol_count; ++i) {
    const auto format = static_cast<core::Protocol>(i);
    if (formats.has(format) && takes(analyzer, format)) return true;
  }
  return false;
}

bool BalancerGroups::all_take(core::Protocol protocol) const {
  return std::all_of(analyzers_.begin(), analyzers_.end(),
                     [protocol](const Analyzer& analyzer) { return analyzer.removed || analyzer.takes.has(protocol); });
}

std::size_t BalancerGroups::takers(core::Protocol protocol) const {
  return static_cast<std::size_t>(std::count_if(
      analyzers_.begin(), analyzers_.end(),
      [protocol](const Analyzer& analyzer) { return !analyzer.removed && analyzer.takes.has(protocol); }));
}

Account BalancerGroups::account(AnalyzerId analyzer) const {
  Account sum;
  std::size_t most_takers = 0;
  for (const Group& group : groups_) {
    const Account account = group.balancer->account(analyzer);
    sum.in_flight += account.in_flight;
    sum.in_flight_messages += account.in_flight_messages;
    sum.catch_ups += account.catch_ups;
    if (!group.takers[analyzer]) continue;
    sum.deficit += account.deficit;
    sum.arrears += account.arrears;
    sum.debt += account.debt;
    const auto takers = static_cast<std::size_t>(std::count(group.takers.begin(), group.takers.end(), true));
    if (takers <= most_takers || !group.is_used) continue;
    most_takers = takers;
    sum.target_share = account.target_share;
  }
  return sum;
}

std::uint64_t BalancerGroups::largest_packet() const {
  std::uint64_t largest = 0;
  for (const Group& group : groups_) largest = std::max(largest, group.balancer->largest_packet());
  return largest;
}

void BalancerGroups::restore(std::span<const double> owed, std::uint64_t largest_packet) {
  const auto takers = [](const Group& group) {
    return group.is_used ? std::count(group.takers.begin(), group.takers.end(), true) : -1;
  };
  std::max_element(groups_.begin(), groups_.end(), [&](const Group& one, const Group& other) {
    return takers(one) < takers(other);
  })->balancer->restore(owed, largest_packet);
}

std::vector<bool> BalancerGroups::takers_of(core::Protocol protocol) const {
  std::vector<bool> takers;
  for (const Analyzer& analyzer : analyzers_) takers.push_back(!analyzer.removed && analyzer.takes.has(protocol));
  return takers;
}

/// With the analyzers that were, all of them in service for it as they are for the others.
BalancerGroups::Group& BalancerGroups::make_group() {
  Group& group = groups_.emplace_back(Group{make_balancer_(), {}, false});
  for (AnalyzerId id = 0; id < analyzers_.size(); ++id) {
    group.balancer->add(analyzers_[id].weight_units, analyzers_[id].slots, std::nullopt);
    if (analyzers_[id].removed) group.balancer->remove(id);
    group.takers.push_back(false);
  }
  return group;
}

/// Protocols with the same takers come together again, and others part. One that parts keeps its group if it
/// is the first of it, or has a group that nobody uses; what is owed stays in the group where it was earned.
void BalancerGroups::regroup() {
  for (Group& group : groups_) group.is_used = false;
  for (std::size_t i = 0; i < core::protocol_count; ++i) {
    const auto protocol = static_cast<core::Protocol>(i);
    group_of_[i] = group_for(protocol, takers_of(protocol));
  }
  for (AnalyzerId id = 0; id < analyzers_.size(); ++id) {
    if (analyzers_[id].removed) continue;
    for (Group& group : groups_) settle_service(group, id);
    share_slots(id);
  }
}

std::uint8_t BalancerGroups::group_for(core::Protocol protocol, const std::vector<bool>& takers) {
  const auto claim = [&](std::size_t number) {
    groups_[number].is_used = true;
    groups_[number].takers = takers;
    return static_cast<std::uint8_t>(number);
  };
  for (std::size_t number = 0; number < groups_.size(); ++number) {
    if (groups_[number].is_used && groups_[number].takers == takers) return static_cast<std::uint8_t>(number);
  }
  const std::uint8_t own = group_of_[index_of(protocol)];
  if (!groups_[own].is_used) return claim(own);
  for (std::size_t number = 0; number < groups_.size(); ++number) {
    if (!groups_[number].is_used) return claim(number);
  }
  make_group();
  return claim(groups_.size() - 1);
}

void BalancerGroups::settle_service(Group& group, AnalyzerId analyzer) const {
  if (analyzers_[analyzer].removed) return;
  group.balancer->set_in_service(analyzer, analyzers_[analyzer].in_service && group.takers[analyzer] && group.is_used);
}

void BalancerGroups::share_slots(AnalyzerId analyzer) {
  if (analyzers_[analyzer].removed) return;
  const std::uint32_t slots = analyzers_[analyzer].slots;
  for (std::size_t number = 0; number < groups_.size(); ++number) {
    groups_[number].balancer->set_slots(analyzer, slots - std::min(slots, in_flight_elsewhere(analyzer, number)));
  }
}

std::uint32_t BalancerGroups::in_flight_elsewhere(AnalyzerId analyzer, std::size_t group) const {
  std::uint32_t packets = 0;
  for (std::size_t number = 0; number < groups_.size(); ++number) {
    if (number != group) packets += analyzers_[analyzer].in_flight[number];
  }
  return packets;
}

}  // namespace logdist::balance
