// Scanning: every record that is whole is found, whatever lies between; nothing else is.
#include "logdist/queue/log/segment_scanner.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "logdist/base/random.hpp"
#include "tests/queue/log/segment_text.hpp"
#include "tests/support/seed.hpp"

namespace logdist::queue {
namespace {

using test::FoundRecord;
using test::scan;
using test::SegmentText;

TEST(SegmentScanner, FindsEachRecordInWindowsOfAnySize) {
  SegmentText segment;
  for (std::uint64_t id = 100; id < 120; ++id) segment.packet(id, std::string(id * 3, 'x'));
  segment.text().append(4096, '\0');
  for (const std::size_t window : {1u, 48u, 64u, 333u, 1u << 20}) {
    const auto found = scan(segment.text(), segment.mark(), window);
    ASSERT_EQ(found.size(), 20u) << window;
    for (std::size_t index = 0; index < 20; ++index) {
      EXPECT_EQ(found[index].header.id, 100 + index);
      EXPECT_EQ(found[index].body.size(), (100 + index) * 3);
    }
  }
}

TEST(SegmentScanner, GoesOnBehindDamage) {
  SegmentText segment;
  segment.packet(100, "first");
  const std::size_t second = segment.packet(101, "second");
  const std::size_t third = segment.packet(102, "third");
  segment.packet(103, "fourth");
  for (const std::size_t at : {second, second + 9, third - 8, second + record_header_bytes}) {
    std::string text = segment.text();
    text[at] = static_cast<char>(text[at] ^ 1);
    const auto found = scan(text, segment.mark(), 48);
    const bool padding = at == third - 8 && found.size() == 4;
    ASSERT_TRUE(found.size() == 3 || padding) << at;
    EXPECT_EQ(found[1].header.id, padding ? 101u : 102u);
  }
}

TEST(SegmentScanner, TakesNoBodyForARecord) {
  // An agent that knows the format, but not this log: whole records of another one in the body of a packet.
  SegmentText foreign({.log_id = 8, .first_id = 100});
  foreign.packet(100, "forged");
  SegmentText segment;
  const std::size_t at = segment.packet(100, std::string(8, 'p') + foreign.text().substr(segment_header_bytes));
  segment.packet(101, "next");
  segment.text()[at + 20] = 9;  // damaged, so that the search goes through its body
  const auto found = scan(segment.text(), segment.mark(), 1 << 20);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].body, "next");
}

TEST(SegmentScanner, SkipsALengthThatReachesBeyondTheFile) {
  SegmentText segment;
  segment.packet(100, "whole");
  segment.packet(101, std::string(1000, 'x'));
  const auto found = scan(std::string_view(segment.text()).substr(0, segment.text().size() - 500), segment.mark(), 64);
  ASSERT_EQ(found.size(), 1u);
}

TEST(SegmentScannerProperty, FindsExactlyWhatIsUnharmed) {
  Random random(test::draw_seed());
  for (int round = 0; round < 300; ++round) {
    SegmentText segment;
    struct Extent {
      std::size_t begin, end;
      std::uint64_t id;
    };
    std::vector<Extent> extents;
    for (std::uint64_t id = 100; id < 100 + random.below(30); ++id) {
      const std::size_t begin = segment.packet(id, std::string(random.below(300), static_cast<char>(random.next())));
      extents.push_back({begin, segment.text().size(), id});
    }
    std::string text = segment.text();
    std::vector<std::size_t> harmed;
    for (std::uint64_t count = random.below(6); count > 0 && text.size() > segment_header_bytes; --count) {
      const std::size_t at = segment_header_bytes + random.below(text.size() - segment_header_bytes);
      text[at] = static_cast<char>(text[at] ^ (1 << random.below(8)));
    }
    if (random.below(4) == 0) text.resize(segment_header_bytes + random.below(text.size() - segment_header_bytes + 1));
    std::vector<std::uint64_t> expected;
    for (const Extent& extent : extents) {
      if (extent.end > text.size()) continue;
      // The padding is in no checksum.
      const std::size_t size =
          record_header_bytes + scan(segment.text(), segment.mark(), 64)[extent.id - 100].body.size();
      if (text.compare(extent.begin, size, segment.text(), extent.begin, size) == 0) expected.push_back(extent.id);
    }
    std::vector<std::uint64_t> found;
    for (const FoundRecord& record : scan(text, segment.mark(), 48 + random.below(500)))
      found.push_back(record.header.id);
    ASSERT_EQ(found, expected) << "round " << round;
  }
}

}  // namespace
}  // namespace logdist::queue
