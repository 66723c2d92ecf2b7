// shutdown: the drain ends with nothing left behind: every packet is delivered,
// kept as a dead letter, the oldest first, or (a request only) handed back, and all
// room is given back.
#include "tests/sim/checker.hpp"

namespace logdist::sim {
namespace {

class Shutdown final : public Checker {
 public:
  using Checker::Checker;

  void dead_lettered(const PacketHistory& history, DeadLetterReason reason) override {
    if (reason != DeadLetterReason::shutdown) return;
    if (history.admitted_at < last_letter_) complain("packet {} is given up after a younger one", history.serial);
    last_letter_ = history.admitted_at;
  }

  void shut_down() override {
    if (!world_.idle()) complain("the daemon is not through although nothing happens any more");
    if (const std::size_t held = trace_.held_packets(); held > 0) complain("{} accepted packets are forgotten", held);
    const std::uint64_t letters = trace_.dead_letters()[static_cast<std::size_t>(DeadLetterReason::shutdown)];
    if (world_.given_up() != letters) {
      complain("{} packets are said to be given up, {} were kept", world_.given_up(), letters);
    }
    if (!world_.giving_up() && letters > 0) complain("{} packets were given up within the grace", letters);
    const ledger::Terms terms = world_.terms();
    for (const ledger::Amount& left : {terms.queued, terms.waiting, terms.in_flight}) {
      if (left != ledger::Amount{}) complain("the books still show {} packets on their way", left.packets);
    }
    if (world_.bounds().packets() + world_.bounds().bytes() + world_.bodies().held_bytes() > 0) {
      complain("room is still taken: {} packets, {} bytes queued, {} bytes buffered", world_.bounds().packets(),
               world_.bounds().bytes(), world_.bodies().held_bytes());
    }
  }

 private:
  TimePoint last_letter_{};  ///< when the last packet given up had been admitted
};

}  // namespace

std::unique_ptr<Checker> make_shutdown(const World& world, Findings& findings) {
  return std::make_unique<Shutdown>("shutdown", world, findings);
}

}  // namespace logdist::sim
