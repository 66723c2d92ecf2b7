// Everything that can happen to a selector, at random, against the contract's
// rules in exact rationals: the same accounts, and no choice but the best.
#include <gtest/gtest.h>

#include <cstdint>
#include <iostream>
#include <vector>

#include "tests/balance/model.hpp"
#include "tests/balance/support.hpp"

namespace logdist::balance::test {
namespace {

constexpr std::uint64_t seed = 1'618;
constexpr double tolerance = 1e-9;

class Life {
 public:
  explicit Life(std::uint64_t life_seed)
      : random_(life_seed), options_(any_options(random_)), selector_(options_), model_(options_) {
    const std::uint64_t analyzers = 1 + random_.below(5);
    for (std::uint64_t count = 0; count < analyzers; ++count) add();
  }

  void step() {
    switch (random_.below(14)) {
      case 0: return set_in_service();
      case 1: return set_slots();
      case 2: return random_.below(4) == 0 ? change_set() : settle();
      case 3:
      case 4: return undo();
      case 5: return trial();
      case 6:
      case 7:
      case 8: return settle();
      default: return pick();
    }
  }

  std::uint64_t catch_ups() const { return catch_ups_; }

  void compare() {
    ASSERT_TRUE(selector_.sums_to_zero());
    ASSERT_EQ(model_.sum_of_deficits(), 0);
    for (AnalyzerId id = 0; id < model_.analyzers().size(); ++id) {
      const auto& expected = model_.analyzers()[id];
      const Account account = selector_.account(id);
      ASSERT_EQ(account.in_flight, expected.in_flight) << id;
      ASSERT_NEAR(account.deficit, static_cast<double>(expected.deficit), tolerance) << id;
      ASSERT_NEAR(account.arrears, static_cast<double>(expected.arrears()), tolerance) << id;
      const double debt = expected.removed ? 0 : static_cast<double>(model_.debt(id));
      ASSERT_NEAR(account.debt, debt, tolerance) << id;
    }
  }

 private:
  static SelectorOptions any_options(Random& random) {
    constexpr std::uint32_t shares_ppm[]{50'000, 200'000, 500'000, 1'000'000};
    return {.catch_up_threshold = 25, .max_debt = 60, .catch_up_share_ppm = shares_ppm[random.below(4)]};
  }

  AnalyzerId any() { return static_cast<AnalyzerId>(random_.below(model_.analyzers().size())); }
  std::uint32_t any_size() { return static_cast<std::uint32_t>(1 + random_.below(12)); }

  void add() {
    const std::uint64_t weight = 1 + random_.below(9);
    const auto slots = static_cast<std::uint32_t>(random_.below(4));
    selector_.add(weight, slots);
    model_.add(weight, slots);
  }

  void set_in_service() {
    const AnalyzerId id = any();
    if (model_.analyzers()[id].removed) return;
    const bool in_service = random_.below(3) != 0;
    selector_.set_in_service(id, in_service);
    model_.set_in_service(id, in_service);
  }

  void set_slots() {
    const AnalyzerId id = any();
    if (model_.analyzers()[id].removed) return;
    const auto slots = static_cast<std::uint32_t>(random_.below(5));
    selector_.set_slots(id, slots);
    model_.set_slots(id, slots);
  }

  void change_set() {
    const AnalyzerId id = any();
    if (model_.analyzers()[id].removed || random_.below(3) == 0) {
      if (model_.analyzers().size() < 8) add();
    } else if (random_.below(2) == 0) {
      const std::uint64_t weight = 1 + random_.below(9);
      selector_.set_weight(id, weight);
      model_.fold_debts();
      model_.analyzers()[id].weight = Rational(weight);
    } else {
      selector_.remove(id);
      model_.set_in_service(id, false);
      model_.analyzers()[id].removed = true;
    }
  }

  void pick() {
    const std::uint32_t messages = any_size();
    std::vector<AnalyzerId> excluded;
    if (random_.below(4) == 0) excluded = {any(), any()};
    const bool possible = selector_.can_pick(excluded);
    const auto charge = selector_.pick({messages, excluded});
    ASSERT_EQ(charge.has_value(), possible);
    ASSERT_EQ(possible, model_can_pick(excluded)) << "work-conserving";
    if (!charge) return;
    ASSERT_EQ(std::ranges::count(excluded, charge->analyzer), 0);
    ASSERT_LT(model_.place(*charge, excluded, selector_), tolerance) << "chosen: " << charge->analyzer;
    if (charge->catch_up) ++catch_ups_;
    under_way_.push_back(*charge);
  }

  bool model_can_pick(const std::vector<AnalyzerId>& excluded) {
    for (AnalyzerId id = 0; id < model_.analyzers().size(); ++id) {
      const auto& each = model_.analyzers()[id];
      if (each.in_service && each.free() && std::ranges::count(excluded, id) == 0) return true;
    }
    return false;
  }

  void trial() {
    const AnalyzerId id = any();
    if (model_.analyzers()[id].removed || model_.analyzers()[id].in_service) return;
    const std::uint32_t messages = any_size();
    under_way_.push_back(selector_.pick_this(id, messages));
    model_.charge_trial(id, messages);
  }

  Charge take_under_way() {
    std::swap(under_way_[random_.below(under_way_.size())], under_way_.back());
    const Charge charge = under_way_.back();
    under_way_.pop_back();
    return charge;
  }

  void settle() {
    if (under_way_.empty()) return;
    const Charge charge = take_under_way();
    selector_.release(charge);
    model_.release(charge.analyzer);
  }

  void undo() {
    if (under_way_.empty()) return;
    const Charge charge = take_under_way();
    selector_.undo(charge);
    model_.undo(charge);
  }

  Random random_;
  SelectorOptions options_;
  Selector selector_;
  Model model_;
  std::vector<Charge> under_way_;
  std::uint64_t catch_ups_ = 0;
};

TEST(Model, RandomLivesKeepTheSameAccountsAndTheBestChoices) {
  std::cout << "seed " << seed << "\n";
  std::uint64_t catch_ups = 0;
  for (std::uint64_t life_number = 0; life_number < 200; ++life_number) {
    Life life(seed + life_number);
    for (int step = 0; step < 300; ++step) {
      SCOPED_TRACE("life " + std::to_string(life_number) + " step " + std::to_string(step));
      life.step();
      life.compare();
      if (testing::Test::HasFatalFailure()) return;
    }
    catch_ups += life.catch_ups();
  }
  EXPECT_GT(catch_ups, 200) << "packets: else this says little of them";
}

}  // namespace
}  // namespace logdist::balance::test
