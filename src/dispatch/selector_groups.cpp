#include "dispatch/selector_groups.hpp"

#include <algorithm>

namespace logdist::dispatch {
namespace {

constexpr std::size_t index_of(core::Protocol protocol) { return static_cast<std::size_t>(protocol); }

}  // namespace

SelectorGroups::SelectorGroups(const balance::SelectorOptions& options) : options_(options) {
  groups_.reserve(core::protocol_count);
  make_group().is_used = true;
}

AnalyzerId SelectorGroups::add(std::uint64_t weight_units, std::uint32_t slots, core::ProtocolSet takes,
                               std::optional<AnalyzerId> reused) {
  AnalyzerId id = 0;
  for (Group& group : groups_) {
    id = group.selector.add(weight_units, slots, reused);
    group.takers.resize(std::max<std::size_t>(group.takers.size(), id + std::size_t{1}));
    group.takers[id] = false;
  }
  analyzers_.resize(std::max<std::size_t>(analyzers_.size(), id + std::size_t{1}));
  analyzers_[id] = {weight_units, slots, takes, true, false, {}};
  regroup();
  return id;
}

void SelectorGroups::remove(AnalyzerId analyzer) {
  for (Group& group : groups_) group.selector.remove(analyzer);
  analyzers_[analyzer].removed = true;
  regroup();
}

void SelectorGroups::set_weight(AnalyzerId analyzer, std::uint64_t weight_units) {
  analyzers_[analyzer].weight_units = weight_units;
  for (Group& group : groups_) group.selector.set_weight(analyzer, weight_units);
}

void SelectorGroups::set_slots(AnalyzerId analyzer, std::uint32_t slots) {
  analyzers_[analyzer].slots = slots;
  share_slots(analyzer);
}

void SelectorGroups::set_in_service(AnalyzerId analyzer, bool in_service) {
  analyzers_[analyzer].in_service = in_service;
  for (Group& group : groups_) settle_service(group, analyzer);
}

/// Each group has the slots that the others leave.
bool SelectorGroups::has_free_slot(AnalyzerId analyzer) const { return groups_[0].selector.has_free_slot(analyzer); }

bool SelectorGroups::can_pick() const {
  return std::any_of(groups_.begin(), groups_.end(),
                     [](const Group& group) { return group.is_used && group.selector.can_pick({}); });
}

bool SelectorGroups::can_pick(core::Protocol protocol, std::span<const AnalyzerId> excluded) const {
  return groups_[group_of_[index_of(protocol)]].selector.can_pick(excluded);
}

std::optional<SelectorGroups::Charged> SelectorGroups::pick(core::Protocol protocol, std::uint32_t messages,
                                                            std::span<const AnalyzerId> excluded) {
  const std::uint8_t group = group_of_[index_of(protocol)];
  const auto charge = groups_[group].selector.pick(messages, excluded);
  if (!charge) return std::nullopt;
  ++analyzers_[charge->analyzer].in_flight[group];
  if (groups_.size() > 1) share_slots(charge->analyzer);
  return Charged{*charge, group};
}

SelectorGroups::Charged SelectorGroups::pick_this(core::Protocol protocol, AnalyzerId analyzer,
                                                  std::uint32_t messages) {
  const std::uint8_t group = group_of_[index_of(protocol)];
  const Charged charged{groups_[group].selector.pick_this(analyzer, messages), group};
  ++analyzers_[analyzer].in_flight[group];
  if (groups_.size() > 1) share_slots(analyzer);
  return charged;
}

void SelectorGroups::release(const Charged& charged) {
  groups_[charged.group].selector.release(charged.charge);
  ended(charged);
}

void SelectorGroups::undo(const Charged& charged) {
  groups_[charged.group].selector.undo(charged.charge);
  ended(charged);
}

void SelectorGroups::ended(const Charged& charged) {
  Analyzer& analyzer = analyzers_[charged.charge.analyzer];
  --analyzer.in_flight[charged.group];
  if (groups_.size() > 1 && !analyzer.removed) share_slots(charged.charge.analyzer);
}

bool SelectorGroups::all_take(core::Protocol protocol) const {
  return std::all_of(analyzers_.begin(), analyzers_.end(),
                     [protocol](const Analyzer& analyzer) { return analyzer.removed || analyzer.takes.has(protocol); });
}

std::size_t SelectorGroups::takers(core::Protocol protocol) const {
  return static_cast<std::size_t>(std::count_if(
      analyzers_.begin(), analyzers_.end(),
      [protocol](const Analyzer& analyzer) { return !analyzer.removed && analyzer.takes.has(protocol); }));
}

balance::Account SelectorGroups::account(AnalyzerId analyzer) const {
  balance::Account sum;
  std::size_t most_takers = 0;
  for (const Group& group : groups_) {
    const balance::Account account = group.selector.account(analyzer);
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

std::uint64_t SelectorGroups::largest_packet() const {
  std::uint64_t largest = 0;
  for (const Group& group : groups_) largest = std::max(largest, group.selector.largest_packet());
  return largest;
}

void SelectorGroups::restore(std::span<const double> owed, std::uint64_t largest_packet) {
  const auto takers = [](const Group& group) {
    return group.is_used ? std::count(group.takers.begin(), group.takers.end(), true) : -1;
  };
  std::max_element(groups_.begin(), groups_.end(), [&](const Group& one, const Group& other) {
    return takers(one) < takers(other);
  })->selector.restore(owed, largest_packet);
}

std::vector<bool> SelectorGroups::takers_of(core::Protocol protocol) const {
  std::vector<bool> takers;
  for (const Analyzer& analyzer : analyzers_) takers.push_back(!analyzer.removed && analyzer.takes.has(protocol));
  return takers;
}

/// With the analyzers that were, all of them in service for it as they are for the others.
SelectorGroups::Group& SelectorGroups::make_group() {
  Group& group = groups_.emplace_back(Group{balance::Selector(options_), {}, false});
  for (AnalyzerId id = 0; id < analyzers_.size(); ++id) {
    group.selector.add(analyzers_[id].weight_units, analyzers_[id].slots);
    if (analyzers_[id].removed) group.selector.remove(id);
    group.takers.push_back(false);
  }
  return group;
}

/// Protocols with the same takers come together again, and others part. One that parts keeps its group if it
/// is the first of it, or has a group that nobody uses; what is owed stays in the group where it was earned.
void SelectorGroups::regroup() {
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

std::uint8_t SelectorGroups::group_for(core::Protocol protocol, const std::vector<bool>& takers) {
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

void SelectorGroups::settle_service(Group& group, AnalyzerId analyzer) const {
  if (analyzers_[analyzer].removed) return;
  group.selector.set_in_service(analyzer, analyzers_[analyzer].in_service && group.takers[analyzer] && group.is_used);
}

void SelectorGroups::share_slots(AnalyzerId analyzer) {
  if (analyzers_[analyzer].removed) return;
  const std::uint32_t slots = analyzers_[analyzer].slots;
  for (std::size_t number = 0; number < groups_.size(); ++number) {
    groups_[number].selector.set_slots(analyzer, slots - std::min(slots, in_flight_elsewhere(analyzer, number)));
  }
}

std::uint32_t SelectorGroups::in_flight_elsewhere(AnalyzerId analyzer, std::size_t group) const {
  std::uint32_t packets = 0;
  for (std::size_t number = 0; number < groups_.size(); ++number) {
    if (number != group) packets += analyzers_[analyzer].in_flight[number];
  }
  return packets;
}

}  // namespace logdist::dispatch
