#include "tests/e2e/fault_room.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "tests/e2e/checks.hpp"
#include "tests/e2e/delivered.hpp"

namespace logdist::e2e {
namespace {

const std::string victim_name = "victim";

Settings settings_of(const RawAnalyzer& a, const RawAnalyzer& b, const Victim& victim, const std::string& dead_letter) {
  return {{"ANALYZERS", "a=" + a.url() + "/ weight=1, b=" + b.url() + "/ weight=1, " + victim_name + "=" +
                            victim.url() + "/ weight=1"},
          {"DELIVERY__TIMEOUT", sanitized ? "2s" : "400ms"},
          {"DELIVERY__RETRY__INITIAL", "20ms"},
          {"DELIVERY__MAX_CONNECTIONS", "4"},
          {"DELIVERY__DEAD_LETTER", dead_letter},
          {"HEALTH__INTERVAL", "200ms"},
          {"HEALTH__TIMEOUT", sanitized ? "2s" : "300ms"},
          {"HEALTH__BACKOFF__INITIAL", "100ms"},
          {"HEALTH__BACKOFF__MAX", "300ms"},
          {"HEALTH__SLOW_START", "100ms"}};
}

/// The quantile of what was observed between two scrapes, interpolated in its bucket.
double p99_seconds(const Samples& before, const Samples& after) {
  std::map<double, double> at_most;
  for (const char* analyzer : {"a", "b"}) {
    for (const auto& [bound, count] : after.buckets("delivery_duration_seconds", analyzer)) at_most[bound] += count;
    for (const auto& [bound, count] : before.buckets("delivery_duration_seconds", analyzer)) at_most[bound] -= count;
  }
  const double rank = 0.99 * at_most.rbegin()->second;
  double low = 0;
  double below = 0;
  for (const auto& [bound, count] : at_most) {
    if (count >= rank && count > below) {
      return std::isinf(bound) ? low : low + (bound - low) * (rank - below) / (count - below);
    }
    low = bound;
    below = count;
  }
  return 0;
}

}  // namespace

Victim::Victim(const Fault& fault, const std::string& journal_path) : what_(fault.what) {
  if (std::holds_alternative<Manner>(what_)) {
    raw_.emplace(journal_path);
  } else {
    process_.emplace(journal_path);
  }
}

std::string Victim::url() const { return raw_ ? raw_->url() : process_->url(); }

void Victim::go_wrong() {
  if (raw_) return raw_->behave(std::get<Manner>(what_));
  if (std::get<Blow>(what_) == Blow::kill) return process_->kill();
  process_->stop();
}

void Victim::heal() {
  if (raw_) return raw_->behave({});
  if (std::get<Blow>(what_) == Blow::kill) return process_->start();
  process_->go_on();
}

FaultRoom::FaultRoom(const Fault& fault)
    : fault_(fault),
      victim_(fault, folder_.file("journal")),
      daemon_(settings_of(a_, b_, victim_, folder_.file("dead"))) {}

double FaultRoom::send(const std::string& name) {
  LoadPlan plan;
  plan.name = name;
  plan.agents = 8;
  plan.packets_each = 25;
  plan.messages_max = 30;
  plan.packets_per_second = 1000;
  const Samples before = daemon_.metrics();
  const std::vector<Sent> sent = send_all(daemon_.packet_url(), plan);
  sent_.insert(sent_.end(), sent.begin(), sent.end());
  return p99_seconds(before, daemon_.metrics());
}

void FaultRoom::live_quietly() {
  send("first");
  quiet_p99_seconds_ = send("quiet");
  quiet_bytes_ = resident_bytes();
}

void FaultRoom::expect_shown(const std::string& state) {
  const std::string sample = "logdist_analyzer_state{analyzer=\"victim\",state=\"" + state + "\"}";
  int round = 0;
  EXPECT_TRUE(eventually([&] {
    const bool in_status = analyzer_in(daemon_.status(), victim_name)["state"] == state;
    if (in_status && daemon_.metrics().value(sample) == 1) return true;
    send(state + std::to_string(round++));  // it may be Testing just now, and waits for a packet there
    return false;
  })) << state;
}

void FaultRoom::go_wrong() {
  victim_.go_wrong();
  std::array<double, 3> p99_seconds{};
  for (std::size_t i = 0; i < p99_seconds.size(); ++i) p99_seconds[i] = send("trouble" + std::to_string(i));
  expect_shown(fault_.fails ? "failed" : "healthy");
  for (const std::string& outcome : fault_.outcomes) {
    EXPECT_TRUE(eventually([&] { return daemon_.metrics().attempts(victim_name, outcome) > 0; })) << outcome;
  }
  // The median, and never less than what a busy machine does by itself. An analyzer
  // that waits for the other's time limit shows in all three.
  std::sort(p99_seconds.begin(), p99_seconds.end());
  constexpr double floor_seconds = sanitized ? 1 : 0.15;
  EXPECT_LE(p99_seconds[1], std::max(3 * quiet_p99_seconds_, floor_seconds))
      << "the good analyzers were served in " << quiet_p99_seconds_ << " s before (p99)";
}

void FaultRoom::heal() {
  victim_.heal();
  // In Testing it waits for a packet.
  for (int round = 0; round == 0 || daemon_.metrics().value("logdist_analyzer_in_service{analyzer=\"victim\"}") != 1;
       ++round) {
    ASSERT_LT(round, 100);
    send("heal" + std::to_string(round));
  }
  expect_shown("healthy");
  const double before = daemon_.metrics().of("packets_delivered_total", victim_name);
  send("healed");
  EXPECT_TRUE(eventually([&] { return daemon_.metrics().of("packets_delivered_total", victim_name) > before; }));
}

void FaultRoom::settle() {
  expect_answers(sent_, 202);
  ASSERT_TRUE(daemon_.await([](const auto& status) { return status["queue"]["packets"] == 0; }));
  watch_.expect_balanced();
  const Samples samples = daemon_.metrics();
  const std::vector<std::string> dead = dead_letter_ids(folder_.lines("dead"));
  const Delivered delivered = compare(sent_, read_journal(folder_.file("journal")), dead);
  EXPECT_EQ(delivered.accepted, sent_.size());
  EXPECT_THAT(delivered.lost, testing::IsEmpty());
  EXPECT_THAT(delivered.altered, testing::IsEmpty());
  EXPECT_THAT(delivered.invented, testing::IsEmpty());
  EXPECT_THAT(dead, testing::IsEmpty()) << "others would have taken them";
  EXPECT_LE(static_cast<double>(delivered.duplicates), explained_duplicates(samples, {"a", "b", victim_name}));
  EXPECT_EQ(samples.packets("delivered"), static_cast<double>(sent_.size()));
  if (!sanitized) {  // which keep what was freed
    constexpr double slack_bytes = 16 << 20;
    EXPECT_LE(resident_bytes(), quiet_bytes_ + slack_bytes);
  }
  daemon_.expect_clean_end();
}

}  // namespace logdist::e2e
