// Consistent hashing with bounded load.
#include "logdist/balance/hash/hash_balancer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>
#include <optional>
#include <vector>

#include "balance/hash/rendezvous.hpp"
#include "logdist/base/random.hpp"
#include "tests/support/seed.hpp"

namespace logdist::balance {
namespace {

constexpr std::uint64_t unit = 1'000'000;

/// What choose() has to find, by looking at each score in full.
AnalyzerId best_of(std::uint64_t key, const std::vector<std::uint64_t>& identities,
                   const std::vector<std::uint64_t>& weights, const std::vector<bool>& open) {
  std::optional<AnalyzerId> best;
  double least = 0;
  for (AnalyzerId id = 0; id < weights.size(); ++id) {
    if (!open[id]) continue;
    Rendezvous alone;
    alone.set(0, identities[id], weights[id]);
    alone.set_open(0, true);
    const double score = alone.score(0, key);
    if (best && score >= least) continue;
    best = id;
    least = score;
  }
  return best.value_or(0);
}

TEST(RendezvousTest, FindsTheLeastScore) {
  Random random(test::draw_seed());
  for (const std::size_t count : {1u, 2u, 7u, 8u, 9u, 63u, 200u}) {
    Rendezvous rendezvous;
    std::vector<std::uint64_t> identities;
    std::vector<std::uint64_t> weights;
    std::vector<bool> open;
    for (AnalyzerId id = 0; id < count; ++id) {
      identities.push_back(random.next());
      weights.push_back(unit * (1 + random.below(100)));
      open.push_back(id == 0 || random.below(4) > 0);
      rendezvous.set(id, identities[id], weights[id]);
      rendezvous.set_open(id, open[id]);
    }
    for (int i = 0; i < 1'000; ++i) {
      const std::uint64_t key = random.next();
      ASSERT_EQ(rendezvous.choose(key, Rendezvous::any_load), best_of(key, identities, weights, open)) << count;
    }
  }
}

TEST(RendezvousTest, OfNoneThatIsOpenIsNone) {
  Rendezvous rendezvous;
  EXPECT_FALSE(rendezvous.choose(1, Rendezvous::any_load));
  rendezvous.set(0, 1, unit);
  EXPECT_FALSE(rendezvous.choose(1, Rendezvous::any_load));
  rendezvous.set_open(0, true);
  rendezvous.set_load(0, 10);
  EXPECT_FALSE(rendezvous.choose(1, 9.0 / unit));
  EXPECT_TRUE(rendezvous.choose(1, 10.0 / unit));
}

std::uint64_t mixed(std::uint64_t number) { return Random(number).next(); }

class Hash : public testing::Test {
 protected:
  void begin(const std::vector<std::uint64_t>& weights, double bound = 1'000'000, std::uint32_t slots = 1'000'000) {
    hash_ = std::make_unique<HashBalancer>(HashOptions{{}, bound});
    for (const std::uint64_t weight : weights) hash_->add(weight * unit, slots);
  }
  AnalyzerId where(std::uint64_t key) {
    const auto charge = hash_->pick({.messages = 1, .key = key});
    hash_->release(*charge);
    return charge->analyzer;
  }
  std::vector<AnalyzerId> all_of(std::size_t keys) {
    std::vector<AnalyzerId> places;
    Random random(7);
    for (std::size_t i = 0; i < keys; ++i) places.push_back(where(random.next()));
    return places;
  }

  std::unique_ptr<HashBalancer> hash_;
};

double count(const std::vector<AnalyzerId>& places, AnalyzerId id) {
  return static_cast<double>(std::ranges::count(places, id));
}

TEST_F(Hash, GivesEachItsShareOfTheKeys) {
  const std::vector<std::uint64_t> weights{14, 14, 1, 1, 3};
  begin(weights);
  constexpr std::size_t keys = 200'000;
  const auto places = all_of(keys);
  for (AnalyzerId id = 0; id < weights.size(); ++id) {
    const double expected = static_cast<double>(keys * weights[id]) / 33;
    EXPECT_NEAR(count(places, id), expected, 5 * std::sqrt(expected)) << id;
  }
}

/// Of the keys as of the shares: what leaves is spread by weight, and nothing else moves.
TEST_F(Hash, MovesTheShareOfWhoLeavesAndNoOther) {
  const std::vector<std::uint64_t> weights{5, 4, 3, 2, 1};
  begin(weights);
  constexpr std::size_t keys = 100'000;
  const auto before = all_of(keys);
  hash_->set_in_service(1, false);
  const auto after = all_of(keys);
  std::vector<double> gained(weights.size());
  for (std::size_t i = 0; i < keys; ++i) {
    if (before[i] != 1) {
      ASSERT_EQ(after[i], before[i]);
    } else {
      ++gained[after[i]];
    }
  }
  const double moved = count(before, 1);
  for (AnalyzerId id = 0; id < weights.size(); ++id) {
    const double expected = id == 1 ? 0 : moved * static_cast<double>(weights[id]) / 11;
    EXPECT_NEAR(gained[id], expected, 5 * std::sqrt(expected)) << id;
  }
  hash_->set_in_service(1, true);
  EXPECT_EQ(all_of(keys), before);
}

TEST_F(Hash, MovesOnlyToWhoIsAddedOrGainsWeight) {
  begin({3, 2, 1});
  constexpr std::size_t keys = 50'000;
  const auto before = all_of(keys);
  const AnalyzerId added = hash_->add(2 * unit, 1'000'000);
  const auto with = all_of(keys);
  double moved = 0;
  for (std::size_t i = 0; i < keys; ++i) {
    if (with[i] == before[i]) continue;
    ASSERT_EQ(with[i], added);
    ++moved;
  }
  EXPECT_NEAR(moved, keys / 4.0, 5 * std::sqrt(keys / 4.0));
  hash_->set_weight(0, 6 * unit);
  const auto heavier = all_of(keys);
  for (std::size_t i = 0; i < keys; ++i) ASSERT_TRUE(heavier[i] == with[i] || heavier[i] == 0);
}

TEST_F(Hash, IsOfTheIdentityAndNotOfTheOrder) {
  begin({1, 1, 1});
  HashBalancer other(HashOptions{{}, 1'000'000});
  for (AnalyzerId id = 0; id < 3; ++id) {
    other.add(unit, 1'000'000);
    hash_->set_identity(id, 100 + id);
    other.set_identity(id, 102 - id);
  }
  Random random(3);
  for (int i = 0; i < 1'000; ++i) {
    const std::uint64_t key = random.next();
    const auto there = other.pick({.messages = 1, .key = key});
    ASSERT_EQ(there->analyzer, 2 - where(key));
    other.release(*there);
  }
}

/// Whatever the keys and sizes: nobody is picked that exceeds its bound, and the first in line is, unless it does.
TEST_F(Hash, KeepsEachWithinTheBound) {
  Random random(test::draw_seed());
  for (int life = 0; life < 60; ++life) {
    const double bound = random.below(2) == 0 ? 1 : 1.25;
    std::vector<std::uint64_t> weights(2 + random.below(20));
    for (auto& weight : weights) weight = 1 + random.below(20);
    begin(weights, bound);
    const double all_weight = static_cast<double>(std::accumulate(weights.begin(), weights.end(), std::uint64_t{0}));
    std::vector<Charge> under_way;
    std::vector<double> load(weights.size());
    double all = 0;
    double largest = 0;
    const std::uint64_t keys = 1 + random.below(30);
    for (int step = 0; step < 2'000; ++step) {
      if (!under_way.empty() && random.below(5) < 2) {
        std::swap(under_way[random.below(under_way.size())], under_way.back());
        const Charge ended = under_way.back();
        under_way.pop_back();
        random.below(2) == 0 ? hash_->release(ended) : hash_->undo(ended);
        load[ended.analyzer] -= ended.messages;
        all -= ended.messages;
        continue;
      }
      const auto messages = static_cast<std::uint32_t>(1 + random.below(50));
      largest = std::max<double>(largest, messages);
      const auto charge = hash_->pick({.messages = messages, .key = mixed(random.below(keys))});
      ASSERT_TRUE(charge);
      const double share = static_cast<double>(weights[charge->analyzer]) / all_weight;
      ASSERT_LE(load[charge->analyzer], bound * share * (all + largest) * (1 + 1e-6));
      under_way.push_back(*charge);
      load[charge->analyzer] += messages;
      all += messages;
      ASSERT_EQ(hash_->account(charge->analyzer).in_flight_messages, load[charge->analyzer]);
    }
  }
}

TEST_F(Hash, SpreadsWhatIsPassedOver) {
  begin({1, 1, 1, 1, 1, 1, 1, 1}, 1.25);
  std::vector<int> packets(8);
  for (int i = 0; i < 800; ++i) ++packets[hash_->pick({.messages = 1, .key = 42})->analyzer];
  EXPECT_LE(*std::ranges::max_element(packets), 126) << "one hot key";
  begin({1, 1, 1, 1, 1, 1, 1, 1});
  const AnalyzerId first = where(42);
  for (int i = 0; i < 800; ++i) ASSERT_EQ(hash_->pick({.messages = 1, .key = 42})->analyzer, first);
}

TEST_F(Hash, TakesTheNextBestOfOneThatIsFullOrExcluded) {
  begin({1, 1, 1}, 1'000'000, 2);
  const AnalyzerId first = where(9);
  const auto other = hash_->pick({.messages = 1, .excluded = {&first, 1}, .key = 9});
  ASSERT_TRUE(other);
  EXPECT_NE(other->analyzer, first);
  hash_->release(*other);
  EXPECT_EQ(where(9), first);
  for (int i = 0; i < 2; ++i) EXPECT_EQ(hash_->pick({.messages = 1, .key = 9})->analyzer, first);
  EXPECT_FALSE(hash_->has_free_slot(first));
  EXPECT_EQ(hash_->pick({.messages = 1, .key = 9})->analyzer, other->analyzer);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(hash_->pick({.messages = 1, .key = 9}));
  EXPECT_FALSE(hash_->can_pick({}));
  EXPECT_FALSE(hash_->pick({.messages = 1, .key = 9}));
}

TEST_F(Hash, PassesTheBoundRatherThanWait) {
  begin({1, 1}, 1);
  const AnalyzerId first = where(5);
  const AnalyzerId second = 1 - first;
  for (int i = 0; i < 10; ++i) {
    ASSERT_EQ(hash_->pick({.messages = 1, .excluded = {&second, 1}, .key = 5})->analyzer, first);
  }
}

/// What has no key goes by weight as exactly as ever, whatever goes by key beside it.
TEST_F(Hash, WithoutAKeyGoesByWeight) {
  begin({5, 3, 2});
  Random random(11);
  std::vector<double> charged(3);
  double all = 0;
  for (int i = 0; i < 3'000; ++i) {
    if (random.below(2) == 0) hash_->release(*hash_->pick({.messages = 100, .key = mixed(random.below(3))}));
    const auto messages = static_cast<std::uint32_t>(1 + random.below(9));
    const auto charge = hash_->pick({.messages = messages});
    ASSERT_TRUE(charge);
    ASSERT_FALSE(charge->by_key);
    hash_->release(*charge);
    charged[charge->analyzer] += messages;
    all += messages;
    for (AnalyzerId id = 0; id < 3; ++id) {
      const double share = id == 0 ? 0.5 : id == 1 ? 0.3 : 0.2;
      ASSERT_LE(std::abs(charged[id] - share * all), 9);
    }
  }
}

TEST_F(Hash, ForgetsWhoIsRemovedAndUsesItsIdAgain) {
  begin({1, 1, 1});
  const auto under_way = hash_->pick({.messages = 4, .key = 1});
  hash_->remove(under_way->analyzer);
  hash_->release(*under_way);
  for (std::uint64_t key = 0; key < 100; ++key) EXPECT_NE(where(key), under_way->analyzer);
  EXPECT_EQ(hash_->add(unit, 10, under_way->analyzer), under_way->analyzer);
  EXPECT_EQ(where(1), under_way->analyzer);
  EXPECT_EQ(hash_->account(under_way->analyzer).in_flight, 0u);
}

}  // namespace
}  // namespace logdist::balance
