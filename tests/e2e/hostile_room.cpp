#include "tests/e2e/hostile_room.hpp"

#include <gmock/gmock.h>

#include <fmt/format.h>
#include <algorithm>

#include "tests/e2e/checks.hpp"
#include "tests/e2e/delivered.hpp"

namespace logdist::e2e {
namespace {

constexpr std::size_t good_analyzers = 3;
/// What bodies and the queue may hold at most, and what the sanitizers and everything else may add to it.
constexpr double memory_bounds_bytes = 96 << 20;
constexpr double slack_bytes = sanitized ? 160 << 20 : 32 << 20;
/// Far beyond what a busy machine does, and less than any timeout behind which an attack could hide.
constexpr std::chrono::seconds stall_max{10};

std::string journal_of(std::size_t good) { return "good-" + std::to_string(good); }

std::string analyzers_of(const std::vector<std::unique_ptr<RawAnalyzer>>& good,
                         const std::vector<std::unique_ptr<RawAnalyzer>>& hostile) {
  std::string text;
  for (std::size_t i = 0; i < good.size(); ++i) {
    text += fmt::format("{}good-{}={}/analyze weight=1", i == 0 ? "" : ", ", i, good[i]->url());
  }
  for (std::size_t i = 0; i < hostile.size(); ++i) {
    text += fmt::format(", hostile-{}={}/analyze weight=1", i, hostile[i]->url());
  }
  return text;
}

std::vector<std::unique_ptr<RawAnalyzer>> start_analyzers(std::size_t count,
                                                          const std::function<std::string(std::size_t)>& journal) {
  std::vector<std::unique_ptr<RawAnalyzer>> analyzers;
  for (std::size_t i = 0; i < count; ++i) analyzers.push_back(std::make_unique<RawAnalyzer>(journal(i)));
  return analyzers;
}

Settings settings_of(const std::string& analyzers, const std::string& dead_letter) {
  return {{"ANALYZERS", analyzers},
          {"SERVER__MAX_CONNECTIONS", "300"},
          {"SERVER__MAX_BUFFERED", "32MiB"},
          {"QUEUE__MAX_BYTES", "64MiB"},
          {"DELIVERY__TIMEOUT", sanitized ? "1s" : "400ms"},
          {"DELIVERY__RETRY__INITIAL", "20ms"},
          {"DELIVERY__MAX_CONNECTIONS", "4"},
          {"DELIVERY__DEAD_LETTER", dead_letter},
          {"HEALTH__INTERVAL", "200ms"},
          {"HEALTH__TIMEOUT", sanitized ? "2s" : "400ms"},
          {"HEALTH__BACKOFF__INITIAL", "100ms"},
          {"HEALTH__BACKOFF__MAX", "300ms"},
          {"HEALTH__SLOW_START", "100ms"}};
}

Duration p99_of(const std::vector<Sent>& sent) {
  std::vector<Duration> times;
  for (const Sent& packet : sent) times.push_back(packet.elapsed);
  if (times.empty()) return {};
  std::sort(times.begin(), times.end());
  return times[std::min(times.size() - 1, times.size() * 99 / 100)];
}

/// For a moment after all connections were taken none of them has been waited for long enough to be closed.
constexpr std::chrono::seconds filling_max{1};

/// Those that were answered before `filled_at` may have been refused for want of a connection.
void expect_accepted(const std::vector<Sent>& sent, TimePoint filled_at = TimePoint::min()) {
  std::vector<std::string> refused;
  for (const Sent& packet : sent) {
    if (packet.at <= filled_at && packet.status == 503 && !packet.retry_after.empty()) continue;
    if (!packet.accepted()) refused.push_back(fmt::format("{}: {} {}", packet.id, packet.status, packet.body));
  }
  EXPECT_THAT(refused, testing::IsEmpty());
}

}  // namespace

HostileRoom::HostileRoom(std::size_t hostile_analyzers)
    : good_(start_analyzers(good_analyzers, [this](std::size_t i) { return folder_.file(journal_of(i)); })),
      hostile_(start_analyzers(hostile_analyzers, [this](std::size_t) { return folder_.file("hostile"); })),
      daemon_(settings_of(analyzers_of(good_, hostile_), folder_.file("dead"))) {}

Felt HostileRoom::live(const GoodLoad& load, const std::function<void()>& meanwhile) {
  const std::string name = "good" + std::to_string(loads_++);
  LoadPlan kept{.name = name + "-kept", .agents = 6, .packets_each = LoadPlan::endless};
  kept.packets_per_second = load.packets_per_second * 0.9;
  LoadPlan fresh{.name = name + "-fresh", .agents = 2, .packets_each = LoadPlan::endless};
  fresh.packets_per_second = load.packets_per_second * 0.1;
  fresh.reconnects = true;

  const TimePoint begin = Clock::now();
  AdminWatch watch(daemon_.admin_url());
  Load kept_load(daemon_.packet_url(), kept);
  Load fresh_load(daemon_.packet_url(), fresh);
  const auto await_packets = [&](std::size_t packets) {
    EXPECT_TRUE(eventually([&] { return kept_load.answered() >= packets; })) << "packets are not answered";
  };
  await_packets(2 * kept.agents);
  meanwhile();
  const TimePoint filled_at = load.port_is_filled ? Clock::now() + filling_max : TimePoint::min();
  EXPECT_TRUE(eventually([&] { return Clock::now() > filled_at; }));
  await_packets(kept_load.answered() + load.packets);
  kept_load.stop();
  fresh_load.stop();
  std::vector<Sent> sent = kept_load.finish();
  const std::vector<Sent> others = fresh_load.finish();
  EXPECT_TRUE(std::any_of(others.begin(), others.end(), [&](const Sent& packet) { return packet.at > filled_at; }));
  sent.insert(sent.end(), others.begin(), others.end());
  watch.expect_well();
  expect_accepted(sent, filled_at);
  const Felt felt{p99_of(sent), longest_gap(begin, Clock::now()), watch.slowest()};
  EXPECT_LT(felt.gap, stall_max) << "a good analyzer received nothing meanwhile";
  sent_.insert(sent_.end(), sent.begin(), sent.end());
  if (loads_ == 1) quiet_bytes_ = resident_bytes();
  return felt;
}

void HostileRoom::attack(const Attack& attack) { attackers_.begin(attack); }

void HostileRoom::await_attackers() {
  ASSERT_TRUE(eventually([this] { return attackers_.all_begun(); }));
}

/// Without a packet in all that time it is longer than any.
Duration HostileRoom::longest_gap(TimePoint begin, TimePoint end) const {
  Duration longest{};
  for (std::size_t i = 0; i < good_.size(); ++i) {
    TimePoint last = begin;
    std::size_t received = 0;
    for (const Entry& entry : read_journal(folder_.file(journal_of(i)))) {
      if (entry.at < begin || entry.at > end) continue;
      longest = std::max(longest, entry.at - last);
      last = entry.at;
      ++received;
    }
    longest = std::max(longest, received == 0 ? Duration(stall_max) : end - last);
  }
  return longest;
}

double HostileRoom::resident_bytes() {
  return Samples(ask_admin(daemon_.admin_url(), "/metrics")).value("process_resident_memory_bytes");
}

void HostileRoom::settle() {
  std::vector<Entry> entries;
  const auto is_good = [](const Entry& entry) { return entry.id.starts_with("good"); };
  const auto missing = [&] {
    entries = read_journal(folder_.file("hostile"));
    for (std::size_t i = 0; i < good_.size(); ++i) {
      const std::vector<Entry> more = read_journal(folder_.file(journal_of(i)));
      entries.insert(entries.end(), more.begin(), more.end());
    }
    std::erase_if(entries, [&](const Entry& entry) { return !is_good(entry); });
    return compare(sent_, entries).lost.size();
  };
  EXPECT_TRUE(eventually([&] { return missing() == 0; }));
  const Delivered delivered = compare(sent_, entries);
  EXPECT_THAT(delivered.lost, testing::IsEmpty());
  EXPECT_THAT(delivered.altered, testing::IsEmpty());
  EXPECT_THAT(delivered.invented, testing::IsEmpty());
  for (const std::string& id : dead_letter_ids(folder_.lines("dead"))) {
    EXPECT_FALSE(id.starts_with("good")) << id << " is a dead letter: others would have taken it";
  }
  EXPECT_LE(resident_bytes(), quiet_bytes_ + memory_bounds_bytes + slack_bytes);
  daemon_.expect_clean_end();
}

}  // namespace logdist::e2e
