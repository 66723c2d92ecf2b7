#include "logdist/balance/hash/hash_balancer.hpp"

#include <algorithm>
#include <vector>

#include "balance/hash/rendezvous.hpp"

namespace logdist::balance {
namespace {

/// Of one that has no other: well mixed (the finalizer of splitmix64).
std::uint64_t identity_of(AnalyzerId id) {
  std::uint64_t mixed = (id + std::uint64_t{1}) * 0x9e3779b97f4a7c15U;
  mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9U;
  mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111ebU;
  return mixed ^ mixed >> 31;
}

}  // namespace

struct HashBalancer::State {
  struct Entry {
    std::uint64_t weight_units = 0;
    std::uint32_t slots = 0;
    std::uint32_t by_key = 0;              ///< packets in flight
    std::uint64_t messages_by_key = 0;     ///< likewise
    std::uint64_t messages_in_flight = 0;  ///< of all packets
    bool in_service = true;
    bool removed = false;
  };

  explicit State(const HashOptions& options_given) : options(options_given), selector(options.selector) {}

  /// What is in flight by key is not the selector's, but takes slots.
  void share_slots(AnalyzerId id) {
    const Entry& entry = entries[id];
    if (!entry.removed) selector.set_slots(id, entry.slots - std::min(entry.slots, entry.by_key));
  }
  /// Brings the rendezvous up to date.
  void settle(AnalyzerId id) {
    const Entry& entry = entries[id];
    rendezvous.set_open(id, entry.in_service && !entry.removed && selector.has_free_slot(id));
    rendezvous.set_load(id, entry.messages_in_flight);
  }
  void sum_weights() {
    weight_in_service = 0;
    for (const Entry& entry : entries) {
      if (entry.in_service && !entry.removed) weight_in_service += static_cast<double>(entry.weight_units);
    }
  }
  void begin(AnalyzerId id, std::uint32_t messages) {
    entries[id].messages_in_flight += messages;
    messages_in_flight += messages;
    settle(id);
  }
  void end(AnalyzerId id, std::uint32_t messages) {
    entries[id].messages_in_flight -= messages;
    messages_in_flight -= messages;
    if (!entries[id].removed) settle(id);
  }
  std::optional<AnalyzerId> choose(std::uint64_t key) const {
    const double most = options.bound * static_cast<double>(messages_in_flight + largest_packet) / weight_in_service;
    if (const auto chosen = rendezvous.choose(key, most)) return chosen;
    return rendezvous.choose(key, Rendezvous::any_load);
  }
  /// True: it was picked by key, and is accounted for.
  bool end_by_key(const Charge& charge) {
    if (!charge.by_key) return false;
    Entry& entry = entries[charge.analyzer];
    --entry.by_key;
    entry.messages_by_key -= charge.messages;
    share_slots(charge.analyzer);
    return true;
  }

  const HashOptions options;
  Selector selector;
  Rendezvous rendezvous;
  std::vector<Entry> entries;  ///< by AnalyzerId
  double weight_in_service = 0;
  std::uint64_t messages_in_flight = 0;
  std::uint64_t largest_packet = 0;
};

HashBalancer::HashBalancer(const HashOptions& options) : state_(std::make_unique<State>(options)) {}
HashBalancer::~HashBalancer() = default;

AnalyzerId HashBalancer::add(std::uint64_t weight_units, std::uint32_t slots, std::optional<AnalyzerId> reused) {
  const AnalyzerId id = state_->selector.add(weight_units, slots, reused);
  state_->entries.resize(std::max<std::size_t>(state_->entries.size(), id + std::size_t{1}));
  state_->entries[id] = {.weight_units = weight_units, .slots = slots};
  state_->rendezvous.set(id, identity_of(id), weight_units);
  state_->sum_weights();
  state_->settle(id);
  return id;
}

void HashBalancer::set_identity(AnalyzerId analyzer, std::uint64_t identity) {
  state_->rendezvous.set(analyzer, identity, state_->entries[analyzer].weight_units);
}

void HashBalancer::remove(AnalyzerId analyzer) {
  state_->selector.remove(analyzer);
  state_->entries[analyzer].removed = true;
  state_->rendezvous.set_open(analyzer, false);
  state_->sum_weights();
}

void HashBalancer::set_weight(AnalyzerId analyzer, std::uint64_t weight_units) {
  state_->selector.set_weight(analyzer, weight_units);
  state_->entries[analyzer].weight_units = weight_units;
  state_->rendezvous.set_weight(analyzer, weight_units);
  state_->sum_weights();
}

void HashBalancer::set_slots(AnalyzerId analyzer, std::uint32_t slots) {
  state_->entries[analyzer].slots = slots;
  state_->share_slots(analyzer);
  state_->settle(analyzer);
}

void HashBalancer::set_in_service(AnalyzerId analyzer, bool in_service) {
  if (state_->entries[analyzer].in_service == in_service) return;
  state_->selector.set_in_service(analyzer, in_service);
  state_->entries[analyzer].in_service = in_service;
  state_->sum_weights();
  state_->settle(analyzer);
}

bool HashBalancer::has_free_slot(AnalyzerId analyzer) const { return state_->selector.has_free_slot(analyzer); }

bool HashBalancer::can_pick(std::span<const AnalyzerId> excluded) const { return state_->selector.can_pick(excluded); }

std::optional<Charge> HashBalancer::pick(const PickRequest& packet) {
  State& state = *state_;
  if (!state.selector.can_pick(packet.excluded)) return std::nullopt;
  state.largest_packet = std::max<std::uint64_t>(state.largest_packet, packet.messages);
  if (!packet.key) {
    const auto charge = state.selector.pick(packet);
    if (charge) state.begin(charge->analyzer, packet.messages);
    return charge;
  }
  for (const AnalyzerId analyzer : packet.excluded) state.rendezvous.set_open(analyzer, false);
  const auto chosen = state.choose(*packet.key);
  for (const AnalyzerId analyzer : packet.excluded) state.settle(analyzer);
  if (!chosen) return std::nullopt;
  State::Entry& entry = state.entries[*chosen];
  ++entry.by_key;
  entry.messages_by_key += packet.messages;
  state.share_slots(*chosen);
  state.begin(*chosen, packet.messages);
  return Charge{.analyzer = *chosen, .messages = packet.messages, .by_key = true};
}

Charge HashBalancer::pick_this(AnalyzerId analyzer, std::uint32_t messages) {
  const Charge charge = state_->selector.pick_this(analyzer, messages);
  state_->largest_packet = std::max<std::uint64_t>(state_->largest_packet, messages);
  state_->begin(analyzer, messages);
  return charge;
}

void HashBalancer::release(const Charge& charge) {
  if (!state_->end_by_key(charge)) state_->selector.release(charge);
  state_->end(charge.analyzer, charge.messages);
}

void HashBalancer::undo(const Charge& charge) {
  if (!state_->end_by_key(charge)) state_->selector.undo(charge);
  state_->end(charge.analyzer, charge.messages);
}

void HashBalancer::restore(std::span<const double> owed, std::uint64_t largest_packet) {
  state_->selector.restore(owed, largest_packet);
  state_->largest_packet = std::max(state_->largest_packet, largest_packet);
}

Account HashBalancer::account(AnalyzerId analyzer) const {
  Account account = state_->selector.account(analyzer);
  account.in_flight += state_->entries[analyzer].by_key;
  account.in_flight_messages += state_->entries[analyzer].messages_by_key;
  return account;
}

std::uint64_t HashBalancer::largest_packet() const { return state_->largest_packet; }

}  // namespace logdist::balance
