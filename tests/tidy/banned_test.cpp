#include "tests/tidy/banned.hpp"

#include <gtest/gtest.h>

#include <string>

namespace logdist::tidy {
namespace {

std::size_t bites(const std::string& path, const std::string& text) {
  return check_banned(SourceText(path, text)).size();
}

TEST(Banned, BitesEverywhere) {
  for (const char* sample : {
           "int a = std::rand();",
           "srand(1);",
           "std::this_thread::sleep_for(1s);",
           "usleep(10);",
           "sprintf(a, b);",
           "strcpy (a, b);",
           "using namespace std;",
           "assert(a == b);",
           "thread.detach();",
           "std::thread(work, 1).detach();",
           "volatile bool stop;",
           "// TODO: later",
           "/* FIXME */",
       }) {
    for (const char* path : {"src/base/a.cpp", "src/server/a.cpp", "tests/e2e/a_test.cpp", "bench/a_bench.cpp"}) {
      EXPECT_EQ(bites(path, sample), 1U) << sample << " in " << path;
    }
  }
}

TEST(Banned, LeavesTheInnocentAlone) {
  for (const char* sample : {
           "a = random.next();",
           "operand(1);",
           "using namespace std::chrono_literals;",
           "static_assert(sizeof(a) == 4);",
           "co_spawn(loop, run(), asio::detached);",
           "return *session.detach();",
           "snprintf(a, sizeof a, b);",
           "log(\"sleep(1) is no TODO\");",
           "// A sleep(1) in a comment, and what todo.",
       }) {
    EXPECT_EQ(bites("src/server/a.cpp", sample), 0U) << sample;
  }
}

TEST(Banned, PureFloorsReadNoClock) {
  for (const char* sample : {"auto now = Clock::now();", "std::chrono::system_clock::now()", "time(nullptr);",
                             "clock_gettime(a, &b);", "gmtime_r(&a, &b);"}) {
    EXPECT_EQ(bites("src/health/health.cpp", sample), 1U) << sample;
    EXPECT_EQ(bites("include/logdist/base/a.hpp", sample), 1U) << sample;
    EXPECT_EQ(bites("src/ingest/session.cpp", sample), 0U) << sample;
    EXPECT_EQ(bites("tests/health/health_test.cpp", sample), 0U) << sample;
  }
  EXPECT_EQ(bites("src/health/health.cpp", "tick(now); testing_time(0);"), 0U);
}

TEST(Banned, TheSeedIsDrawnByTheProgram) {
  EXPECT_EQ(bites("src/dispatch/lane.cpp", "std::random_device device;"), 1U);
  EXPECT_EQ(bites("src/cli/main.cpp", "std::random_device device;"), 0U);
  EXPECT_EQ(bites("src/cli/main.cpp", "spdlog::info(\"hello\");"), 1U);
  EXPECT_EQ(bites("src/telemetry/log.cpp", "spdlog::shutdown();"), 0U);
}

TEST(Banned, CoroutineLambdasCaptureNothing) {
  for (const char* sample : {
           "[this]() -> asio::awaitable<void> { co_return; }",
           "[&] -> awaitable<int> {}",
           "[a = f(b[1])](std::function<void()> g) mutable\n    -> boost::asio::awaitable<void> {}",
           "[self]() noexcept -> awaitable<void> {}",
       }) {
    EXPECT_EQ(bites("src/ingest/session.cpp", sample), 1U) << sample;
  }
  for (const char* sample : {
           "[]() -> asio::awaitable<void> { co_return; }",
           "[](Session& session) -> asio::awaitable<void> {}",
           "auto run(int a[]) -> asio::awaitable<void>;",
           "auto Session::run() -> asio::awaitable<void> {}",
           "[this] { return run(); }",
           "-> awaitable<void>",
       }) {
    EXPECT_EQ(bites("src/ingest/session.cpp", sample), 0U) << sample;
  }
}

}  // namespace
}  // namespace logdist::tidy
