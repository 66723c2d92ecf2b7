// The log on a real disk, with its thread; and what it says when it cannot start.
#include "logdist/queue/disk/durable_log.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <condition_variable>
#include <fstream>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "logdist/queue/disk/files/posix_file_system.hpp"
#include "logdist/queue/disk/packet_reader.hpp"
#include "logdist/queue/disk/settled_reader.hpp"
#include "logdist/queue/log/record.hpp"
#include "tests/queue/disk/durable_log_fixture.hpp"

namespace logdist::queue {
namespace {

TEST_F(DurableLogTest, KeepsWhatTwoLoopsGiveItOverARestart) {
  options_.loops = 2;
  const std::string body(2000, 'x');
  const std::string metadata = *encode_metadata({.packet_id = "p"});
  {
    auto log = open();
    ASSERT_TRUE(log) << error_.message;
    const auto give = [&](LoopId loop) {
      for (int batch = 0; batch < 50; ++batch) {
        const std::array<NewPacket, 2> packets{NewPacket{3, 17, metadata, body}, NewPacket{3, 18, metadata, body}};
        std::uint64_t first_id = 0;
        ASSERT_EQ(log->append(loop, packets, first_id), AppendResult::taken);
      }
    };
    std::thread other(give, 1);
    give(0);
    other.join();
    const auto outcomes = loops_.wait_for(*log, 200);
    for (const auto& [id, outcome] : outcomes) EXPECT_EQ(outcome, StoreOutcome::durable) << id;
    for (const auto& [id, outcome] : outcomes) {
      const SettledPacket settled{id, 3, SettledAs::delivered, "a"};
      if (id % 2 == 0) log->settle(std::span(&settled, 1));
    }
    log->set_balance({{{"a", -5, 0, 2}, {"b", 5, 0, 1}}});
    log->close(Clock::now(), 0);
  }
  auto log = open();
  ASSERT_TRUE(log) << error_.message;
  EXPECT_EQ(log->recovery().packets, 100u);
  EXPECT_EQ(log->recovery().messages, 300u);
  EXPECT_EQ(log->recovery().segments_scanned, 0u);
  ASSERT_TRUE(log->recovery().balance);
  EXPECT_EQ(log->recovery().balance->analyzers[1], (AnalyzerFigures{"b", 5, 0, 1}));
  const auto found = read_all(*log);
  ASSERT_EQ(found.size(), 100u);
  for (const StoredPacket& packet : found) {
    EXPECT_EQ(packet.id % 2, 1u);
    EXPECT_EQ(packet.body, body);
    EXPECT_EQ(packet.metadata, metadata);
  }
  log->close(Clock::now(), 0);
}

/// A loop hands over what it has settled at the end of its turn: a balance taken meanwhile has those charges already.
TEST_F(DurableLogTest, ChargesWhatABalanceHasAlreadyOnlyOnce) {
  {
    auto log = open();
    ASSERT_TRUE(log) << error_.message;
    const auto settle = [&](std::uint64_t version, std::uint32_t messages) {
      const SettledPacket settled{1'000, messages, SettledAs::delivered, "a", version};
      log->settle(std::span(&settled, 1));
    };
    settle(0, 100);
    log->set_balance({{{"a", -30, 0, 1}, {"b", 30, 0, 1}}}, 1);
    settle(0, 8);
    settle(1, 4);
    log->set_balance({{{"a", -40, 0, 1}, {"b", 40, 0, 1}}}, 2);
    settle(1, 16);
    settle(2, 6);
    log->close(Clock::now(), 0);
  }
  auto log = open();
  ASSERT_TRUE(log) << error_.message;
  ASSERT_TRUE(log->recovery().balance);
  EXPECT_DOUBLE_EQ(log->recovery().balance->analyzers[0].deficit, -40 - 3);
  EXPECT_DOUBLE_EQ(log->recovery().balance->analyzers[1].deficit, 40 + 3);
  log->close(Clock::now(), 0);
}

TEST_F(DurableLogTest, NeverWritesWhatIsSettledBeforeItsTurn) {
  options_.own_thread = false;
  auto log = open();
  ASSERT_TRUE(log) << error_.message;
  const NewPacket packet{4, 0, {}, "body"};
  std::uint64_t id = 0;
  ASSERT_EQ(log->append(0, std::span(&packet, 1), id), AppendResult::taken);
  const SettledPacket settled{id, 4, SettledAs::delivered, "a"};
  log->settle(std::span(&settled, 1));
  log->step(Clock::now(), 0);
  std::vector<StoreReport> reports;
  log->collect(0, reports);
  ASSERT_EQ(reports.size(), 1u);
  EXPECT_EQ(reports[0].outcome, StoreOutcome::elided);
  EXPECT_EQ(log->status().packets_written, 0u);
}

TEST_F(DurableLogTest, RefusesWhatItsBacklogHasNoRoomFor) {
  options_.own_thread = false;
  options_.pending_packets_max = 2;
  auto log = open();
  ASSERT_TRUE(log) << error_.message;
  const std::array<NewPacket, 2> packets{NewPacket{1, 0, {}, "one"}, NewPacket{1, 0, {}, "two"}};
  std::uint64_t id = 0;
  EXPECT_EQ(log->append(0, packets, id), AppendResult::taken);
  EXPECT_EQ(log->append(0, packets, id), AppendResult::backlog_full);
  log->step(Clock::now(), 0);
  EXPECT_EQ(log->append(0, packets, id), AppendResult::taken);
}

TEST_F(DurableLogTest, NamesTheProcessThatHasItsDirectory) {
  auto log = open();
  ASSERT_TRUE(log) << error_.message;
  EXPECT_FALSE(open());
  EXPECT_EQ(error_.kind, OpenError::Kind::locked);
  EXPECT_NE(error_.message.find("pid " + std::to_string(::getpid())), std::string::npos) << error_.message;
  log->close(Clock::now(), 0);
  log.reset();
  EXPECT_TRUE(open());
}

TEST_F(DurableLogTest, RefusesANewerVersionAndChangesNothing) {
  open()->close(Clock::now(), 0);
  const std::string path = options_.directory + "/" + segment_name(0x7777);
  std::array<char, segment_header_bytes> head{};
  encode_segment_header({.log_id = 99, .first_id = 0x7777}, head, log_format_version + 1);
  std::ofstream(path, std::ios::binary).write(head.data(), head.size());
  std::vector<FileEntry> before;
  ASSERT_FALSE(files_->list(options_.directory, before));
  EXPECT_FALSE(open());
  EXPECT_EQ(error_.kind, OpenError::Kind::newer_version);
  EXPECT_NE(error_.message.find("format 3"), std::string::npos) << error_.message;
  std::vector<FileEntry> after;
  ASSERT_FALSE(files_->list(options_.directory, after));
  EXPECT_EQ(before.size(), after.size());
}

TEST_F(DurableLogTest, IsReadableByItsUserAlone) {
  auto log = open();
  ASSERT_TRUE(log) << error_.message;
  struct stat status {};
  ASSERT_EQ(::stat(options_.directory.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0700u);
  ASSERT_EQ(::stat(only_segment().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
}

TEST_F(DurableLogTest, SaysWhyItCannotUseADirectory) {
  options_.directory = folder_.write("file", "no directory") + "/queue";
  EXPECT_FALSE(open());
  EXPECT_EQ(error_.kind, OpenError::Kind::disk);
  EXPECT_NE(error_.message.find("Not a directory"), std::string::npos) << error_.message;
}

TEST_F(DurableLogTest, TellsADamagedBodyAndKeepsTheSegmentAside) {
  const std::string body(500, 'x');
  {
    auto log = open();
    const std::array<NewPacket, 3> packets{NewPacket{1, 0, {}, body}, NewPacket{1, 0, {}, body},
                                           NewPacket{1, 0, {}, body}};
    std::uint64_t id = 0;
    ASSERT_EQ(log->append(0, packets, id), AppendResult::taken);
    loops_.wait_for(*log, 3);
    log->close(Clock::now(), 0);
  }
  const std::string path = only_segment();
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(segment_header_bytes + static_cast<std::streamoff>(record_bytes(500)) + 100);
  file.put('y');
  file.close();
  options_.own_thread = false;
  auto log = open();
  ASSERT_TRUE(log) << error_.message;
  const auto found = read_all(*log);
  EXPECT_EQ(found.size(), 2u);
  EXPECT_EQ(log->status().damaged_records, 1u);
  for (const StoredPacket& packet : found) {
    const SettledPacket settled{packet.id, 1, SettledAs::delivered, {}};
    log->settle(std::span(&settled, 1));
  }
  const TimePoint later = Clock::now() + std::chrono::seconds(2);
  log->step(later, 0);
  log->step(later + std::chrono::seconds(2), 0);
  EXPECT_EQ(::access((path + ".damaged").c_str(), F_OK), 0);
  EXPECT_EQ(log->status().packets, 0u);
  EXPECT_EQ(log->status().segments, 1u);
}

/// A process that is killed closes nothing.
TEST_F(DurableLogTest, GivesBackTheSpaceThatAKilledProcessWouldHaveFilled) {
  options_.own_thread = false;
  options_.max_disk = 8 * options_.segment_bytes;
  const NewPacket packet{1, 0, {}, "body"};
  constexpr int starts = 40;
  for (int start = 0; start < starts; ++start) {
    auto log = open();
    ASSERT_TRUE(log) << error_.message;
    ASSERT_EQ(log->recovery().packets, static_cast<std::size_t>(start));
    std::uint64_t id = 0;
    ASSERT_EQ(log->append(0, std::span(&packet, 1), id), AppendResult::taken) << "start " << start;
    log->step(Clock::now(), 0);
    std::vector<StoreReport> reports;
    log->collect(0, reports);
    ASSERT_EQ(reports.size(), 1u);
    ASSERT_EQ(reports[0].outcome, StoreOutcome::durable) << "start " << start;
    ASSERT_LT(log->status().disk_bytes, 2 * options_.segment_bytes) << "start " << start;
  }
  auto log = open();
  EXPECT_EQ(read_all(*log).size(), static_cast<std::size_t>(starts));
}

/// The file that is written has all its space from the beginning, which is nothing that is kept.
TEST_F(DurableLogTest, KeepsAsMuchAsItIsToRetainWhateverTheOpenFileTakes) {
  options_.own_thread = false;
  options_.retain_bytes = options_.segment_bytes;
  {
    auto log = open();
    const NewPacket packet{1, 0, {}, "body"};
    std::uint64_t id = 0;
    ASSERT_EQ(log->append(0, std::span(&packet, 1), id), AppendResult::taken);
    log->step(Clock::now(), 0);
    const SettledPacket settled{id, 1, SettledAs::delivered, "a"};
    log->settle(std::span(&settled, 1));
    log->close(Clock::now(), 0);
  }
  auto log = open();
  ASSERT_TRUE(log) << error_.message;
  log->step(Clock::now() + std::chrono::seconds(2), 0);
  std::vector<SettledPacketRead> found;
  for (SettledReader reader(*log, {}); reader.read(1 << 20, found);) {
  }
  EXPECT_EQ(found.size(), 1u);
}

TEST_F(DurableLogTest, KnowsAfterKillsHowEachPacketWasSettled) {
  options_.own_thread = false;
  options_.retain_bytes = 1 << 20;
  std::map<std::uint64_t, SettledAs> wanted;
  {
    auto log = open();
    const NewPacket packet{1, 0, {}, "body"};
    for (const SettledAs as :
         {SettledAs::delivered, SettledAs::handed_back, SettledAs::dead_lettered, SettledAs::lost}) {
      std::uint64_t id = 0;
      ASSERT_EQ(log->append(0, std::span(&packet, 1), id), AppendResult::taken);
      wanted[id] = as;
    }
    log->step(Clock::now(), 0);
    for (const auto& [id, as] : wanted) {
      const SettledPacket settled{id, 1, as, "a"};
      log->settle(std::span(&settled, 1));
    }
    const TimePoint later = Clock::now() + std::chrono::seconds(1);
    log->step(later, 0);
    log->step(later + std::chrono::seconds(1), 0);
  }
  for (int start = 0; start < 3; ++start) {
    auto log = open();
    ASSERT_TRUE(log) << error_.message;
    EXPECT_EQ(log->recovery().packets, 0u);
    std::vector<SettledPacketRead> found;
    for (SettledReader reader(*log, {}); reader.read(1 << 20, found);) {
    }
    std::map<std::uint64_t, SettledAs> kinds;
    for (const SettledPacketRead& read : found) {
      kinds[read.packet.id] = read.dead_letter ? SettledAs::dead_lettered : SettledAs::delivered;
    }
    for (const auto& [id, as] : wanted) {
      const bool is_replayed = as == SettledAs::delivered || as == SettledAs::dead_lettered;
      EXPECT_EQ(kinds.contains(id), is_replayed) << "start " << start;
      EXPECT_EQ(is_replayed ? kinds[id] : as, as) << "start " << start;
    }
  }
}

}  // namespace
}  // namespace logdist::queue
