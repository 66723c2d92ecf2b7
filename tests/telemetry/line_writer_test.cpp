// Lines to a reader that may have stopped reading.
#include "telemetry/line_writer.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <string>
#include <thread>
#include <utility>

namespace logdist::log {
namespace {

class LineWriterTest : public testing::Test {
 protected:
  LineWriterTest() {
    std::signal(SIGPIPE, SIG_IGN);  // as the daemon does
    EXPECT_EQ(::pipe2(ends_.data(), O_CLOEXEC), 0);
  }
  ~LineWriterTest() override {
    close_end(0);
    close_end(1);
  }

  int descriptor() const { return ends_[1]; }
  void close_reader() { close_end(0); }
  void close_writer() { close_end(1); }
  /// A thread that is stuck has it still.
  void leave_writer() { ends_[1] = -1; }

  /// What has come, until `bytes` are here.
  std::string read(std::size_t bytes) {
    std::string text;
    std::array<char, 4096> piece{};
    while (text.size() < bytes) {
      const ssize_t got = ::read(ends_[0], piece.data(), piece.size());
      if (got <= 0) break;
      text.append(piece.data(), static_cast<std::size_t>(got));
    }
    return text;
  }

 private:
  void close_end(std::size_t end) {
    if (ends_.at(end) >= 0) ::close(std::exchange(ends_.at(end), -1));
  }

  std::array<int, 2> ends_{-1, -1};
};

const std::string long_line(1000, 'x');

TEST_F(LineWriterTest, WritesEverythingInOrderBeforeItEnds) {
  {
    LineWriter writer(descriptor());
    for (const char* text : {"one\n", "two\n", "three\n"}) writer.put(text);
    writer.end();
    writer.put("nothing is taken now\n");
    EXPECT_EQ(writer.dropped(), 0u);
  }
  EXPECT_EQ(read(14), "one\ntwo\nthree\n");
}

/// The pipe holds 64 KiB.
TEST_F(LineWriterTest, DropsTheOldestAndEndsWhenNobodyReads) {
  LineWriter writer(descriptor());
  constexpr std::size_t lines = 2 * LineWriter::lines_max;
  for (std::size_t i = 0; i < lines; ++i) writer.put(long_line);
  const std::uint64_t dropped = writer.dropped();
  EXPECT_GE(dropped, lines - LineWriter::bytes_max / long_line.size() - 100);
  EXPECT_EQ(writer.take_dropped(), 0u) << "there is no space for a line that tells of them";
  writer.end();  // comes back
  EXPECT_EQ(::fcntl(descriptor(), F_GETFL) & O_NONBLOCK, 0) << "it is shared with whoever has started us";
  leave_writer();
}

TEST_F(LineWriterTest, TellsWhatWasDroppedOnceItsReaderIsBack) {
  LineWriter writer(descriptor());
  for (std::size_t i = 0; i < 2 * LineWriter::lines_max; ++i) writer.put(long_line);
  std::jthread reader([this] { read(~std::size_t{0}); });
  std::uint64_t told = 0;
  while (told == 0) {
    told = writer.take_dropped();
    std::this_thread::yield();
  }
  EXPECT_EQ(told, writer.dropped());
  EXPECT_EQ(writer.take_dropped(), 0u);
  writer.end();
  close_writer();  // the reader's end
}

TEST_F(LineWriterTest, CountsWhatAReaderThatHasGoneDoesNotGet) {
  close_reader();
  LineWriter writer(descriptor());
  writer.put("one\n");
  writer.end();
  EXPECT_EQ(writer.dropped(), 1u);
}

TEST_F(LineWriterTest, WaitsForSpaceWhereSomebodyElseHasMadeItNonBlocking) {
  ASSERT_EQ(::fcntl(descriptor(), F_SETFL, O_NONBLOCK), 0);
  LineWriter writer(descriptor());
  constexpr std::size_t lines = 1000;
  for (std::size_t i = 0; i < lines; ++i) writer.put(long_line);
  EXPECT_EQ(read(lines * long_line.size()).size(), lines * long_line.size());
  writer.end();
  EXPECT_EQ(writer.dropped(), 0u);
}

}  // namespace
}  // namespace logdist::log
