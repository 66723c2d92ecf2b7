// retries: of the packets in flight, those that an analyzer was asked about before are at most a part of the others
// (delivery.circuit.max_retries), or 10.
#include <algorithm>
#include <set>

#include "tests/sim/checker.hpp"

namespace logdist::sim {
namespace {

class Retries final : public Checker {
 public:
  using Checker::Checker;

  void sent(const PacketHistory& history, const core::Attempt&) override {
    if (!asked_about_.contains(history.serial)) {
      ++first_attempts_;
      return;
    }
    ++retries_;
    const double part = world_.scenario().balancer.max_retries;
    if (part >= 1) return;
    const double most = std::max(10.0, part * first_attempts_);
    if (retries_ > most) {
      complain("packet {} is retried, with {} other retries and {} first attempts in flight", history.serial,
               retries_ - 1, first_attempts_);
    }
    if (retries_ + 1 > most) checked();
  }

  void result_seen(const PacketHistory& history, const core::AttemptResult& result) override {
    --(asked_about_.contains(history.serial) ? retries_ : first_attempts_);
    if (result.outcome != Outcome::unsent) asked_about_.insert(history.serial);
  }

 private:
  std::set<std::uint64_t> asked_about_;  ///< by serial
  int first_attempts_ = 0;               ///< in flight
  int retries_ = 0;                      ///< likewise
};

}  // namespace

std::unique_ptr<Checker> make_retries(const World& world, Findings& findings) {
  return std::make_unique<Retries>("retries", world, findings);
}

}  // namespace logdist::sim
