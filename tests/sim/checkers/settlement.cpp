// settlement: each packet is settled once, by what really happened to it, and
// whoever waits for it is told once. None is forgotten.
#include "tests/sim/checker.hpp"

namespace logdist::sim {
namespace {

class Settlement final : public Checker {
 public:
  using Checker::Checker;

  void sent(const PacketHistory& history, const core::Attempt&) override {
    if (history.settled()) complain("packet {} is sent again after it was settled", history.serial);
    if (history.where == Location::in_flight) complain("packet {} is sent while it is under way", history.serial);
  }

  void dead_lettered(const PacketHistory& history, DeadLetterReason reason) override {
    if (history.settled()) complain("packet {} is dead-lettered after it was settled", history.serial);
    if (history.where == Location::in_flight) complain("packet {} is dead-lettered while under way", history.serial);
    const bool true_reason =
        (reason == DeadLetterReason::refused && history.refusals > 0) ||
        (reason == DeadLetterReason::max_rounds && history.failures >= world_.scenario().retry.max_rounds) ||
        (reason == DeadLetterReason::max_age && history.answered && world_.scenario().max_age > Duration::zero() &&
         world_.now() - history.admitted_at >= world_.scenario().max_age) ||
        (reason == DeadLetterReason::shutdown && world_.giving_up());
    if (!true_reason) complain("packet {} is dead-lettered as {}, which is not so", history.serial, to_string(reason));
  }

  void answered(const PacketHistory& history, queue::Settlement settlement) override {
    if (!trace_.open_requests().contains(history.serial)) {
      complain("the agent of packet {} is answered, but waits no longer", history.serial);
      return;
    }
    const bool true_answer = settlement == queue::Settlement::delivered       ? history.where == Location::delivered
                             : settlement == queue::Settlement::dead_lettered ? history.where == Location::dead_lettered
                                                                              : history.where == Location::waiting;
    if (!true_answer) complain("the agent of packet {} is told what is not so", history.serial);
  }

  void shut_down() override {
    for (const PacketHistory& history : trace_.histories()) {
      if (!history.settled()) complain("packet {} was never settled", history.serial);
      if (history.accepted && history.where == Location::handed_back) {
        complain("packet {} was accepted and handed back", history.serial);
      }
      if (history.where == Location::delivered && history.taken == 0) {
        complain("packet {} is counted delivered, but no analyzer has it", history.serial);
      }
    }
    for (const std::uint64_t serial : trace_.open_requests()) {
      complain("the agent of packet {} still waits for its answer", serial);
    }
  }
};

}  // namespace

std::unique_ptr<Checker> make_settlement(const World& world, Findings& findings) {
  return std::make_unique<Settlement>("settlement", world, findings);
}

}  // namespace logdist::sim
