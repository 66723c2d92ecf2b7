#include "logdist/core/packet.hpp"

#include <gtest/gtest.h>

namespace logdist::core {
namespace {

TEST(Packet, TakesOfTheQueueWhatIsForwarded) {
  BufferPool pool(0);
  Packet packet;
  EXPECT_EQ(packet.queue_bytes(), 0u);
  packet.body = pool.take(100);
  packet.body.append("[\"a\"]");
  packet.forwarded_headers = "Content-Type: application/json\r\n";
  EXPECT_EQ(packet.queue_bytes(), packet.body.size() + packet.forwarded_headers.size());
}

TEST(Packet, KeepsNoLongHeadersForTheNext) {
  Packet packet;
  packet.forwarded_headers.assign(16 * 1024, 'x');
  packet.id.assign(128, 'i');
  packet.messages = 3;
  packet.recycle();
  EXPECT_EQ(packet.messages, 0u);
  EXPECT_TRUE(packet.id.empty() && packet.forwarded_headers.empty());
  EXPECT_LE(packet.forwarded_headers.capacity(), Packet::kept_text_bytes);

  packet.forwarded_headers.assign(100, 'x');
  const char* const kept = packet.forwarded_headers.data();
  packet.recycle();
  packet.forwarded_headers.assign(100, 'y');
  EXPECT_EQ(packet.forwarded_headers.data(), kept) << "usual ones allocate once";
}

}  // namespace
}  // namespace logdist::core
