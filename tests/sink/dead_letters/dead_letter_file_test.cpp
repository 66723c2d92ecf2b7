// Dead letters that can be written, and those that cannot.
#include "logdist/sink/dead_letters/dead_letter_file.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <future>
#include <nlohmann/json.hpp>
#include <sstream>

#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include "logdist/sink/dead_letters/kept_letter.hpp"
#include "logdist/telemetry/log.hpp"
#include "sink/dead_letters/letter_writer.hpp"
#include "tests/support/temporary_folder.hpp"

namespace logdist::sink {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// A file to be, and what is logged meanwhile.
class DeadLetters : public testing::Test {
 protected:
  DeadLetters() { log::set_up({}, std::make_shared<spdlog::sinks::ostream_sink_mt>(log_)); }
  ~DeadLetters() override { log::set_up({}, std::make_shared<spdlog::sinks::stderr_sink_mt>()); }

  /// A packet with a body of so many bytes, and how it has fared.
  void put(DeadLetterFile& letters, const std::string& id, std::size_t bytes = 10, const retry::History& history = {}) {
    core::Packet packet;
    packet.id = id;
    packet.messages = 3;
    packet.forwarded_headers = "Content-Type: application/json\r\n";
    packet.body = buffers_.take(bytes);
    packet.body.append(std::string(bytes, 'x'));
    letters.put({packet, DeadLetterReason::refused, Clock::now() - std::chrono::minutes(1), 7, history});
  }

  /// Until all that was put is written.
  static void flush(DeadLetterFile& letters) {
    std::promise<void> written;
    letters.flush([&written] { written.set_value(); });
    written.get_future().wait();
  }

  const test::TemporaryFolder folder_;
  std::ostringstream log_;
  core::BufferPool buffers_{1 << 20};
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
  flush(**letters);
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
  flush(**letters);
  // The file cannot grow further than 100 bytes into the next line.
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit tight{std::filesystem::file_size(path) + 100, before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &tight), 0);
  put(**letters, "cut", 1'000);
  flush(**letters);
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, handler);
  put(**letters, "last");
  flush(**letters);

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
  flush(**letters);
  std::filesystem::rename(path, folder_.file("dead.1"));
  put(**letters, "renamed");
  flush(**letters);
  bool is_reopened = false;
  (*letters)->reopen([&is_reopened] { is_reopened = true; });
  put(**letters, "after");
  flush(**letters);
  EXPECT_TRUE(is_reopened);
  EXPECT_THAT(folder_.lines("dead.1"), ElementsAre(HasSubstr("before"), HasSubstr("renamed")));
  EXPECT_THAT(folder_.lines("dead"), ElementsAre(HasSubstr("after")));
}

TEST_F(DeadLetters, WhatCannotBeOpenedAnewGoesOnAsItWas) {
  std::filesystem::create_directory(folder_.file("in"));
  const auto letters = DeadLetterFile::open(folder_.file("in/dead"));
  ASSERT_TRUE(letters);
  std::filesystem::rename(folder_.file("in"), folder_.file("moved"));
  (*letters)->reopen([] { FAIL() << "and must not say so"; });
  flush(**letters);
  EXPECT_THAT(log_.str(), HasSubstr("No such file or directory; the file opened before goes on being written"));
  put(**letters, "kept");
  flush(**letters);
  EXPECT_THAT(folder_.lines("moved/dead"), ElementsAre(HasSubstr("kept")));
  EXPECT_EQ((*letters)->write_failures(), 0u);
}

TEST_F(DeadLetters, ALineTellsHowThePacketHasFared) {
  const auto letters = DeadLetterFile::open(folder_.file("dead"), std::chrono::seconds(5));
  ASSERT_TRUE(letters);
  (*letters)->name(0, "alpha", "alpha.example");
  (*letters)->name(1, "beta", "beta.example");
  retry::History history;
  core::AttemptResult answered;
  answered.outcome = Outcome::http_error;
  answered.status = 500;
  core::AttemptResult silent;
  silent.outcome = Outcome::timeout;
  history.record(1, answered, Clock::now() - std::chrono::seconds(10));
  history.record(0, silent, Clock::now());
  put(**letters, "p", 10, history);
  flush(**letters);
  const auto lines = folder_.lines("dead");
  ASSERT_EQ(lines.size(), 1u);
  const auto letter = nlohmann::json::parse(lines[0]);
  EXPECT_EQ(letter["reason"], "refused");
  EXPECT_EQ(letter["attempts"], 7);
  EXPECT_EQ(letter["content_type"], "application/json");
  EXPECT_EQ(letter["body"], "xxxxxxxxxx");
  EXPECT_LT(letter["admitted_at"], letter["time"]) << "as text, since both are RFC 3339 in UTC";
  ASSERT_EQ(letter["analyzers"].size(), 2u);
  EXPECT_EQ(letter["analyzers"][0]["analyzer"], "beta");
  EXPECT_EQ(letter["analyzers"][0]["outcome"], "http_error");
  EXPECT_EQ(letter["analyzers"][0]["status"], 500);
  EXPECT_EQ(letter["analyzers"][0]["cause"], "answered 500");
  EXPECT_LT(letter["analyzers"][0]["at"], letter["time"]);
  EXPECT_EQ(letter["analyzers"][1]["analyzer"], "alpha");
  EXPECT_EQ(letter["analyzers"][1]["cause"], "no answer within 5s");
}

TEST_F(DeadLetters, KeepBytesThatAreNoText) {
  const auto letters = DeadLetterFile::open(folder_.file("dead"));
  ASSERT_TRUE(letters);
  core::Packet packet;
  packet.id = "p";
  packet.coding = core::ContentCoding::gzip;
  packet.forwarded_headers = "Content-Type: application/json\r\nContent-Encoding: gzip\r\n";
  packet.body = buffers_.take(4);
  packet.body.append("\x1f\x8b\xff");
  (*letters)->put({packet, DeadLetterReason::refused, Clock::now(), 1, {}});
  flush(**letters);
  const auto lines = folder_.lines("dead");
  ASSERT_EQ(lines.size(), 1u);
  const auto letter = nlohmann::json::parse(lines[0]);
  EXPECT_EQ(letter["content_type"], "application/json");
  EXPECT_EQ(letter["content_encoding"], "gzip");
  EXPECT_EQ(letter["body_base64"], "H4v/");
  EXPECT_FALSE(letter.contains("body"));
}

TEST_F(DeadLetters, KeepWhatWentAlong) {
  const auto letters = DeadLetterFile::open(folder_.file("dead"));
  ASSERT_TRUE(letters);
  core::Packet packet;
  packet.id = "p";
  packet.coding = core::ContentCoding::snappy;
  packet.forwarded_headers = "Packet-Format: loki\r\nPacket-Target: /loki/api/v1/push?a=b\r\nX-Scope-OrgID: t: 1\r\n";
  packet.body = buffers_.take(4);
  packet.body.append("{}");
  (*letters)->put({packet, DeadLetterReason::refused, Clock::now(), 1, {}});
  flush(**letters);
  const auto letter = nlohmann::json::parse(folder_.lines("dead").at(0));
  EXPECT_EQ(letter["format"], "loki");
  EXPECT_EQ(letter["target"], "/loki/api/v1/push?a=b");
  EXPECT_EQ(letter["content_type"], "");
  EXPECT_FALSE(letter.contains("content_encoding")) << "its agent named none";
  EXPECT_EQ(letter["headers"], (nlohmann::json{{"X-Scope-OrgID", "t: 1"}}));
  EXPECT_EQ(letter["body"], "{}");
}

/// Bodies may hold what is nobody else's business.
TEST_F(DeadLetters, ItsFileIsTheOwnersAlone) {
  const ::mode_t mask = ::umask(0);
  const auto letters = DeadLetterFile::open(folder_.file("dead"));
  ::umask(mask);
  ASSERT_TRUE(letters);
  struct stat status {};
  ASSERT_EQ(::stat(folder_.file("dead").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0600U);
}

TEST_F(DeadLetters, TimesAreExactToTheMillisecond) {
  using namespace std::chrono;
  KeptLetter letter;
  letter.admitted_at = KeptLetter::Time(seconds(1'700'000'000) + milliseconds(7));
  letter.dead_lettered_at = KeptLetter::Time(seconds(1'700'000'001) - microseconds(1));
  const auto line = nlohmann::json::parse(line_of(letter));
  EXPECT_EQ(line["admitted_at"], "2023-11-14T22:13:20.007Z");
  EXPECT_EQ(line["time"], "2023-11-14T22:13:20.999Z");
}

TEST_F(DeadLetters, AnotherNameForAnIdIsTakenFromThenOn) {
  const auto letters = DeadLetterFile::open(folder_.file("dead"));
  ASSERT_TRUE(letters);
  retry::History history;
  core::AttemptResult answered;
  answered.outcome = Outcome::refused;
  answered.status = 422;
  history.record(3, answered, Clock::now());
  put(**letters, "unnamed", 10, history);
  (*letters)->name(3, "gamma", "gamma.example");
  put(**letters, "named", 10, history);
  flush(**letters);
  const auto lines = folder_.lines("dead");
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(nlohmann::json::parse(lines[0])["analyzers"][0]["analyzer"], "");
  EXPECT_EQ(nlohmann::json::parse(lines[1])["analyzers"][0]["analyzer"], "gamma");
}

/// A pipe: whoever reads it sets the pace, and none at all when it is opened without a reader.
TEST_F(DeadLetters, APipeThatNobodyReadsIsNotWaitedFor) {
  const std::string path = folder_.file("pipe");
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  const auto letters = DeadLetterFile::open(path);
  ASSERT_FALSE(letters);
  EXPECT_EQ(letters.error().message(), "No such device or address");
  EXPECT_EQ(DeadLetterFile::why_not(path), "No such device or address");
}

TEST_F(DeadLetters, NoPutWaitsForAReaderWhoHasStopped) {
  const std::string path = folder_.file("pipe");
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  const auto handler = std::signal(SIGPIPE, SIG_IGN);
  os::FileDescriptor reader(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  ASSERT_TRUE(reader.is_open());
  os::FileDescriptor file = open_letters(path);
  ASSERT_TRUE(file.is_open());
  std::atomic<bool> flushed = false;
  {
    LetterWriter writer(path, std::move(file), 500'000);
    const auto letter = [](const std::string& id) {
      KeptLetter made;
      made.packet_id = id;
      made.body = std::string(200'000, 'x');  // more than a pipe holds
      return made;
    };
    EXPECT_TRUE(writer.put(letter("first")));
    EXPECT_TRUE(writer.put(letter("second")));
    EXPECT_FALSE(writer.put(letter("third"))) << "no room, and no wait";
    EXPECT_EQ(writer.failures(), 1u);
    EXPECT_EQ(writer.waiting(), 2u);
    EXPECT_FALSE(writer.put(letter("fourth"), std::chrono::milliseconds(1))) << "no progress";
    writer.flush([&flushed] { flushed = true; });
    reader.reset();  // what cannot be written any more is counted
  }
  std::signal(SIGPIPE, handler);
  EXPECT_TRUE(flushed);
  EXPECT_THAT(log_.str(), HasSubstr("packet third of 0 messages"));
  EXPECT_THAT(log_.str(), HasSubstr("packet first of 0 messages, refused: no analyzer took it and it could not be"));
  EXPECT_THAT(log_.str(), HasSubstr("cannot write to " + path + ": Broken pipe (4 packets not kept so far)"));
}

TEST_F(DeadLetters, APacketLeftAtTheEndWaitsForRoomWhileTheDiskGoesOn) {
  const std::string path = folder_.file("dead");
  LetterWriter writer(path, open_letters(path), 1);  // room for one at a time
  for (int i = 0; i < 20; ++i) {
    KeptLetter letter;
    letter.packet_id = std::to_string(i);
    EXPECT_TRUE(writer.put(std::move(letter), std::chrono::seconds(60)));
  }
  std::promise<void> written;
  writer.flush([&written] { written.set_value(); });
  written.get_future().wait();
  EXPECT_EQ(folder_.lines("dead").size(), 20u);
  EXPECT_EQ(writer.failures(), 0u);
}

TEST_F(DeadLetters, WhatCannotBeOpenedIsSaid) {
  const auto letters = DeadLetterFile::open(folder_.file("none/dead"));
  ASSERT_FALSE(letters);
  EXPECT_EQ(letters.error().message(), "No such file or directory");
  for (const std::string& path : {folder_.file("none/dead"), folder_.file(""), folder_.write("plain", "") + "/dead"}) {
    const auto opened = DeadLetterFile::open(path);
    ASSERT_FALSE(opened) << path;
    EXPECT_EQ(DeadLetterFile::why_not(path), opened.error().message()) << path;
  }
  std::filesystem::create_symlink("none/dead", folder_.file("to nowhere"));
  std::filesystem::create_symlink("new", folder_.file("to new"));
  EXPECT_EQ(DeadLetterFile::why_not(folder_.file("to nowhere")), "No such file or directory");
  EXPECT_EQ(DeadLetterFile::why_not(folder_.file("to new")), "");
  EXPECT_EQ(DeadLetterFile::why_not(""), "");
  EXPECT_EQ(DeadLetterFile::why_not(folder_.file("new")), "");
  EXPECT_FALSE(std::filesystem::exists(folder_.file("new"))) << "a look makes no file";
}

}  // namespace
}  // namespace logdist::sink
