// What lies on disk: the heads of segments and records, checksums, payloads.
#include "logdist/queue/log/record.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>

#include "logdist/queue/log/settled.hpp"
#include "tests/queue/log/segment_text.hpp"

namespace logdist::queue {
namespace {

TEST(SegmentHeader, ComesBackAsItWasWritten) {
  const SegmentHeader header{1, 2, 3, 4, 5};
  std::array<char, segment_header_bytes> bytes{};
  encode_segment_header(header, bytes);
  const auto decoded = decode_segment_header({bytes.data(), bytes.size()});
  ASSERT_EQ(decoded.state, SegmentHeaderState::good);
  EXPECT_EQ(decoded.header.log_id, 1u);
  EXPECT_EQ(decoded.header.first_id, 2u);
  EXPECT_EQ(decoded.header.previous_first_id, 3u);
  EXPECT_EQ(decoded.header.previous_records, 4u);
  EXPECT_EQ(decoded.header.previous_stable, 5u);
}

TEST(SegmentHeader, OfANewerVersionIsToldFromADamagedOne) {
  std::array<char, segment_header_bytes> bytes{};
  encode_segment_header({1, 2, 3, 4, 5}, bytes, log_format_version + 1);
  const auto newer = decode_segment_header({bytes.data(), bytes.size()});
  EXPECT_EQ(newer.state, SegmentHeaderState::newer);
  EXPECT_EQ(newer.version, log_format_version + 1);
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    bytes[at] = static_cast<char>(bytes[at] ^ 4);
    EXPECT_EQ(decode_segment_header({bytes.data(), bytes.size()}).state, SegmentHeaderState::damaged) << at;
    bytes[at] = static_cast<char>(bytes[at] ^ 4);
  }
}

TEST(SegmentHeader, IsBlankBeforeItIsWritten) {
  EXPECT_EQ(decode_segment_header(std::string(4096, '\0')).state, SegmentHeaderState::blank);
  EXPECT_EQ(decode_segment_header("").state, SegmentHeaderState::blank);
  EXPECT_EQ(decode_segment_header("logdist").state, SegmentHeaderState::damaged);
}

TEST(SegmentName, IsItsFirstIdAndNothingElse) {
  EXPECT_EQ(segment_name(0xAB12), "000000000000ab12.log");
  EXPECT_EQ(parse_segment_name(segment_name(~std::uint64_t{0})), ~std::uint64_t{0});
  for (const char* const name : {"000000000000AB12.log", "ab12.log", "000000000000ab12.log.damaged",
                                 "00000000000 ab12.log", "000000000000ab1g.log", "reserve", "lock", ""}) {
    EXPECT_FALSE(parse_segment_name(name)) << name;
  }
}

TEST(RecordHeader, NoticesEachFlippedBit) {
  const SegmentMark mark = SegmentHeader{.log_id = 1, .first_id = 2}.mark();
  std::array<char, record_header_bytes> bytes{};
  encode_record_header({RecordType::settled, 1, 2, 3, 4, 5, 6, 7, 8, true}, mark, bytes);
  const std::string_view text(bytes.data(), bytes.size());
  const auto decoded = decode_record_header(text, mark);
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->type, RecordType::settled);
  EXPECT_EQ(decoded->metadata_bytes, 1);
  EXPECT_EQ(decoded->body_bytes, 2u);
  EXPECT_EQ(decoded->payload_crc, 3u);
  EXPECT_EQ(decoded->messages, 4u);
  EXPECT_EQ(decoded->ordinal, 5u);
  EXPECT_EQ(decoded->stable, 6u);
  EXPECT_EQ(decoded->id, 7u);
  EXPECT_EQ(decoded->time_ns, 8);
  EXPECT_TRUE(decoded->copy);
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << bit % 8));
    EXPECT_FALSE(decode_record_header(text, mark)) << bit;
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << bit % 8));
  }
  // Another segment's records are none here, nor another log's.
  EXPECT_FALSE(decode_record_header(text, SegmentHeader{.log_id = 1, .first_id = 3}.mark()));
  EXPECT_FALSE(decode_record_header(text, SegmentHeader{.log_id = 2, .first_id = 2}.mark()));
}

TEST(PacketMetadata, ComesBackAndSkipsWhatItDoesNotKnow) {
  const PacketMetadata metadata{"id-1", "Content-Type: application/json\r\n", "10.0.0.1", "/v1/packets", {1, 2}};
  auto bytes = encode_metadata(metadata);
  ASSERT_TRUE(bytes);
  EXPECT_EQ(decode_metadata(*bytes), metadata);
  *bytes += std::string(
      "\x63\x03"
      "new",
      5);
  EXPECT_EQ(decode_metadata(*bytes), metadata);
  EXPECT_FALSE(decode_metadata(bytes->substr(0, bytes->size() - 1)));
  EXPECT_EQ(decode_metadata(""), PacketMetadata{});
  EXPECT_FALSE(encode_metadata({.packet_id = std::string(metadata_bytes_max, 'x')}));
}

TEST(Settled, ComesBackAsItWas) {
  const std::vector<SettledGroup> groups{{"a", SettledAs::delivered, 12, {{5, 1}, {3, 70'000}, {~0ull, 2}}},
                                         {"", SettledAs::handed_back, 0, {{9, 1}}},
                                         {"b", SettledAs::delivered, 3, {}}};
  const std::string bytes = encode_settled(groups);
  EXPECT_EQ(decode_settled(bytes), groups);
  for (std::size_t size = 1; size < bytes.size(); ++size) {
    const auto part = decode_settled(bytes.substr(0, size));
    EXPECT_NE(part, groups) << size;
  }
}

TEST(BalanceFigures, FollowTheSelector) {
  BalanceFigures figures{{{"a", 0, 0, 3}, {"b", 0, 0, 1}, {"c", 0, 10, 4, false}}};
  figures.charge("a", 8);
  EXPECT_DOUBLE_EQ(figures.analyzers[0].deficit, -2);
  EXPECT_DOUBLE_EQ(figures.analyzers[1].deficit, 2);
  EXPECT_DOUBLE_EQ(figures.analyzers[2].debt, 10 + 4);
  figures.charge("c", 4);  // a trial, against its debt
  EXPECT_DOUBLE_EQ(figures.analyzers[2].debt, 14 - 2);
  figures.charge("unknown", 4);
  EXPECT_DOUBLE_EQ(figures.analyzers[0].deficit + figures.analyzers[1].deficit, 0);
  EXPECT_EQ(decode_balance(encode_balance(figures)), figures);
  EXPECT_FALSE(decode_balance(encode_balance(figures).substr(0, 30)));
}

}  // namespace
}  // namespace logdist::queue
