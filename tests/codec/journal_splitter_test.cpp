// A journal is cut where its entries end, however it comes.
#include "logdist/codec/journal_splitter.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "logdist/base/random.hpp"
#include "tests/support/seed.hpp"

namespace logdist::codec {
namespace {

using namespace std::string_literals;

constexpr std::size_t ample = 1 << 20;

/// A field whose text may hold anything.
std::string binary_field(const std::string& name, const std::string& text) {
  std::string field = name + "\n";
  for (int i = 0; i < 8; ++i) field += static_cast<char>(text.size() >> (8 * i) & 0xff);
  return field + text + "\n";
}

/// What a stream is cut into: entries, and what is behind the last.
struct Cut {
  std::vector<std::string> entries;
  std::string rest;
  JournalSplitter::End end = JournalSplitter::End::within_entry;
  JournalError error;
};

/// Cuts `stream`, which comes in pieces of up to `longest` bytes.
Cut cut(const std::string& stream, std::size_t longest, Random& random, std::size_t entry_bytes_max = ample) {
  JournalSplitter splitter(entry_bytes_max);
  Cut cut;
  for (std::size_t at = 0; at < stream.size() && !splitter.error();) {
    const std::string piece = stream.substr(at, random.below(longest + 1));
    for (std::size_t begin = 0; begin < piece.size();) {
      const auto [taken, entry_ends] = splitter.step(std::string_view(piece).substr(begin));
      cut.rest += piece.substr(begin, taken);
      begin += taken;
      if (entry_ends) {
        EXPECT_EQ(splitter.entry_bytes(), 0u);
        cut.entries.push_back(cut.rest);
        cut.rest.clear();
      } else if (splitter.error()) {
        break;
      } else {
        EXPECT_EQ(begin, piece.size());
      }
    }
    at += piece.size();
  }
  cut.end = splitter.finish();
  cut.error = splitter.error().value_or(JournalError{});
  return cut;
}

class Journal : public ::testing::Test {
 protected:
  Cut cut_whole(const std::string& stream, std::size_t entry_bytes_max = ample) {
    const Cut whole = cut(stream, stream.size(), random_, entry_bytes_max);
    for (const std::size_t longest : {1u, 3u, 40u}) {
      const Cut pieces = cut(stream, longest, random_, entry_bytes_max);
      EXPECT_EQ(pieces.entries, whole.entries);
      EXPECT_EQ(pieces.end, whole.end);
      EXPECT_EQ(pieces.error.detail, whole.error.detail);
      EXPECT_EQ(pieces.error.too_large, whole.error.too_large);
      EXPECT_TRUE(whole.error.too_large || pieces.error.offset == whole.error.offset);
    }
    return whole;
  }

  Random random_{logdist::test::draw_seed()};
};

const std::string first = "__CURSOR=s=1;i=2\n__REALTIME_TIMESTAMP=1700000000000001\nMESSAGE=one\n\n";
const std::string second = "MESSAGE=\n" + binary_field("DATA", "two\n\nlines=\0\xff"s) + "PRIORITY=6\n\n";

TEST_F(Journal, IsCutWhereEntriesEnd) {
  const Cut two = cut_whole(first + second);
  EXPECT_EQ(two.entries, (std::vector<std::string>{first, second}));
  EXPECT_EQ(two.rest, "");
  EXPECT_EQ(two.end, JournalSplitter::End::between_entries);
  EXPECT_EQ(cut_whole("").end, JournalSplitter::End::between_entries);
}

TEST_F(Journal, MayHaveMoreEmptyLines) {
  const Cut two = cut_whole("\n" + first + "\n\n" + second + "\n");
  EXPECT_EQ(two.entries, (std::vector<std::string>{"\n" + first, "\n\n" + second}));
  EXPECT_EQ(two.rest, "\n");
  EXPECT_EQ(two.end, JournalSplitter::End::between_entries);
}

TEST_F(Journal, MayEndWithItsLastEntry) {
  const Cut one = cut_whole(first + "MESSAGE=two\n");
  EXPECT_EQ(one.entries, std::vector<std::string>{first});
  EXPECT_EQ(one.rest, "MESSAGE=two\n");
  EXPECT_EQ(one.end, JournalSplitter::End::with_entry);
}

TEST_F(Journal, MayHoldEmptyTexts) {
  const std::string entry = binary_field("EMPTY", "") + "NONE=\n\n";
  EXPECT_EQ(cut_whole(entry + entry).entries, (std::vector<std::string>{entry, entry}));
}

TEST_F(Journal, SaysWhatIsWrongAndWhere) {
  const auto expect = [this](const std::string& stream, std::string_view detail, std::size_t offset) {
    const Cut one = cut_whole(first + stream);
    EXPECT_EQ(one.entries, std::vector<std::string>{first});
    EXPECT_EQ(one.end, JournalSplitter::End::within_entry);
    EXPECT_EQ(one.error.detail, detail);
    EXPECT_EQ(one.error.offset, first.size() + offset) << detail;
    EXPECT_FALSE(one.error.too_large);
  };
  expect("=text\n\n", "a field has no name", 0);
  expect(" A=text\n\n", "a field has no name", 0);
  expect("A=1\nB C=text\n\n", "the name of a field has a byte that it must not have", 5);
  expect("A\r\n", "the name of a field has a byte that it must not have", 1);
  expect("A=text", "the stream ends within a field", 6);
  expect("A", "the stream ends within a field", 1);
  expect("A\n\x01\0\0"s, "the stream ends within a field", 5);
  expect(binary_field("A", "text").substr(0, 12), "the stream ends within a field", 12);
  expect(binary_field("A", "text").substr(0, 14) + "x\n", "a field does not end where its length says", 14);
}

TEST_F(Journal, HasEntriesOfSoManyBytes) {
  EXPECT_EQ(cut_whole(first + first, first.size()).entries.size(), 2u);
  EXPECT_TRUE(cut_whole(first, first.size() - 1).error.too_large);
  EXPECT_TRUE(cut_whole("A\n\0\0\0\0\0\0\0\x80"s, ample).error.too_large) << "known before it comes";
  EXPECT_TRUE(cut_whole("A=" + std::string(200, 'x'), 100).error.too_large);
  EXPECT_TRUE(cut_whole("\n\n\n\n\n\n" + first, first.size()).error.detail.empty()) << "empty lines are of no entry";
}

}  // namespace
}  // namespace logdist::codec
