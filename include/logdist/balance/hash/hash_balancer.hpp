// Consistent hashing with bounded load.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "logdist/balance/balancer.hpp"
#include "logdist/balance/selector.hpp"

namespace logdist::balance {

struct HashOptions {
  SelectorOptions selector;  ///< for packets without a key
  double bound = 1.25;       ///< times its target share; at least 1
};

/// Sends all packets of a key to the same analyzer, as long as that is in service, has a free slot and is not loaded
/// above `bound`: weighted rendezvous hashing with bounded load. Each analyzer is first for its share of the keys. It
/// is passed over for the key's next best while its messages in flight exceed bound × its target share × (all messages
/// in flight + M), M being the largest packet seen; what is passed over is spread over all the others by weight. An
/// analyzer that comes or goes moves its own share of the keys and no others. Where nobody within the bound may take
/// the packet (those are full, or it must not go there), the key's best with a free slot does.
///
/// Packets without a key go by weight (Selector), and have accounts of their own: what goes by key is neither credited
/// nor charged, so deficit, arrears and debt are about the others alone.
///
/// Source: Mirrokni, Thorup and Zadimoghaddam, 2016 (the bound); random jumps instead of cascades: arXiv 1908.08762. A
/// pick by key is O(n), less than 1 µs at 1,000 analyzers, and needs no memory.
///
/// Sans-I/O. Not thread-safe: the caller serialises.
class HashBalancer final : public Balancer {
 public:
  explicit HashBalancer(const HashOptions& options);
  ~HashBalancer() override;

  AnalyzerId add(std::uint64_t weight_units, std::uint32_t slots, std::optional<AnalyzerId> reused = {}) override;
  void set_identity(AnalyzerId analyzer, std::uint64_t identity) override;
  void remove(AnalyzerId analyzer) override;
  void set_weight(AnalyzerId analyzer, std::uint64_t weight_units) override;
  void set_slots(AnalyzerId analyzer, std::uint32_t slots) override;
  void set_in_service(AnalyzerId analyzer, bool in_service) override;
  bool has_free_slot(AnalyzerId analyzer) const override;
  bool can_pick(std::span<const AnalyzerId> excluded) const override;
  std::optional<Charge> pick(const PickRequest& packet) override;
  /// By weight: a test says nothing of the keys.
  Charge pick_this(AnalyzerId analyzer, std::uint32_t messages) override;
  void release(const Charge& charge) override;
  void undo(const Charge& charge) override;
  void restore(std::span<const double> owed, std::uint64_t largest_packet) override;
  Account account(AnalyzerId analyzer) const override;
  std::uint64_t largest_packet() const override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace logdist::balance
