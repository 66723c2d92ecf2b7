// The load balancer and the dispatchers with another policy than the one that ships.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "logdist/balance/balancer.hpp"
#include "tests/dispatch/world.hpp"

namespace logdist::dispatch {
namespace {

/// The first analyzer that has a free slot; nobody is owed anything.
class FirstFree final : public balance::Balancer {
 public:
  AnalyzerId add(std::uint64_t, std::uint32_t slots, std::optional<AnalyzerId> reused) override {
    const AnalyzerId id = reused.value_or(static_cast<AnalyzerId>(entries_.size()));
    entries_.resize(std::max<std::size_t>(entries_.size(), id + std::size_t{1}));
    entries_[id] = {slots, 0, 0, true};
    return id;
  }
  void remove(AnalyzerId analyzer) override { entries_[analyzer].in_service = false; }
  void set_weight(AnalyzerId, std::uint64_t) override {}
  void set_slots(AnalyzerId analyzer, std::uint32_t slots) override { entries_[analyzer].slots = slots; }
  void set_in_service(AnalyzerId analyzer, bool in_service) override { entries_[analyzer].in_service = in_service; }
  bool has_free_slot(AnalyzerId analyzer) const override {
    return entries_[analyzer].in_flight < entries_[analyzer].slots;
  }
  bool can_pick(std::span<const AnalyzerId> excluded) const override { return first_free(excluded).has_value(); }
  std::optional<balance::Charge> pick(const balance::PickRequest& packet) override {
    const auto chosen = first_free(packet.excluded);
    if (!chosen) return std::nullopt;
    return pick_this(*chosen, packet.messages);
  }
  balance::Charge pick_this(AnalyzerId analyzer, std::uint32_t messages) override {
    largest_ = std::max<std::uint64_t>(largest_, messages);
    ++entries_[analyzer].in_flight;
    entries_[analyzer].messages += messages;
    return {analyzer, messages, false};
  }
  void release(const balance::Charge& charge) override { free_slot(charge); }
  void undo(const balance::Charge& charge) override { free_slot(charge); }
  void restore(std::span<const double>, std::uint64_t) override {}
  balance::Account account(AnalyzerId analyzer) const override {
    balance::Account account;
    account.in_flight = entries_[analyzer].in_flight;
    account.in_flight_messages = entries_[analyzer].messages;
    return account;
  }
  std::uint64_t largest_packet() const override { return largest_; }

 private:
  struct Entry {
    std::uint32_t slots = 0;
    std::uint32_t in_flight = 0;
    std::uint64_t messages = 0;
    bool in_service = true;
  };

  std::optional<AnalyzerId> first_free(std::span<const AnalyzerId> excluded) const {
    for (AnalyzerId id = 0; id < entries_.size(); ++id) {
      const bool left_out = std::find(excluded.begin(), excluded.end(), id) != excluded.end();
      if (entries_[id].in_service && has_free_slot(id) && !left_out) return id;
    }
    return std::nullopt;
  }
  void free_slot(const balance::Charge& charge) {
    --entries_[charge.analyzer].in_flight;
    entries_[charge.analyzer].messages -= charge.messages;
  }

  std::vector<Entry> entries_;
  std::uint64_t largest_ = 0;
};

WorldOptions first_free_of_two() {
  WorldOptions options;
  options.weights = {1, 99};
  options.slots = 2;
  options.make_balancer = [] { return std::make_unique<FirstFree>(); };
  return options;
}

std::vector<AnalyzerId> under_way(const World& world) {
  std::vector<AnalyzerId> analyzers;
  for (const core::Attempt* attempt : world.loops[0]->upstream.under_way) analyzers.push_back(attempt->analyzer);
  return analyzers;
}

TEST(OtherBalancer, DecidesWhereEachPacketGoes) {
  World world(first_free_of_two());
  for (int i = 0; i < 3; ++i) world.admit("p" + std::to_string(i));
  world.run();
  EXPECT_EQ(under_way(world), (std::vector<AnalyzerId>{0, 0, 1})) << "whatever the weights say";
  world.deliver_everything();
  EXPECT_EQ(world.terms().delivered.packets, 3U);
}

TEST(OtherBalancer, IsAskedForAnotherAnalyzerAfterAFailure) {
  World world(first_free_of_two());
  world.admit("p");
  world.run();
  ASSERT_EQ(under_way(world), (std::vector<AnalyzerId>{0}));
  world.end(Outcome::connection_broken);
  world.run();
  EXPECT_EQ(under_way(world), (std::vector<AnalyzerId>{1}));
  world.deliver_everything();
  EXPECT_EQ(world.views()[0].account.in_flight, 0U) << "the failed attempt has given its slot back";
}

TEST(OtherBalancer, GetsNoPacketForOneThatIsOutOfService) {
  World world(first_free_of_two());
  world.balancer.set_drained(0, true, world.now);
  world.admit("p");
  world.run();
  EXPECT_EQ(under_way(world), (std::vector<AnalyzerId>{1}));
}

}  // namespace
}  // namespace logdist::dispatch
