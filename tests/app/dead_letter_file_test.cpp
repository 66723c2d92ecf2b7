// Dead letters that can be written, and those that cannot.
#include "logdist/app/dead_letter_file.hpp"

#include <gmock/gmock.h>
#include <sys/resource.h>

#include <csignal>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>

#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include "logdist/log/log.hpp"
#include "tests/support/temporary_folder.hpp"

namespace logdist::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// A file to be, and what is logged meanwhile.
class DeadLetters : public testing::Test {
 protected:
  DeadLetters() { log::set_up({}, std::make_shared<spdlog::sinks::ostream_sink_mt>(log_)); }
  ~DeadLetters() override { log::set_up({}, std::make_shared<spdlog::sinks::stderr_sink_mt>()); }

  /// A packet with a body of so many bytes.
  void put(DeadLetterFile& letters, const std::string& id, std::size_t bytes = 10) {
    packet::Packet packet;
    packet.id = id;
    packet.messages = 3;
    packet.passthrough_headers = "Content-Type: application/json\r\n";
    packet.body = buffers_.take(bytes);
    packet.body.append(std::string(bytes, 'x'));
    letters.put(packet, DeadLetterReason::refused);
  }

  const test::TemporaryFolder folder_;
  std::ostringstream log_;
  packet::BufferPool buffers_{1 << 20};
};

TEST_F(DeadLetters, WithoutAFileEachIsLoggedWithItsId) {
  const auto letters = DeadLetterFile::open("");
  ASSERT_TRUE(letters);
  put(**letters, "p-1");
  EXPECT_THAT(log_.str(), HasSubstr("error dead letter: packet p-1 of 3 messages"));
  EXPECT_EQ((*letters)->write_failures(), 0u) << "nothing was to be written";
}

TEST_F(DeadLetters, AFullDiskIsCountedAndEachPacketLogged) {
  const auto letters = DeadLetterFile::open("/dev/full");
  ASSERT_TRUE(letters);
  for (int i = 0; i < 5; ++i) put(**letters, "p-" + std::to_string(i));
  EXPECT_EQ((*letters)->write_failures(), 5u);
  for (int i = 0; i < 5; ++i) EXPECT_THAT(log_.str(), HasSubstr("error dead letter: packet p-" + std::to_string(i)));
  const std::string why = "cannot write to /dev/full: No space left on device";
  EXPECT_THAT(log_.str(), HasSubstr(why));
}

TEST_F(DeadLetters, ALineCutShortSpoilsNoOther) {
  const std::string path = folder_.file("dead");
  const auto letters = DeadLetterFile::open(path);
  ASSERT_TRUE(letters);
  put(**letters, "first");
  // The file cannot grow further than 100 bytes into the next line.
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit tight{std::filesystem::file_size(path) + 100, before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &tight), 0);
  put(**letters, "cut", 1'000);
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, handler);
  put(**letters, "last");

  EXPECT_EQ((*letters)->write_failures(), 1u);
  EXPECT_THAT(log_.str(), HasSubstr("packet cut of 3 messages, refused: no analyzer took it and it could not be"));
  std::vector<std::string> kept;
  for (const std::string& line : folder_.lines("dead")) {
    const auto letter = nlohmann::json::parse(line, nullptr, false);
    if (!letter.is_discarded()) kept.push_back(letter["packet_id"]);
  }
  EXPECT_THAT(kept, ElementsAre("first", "last"));
}

TEST_F(DeadLetters, ARenamedFileIsFollowedByANewOne) {
  const std::string path = folder_.file("dead");
  const auto letters = DeadLetterFile::open(path);
  ASSERT_TRUE(letters);
  put(**letters, "before");
  std::filesystem::rename(path, folder_.file("dead.1"));
  put(**letters, "renamed");
  (*letters)->reopen();
  put(**letters, "after");
  EXPECT_THAT(folder_.lines("dead.1"), ElementsAre(HasSubstr("before"), HasSubstr("renamed")));
  EXPECT_THAT(folder_.lines("dead"), ElementsAre(HasSubstr("after")));
}

TEST_F(DeadLetters, WhatCannotBeOpenedAnewGoesOnAsItWas) {
  std::filesystem::create_directory(folder_.file("in"));
  const auto letters = DeadLetterFile::open(folder_.file("in/dead"));
  ASSERT_TRUE(letters);
  std::filesystem::rename(folder_.file("in"), folder_.file("moved"));
  (*letters)->reopen();
  EXPECT_THAT(log_.str(), HasSubstr("No such file or directory; the file opened before goes on being written"));
  put(**letters, "kept");
  EXPECT_THAT(folder_.lines("moved/dead"), ElementsAre(HasSubstr("kept")));
  EXPECT_EQ((*letters)->write_failures(), 0u);
}

TEST_F(DeadLetters, WhatCannotBeOpenedIsSaid) {
  const auto letters = DeadLetterFile::open(folder_.file("none/dead"));
  ASSERT_FALSE(letters);
  EXPECT_EQ(letters.error().message(), "No such file or directory");
}

}  // namespace
}  // namespace logdist::app
