// The budget under random use, and under threads.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <deque>
#include <map>
#include <memory>
#include <semaphore>
#include <thread>
#include <vector>

#include "logdist/base/random.hpp"
#include "tests/queue/body.hpp"
#include "tests/support/seed.hpp"

namespace logdist::queue {
namespace {

/// Random bodies of all kinds against the plain statement of the rules: bytes are never
/// lost, those who wait for the first time go oldest first, the oldest that grow never
/// wait, small bodies find what is kept for them, and nobody waits while the space would do.
class MemoryLimiterProperty : public testing::Test {
 protected:
  static constexpr std::size_t max_bytes = 1000;
  static constexpr std::size_t small_max = 60;
  static constexpr std::size_t large_max = max_bytes - max_bytes / 8;

  struct Entry {
    std::unique_ptr<Body> body;
    std::size_t length;  ///< what it will be, which need not be known
    bool announced;
    std::size_t wanted = 0;  ///< in all, once it has what it waits for
    int waits = 0;

    bool waiting() const { return waits > body->grants; }
    bool large() const { return std::max(wanted, announced ? length : 0) > small_max; }
    bool grows() const { return !announced || wanted < length; }
  };

  void reserve(Entry& entry, std::size_t total) {
    entry.wanted = total;
    if (!limiter_.reserve(*entry.body, total, entry.announced ? entry.length : unknown)) entry.waits += 1;
  }

  void come() {
    const std::size_t length = 1 + random_.below(random_.below(4) == 0 ? max_bytes / 2 : 2 * small_max);
    Entry entry{std::make_unique<Body>(next_name_++, &order_), length, random_.below(3) != 0};
    if (clients_ > 0) entry.body->client = 1 + random_.below(clients_);
    reserve(entry, std::min<std::size_t>(1 + random_.below(small_max), length));
    entries_.push_back(std::move(entry));
  }

  void go_on(Entry& entry) {
    const std::size_t held = entry.body->held_bytes();
    if (held < entry.length && random_.below(4) != 0) {
      reserve(entry, std::min(held + 1 + random_.below(100), entry.length));
    } else {
      EXPECT_FALSE(limiter_.release(*entry.body));
      gone(entry);
    }
  }

  void gone(const Entry& entry) {
    std::erase_if(entries_, [&entry](const Entry& other) { return &other == &entry; });
  }

  static bool counts_as_small(const Entry& entry) {
    return !entry.large() || (entry.waiting() && !entry.announced && entry.body->held_bytes() <= small_max);
  }

  void check() {
    std::size_t held = 0, small_held = 0;
    std::array<const Entry*, 2> oldest_growing{};
    std::array<std::size_t, 2> largest{};
    for (const Entry& entry : entries_) {
      ASSERT_LE(entry.waits - entry.body->grants, 1);
      const std::size_t bytes = entry.body->held_bytes();
      held += bytes;
      if (counts_as_small(entry)) small_held += bytes;
      const std::size_t kind = entry.large() ? 1 : 0;
      largest[kind] = std::max(largest[kind], bytes);
      const bool grows = bytes > 0 && (entry.grows() || entry.waiting());
      if (grows && oldest_growing[kind] == nullptr) oldest_growing[kind] = &entry;
    }
    ASSERT_EQ(limiter_.held_bytes(), held);
    ASSERT_LE(held, max_bytes + largest[0] + largest[1]);
    ASSERT_LE(held - small_held, large_max + largest[1]);
    if (clients_ > 0) {
      const bool some_wait = std::ranges::any_of(entries_, &Entry::waiting);
      const auto goes_on = [](const Entry& entry) { return entry.body->held_bytes() > 0 && !entry.waiting(); };
      ASSERT_TRUE(!some_wait || std::ranges::any_of(entries_, goes_on)) << "nobody can go on";
    } else if (held <= max_bytes && held - small_held <= large_max) {
      for (const Entry* entry : oldest_growing) ASSERT_TRUE(entry == nullptr || !entry->waiting());
    }
    const Entry* first_small = nullptr;
    for (const Entry& entry : entries_) {
      if (!entry.waiting()) continue;
      ASSERT_NE(held, 0u);
      if (!entry.large() && first_small == nullptr) first_small = &entry;
      (entry.large() ? large_waits_ : small_waits_) += 1;
    }
    check_shares(held, held - small_held);
    if (first_small != nullptr && clients_ == 0) {
      ASSERT_GT(small_held + first_small->wanted - first_small->body->held_bytes(), max_bytes / 8);
    }
  }

  void use();

  /// If one client alone may hold more, the oldest of its large bodies that wait does not fit.
  void check_shares(std::size_t held, std::size_t large_held) {
    std::map<std::uint64_t, std::size_t> held_by;
    std::map<std::uint64_t, const Entry*> oldest;
    const Entry* older_small = nullptr;  // which may be in the way
    for (const Entry& entry : entries_) {
      if (!counts_as_small(entry)) held_by[entry.body->client] += entry.body->held_bytes();
      if (entry.waiting() && entry.large()) oldest.try_emplace(entry.body->client, &entry);
      if (entry.waiting() && !entry.large() && older_small == nullptr) older_small = &entry;
    }
    const std::size_t free = large_held < large_max ? large_max - large_held : 0;
    std::vector<const Entry*> may;
    for (const auto& [client, entry] : oldest) {
      const std::size_t more = entry->wanted - (counts_as_small(*entry) ? 0 : entry->body->held_bytes());
      const bool within = more <= free && held_by[client] + more <= 8 * (free - more);
      if (client == 0 || held_by[client] == 0 || within) may.push_back(entry);
    }
    if (may.size() != 1 || (older_small != nullptr && older_small->body->name() < may[0]->body->name())) return;
    const std::size_t bytes = may[0]->body->held_bytes();
    const bool fits = held + may[0]->wanted - bytes <= max_bytes &&
                      large_held + may[0]->wanted - (counts_as_small(*may[0]) ? 0 : bytes) <= large_max;
    ASSERT_FALSE(fits);
    ++alone_waits_;
  }

  /// Those granted in one go, as far as they are of one kind and were never granted before.
  void check_order() {
    int last = 0;
    for (const Entry& entry : entries_) {
      if (entry.waiting() && entry.body->grants == 0 && !entry.large()) last = last == 0 ? entry.body->name() : last;
    }
    for (const Entry& entry : entries_) {
      const bool just_now = std::find(order_.begin(), order_.end(), entry.body->name()) != order_.end();
      if (last != 0 && just_now && entry.body->grants == 1 && entry.waits == 1 && !entry.large()) {
        ASSERT_LT(entry.body->name(), last) << "a younger one went first";
      }
    }
  }

  Random random_{logdist::test::draw_seed()};
  MemoryLimiter limiter_{max_bytes, small_max};
  std::deque<Entry> entries_;
  std::vector<int> order_;
  int next_name_ = 1;
  std::uint64_t clients_ = 0;  ///< 0: bodies are nobody's
  int small_waits_ = 0;
  int large_waits_ = 0;
  int alone_waits_ = 0;
};

TEST_F(MemoryLimiterProperty, KeepsItsRulesUnderRandomUse) { use(); }

TEST_F(MemoryLimiterProperty, KeepsItsRulesWithClients) {
  clients_ = 3;
  use();
}

void MemoryLimiterProperty::use() {
  for (int step = 0; step < 20'000 && !HasFatalFailure(); ++step) {
    order_.clear();
    if (entries_.size() < 40 && random_.below(2) == 0) {
      come();
    } else if (!entries_.empty()) {
      Entry& entry = entries_[random_.below(entries_.size())];
      if (!entry.waiting()) {
        go_on(entry);
      } else if (random_.below(4) == 0) {
        EXPECT_TRUE(limiter_.release(*entry.body));
        gone(entry);
      }
    }
    check();
    if (clients_ == 0) check_order();
  }
  for (Entry& entry : entries_) limiter_.release(*entry.body);
  EXPECT_EQ(limiter_.held_bytes(), 0u);
  EXPECT_GT(small_waits_, 100);
  EXPECT_GT(large_waits_, 100);
  EXPECT_GT(alone_waits_, 100);
}

/// A body of its own thread: granted() wakes it.
class ThreadBody final : public MemoryLimiter::Reservation {
 public:
  void granted() override { wake_.release(); }
  void wait() { wake_.acquire(); }

 private:
  std::binary_semaphore wake_{0};
};

TEST(MemoryLimiterThreads, NoWakeUpIsLostAndAllIsGivenBack) {
  const std::uint64_t seed = logdist::test::draw_seed();
  constexpr std::size_t max_bytes = 1000;
  MemoryLimiter limiter(max_bytes);
  std::vector<std::jthread> threads;
  for (std::uint64_t thread = 0; thread < 6; ++thread) {
    threads.emplace_back([&limiter, seed, thread] {
      Random random(seed + thread);
      ThreadBody body;
      for (int round = 0; round < 5'000; ++round) {
        if (random.below(2) == 0) {
          if (!limiter.reserve(body, 1 + random.below(600))) {
            if (random.below(4) == 0) {
              if (!limiter.release(body)) body.wait();  // granted meanwhile: take the news off
              continue;
            }
            body.wait();
          }
        } else {
          for (std::size_t total = 100; total <= 500; total += 100) {
            if (!limiter.reserve(body, total, MemoryLimiter::length_unknown)) body.wait();
          }
          limiter.end_growth(body, 450);
        }
        limiter.release(body);
      }
    });
  }
  threads.clear();
  EXPECT_EQ(limiter.held_bytes(), 0u);
}

}  // namespace
}  // namespace logdist::queue
