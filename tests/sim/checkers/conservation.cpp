// conservation: the books balance in packets and in messages, and each of their
// terms is what was seen from outside.
#include <utility>

#include "tests/sim/checker.hpp"

namespace logdist::sim {
namespace {

class Conservation final : public Checker {
 public:
  using Checker::Checker;

  void stepped() override {
    const ledger::Terms booked = world_.terms();
    const ledger::Terms& seen = trace_.terms();
    if (booked.imbalance() != ledger::Amount{}) {
      complain("the books are off by {} packets, {} messages", booked.imbalance().packets, booked.imbalance().messages);
    }
    compare("admitted", booked.admitted, seen.admitted);
    compare("queued", booked.queued, seen.queued);
    compare("waiting", booked.waiting, seen.waiting);
    compare("in flight", booked.in_flight, seen.in_flight);
    compare("delivered", booked.delivered, seen.delivered);
    compare("dead-lettered", booked.dead_lettered, seen.dead_lettered);
    compare("handed back", booked.handed_back, seen.handed_back);
  }

 private:
  void compare(const char* term, const ledger::Amount& booked, const ledger::Amount& seen) {
    if (booked == seen) return;
    complain("{}: the books say {} packets, {} messages, seen were {} and {}", term, booked.packets, booked.messages,
             seen.packets, seen.messages);
  }
};

}  // namespace

std::unique_ptr<Checker> make_conservation(const World& world, Findings& findings) {
  return std::make_unique<Conservation>("conservation", world, findings);
}

}  // namespace logdist::sim
