// The selector behind a mutex, as the daemon uses it: eight threads that pick,
// hold their packets for a while and settle them see the bound of one packet.
#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <iostream>
#include <mutex>
#include <thread>
#include <vector>

#include "tests/balance/support.hpp"

namespace logdist::balance::test {
namespace {

constexpr std::uint64_t seed = 8'080;
constexpr int threads = 8;
constexpr int packets_per_thread = 20'000;

struct Shared {
  explicit Shared(const Weights& weights) : selector(make_selector(weights)), analyzers(weights.size()) {}

  std::mutex mutex;
  Selector selector;      ///< guarded by the mutex
  int out_of_bound = 0;   ///< guarded by the mutex
  int not_zero_sums = 0;  ///< guarded by the mutex
  const std::size_t analyzers;

  Charge pick(std::uint32_t messages) {
    const std::lock_guard lock(mutex);
    const Charge charge = *selector.pick({messages});
    const auto bound = static_cast<double>(selector.largest_packet()) * (1 + 1e-12);
    for (AnalyzerId analyzer = 0; analyzer < analyzers; ++analyzer) {
      if (std::abs(selector.account(analyzer).deficit) > bound) ++out_of_bound;
    }
    if (!selector.sums_to_zero()) ++not_zero_sums;
    return charge;
  }
};

void run(Shared& shared, std::uint64_t thread_seed) {
  Random random(thread_seed);
  std::vector<Charge> under_way;
  for (int packet = 0; packet < packets_per_thread; ++packet) {
    under_way.push_back(shared.pick(static_cast<std::uint32_t>(1 + random.below(50))));
    if (under_way.size() < 16) continue;
    const std::lock_guard lock(shared.mutex);
    for (const Charge& charge : under_way) shared.selector.release(charge);
    under_way.clear();
  }
  const std::lock_guard lock(shared.mutex);
  for (const Charge& charge : under_way) shared.selector.release(charge);
}

TEST(Threads, EightBehindAMutexSeeTheSameBound) {
  std::cout << "seed " << seed << "\n";
  Shared shared({14, 14, 1, 1, 1});
  std::vector<std::jthread> pool;
  for (int number = 0; number < threads; ++number) {
    pool.emplace_back(run, std::ref(shared), seed + static_cast<std::uint64_t>(number));
  }
  pool.clear();
  EXPECT_EQ(shared.out_of_bound, 0);
  EXPECT_EQ(shared.not_zero_sums, 0);
  for (AnalyzerId analyzer = 0; analyzer < shared.analyzers; ++analyzer) {
    EXPECT_EQ(shared.selector.account(analyzer).in_flight, 0);
  }
}

}  // namespace
}  // namespace logdist::balance::test
