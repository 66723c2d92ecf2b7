// An analyzer that is killed under load and comes back on the same port.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "tests/e2e/checks.hpp"
#include "tests/e2e/ledger_watch.hpp"

namespace logdist::e2e {
namespace {

constexpr std::uint32_t packet_messages = 5;
constexpr double max_debt = 300;
const std::string victim = "victim";

LoadPlan steady_load(const std::string& name, std::size_t packets_each) {
  LoadPlan plan;
  plan.name = name;
  plan.agents = 8;
  plan.packets_each = packets_each;
  plan.messages_min = plan.messages_max = packet_messages;
  plan.packets_per_second = 300;
  return plan;
}

/// Two steady analyzers, 40 and 30, and one of 30 that is to be killed.
class Recovery : public testing::Test {
 protected:
  Recovery()
      : daemon_({{"ANALYZERS", steady_.setting() + ", victim=" + process_.url() + "/analyze weight=30"},
                 {"BALANCE__MAX_DEBT", "300"},
                 {"HEALTH__INTERVAL", "200ms"},
                 {"HEALTH__BACKOFF__INITIAL", "100ms"},
                 {"HEALTH__BACKOFF__MAX", "500ms"},
                 {"HEALTH__SLOW_START", "500ms"},
                 {"DELIVERY__RETRY__INITIAL", "50ms"}}) {
    process_.change({{"record_ids", true}});
  }

  nlohmann::json victim_status() { return analyzer_in(daemon_.status(), victim); }

  /// The status, and then the metrics, come to show `state`, and no other.
  void await_state(const std::string& state) {
    ASSERT_TRUE(daemon_.await_state(victim, state)) << state;
    const auto shown = [](const Samples& samples, const std::string& one) {
      return samples.value("logdist_analyzer_state{analyzer=\"victim\",state=\"" + one + "\"}");
    };
    EXPECT_TRUE(eventually([&] {
      const Samples samples = daemon_.metrics();
      EXPECT_EQ(shown(samples, "healthy") + shown(samples, "failed") + shown(samples, "testing"), 1);
      return shown(samples, state) == 1;
    })) << state;
  }

  /// With packets under way to it. What it took until then stays known: from some
  /// moment before its end it answers nothing.
  void kill_victim() {
    process_.change({{"hang", true}});
    ids_before_ = process_.ids();
    process_.kill();
  }

  /// On the same port. It accepts no packet before its ids are recorded.
  void bring_victim_back(int latency_ms) {
    process_.start({"--status", "500"});
    process_.change({{"record_ids", true}, {"status", 200}, {"latency_ms", latency_ms}});
  }

  /// Every accepted packet arrived. One that the victim took just before its end
  /// may have come twice: its answer may be lost.
  void expect_nothing_lost(const std::vector<Sent>& sent) {
    std::vector<std::string> taken = steady_.ids();
    const std::vector<std::string> after = process_.ids();
    taken.insert(taken.end(), after.begin(), after.end());
    EXPECT_EQ(std::set(taken.begin(), taken.end()).size(), taken.size()) << "doubled, though no answer was lost";
    std::set<std::string> all(taken.begin(), taken.end());
    all.insert(ids_before_.begin(), ids_before_.end());
    expect_taken({all.begin(), all.end()}, ids_of(sent));
  }

  /// Waits until the outage has cost the victim all that it can be owed.
  void await_full_debt() {
    double most = 0;
    EXPECT_TRUE(daemon_.await([&](const auto& status) {
      most = std::max(most, analyzer_in(status, victim)["debt"].template get<double>());
      return most > max_debt - packet_messages;
    }));
    EXPECT_LE(most, max_debt);
  }

  Analyzers steady_{{40, 30}};
  AnalyzerProcess process_;
  std::vector<std::string> ids_before_;
  DaemonProcess daemon_;
};

TEST_F(Recovery, UnderLoadNothingIsLostAndEveryStateIsShown) {
  LedgerWatch watch(daemon_.admin_url());
  Load load(daemon_.packet_url(), steady_load("load", LoadPlan::endless));
  ASSERT_TRUE(
      daemon_.await([](const auto& status) { return analyzer_in(status, victim)["delivered"]["packets"] > 20; }));
  await_state("healthy");
  kill_victim();
  await_state("failed");
  EXPECT_FALSE(victim_status()["in_service"].get<bool>());
  EXPECT_EQ(victim_status()["target_share"], 0);
  EXPECT_EQ(daemon_.readyz(), 200u);
  await_full_debt();

  bring_victim_back(3000);  // so that its trial lasts, and can be seen
  await_state("testing");
  process_.change({{"latency_ms", 0}});
  await_state("healthy");
  ASSERT_TRUE(daemon_.await([](const auto& status) {
    return analyzer_in(status, victim)["deficit"].template get<double>() <= packet_messages;
  })) << "its debt is paid";

  load.stop();
  const std::vector<Sent> sent = load.finish();
  expect_answers(sent, 202);
  ASSERT_TRUE(daemon_.await_delivered(sent.size()));
  watch.expect_balanced();
  expect_nothing_lost(sent);
  daemon_.expect_clean_end();
}

TEST_F(Recovery, ItsDebtIsPaidAndThenItsShare) {
  LedgerWatch watch(daemon_.admin_url());
  Load load(daemon_.packet_url(), steady_load("before", LoadPlan::endless));
  ASSERT_TRUE(
      daemon_.await([](const auto& status) { return analyzer_in(status, victim)["delivered"]["packets"] > 20; }));
  kill_victim();
  await_state("failed");
  await_full_debt();
  load.stop();
  std::vector<Sent> sent = load.finish();
  ASSERT_TRUE(daemon_.await_delivered(sent.size()));
  const double debt = victim_status()["debt"].get<double>();

  // Without packets it stays in Testing: its trial is the very next one.
  bring_victim_back(0);
  await_state("testing");
  const auto send = [&](const LoadPlan& plan) {
    const std::vector<Sent> more = send_all(daemon_.packet_url(), plan);
    sent.insert(sent.end(), more.begin(), more.end());
    EXPECT_TRUE(daemon_.await_delivered(sent.size()));
  };
  while (victim_status()["state"] != "healthy") send(steady_load("trial" + std::to_string(sent.size()), 1));

  send(steady_load("after", 50));
  const double owed = debt + 0.3 * 50 * 8 * packet_messages;
  const auto paid = process_.stats()["messages"].get<double>();
  // While it was tried, the others took a few packets of whose credit max_debt cut all.
  EXPECT_NEAR(paid, owed, 8 * packet_messages) << "of a debt of " << debt;
  EXPECT_LE(std::abs(victim_status()["deficit"].get<double>()), packet_messages);

  const auto counted = [&] {
    std::vector<std::uint64_t> messages = steady_.messages();
    messages.push_back(process_.stats()["messages"].get<std::uint64_t>());
    return messages;
  };
  const std::vector<std::uint64_t> before = counted();
  send(steady_load("share", 25));
  std::vector<std::uint64_t> during = counted();
  for (std::size_t i = 0; i < before.size(); ++i) during[i] -= before[i];
  expect_shares(during, {40, 30, 30}, 2 * packet_messages);  // one packet off at each end
  expect_answers(sent, 202);
  watch.expect_balanced();
  expect_nothing_lost(sent);
  daemon_.expect_clean_end();
}

}  // namespace
}  // namespace logdist::e2e
