// Whether the comparison finds what it is there for.
#include "tests/e2e/delivered.hpp"

#include <gmock/gmock.h>

#include "tests/e2e/downtime.hpp"
#include "tests/support/temporary_folder.hpp"

namespace logdist::e2e {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Sent sent(const std::string& id, unsigned status = 202) {
  Sent packet;
  packet.id = id;
  packet.messages = 3;
  packet.status = status;
  return packet;
}

Entry taken(const Sent& packet) {
  const std::string body = body_of(packet);
  return {packet.id, packet.messages, body.size(), crc32_of(body)};
}

TEST(Delivered, FindsNothingWhenAllIsWell) {
  const Delivered delivered = compare({sent("a"), sent("b", 503), sent("c", 0)}, {taken(sent("a")), taken(sent("c"))});
  EXPECT_EQ(delivered.accepted, 1u);
  EXPECT_EQ(delivered.taken, 1u);
  EXPECT_EQ(delivered.duplicates, 0u);
  EXPECT_THAT(delivered.lost, IsEmpty());
  EXPECT_THAT(delivered.altered, IsEmpty());
  EXPECT_THAT(delivered.invented, IsEmpty());
}

TEST(Delivered, FindsWhatIsLost) {
  Entry spat_out = taken(sent("b"));
  spat_out.taken = false;
  const Delivered delivered =
      compare({sent("a"), sent("b"), sent("c"), sent("d")}, {taken(sent("c")), spat_out}, {"d"});
  EXPECT_THAT(delivered.lost, ElementsAre("a", "b")) << "one is a dead letter";
}

TEST(Delivered, FindsWhatIsAltered) {
  std::vector<Entry> entries(4, taken(sent("a")));
  ++entries[0].messages;
  --entries[1].bytes;
  entries[2].crc32 ^= 1;
  const Delivered delivered = compare({sent("a")}, entries);
  EXPECT_EQ(delivered.altered.size(), 3u);
  EXPECT_EQ(delivered.duplicates, 3u);
}

TEST(Delivered, FindsWhatIsInvented) { EXPECT_THAT(compare({}, {taken(sent("x"))}).invented, ElementsAre("x")); }

TEST(Journal, KeepsWhatWasWritten) {
  const test::TemporaryFolder folder;
  const std::string path = folder.file("journal");
  EXPECT_THAT(read_journal(path), IsEmpty());
  for (const char* id : {"first", "second"}) {
    Journal journal(path);
    journal.add({id, 7, 1234, 0xfedcba98, false, TimePoint(Duration(42))});
  }
  const std::vector<Entry> entries = read_journal(path);
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(entries[0].id, "first");
  EXPECT_EQ(entries[1].messages, 7u);
  EXPECT_EQ(entries[1].bytes, 1234u);
  EXPECT_EQ(entries[1].crc32, 0xfedcba98u);
  EXPECT_FALSE(entries[1].taken);
  EXPECT_EQ(entries[1].at, TimePoint(Duration(42)));
}

/// At so many seconds.
TimePoint second(int seconds) { return TimePoint(std::chrono::seconds(seconds)); }

Entry taken_at(const std::string& id, int seconds) { return {.id = id, .at = second(seconds)}; }

TEST(Downtime, ExplainsThatAPacketCameAgain) {
  const Life killed{{taken_at("a", 10), taken_at("b", 10)}, {{second(10), second(15)}}};
  const Life stopped{{taken_at("a", 20), taken_at("c", 20)}, {{second(15), second(20)}}};
  const Life well{{taken_at("a", 11), taken_at("b", 12), taken_at("c", 17)}};
  EXPECT_THAT(unexplained_duplicates({killed, stopped, well}), IsEmpty());
}

TEST(Downtime, ExplainsNothingOfAnotherTimeOrAnotherAnalyzer) {
  const Life killed{{taken_at("a", 5), taken_at("b", 30)}, {{second(10), second(15)}}};
  const Life well{{taken_at("a", 11), taken_at("b", 31), taken_at("c", 12), taken_at("c", 13)}};
  EXPECT_THAT(unexplained_duplicates({killed, well}), ElementsAre("a", "b", "c"));
}

}  // namespace
}  // namespace logdist::e2e
