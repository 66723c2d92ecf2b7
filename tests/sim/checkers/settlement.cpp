// settlement: each packet is settled once, by what really happened to it, and
// whoever waits for it is told once. None is forgotten.
#include "tests/sim/checker.hpp"

namespace logdist::sim {
namespace {

class Settlement final : public Checker {
 public:
  using Checker::Checker;

  void sent(const Story& story, const delivery::Attempt&) override {
    if (story.settled()) complain("packet {} is sent again after it was settled", story.serial);
    if (story.where == Whereabouts::in_flight) complain("packet {} is sent while it is under way", story.serial);
  }

  void dead_lettered(const Story& story, DeadLetterReason reason) override {
    if (story.settled()) complain("packet {} is dead-lettered after it was settled", story.serial);
    if (story.where == Whereabouts::in_flight) complain("packet {} is dead-lettered while under way", story.serial);
    const bool true_reason =
        (reason == DeadLetterReason::refused && story.refusals > 0) ||
        (reason == DeadLetterReason::max_rounds && story.answered_5xx >= world_.scenario().retry.max_rounds) ||
        (reason == DeadLetterReason::shutdown && world_.giving_up());
    if (!true_reason) complain("packet {} is dead-lettered as {}, which is not so", story.serial, to_string(reason));
  }

  void answered(const Story& story, queue::Settlement settlement) override {
    if (!chronicle_.open_requests().contains(story.serial)) {
      complain("the agent of packet {} is answered, but waits no longer", story.serial);
      return;
    }
    const bool true_answer = settlement == queue::Settlement::delivered ? story.where == Whereabouts::delivered
                             : settlement == queue::Settlement::dead_lettered
                                 ? story.where == Whereabouts::dead_lettered
                                 : story.where == Whereabouts::waiting;
    if (!true_answer) complain("the agent of packet {} is told what is not so", story.serial);
  }

  void shut_down() override {
    for (const Story& story : chronicle_.stories()) {
      if (!story.settled()) complain("packet {} was never settled", story.serial);
      if (story.accepted && story.where == Whereabouts::handed_back) {
        complain("packet {} was accepted and handed back", story.serial);
      }
      if (story.where == Whereabouts::delivered && story.taken == 0) {
        complain("packet {} is counted delivered, but no analyzer has it", story.serial);
      }
    }
    for (const std::uint64_t serial : chronicle_.open_requests()) {
      complain("the agent of packet {} still waits for its answer", serial);
    }
  }
};

}  // namespace

std::unique_ptr<Checker> make_settlement(const World& world, Findings& findings) {
  return std::make_unique<Settlement>("settlement", world, findings);
}

}  // namespace logdist::sim
