// What recovery makes of a segment: by its seal, or by all of its records; torn or damaged.
#include "logdist/queue/log/segment_summary.hpp"

#include <gtest/gtest.h>

#include <string>

#include "tests/queue/log/segment_text.hpp"

namespace logdist::queue {
namespace {

using test::scan;
using test::SegmentText;

SegmentSummary summary_of(SegmentText& segment, std::optional<std::uint32_t> records_max = {},
                          std::uint32_t stable = 0) {
  SummaryBuilder builder(std::nullopt, records_max, stable);
  scan(segment.text(), segment.mark(), 256, &builder);
  return builder.finish();
}

const std::vector<SettledGroup> one_settled{{"a", SettledAs::delivered, 3, {{100, 5}}}};

SegmentText usual_segment() {
  SegmentText segment;
  segment.add(RecordType::balance, encode_balance({{{"a", 1.5, 0, 1}, {"b", -1.5, 0, 1}}}));
  segment.packet(100, "one", 5);
  segment.packet(101, "two", 7);
  segment.sync();
  segment.add(RecordType::settled, encode_settled(one_settled));
  return segment;
}

TEST(SegmentSummary, SumsUpItsRecords) {
  SegmentText segment = usual_segment();
  const std::size_t end = segment.text().size();
  segment.text().append(1000, '\0');
  const SegmentSummary summary = summary_of(segment);
  EXPECT_EQ(summary.records, 4u);
  EXPECT_EQ(summary.end_offset, end);
  EXPECT_EQ(summary.last_time_ns, 1002);
  EXPECT_EQ(summary.packets, (std::vector<PacketEntry>{{100, 5}, {101, 7}}));
  EXPECT_EQ(summary.settled, (std::vector<PacketEntry>{{100, 5}}));
  ASSERT_TRUE(summary.balance);
  EXPECT_DOUBLE_EQ(summary.balance->analyzers[0].deficit, 1.5 + 4 - 8);
  EXPECT_TRUE(summary.damaged.empty());
  EXPECT_EQ(summary.torn_records, 0u);
}

TEST(SegmentSummary, TellsHowItsPacketsWereSettled) {
  SegmentText segment = usual_segment();
  const std::vector<SettledGroup> more{{"a", SettledAs::handed_back, 0, {{101, 7}}},
                                       {{}, SettledAs::lost, 0, {{90, 1}}},
                                       {"b", SettledAs::dead_lettered, 0, {{91, 2}}},
                                       {"b", SettledAs::delivered, 0, {{92, 4}}}};
  segment.add(RecordType::settled, encode_settled(more));
  const std::vector<SettledGroup> groups = summary_of(segment).settled_groups();
  EXPECT_EQ(groups, (std::vector<SettledGroup>{{{}, SettledAs::delivered, 0, {{100, 5}, {92, 4}}},
                                               {{}, SettledAs::dead_lettered, 0, {{91, 2}}},
                                               {{}, SettledAs::handed_back, 0, {{101, 7}}},
                                               {{}, SettledAs::lost, 0, {{90, 1}}}}));
}

TEST(SegmentSummary, ComesBackFromItsSeal) {
  SegmentText segment = usual_segment();
  const SegmentSummary summary = summary_of(segment);
  const std::size_t at = segment.add(RecordType::seal, encode_seal(summary));
  const std::string& text = segment.text();
  ASSERT_EQ(seal_offset(text, text.size()), at);
  const auto sealed = read_seal(std::string_view(text).substr(at), segment.mark(), at);
  ASSERT_TRUE(sealed);
  EXPECT_EQ(sealed->records, summary.records);
  EXPECT_EQ(sealed->end_offset, summary.end_offset);
  EXPECT_EQ(sealed->last_time_ns, summary.last_time_ns);
  EXPECT_EQ(sealed->packets, summary.packets);
  EXPECT_EQ(sealed->settled, summary.settled);
  EXPECT_EQ(sealed->balance, summary.balance);
  // The seal repeats what is there: a scan of the whole file finds the same.
  EXPECT_EQ(summary_of(segment).packets, summary.packets);
  EXPECT_EQ(summary_of(segment).records, summary.records);
}

TEST(SegmentSummary, KnowsItsDeadLettersFromItsSealToo) {
  for (std::uint64_t count = 0; count < 20; ++count) {
    SegmentText segment = usual_segment();
    std::vector<PacketEntry> packets;
    std::vector<std::uint64_t> ids;
    for (std::uint64_t index = 0; index < count; ++index) {
      ids.push_back(200 - 7 * index);
      packets.push_back({ids.back(), 1});
    }
    const std::vector<SettledGroup> groups{{"", SettledAs::dead_lettered, 0, packets},
                                           {"", SettledAs::handed_back, 0, {{101, 7}}}};
    segment.add(RecordType::settled, encode_settled(groups));
    const SegmentSummary summary = summary_of(segment);
    EXPECT_EQ(summary.dead_letters, ids);
    EXPECT_EQ(summary.settled.size(), count + 2);
    const auto sealed = decode_seal(encode_seal(summary));
    ASSERT_TRUE(sealed) << count;
    EXPECT_EQ(sealed->dead_letters, ids);
    EXPECT_EQ(sealed->settled, summary.settled);
    EXPECT_EQ(sealed->end_offset, summary.end_offset);
  }
}

TEST(SegmentSummary, TrustsNoSealThatIsHarmed) {
  SegmentText segment = usual_segment();
  const std::size_t at = segment.add(RecordType::seal, encode_seal(summary_of(segment)));
  for (std::size_t byte = at; byte < segment.text().size(); ++byte) {
    std::string text = segment.text();
    text[byte] = static_cast<char>(text[byte] ^ 16);
    const std::uint64_t offset = seal_offset(text, text.size());
    if (offset == text.size()) continue;
    EXPECT_FALSE(read_seal(std::string_view(text).substr(offset), segment.mark(), offset)) << byte;
  }
}

TEST(SegmentSummary, TellsATornTailFromDamage) {
  SegmentText segment = usual_segment();
  const std::size_t stable_record = segment_header_bytes;
  segment.packet(102, "three");
  const std::size_t torn = segment.packet(103, "four");
  segment.text().resize(torn + 20);  // never synced
  EXPECT_TRUE(summary_of(segment).damaged.empty());
  EXPECT_EQ(summary_of(segment).torn_records, 1u);
  EXPECT_EQ(summary_of(segment).records, 5u);

  segment.text()[stable_record + 30] = 'x';  // a later record knew that this one was stable
  const SegmentSummary summary = summary_of(segment);
  EXPECT_EQ(summary.damaged, (std::vector<DamagedStretch>{{stable_record, 1}}));
  EXPECT_EQ(summary.packets.size(), 3u);
}

TEST(SegmentSummary, KnowsFromTheNextSegmentHowFarItIsStable) {
  SegmentText segment;
  segment.packet(100, "one");
  const std::size_t second = segment.packet(101, "two");
  segment.packet(102, "three");
  segment.text().resize(second);
  EXPECT_EQ(summary_of(segment, 3, 3).damaged, (std::vector<DamagedStretch>{{second, 2}}));
  EXPECT_EQ(summary_of(segment, 3, 3).records, 3u);
  EXPECT_TRUE(summary_of(segment, 3, 1).damaged.empty());
}

TEST(SegmentSummary, LeavesOutWhatIsVoid) {
  SegmentText segment;
  segment.packet(100, "one");
  segment.sync();
  const std::size_t failed = segment.packet(101, "its sync failed");
  const SegmentSummary summary = summary_of(segment, 1, 1);
  EXPECT_EQ(summary.packets, (std::vector<PacketEntry>{{100, 1}}));
  EXPECT_EQ(summary.records, 1u);
  EXPECT_EQ(summary.end_offset, failed);
  EXPECT_TRUE(summary.damaged.empty());
}

}  // namespace
}  // namespace logdist::queue
