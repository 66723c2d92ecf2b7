// The retry lists against a plain list of what waits.
#include "dispatch/retry_lists.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <string>
#include <vector>

#include "logdist/base/random.hpp"

namespace logdist::dispatch {
namespace {

using namespace std::chrono_literals;

void exclude(queue::Delivery& delivery, AnalyzerId analyzer) {
  core::AttemptResult failure;
  failure.outcome = Outcome::timeout;
  delivery.retry_state.on_result(analyzer, failure, {});
}

/// The first of those whose group is not in `blocked`; the first entered breaks ties.
queue::Delivery* first_of(const std::deque<queue::Delivery*>& waiting,
                          const std::vector<RetryLists::Excluded>& blocked) {
  queue::Delivery* first = nullptr;
  for (queue::Delivery* delivery : waiting) {
    RetryLists::Excluded excluded(delivery->retry_state.excluded().begin(), delivery->retry_state.excluded().end());
    std::ranges::sort(excluded);
    if (std::ranges::find(blocked, excluded) != blocked.end()) continue;
    if (first == nullptr || delivery->in_line_since < first->in_line_since) first = delivery;
  }
  return first;
}

class RandomRetries {
 public:
  explicit RandomRetries(std::uint64_t seed) : random_(seed) {}

  void step() {
    if (waiting_.size() < 40 && random_.below(2) == 0) {
      insert();
    } else if (!waiting_.empty() && random_.below(3) == 0) {
      erase(waiting_[random_.below(waiting_.size())]);
    } else {
      pass();
    }
    EXPECT_EQ(lists_.empty(), waiting_.empty());
  }

  void clear() {
    while (!waiting_.empty()) erase(waiting_.front());
  }

 private:
  void insert() {
    queue::Delivery& delivery = made_.emplace_back();
    delivery.in_line_since = TimePoint{} + std::chrono::milliseconds(random_.below(1'000));
    for (AnalyzerId left = static_cast<AnalyzerId>(random_.below(4)); left > 0; --left) {
      const auto analyzer = static_cast<AnalyzerId>(random_.below(4));
      const auto excluded = delivery.retry_state.excluded();
      if (std::ranges::find(excluded, analyzer) == excluded.end()) exclude(delivery, analyzer);
    }
    lists_.insert(delivery);
    waiting_.push_back(&delivery);
  }

  void erase(queue::Delivery* delivery) {
    lists_.erase(*delivery);
    waiting_.erase(std::ranges::find(waiting_, delivery));
  }

  /// Takes the first, or blocks its group, until none is left that is not blocked.
  void pass() {
    lists_.begin_pass();
    std::vector<RetryLists::Excluded> blocked;
    while (RetryLists::Group* const group = lists_.first()) {
      queue::Delivery* const expected = first_of(waiting_, blocked);
      ASSERT_NE(expected, nullptr);
      ASSERT_EQ(group->packets.begin()->in_line_since, expected->in_line_since);
      if (random_.below(3) == 0) {
        erase(&*group->packets.begin());
      } else {
        blocked.push_back(*group->excluded);
        lists_.block(*group);
      }
    }
    ASSERT_EQ(first_of(waiting_, blocked), nullptr);
  }

  Random random_;
  std::deque<queue::Delivery> made_;
  RetryLists lists_;
  std::deque<queue::Delivery*> waiting_;
};

TEST(RetryLists, GiveTheFirstInLineOfTheGroupsThatAreNotBlocked) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    RandomRetries retries(seed);
    for (int i = 0; i < 300 && !testing::Test::HasFatalFailure(); ++i) retries.step();
    retries.clear();
    if (HasFailure()) return;
  }
}

TEST(RetryLists, EachProtocolHasItsGroups) {
  std::deque<queue::Delivery> deliveries(2);
  for (queue::Delivery& delivery : deliveries) exclude(delivery, 1);
  deliveries[1].packet.protocol = core::Protocol::otlp;
  RetryLists lists;
  for (queue::Delivery& delivery : deliveries) lists.insert(delivery);
  lists.begin_pass();
  const core::Protocol first = lists.first()->protocol;
  lists.block(*lists.first());
  ASSERT_NE(lists.first(), nullptr);
  EXPECT_NE(lists.first()->protocol, first);
  for (queue::Delivery& delivery : deliveries) lists.erase(delivery);
  EXPECT_TRUE(lists.empty());
}

TEST(RetryLists, TheOrderInWhichAnalyzersWereAskedMakesNoGroup) {
  std::deque<queue::Delivery> deliveries(2);
  exclude(deliveries[0], 1);
  exclude(deliveries[0], 2);
  exclude(deliveries[1], 2);
  exclude(deliveries[1], 1);
  RetryLists lists;
  for (queue::Delivery& delivery : deliveries) lists.insert(delivery);
  lists.begin_pass();
  EXPECT_EQ(lists.first()->packets.size(), 2u);
  lists.block(*lists.first());
  EXPECT_EQ(lists.first(), nullptr);
}

}  // namespace
}  // namespace logdist::dispatch
