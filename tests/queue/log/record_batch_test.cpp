#include "logdist/queue/log/record_batch.hpp"

#include <gtest/gtest.h>

#include <array>
#include <random>
#include <string>

namespace logdist::queue {
namespace {

constexpr SegmentMark any_mark{7, 9};

void add(BatchWriter& batch, std::string_view metadata, std::string_view body) {
  std::array<char, record_header_bytes> header{};
  encode_record_header({.body_bytes = static_cast<std::uint32_t>(body.size())}, any_mark, header);
  batch.add(header, metadata, body);
}

std::string noise(std::size_t bytes) {
  std::mt19937 random(3);
  std::string text(bytes, '\0');
  for (char& byte : text) byte = static_cast<char>(random());
  return text;
}

TEST(RecordBatch, GivesTheRecordsBackAsTheyWouldLieInAFile) {
  BatchWriter batch;
  add(batch, "m", "first");
  add(batch, "", std::string(5000, 'x'));
  EXPECT_EQ(batch.records(), 2u);
  const std::string payload = batch.finish();
  EXPECT_LT(payload.size(), 300u);
  EXPECT_EQ(batch.records(), 0u);

  const auto records = expand_batch(payload);
  ASSERT_TRUE(records);
  const std::size_t second = record_bytes(6);
  ASSERT_EQ(records->size(), second + record_bytes(5000));
  EXPECT_EQ(records->substr(record_header_bytes, 8), std::string("mfirst\0\0", 8));
  const auto header = decode_record_header(std::string_view(*records).substr(second), any_mark);
  ASSERT_TRUE(header);
  EXPECT_EQ(header->body_bytes, 5000u);
  EXPECT_EQ(records->substr(second + record_header_bytes, 5000), std::string(5000, 'x'));
}

TEST(RecordBatch, BeginsEachBatchAnew) {
  BatchWriter batch;
  add(batch, "", "first");
  const std::string first = batch.finish();
  add(batch, "", "second");
  EXPECT_NE(first, batch.finish());
  add(batch, "", "first");
  EXPECT_EQ(first, batch.finish());
}

TEST(RecordBatch, IsNeverLongerThanItsBound) {
  for (const std::size_t bytes : {0u, 1u, 100u, 70'000u, 300'000u, 3'000'000u}) {
    const std::string body = noise(bytes);
    BatchWriter batch;
    const std::size_t bound = batch.payload_bound(bytes);
    EXPECT_EQ(bound, BatchWriter::payload_bound(0, bytes));
    add(batch, "", body);
    EXPECT_GT(batch.payload_bound(bytes), bound);
    const std::string payload = batch.finish();
    EXPECT_LE(payload.size(), bound);
    EXPECT_EQ(expand_batch(payload)->substr(record_header_bytes, bytes), body);
  }
}

TEST(RecordBatch, IsFullByBytesAndByRecords) {
  BatchWriter by_bytes;
  add(by_bytes, "", std::string(batch_bytes_max - 2 * record_header_bytes, 'x'));
  EXPECT_FALSE(by_bytes.is_full());
  add(by_bytes, "", "");
  EXPECT_TRUE(by_bytes.is_full());

  BatchWriter by_records;
  for (std::size_t record = 0; record + 1 < batch_records_max; ++record) add(by_records, "", "x");
  EXPECT_FALSE(by_records.is_full());
  add(by_records, "", "x");
  EXPECT_TRUE(by_records.is_full());
}

TEST(RecordBatch, ExpandsNoMoreThanItMay) {
  BatchWriter batch;
  add(batch, "", std::string(100'000, 'x'));
  const std::string payload = batch.finish();
  EXPECT_LT(payload.size(), 200u);
  EXPECT_TRUE(expand_batch(payload, record_bytes(100'000)));
  EXPECT_FALSE(expand_batch(payload, record_bytes(100'000) - 1));
}

TEST(RecordBatch, HarmIsRefusedOrChangesBytesAlone) {
  BatchWriter batch;
  add(batch, "", noise(200) + std::string(200, 'y'));
  const std::string payload = batch.finish();
  const std::size_t bytes = record_bytes(400);
  for (std::size_t cut = 0; cut < payload.size(); ++cut) {
    EXPECT_FALSE(expand_batch(std::string_view(payload).substr(0, cut))) << cut;
  }
  for (std::size_t at = 0; at < payload.size(); ++at) {
    std::string harmed = payload;
    harmed[at] = static_cast<char>(~harmed[at]);
    const auto records = expand_batch(harmed, 1 << 20);
    EXPECT_TRUE(!records || records->size() <= bytes || at < 8) << at;
  }
  EXPECT_FALSE(expand_batch(payload + payload.substr(0, 9)));
  EXPECT_FALSE(expand_batch(noise(64)));
}

}  // namespace
}  // namespace logdist::queue
