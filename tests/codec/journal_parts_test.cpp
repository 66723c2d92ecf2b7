// A journal becomes parts of whole entries, however it comes.
#include "logdist/codec/journal_parts.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "logdist/base/random.hpp"
#include "tests/codec/pieces.hpp"
#include "tests/support/seed.hpp"

namespace logdist::codec {
namespace {

constexpr std::size_t ample_entry = 1 << 20;

std::string entry_of(std::size_t bytes) { return "M=" + std::string(bytes - 4, 'x') + "\n\n"; }

struct Taken {
  std::string bytes;
  std::uint32_t entries = 0;
};

/// All parts of `stream`, of which up to `longest` bytes come at a time.
std::vector<Taken> parts_of(const std::string& stream, std::size_t part_max, std::size_t longest, Random& random) {
  JournalParts parts(ample_entry, part_max);
  std::vector<Taken> all;
  std::string buffer;
  const auto take = [&] {
    all.push_back({buffer.substr(0, parts.part().bytes), parts.part().entries});
    buffer.erase(0, parts.part().bytes);
    parts.take();
  };
  for (std::size_t at = 0; at < stream.size();) {
    const std::string piece = stream.substr(at, 1 + random.below(longest));
    at += piece.size();
    buffer += piece;
    while (parts.read(buffer)) take();
    buffer.erase(0, parts.take_blank());
    EXPECT_FALSE(parts.error());
  }
  EXPECT_TRUE(parts.finish());
  while (parts.part().entries > 0) {
    take();
    EXPECT_TRUE(parts.finish());
  }
  buffer.erase(0, parts.take_blank());
  EXPECT_EQ(buffer, "");
  return all;
}

TEST(JournalParts, AreAsLargeAsAllowedAndWhole) {
  Random random(logdist::test::draw_seed());
  for (int round = 0; round < 200; ++round) {
    constexpr std::size_t part_max = 1000;
    std::string stream;
    std::uint64_t entries = 0;
    bool has_long_entry = false;
    const std::uint64_t count = random.below(60);
    for (std::uint64_t i = 0; i < count; ++i) {
      const bool is_long = random.below(10) == 0;
      has_long_entry = has_long_entry || is_long;
      stream += entry_of(is_long ? 1001 + random.below(3000) : 5 + random.below(300));
      ++entries;
    }
    const bool open_end = entries > 0 && random.below(2) == 0;
    if (open_end) stream.pop_back();
    const auto all = parts_of(stream, part_max, 1 + random.below(500), random);
    std::string joined;
    std::uint64_t counted = 0;
    for (const Taken& part : all) {
      joined += part.bytes;
      counted += part.entries;
      EXPECT_GT(part.entries, 0u);
      EXPECT_TRUE(part.bytes.size() <= part_max || (has_long_entry && part.entries == 1));
    }
    EXPECT_EQ(joined, stream);
    EXPECT_EQ(counted, entries);
  }
}

TEST(JournalParts, EachIsAJournalWithAsManyEntries) {
  Random random(1);
  logdist::test::WholeAndPieces bodies;
  std::string stream;
  for (int i = 0; i < 40; ++i) stream += entry_of(100 + static_cast<std::size_t>(i));
  const auto all = parts_of(stream, 1000, 77, random);
  EXPECT_GT(all.size(), 4u);
  for (const Taken& part : all) {
    const auto outcome = bodies.decode(Format::journal, part.bytes);
    EXPECT_TRUE(outcome.accepted);
    EXPECT_EQ(outcome.messages, part.entries);
  }
}

TEST(JournalParts, EmptyLinesBetweenEntriesAreNoMemory) {
  JournalParts parts(ample_entry, 1000);
  std::string buffer(900, '\n');
  EXPECT_FALSE(parts.read(buffer));
  EXPECT_EQ(parts.take_blank(), 900u);
  buffer = entry_of(10) + std::string(2000, '\n');
  EXPECT_TRUE(parts.read(buffer)) << "those behind an entry count";
  EXPECT_EQ(parts.part().bytes, buffer.size());
  EXPECT_EQ(parts.part().entries, 1u);
  EXPECT_EQ(parts.take_blank(), 0u);
}

TEST(JournalParts, AnErrorStays) {
  JournalParts parts(ample_entry, 1000);
  EXPECT_FALSE(parts.read(entry_of(10) + "=x\n"));
  ASSERT_TRUE(parts.error());
  EXPECT_EQ(parts.error()->offset, 10u);
  EXPECT_FALSE(parts.finish());
  JournalParts small(20, 1000);
  EXPECT_FALSE(small.read(entry_of(21)));
  ASSERT_TRUE(small.error());
  EXPECT_TRUE(small.error()->too_large);
  JournalParts half(ample_entry, 1000);
  EXPECT_FALSE(half.read("M=half"));
  EXPECT_TRUE(half.in_entry());
  EXPECT_FALSE(half.finish());
  EXPECT_FALSE(half.finish());
}

TEST(JournalBodies, AreCountedByEntries) {
  logdist::test::WholeAndPieces bodies;
  const std::pair<std::string, std::uint32_t> counted[] = {
      {"", 0}, {"\n\n", 0}, {"A=1\n", 1}, {"A=1\nB=2\n\n", 1}, {"A=1\n\n\nB=2\n\nC=3\n", 3}};
  for (const auto& [body, entries] : counted) {
    const auto outcome = bodies.decode(Format::journal, body);
    EXPECT_TRUE(outcome.accepted) << body;
    EXPECT_EQ(outcome.messages, entries) << body;
  }
  const auto outcome = bodies.decode(Format::journal, "A=1\n\nB");
  EXPECT_FALSE(outcome.accepted);
  EXPECT_EQ(outcome.error.offset, 6u);
  EXPECT_EQ(outcome.error.message, 1u);
}

}  // namespace
}  // namespace logdist::codec
