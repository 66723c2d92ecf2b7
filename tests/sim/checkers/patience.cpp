// patience: a request waits no longer than delivery.caller_runs_timeout unless
// its attempt is under way; after that time, after its agent has gone, and once
// the daemon drains, no attempt is begun for it.
#include "tests/sim/checker.hpp"

namespace logdist::sim {
namespace {

class Patience final : public Checker {
 public:
  using Checker::Checker;

  void sent(const Story& story, const delivery::Attempt&) override {
    if (story.accepted) return;
    if (story.abandoned) complain("packet {} is sent for an agent that has gone", story.serial);
    if (late(story)) complain("packet {} is sent when its request has waited long enough", story.serial);
    if (world_.draining()) complain("packet {} is sent for a request while draining", story.serial);
  }

  void stepped() override {
    for (const std::uint64_t serial : chronicle_.open_requests()) {
      const Story& story = chronicle_.stories()[serial];
      if (story.where == Whereabouts::in_flight) continue;
      if (late(story)) complain("the request of packet {} waits too long", serial);
      if (world_.draining()) complain("the request of packet {} waits while draining", serial);
    }
  }

 private:
  bool late(const Story& story) const { return world_.now() > story.give_up_at + lateness_max; }
};

}  // namespace

std::unique_ptr<Checker> make_patience(const World& world, Findings& findings) {
  return std::make_unique<Patience>("patience", world, findings);
}

}  // namespace logdist::sim
