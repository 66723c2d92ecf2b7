#include "telemetry/process.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <thread>
#include <vector>

namespace logdist::telemetry {
namespace {

TEST(Process, CountsOpenFiles) {
  const ProcessFacts before = read_process_facts();
  const int file = open("/dev/null", O_RDONLY | O_CLOEXEC);
  ASSERT_GE(file, 0);
  const ProcessFacts after = read_process_facts();
  close(file);
  EXPECT_GE(before.open_fds, 3);
  EXPECT_EQ(after.open_fds, before.open_fds + 1);
  rlimit limit{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  EXPECT_EQ(after.max_fds, static_cast<double>(limit.rlim_cur));
}

TEST(Process, KnowsWhenItStarted) {
  using namespace std::chrono;
  const double now = duration<double>(system_clock::now().time_since_epoch()).count();
  const ProcessFacts facts = read_process_facts();
  EXPECT_LE(facts.start_time_seconds, now + 2) << "the kernel tells the boot time in whole seconds";
  EXPECT_GT(facts.start_time_seconds, now - 600);
}

TEST(Process, SpendsCpuTime) {
  const double before = read_process_facts().cpu_seconds;
  EXPECT_GE(before, 0);
  double after = before;
  for (int i = 0; i < 100'000 && after <= before; ++i) after = read_process_facts().cpu_seconds;
  EXPECT_GT(after, before);
}

TEST(Process, SeesItsMemoryAndThreads) {
  std::jthread([] {}).join();  // a sanitizer may start a thread of its own with the first
  const ProcessFacts before = read_process_facts();
  const std::vector<char> block(64 << 20, 'x');
  std::jthread other([](const std::stop_token& stop) {
    while (!stop.stop_requested()) std::this_thread::yield();
  });
  const ProcessFacts after = read_process_facts();
  EXPECT_GT(after.resident_memory_bytes, before.resident_memory_bytes + (32 << 20));
  EXPECT_GT(after.virtual_memory_bytes, after.resident_memory_bytes);
  EXPECT_EQ(after.threads, before.threads + 1);
  EXPECT_EQ(block.back(), 'x');
}

}  // namespace
}  // namespace logdist::telemetry
