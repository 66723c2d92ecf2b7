// Acknowledgements: true for what is delivered, and for nothing else.
#include <gmock/gmock.h>

#include "tests/dispatch/world.hpp"

namespace logdist::dispatch {
namespace {

using testing::ElementsAre;

class Acks : public testing::Test {
 protected:
  /// Admits a packet of the channel.
  core::Receipt admit(const std::string& id) {
    const core::Receipt receipt = acks_.issue("c");
    queue::Delivery& delivery = fill(id);
    delivery.packet.receipt = receipt;
    dispatcher().admit(delivery, world_.waiter, world_.now);
    world_.run();
    return receipt;
  }
  queue::Delivery& fill(const std::string& id) {
    queue::Delivery& delivery = dispatcher().make();
    EXPECT_FALSE(delivery.packet.receipt.is_set()) << "recycled";
    delivery.packet.id = id;
    delivery.packet.messages = 1;
    return delivery;
  }
  Dispatcher& dispatcher() { return *world_.loops[0]->dispatcher; }

  queue::AckRegistry acks_{7};
  World world_{{.weights = {1, 1}, .acks = &acks_}};
};

TEST_F(Acks, AreTrueOnceThePacketIsDelivered) {
  admit("first");
  admit("second");
  EXPECT_THAT(acks_.query("c", {0, 1}), ElementsAre(false, false)) << "queued, and under way";
  world_.end(Outcome::http_error, 500);
  world_.run();
  EXPECT_THAT(acks_.query("c", {0, 1}), ElementsAre(false, false));
  world_.deliver_everything();
  EXPECT_THAT(acks_.query("c", {0, 1}), ElementsAre(true, true));
  fill("not asked about");
}

TEST_F(Acks, AreNotTrueForADeadLetter) {
  admit("refused");
  world_.end(Outcome::refused, 400);
  world_.run();
  world_.end(Outcome::refused, 400);
  world_.run();
  ASSERT_EQ(world_.dead_letters.letters.size(), 1u);
  EXPECT_THAT(acks_.query("c", {0}), ElementsAre(false));
}

TEST_F(Acks, AreNotTrueForWhatIsHandedBack) {
  World world({.weights = {1}, .slots = 1, .ack_delivered = true, .acks = &acks_});
  Dispatcher& own = *world.loops[0]->dispatcher;
  for (const char* id : {"under way", "waits"}) {
    queue::Delivery& delivery = own.make();
    delivery.packet.id = id;
    delivery.packet.messages = 1;
    delivery.packet.receipt = acks_.issue("c");
    own.admit(delivery, world.waiter, world.now);
    world.run();
  }
  own.begin_drain(world.now);
  world.run();
  EXPECT_EQ(world.waiter.last, queue::Settlement::handed_back);
  world.deliver_everything();
  EXPECT_THAT(acks_.query("c", {0, 1}), ElementsAre(true, false));
}

}  // namespace
}  // namespace logdist::dispatch
