// The log with compressed batches: what is given back, found by its place, and lost by damage.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "logdist/queue/disk/packet_lookup.hpp"
#include "logdist/queue/disk/segment_reader.hpp"
#include "logdist/queue/disk/settled_reader.hpp"
#include "logdist/queue/log/record_batch.hpp"
#include "tests/queue/disk/durable_log_fixture.hpp"

namespace logdist::queue {
namespace {

class CompressionTest : public DurableLogTest {
 protected:
  CompressionTest() {
    options_.compress = true;
    options_.segment_bytes = std::uint64_t{1} << 20;
  }

  static std::string body_of(std::size_t packet, std::size_t bytes = 2000) {
    std::string body = "{\"packet\":" + std::to_string(packet) + ",\"messages\":[";
    while (body.size() < bytes) body += "{\"level\":\"info\",\"text\":\"connection closed\"},";
    return body;
  }

  /// Appends packets in groups of `group` and waits until they are durable. Their ids.
  std::vector<std::uint64_t> append(DurableLog& log, std::size_t packets, std::size_t group) {
    std::vector<std::uint64_t> ids;
    while (ids.size() < packets) {
      std::vector<std::string> bodies;
      std::vector<NewPacket> views;
      for (std::size_t index = 0; index < group; ++index) bodies.push_back(body_of(ids.size() + index));
      for (const std::string& body : bodies) views.push_back({2, 17, {}, body});
      std::uint64_t first_id = 0;
      EXPECT_EQ(log.append(0, views, first_id), AppendResult::taken);
      for (const auto& [id, outcome] : loops_.wait_for(log, group)) {
        EXPECT_EQ(outcome, StoreOutcome::durable);
        ids.push_back(id);
      }
    }
    return ids;
  }

  std::uint64_t bytes_on_disk(bool compress) {
    options_.compress = compress;
    options_.directory = folder_.file(compress ? "small" : "large");
    auto log = open();
    EXPECT_TRUE(log) << error_.message;
    append(*log, 200, 50);
    const LogPosition end = log->end();
    log->close(Clock::now(), 0);
    return end.offset;
  }
};

TEST_F(CompressionTest, TakesAFractionOfTheDisk) { EXPECT_LT(bytes_on_disk(true) * 8, bytes_on_disk(false)); }

TEST_F(CompressionTest, GivesEachPacketBackAfterAKillAndAfterAStop) {
  std::vector<std::uint64_t> ids;
  for (const bool is_closed : {false, true}) {
    auto log = open();
    ASSERT_TRUE(log) << error_.message;
    const auto more = append(*log, 120, 40);
    ids.insert(ids.end(), more.begin(), more.end());
    if (is_closed) log->close(Clock::now(), 0);
  }
  auto log = open();
  ASSERT_TRUE(log) << error_.message;
  EXPECT_EQ(log->recovery().packets, ids.size());
  EXPECT_EQ(log->recovery().messages, 2 * ids.size());
  const auto found = read_all(*log);
  ASSERT_EQ(found.size(), ids.size());
  for (std::size_t packet = 0; packet < found.size(); ++packet) {
    EXPECT_EQ(found[packet].id, ids[packet]);
    EXPECT_EQ(found[packet].body, body_of(packet % 120));
  }
}

TEST_F(CompressionTest, FindsAPacketByItsPlaceAndByItsIdAlone) {
  auto log = open();
  ASSERT_TRUE(log) << error_.message;
  const auto ids = append(*log, 90, 30);
  for (std::size_t packet = 0; packet < ids.size(); ++packet) {
    for (const LogPosition place : {loops_.places[ids[packet]], LogPosition{}, loops_.places[ids.back()]}) {
      StoredPacket found;
      ASSERT_EQ(find_packet(*log, ids[packet], place, found), LookupOutcome::found);
      EXPECT_EQ(found.id, ids[packet]);
      EXPECT_EQ(found.body, body_of(packet));
      EXPECT_EQ(found.place, loops_.places[ids[packet]]);
    }
  }
  EXPECT_EQ(log->status().damaged_records, 0u);
}

TEST_F(CompressionTest, ReadsOnBehindABatchFromWhereItStopped) {
  auto log = open();
  ASSERT_TRUE(log) << error_.message;
  append(*log, 30, 30);
  log->close(Clock::now(), 0);
  log.reset();
  log = open();
  std::vector<StoredPacket> found;
  PacketReader reader(*log, 0, log->recovery().until_id);
  for (std::size_t packet = 1; packet <= 30; ++packet) {
    EXPECT_TRUE(reader.read(1, found));
    ASSERT_EQ(found.size(), packet);
  }
  EXPECT_FALSE(reader.read(1, found));
  // And another one from the place of one in the middle.
  std::vector<StoredPacket> rest;
  PacketReader from_place(*log, found[20].id, log->recovery().until_id, found[20].place);
  while (from_place.read(1 << 20, rest)) {
  }
  ASSERT_EQ(rest.size(), 10u);
  EXPECT_EQ(rest.front().body, body_of(20));
}

TEST_F(CompressionTest, OnesThatAreLargerThanAFileHaveAFile) {
  auto log = open();
  ASSERT_TRUE(log) << error_.message;
  std::string body(3 << 20, '\0');
  for (std::size_t at = 0; at < body.size(); ++at) body[at] = static_cast<char>((at * at * 2654435761U) >> 13);
  const NewPacket packet{1, 0, {}, body};
  std::uint64_t id = 0;
  ASSERT_EQ(log->append(0, std::span(&packet, 1), id), AppendResult::taken);
  EXPECT_EQ(loops_.wait_for(*log, 1).at(id), StoreOutcome::durable);
  StoredPacket found;
  ASSERT_EQ(find_packet(*log, id, loops_.places[id], found), LookupOutcome::found);
  EXPECT_EQ(found.body, body);
}

TEST_F(CompressionTest, ADamagedBatchIsAsManyDamagedRecordsAsItHad) {
  std::uint64_t middle = 0;
  {
    auto log = open();
    ASSERT_TRUE(log) << error_.message;
    const auto ids = append(*log, 30, 10);
    middle = loops_.places[ids[10]].offset;
    log->close(Clock::now(), 0);
  }
  {
    std::fstream file(only_segment(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(middle + record_header_bytes + 20));
    file.put('\x55');
  }
  options_.own_thread = false;
  auto log = open();
  ASSERT_TRUE(log) << error_.message;
  const auto found = read_all(*log);
  ASSERT_EQ(found.size(), 20u);
  EXPECT_EQ(found[9].body, body_of(9));
  EXPECT_EQ(found[10].body, body_of(20));
  EXPECT_EQ(log->status().damaged_records, 10u);
}

/// The program before wrote files without batches, and reads no others: it says so.
TEST_F(CompressionTest, OnlyFilesWithBatchesAreOfTheNewFormat) {
  for (const bool compress : {false, true}) {
    options_.compress = compress;
    auto log = open();
    ASSERT_TRUE(log) << error_.message;
    append(*log, 10, 10);
    DecodedSegmentHeader header;
    ASSERT_FALSE(read_segment_header(*files_, only_segment(), header));
    EXPECT_EQ(header.version, compress ? log_format_version : plain_format_version);
    log->close(Clock::now(), 0);
  }
  options_.compress = false;
  auto log = open();
  ASSERT_TRUE(log) << error_.message;
  EXPECT_EQ(read_all(*log).size(), 20u);
}

/// tests/queue/disk/data/format-1.log is of the last program that had no batches: three packets that were delivered,
/// two that were not, and a seal.
TEST_F(CompressionTest, TakesUpAQueueOfTheProgramBefore) {
  const std::string name = segment_name(std::uint64_t{1} << 32);
  std::filesystem::create_directory(options_.directory);
  std::filesystem::copy_file(LOGDIST_SOURCE_DIR "/tests/queue/disk/data/format-1.log", options_.directory + "/" + name);
  auto log = open();
  ASSERT_TRUE(log) << error_.message;
  EXPECT_EQ(log->recovery().packets, 2u);
  EXPECT_EQ(log->recovery().messages, 4u);
  EXPECT_EQ(log->recovery().segments_scanned, 0u);
  ASSERT_TRUE(log->recovery().balance);
  EXPECT_EQ(log->recovery().balance->analyzers[0].name, "alpha");
  const auto found = read_all(*log);
  ASSERT_EQ(found.size(), 2u);
  for (const StoredPacket& packet : found) {
    const std::string id(decode_metadata(packet.metadata).value().packet_id);
    EXPECT_EQ(id, &packet == &found[0] ? "waiting-1" : "waiting-2");
    EXPECT_EQ(packet.body, "{\"agent_id\":\"edge\",\"packet_id\":\"" + id + "\",\"messages\":[{\"text\":\"" + id +
                               "\"},{\"text\":\"one more\"}]}");
  }
  append(*log, 10, 10);
  EXPECT_EQ(log->status().packets, 12u);
}

TEST_F(CompressionTest, SettledPacketsAreReadFromBatches) {
  options_.retain_bytes = 1 << 20;
  auto log = open();
  ASSERT_TRUE(log) << error_.message;
  const auto ids = append(*log, 20, 20);
  std::vector<SettledPacket> settled;
  for (const std::uint64_t id : ids) settled.push_back({id, 2, SettledAs::delivered, "a"});
  log->settle(settled);
  log->close(Clock::now(), 0);
  log.reset();
  log = open();
  ASSERT_TRUE(log) << error_.message;
  EXPECT_EQ(log->recovery().packets, 0u);
  std::vector<SettledPacketRead> found;
  for (SettledReader reader(*log, {}); reader.read(1 << 20, found);) {
  }
  ASSERT_EQ(found.size(), 20u);
  EXPECT_EQ(found[7].packet.body, body_of(7));
}

}  // namespace
}  // namespace logdist::queue
