// What is read of a directory without its daemon.
#include "logdist/storage/log_inspection.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/storage/storage_fixture.hpp"

namespace logdist::storage {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class LogInspectionTest : public DiskStorageTest {
 protected:
  std::unique_ptr<LogInspection> inspect() {
    std::string error;
    auto log = LogInspection::open(options_.log.directory, disk_, error);
    EXPECT_TRUE(log) << error;
    return log;
  }

  std::vector<std::string> all(const LogInspection& log) {
    std::vector<std::string> lines;
    EXPECT_EQ(log.for_each([&](const InspectedPacket& packet) {
      const std::string state = packet.settled ? std::to_string(static_cast<int>(*packet.settled)) : "queued";
      lines.push_back(std::string(packet.metadata.packet_id) + " " + state + " " + std::string(packet.body));
    }),
              "");
    return lines;
  }
};

TEST_F(LogInspectionTest, ShowsEachPacketAndItsStateWhileADaemonIsAtWork) {
  start();
  Delivery& delivered = packet("b", 3);
  Delivery& dead = packet("c", 3);
  EXPECT_EQ(keep(packet("a", 3)), StoreOutcome::durable);
  EXPECT_EQ(keep(delivered), StoreOutcome::durable);
  EXPECT_EQ(keep(dead), StoreOutcome::durable);
  storage_->store(0).settle(delivered, SettledAs::delivered);
  storage_->store(0).settle(dead, SettledAs::dead_lettered);
  storage_->store(0).flush(0);
  EXPECT_EQ(keep(packet("d", 3)), StoreOutcome::durable) << "behind the settlements";
  EXPECT_THAT(all(*inspect()), ElementsAre("a queued aaa", "b 0 bbb", "c 1 ccc", "d queued ddd"));
  stop();
  const auto log = inspect();
  EXPECT_THAT(all(*log), ElementsAre("a queued aaa", "b 0 bbb", "c 1 ccc", "d queued ddd"));
  ASSERT_EQ(log->segments().size(), 1u);
  EXPECT_EQ(log->segments()[0].packets, 4u);
  EXPECT_EQ(log->segments()[0].unsettled, 2u);
  EXPECT_TRUE(log->segments()[0].damaged.empty());
  EXPECT_EQ(log->segments()[0].torn_records, 0u);
}

TEST_F(LogInspectionTest, ChangesNothing) {
  start();
  for (int i = 100; i < 200; ++i) EXPECT_EQ(keep(packet(std::to_string(i), 2'000)), StoreOutcome::durable);
  stop();
  const auto listing = [&] {
    std::vector<queue::FileEntry> entries;
    EXPECT_FALSE(disk_.list(options_.log.directory, entries));
    std::map<std::string, std::uint64_t> sizes;
    for (const queue::FileEntry& entry : entries) sizes[entry.name] = entry.bytes;
    return sizes;
  };
  const auto before = listing();
  const auto log = inspect();
  EXPECT_EQ(all(*log).size(), 100u);
  EXPECT_GT(log->segments().size(), 2u);
  EXPECT_EQ(listing(), before);
}

TEST_F(LogInspectionTest, TellsWhereRecordsAreDamaged) {
  start();
  for (int i = 100; i < 200; ++i) EXPECT_EQ(keep(packet(std::to_string(i), 1'000)), StoreOutcome::durable);
  stop();
  const std::string oldest = inspect()->segments().front().name;
  {
    std::error_code error;
    const auto file = disk_.open(options_.log.directory + "/" + oldest, queue::FileSystem::Open::write, error);
    std::string bytes = "damage";
    std::array<iovec, 1> pieces{iovec{bytes.data(), bytes.size()}};
    ASSERT_FALSE(file->write(20'000, pieces));
  }
  const auto log = inspect();
  ASSERT_EQ(log->segments().front().damaged.size(), 1u);
  EXPECT_EQ(log->segments().front().damaged[0].records, 1u);
  EXPECT_LE(log->segments().front().damaged[0].offset, 20'000u);
  EXPECT_EQ(all(*log).size(), 99u);
}

/// A start believes the seal, and so does a listing.
TEST_F(LogInspectionTest, ASettlementWhoseRecordIsDamagedIsInTheSeal) {
  start();
  Delivery& delivered = packet("b", 3);
  EXPECT_EQ(keep(packet("a", 3)), StoreOutcome::durable);
  EXPECT_EQ(keep(delivered), StoreOutcome::durable);
  settle(delivered);
  EXPECT_EQ(keep(packet("c", 3)), StoreOutcome::durable) << "behind the settlement";
  stop();
  const std::string path = options_.log.directory + "/" + inspect()->segments().front().name;
  {
    std::error_code error;
    const auto file = disk_.open(path, queue::FileSystem::Open::write, error);
    std::string bytes(64 * 1024, '\0');
    std::size_t got = 0;
    ASSERT_FALSE(file->read(0, bytes, got));
    // Behind the two packets: the settlement's head, whose checksum no longer fits.
    const std::size_t second = bytes.find("bbb");
    ASSERT_NE(second, std::string::npos);
    std::string damage = "x";
    std::array<iovec, 1> pieces{iovec{damage.data(), damage.size()}};
    ASSERT_FALSE(file->write((second + 3 + 7) / 8 * 8 + 24, pieces));
  }
  const auto log = inspect();
  ASSERT_EQ(log->segments()[0].damaged.size(), 1u);
  EXPECT_THAT(all(*log), ElementsAre("a queued aaa", "b 0 bbb", "c queued ccc"));
  EXPECT_EQ(log->segments()[0].unsettled, 2u);

  start();
  EXPECT_EQ(storage_->recovery().packets, 2u) << "what a start makes of it";
}

/// A packet that was moved more than once, and the power went before the files that it had left were gone.
TEST_F(LogInspectionTest, APacketThatWasMovedIsThereOnce) {
  options_.log.segment_bytes = 1024;
  start();
  EXPECT_EQ(keep(packet("stays", 3)), StoreOutcome::durable);
  std::map<std::string, std::string> files;
  const std::string directory = options_.log.directory;
  for (int i = 100; i < 160; ++i) {
    Delivery& delivery = packet(std::to_string(i), 700);
    EXPECT_EQ(keep(delivery), StoreOutcome::durable);
    settle(delivery);
    for (const auto& entry : std::filesystem::directory_iterator(directory)) {
      std::ifstream file(entry.path(), std::ios::binary);
      const std::string bytes(std::istreambuf_iterator<char>(file), {});
      if (entry.path().extension() == ".log" && !bytes.empty()) files[entry.path().string()] = bytes;
    }
  }
  stop();
  std::size_t revived = 0;
  for (const auto& [path, bytes] : files) {
    if (std::filesystem::exists(path)) continue;
    std::ofstream(path, std::ios::binary) << bytes;
    ++revived;
  }
  ASSERT_GT(revived, 20u);
  const std::vector<std::string> lines = all(*inspect());
  EXPECT_EQ(std::count(lines.begin(), lines.end(), "stays queued sss"), 1);
}

TEST_F(LogInspectionTest, ADirectoryThatIsNoneIsSaid) {
  std::string error;
  EXPECT_EQ(LogInspection::open(folder_.file("nothing"), disk_, error), nullptr);
  EXPECT_THAT(error, HasSubstr("No such file or directory"));
}

}  // namespace
}  // namespace logdist::storage
