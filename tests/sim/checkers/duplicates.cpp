// duplicates: an analyzer is sent what another has taken only when an attempt
// ended so that nobody could know.
#include "tests/sim/checker.hpp"

namespace logdist::sim {
namespace {

class Duplicates final : public Checker {
 public:
  using Checker::Checker;

  void taken(const PacketHistory& history) override {
    if (history.taken > history.ambiguous) {
      complain("packet {} is taken once more, {} times before, after {} attempts of unknown outcome", history.serial,
               history.taken, history.ambiguous);
    }
  }
};

}  // namespace

std::unique_ptr<Checker> make_duplicates(const World& world, Findings& findings) {
  return std::make_unique<Duplicates>("duplicates", world, findings);
}

}  // namespace logdist::sim
