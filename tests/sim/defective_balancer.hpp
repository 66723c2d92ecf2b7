// A balancer between the load balancer and the one that ships, for planted defects.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>

#include "logdist/balance/balancer.hpp"

namespace logdist::sim {

/// What is wrong with it.
struct BalancerDefects {
  bool keeps_charges = false;             ///< an undone pick stays charged
  bool one_slot_too_many = false;         ///< of each analyzer
  std::uint64_t overlooks_slot_each = 0;  ///< so many questions, a free slot is denied; 0: never
};

/// Passes everything on to `inner`, but for its defects.
class DefectiveBalancer final : public balance::Balancer {
 public:
  DefectiveBalancer(std::unique_ptr<balance::Balancer> inner, const BalancerDefects& defects)
      : inner_(std::move(inner)), defects_(defects) {}

  AnalyzerId add(std::uint64_t weight_units, std::uint32_t slots, std::optional<AnalyzerId> reused) override {
    return inner_->add(weight_units, slots, reused);
  }
  void remove(AnalyzerId analyzer) override { inner_->remove(analyzer); }
  void set_weight(AnalyzerId analyzer, std::uint64_t weight_units) override {
    inner_->set_weight(analyzer, weight_units);
  }
  void set_slots(AnalyzerId analyzer, std::uint32_t slots) override {
    inner_->set_slots(analyzer, slots + (defects_.one_slot_too_many ? 1 : 0));
  }
  void set_in_service(AnalyzerId analyzer, bool in_service) override { inner_->set_in_service(analyzer, in_service); }
  bool has_free_slot(AnalyzerId analyzer) const override { return inner_->has_free_slot(analyzer); }
  bool can_pick(std::span<const AnalyzerId> excluded) const override {
    const bool overlooked = defects_.overlooks_slot_each != 0 && ++questions_ % defects_.overlooks_slot_each == 0;
    return inner_->can_pick(excluded) && !overlooked;
  }
  std::optional<balance::Charge> pick(const balance::PickRequest& packet) override { return inner_->pick(packet); }
  balance::Charge pick_this(AnalyzerId analyzer, std::uint32_t messages) override {
    return inner_->pick_this(analyzer, messages);
  }
  void release(const balance::Charge& charge) override { inner_->release(charge); }
  void undo(const balance::Charge& charge) override {
    if (defects_.keeps_charges) {
      inner_->release(charge);
    } else {
      inner_->undo(charge);
    }
  }
  void restore(std::span<const double> owed, std::uint64_t largest_packet) override {
    inner_->restore(owed, largest_packet);
  }
  balance::Account account(AnalyzerId analyzer) const override { return inner_->account(analyzer); }
  std::uint64_t largest_packet() const override { return inner_->largest_packet(); }

 private:
  const std::unique_ptr<balance::Balancer> inner_;
  const BalancerDefects defects_;
  mutable std::uint64_t questions_ = 0;
};

}  // namespace logdist::sim
