// durability: no packet that was acknowledged is lost, whatever ended the processes, but by what its sync mode does
// without; what comes back from the disk is what was sent, byte for byte, and nothing else; it comes back, and reaches
// an analyzer once more, only where its settlement was in doubt when a process ended.
#include "logdist/queue/log/record.hpp"
#include "tests/sim/disk_world.hpp"

namespace logdist::sim {
namespace {

class Durability final : public DiskChecker {
 public:
  using DiskChecker::DiskChecker;

  void read_back(const queue::StoredPacket& packet, std::string_view id, bool) override {
    checked();
    const auto serial = serial_of(id, world_.safety().packets().size());
    if (!serial) return complain("the disk gives a packet with the id \"{}\", which nobody has sent", id);
    const PacketHistory& sent = world_.trace().histories()[*serial];
    compare(sent, packet.body, packet.messages);
    const Safety& safety = world_.safety().of(*serial);
    if (safety.ended == Safety::Ended::surely) complain("packet {} was surely settled, and comes back", *serial);
  }

  void sent(const PacketHistory& history, const core::Attempt& attempt) override {
    compare(history, attempt.packet->body.view(), attempt.packet->messages);
  }

  void taken(const PacketHistory& history) override {
    const Safety& safety = world_.safety().of(history.serial);
    // One with an unknown outcome, and ends of processes that did not know or keep the outcome.
    const std::uint32_t explained = history.ambiguous + safety.doubtful;
    if (safety.taken > explained) {
      complain("packet {} is taken for the {}. time, and {} can be explained", history.serial, safety.taken + 1,
               explained + 1);
    }
  }

  void life_ended() override {
    for (const PacketHistory& history : world_.trace().histories()) {
      const Safety& safety = world_.safety().of(history.serial);
      if (!safety.acknowledged || safety.may_be_lost) continue;
      checked();
      if (safety.taken == 0 && !safety.is_dead_letter) {
        complain("packet {} was acknowledged, and is lost: no analyzer has it, and it is no dead letter",
                 history.serial);
      }
    }
  }

 private:
  void compare(const PacketHistory& sent, std::string_view body, std::uint32_t messages) {
    if (messages != sent.messages) {
      complain("packet {} had {} messages, and has {}", sent.serial, sent.messages, messages);
    }
    if (body != body_of(sent.serial, sent.bytes)) complain("the bytes of packet {} are others", sent.serial);
  }
};

}  // namespace

std::unique_ptr<DiskChecker> make_durability(const DiskWorld& world, Findings& findings) {
  return std::make_unique<Durability>("durability", world, findings);
}

}  // namespace logdist::sim
