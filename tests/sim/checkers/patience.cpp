// patience: a request waits no longer than delivery.caller_runs_timeout unless
// its attempt is under way; after that time, after its agent has gone, and once
// the daemon drains, no attempt is begun for it.
#include "tests/sim/checker.hpp"

namespace logdist::sim {
namespace {

class Patience final : public Checker {
 public:
  using Checker::Checker;

  void sent(const PacketHistory& history, const core::Attempt&) override {
    if (history.accepted) return;
    if (history.abandoned) complain("packet {} is sent for an agent that has gone", history.serial);
    if (late(history)) complain("packet {} is sent when its request has waited long enough", history.serial);
    if (world_.draining()) complain("packet {} is sent for a request while draining", history.serial);
  }

  void stepped() override {
    for (const std::uint64_t serial : trace_.open_requests()) {
      const PacketHistory& history = trace_.histories()[serial];
      if (history.where == Location::in_flight) continue;
      if (late(history)) complain("the request of packet {} waits too long", serial);
      if (world_.draining()) complain("the request of packet {} waits while draining", serial);
    }
  }

 private:
  bool late(const PacketHistory& history) const { return world_.now() > history.give_up_at + lateness_max; }
};

}  // namespace

std::unique_ptr<Checker> make_patience(const World& world, Findings& findings) {
  return std::make_unique<Patience>("patience", world, findings);
}

}  // namespace logdist::sim
