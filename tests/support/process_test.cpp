#include "tests/support/process.hpp"

#include <gmock/gmock.h>
#include <unistd.h>

#include <system_error>

namespace logdist::test {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::Optional;

ProcessOptions shell(const std::string& script) { return {.program = "/bin/sh", .arguments = {"-c", script}}; }

TEST(Process, GivesLinesOfBothOutputsAndTheExitCode) {
  Process process(shell("echo listening on 1234 >&2; echo out; exit 7"));
  EXPECT_THAT(process.wait_for_line("on ([0-9]+)"), Optional(ElementsAre("on 1234", "1234")));
  EXPECT_THAT(process.wait_for_line("^out$"), Optional(ElementsAre("out")));
  EXPECT_EQ(process.wait_exit(), 7);
  EXPECT_EQ(process.output(), "out\n");
  EXPECT_EQ(process.errors(), "listening on 1234\n");
  EXPECT_EQ(process.wait_for_line("never"), std::nullopt);
  process.terminate();  // of one that has ended: nothing
}

TEST(Process, ReadsItsInputAndSeesItsEnvironment) {
  ::setenv("LOGDIST_FROM_OUTSIDE", "1", 1);
  ProcessOptions options = shell("cat; echo $INSIDE $LOGDIST_FROM_OUTSIDE.");
  options.environment = {{"INSIDE", "yes"}};
  Process process(options);
  EXPECT_EQ(process.wait_exit(), 0);
  EXPECT_EQ(process.output(), "yes .\n");
  ::unsetenv("LOGDIST_FROM_OUTSIDE");
}

TEST(Process, InheritsNoOtherDescriptor) {
  const int kept = ::dup(STDOUT_FILENO);  // as a listening socket of this process would be
  Process process(shell("ls /proc/self/fd | tr '\\n' ' '"));
  EXPECT_EQ(process.wait_exit(), 0);
  EXPECT_EQ(process.output(), "0 1 2 3 ");  // 3 is the folder that ls reads
  ::close(kept);
}

TEST(Process, EndsBySignal) {
  Process process(shell("trap 'exit 3' TERM; echo ready; while :; do read x </dev/zero; done"));
  ASSERT_TRUE(process.wait_for_line("ready"));
  EXPECT_EQ(process.wait_exit(1ms), std::nullopt);
  process.signal(SIGKILL);
  EXPECT_EQ(process.wait_exit(), 128 + SIGKILL);
}

TEST(Process, EndsWithItsOwner) {
  pid_t pid = 0;
  {
    Process process(shell("echo $$; exec sleep 1000"));
    const auto line = process.wait_for_line("^([0-9]+)$");
    ASSERT_TRUE(line);
    pid = std::stoi(line->at(1));
  }
  EXPECT_EQ(::kill(pid, 0), -1);
}

TEST(Process, SaysWhenThereIsNoSuchProgram) {
  EXPECT_THROW(Process({.program = "/nowhere/at/all"}), std::system_error);
}

}  // namespace
}  // namespace logdist::test
