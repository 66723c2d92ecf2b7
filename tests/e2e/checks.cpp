#include "tests/e2e/checks.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <numeric>

namespace logdist::e2e {
namespace {

/// Some of the ids of `left` that are not in `right`; both sorted.
std::string difference(const std::vector<std::string>& left, const std::vector<std::string>& right) {
  std::vector<std::string> only;
  std::set_difference(left.begin(), left.end(), right.begin(), right.end(), std::back_inserter(only));
  std::string text = fmt::format("{}", only.size());
  for (std::size_t i = 0; i < std::min<std::size_t>(only.size(), 10); ++i) text += " " + only[i];
  return text;
}

}  // namespace

std::vector<Sent> with_status(const std::vector<Sent>& sent, unsigned status) {
  std::vector<Sent> result;
  std::copy_if(sent.begin(), sent.end(), std::back_inserter(result),
               [&](const Sent& packet) { return packet.status == status; });
  return result;
}

std::vector<std::string> ids_of(const std::vector<Sent>& sent) {
  std::vector<std::string> ids;
  for (const Sent& packet : sent) ids.push_back(packet.id);
  return ids;
}

std::uint64_t messages_of(const std::vector<Sent>& sent) {
  return std::accumulate(sent.begin(), sent.end(), std::uint64_t{0},
                         [](std::uint64_t sum, const Sent& packet) { return sum + packet.messages; });
}

void expect_answers(const std::vector<Sent>& sent, unsigned status) {
  for (const Sent& packet : sent) {
    ASSERT_EQ(packet.status, status) << packet.id << ": " << packet.body;
    if (!packet.accepted()) continue;
    ASSERT_EQ(packet.body, fmt::format(R"({{"packet_id":"{}","messages":{}}})", packet.id, packet.messages));
  }
}

void expect_retry_after(const std::vector<Sent>& sent) {
  for (const Sent& packet : sent) {
    EXPECT_THAT(packet.retry_after, testing::MatchesRegex("[0-9]+")) << packet.id;
    const int seconds = std::stoi("0" + packet.retry_after);
    EXPECT_TRUE(seconds >= 1 && seconds <= 60) << packet.id << ": " << packet.retry_after;
  }
}

void expect_taken(std::vector<std::string> taken, std::vector<std::string> accepted) {
  std::sort(taken.begin(), taken.end());
  std::sort(accepted.begin(), accepted.end());
  EXPECT_TRUE(taken == accepted) << "missing: " << difference(accepted, taken)
                                 << "\ninvented or doubled: " << difference(taken, accepted);
}

double resident_bytes(DaemonProcess& daemon) { return daemon.metrics().value("process_resident_memory_bytes"); }

void expect_memory_back(DaemonProcess& daemon, double quiet_bytes, double slack_bytes) {
  if (sanitized) return;
  double bytes = 0;
  EXPECT_TRUE(eventually([&] { return (bytes = resident_bytes(daemon)) <= quiet_bytes + slack_bytes; }));
  std::cout << "resident: " << quiet_bytes << " bytes before, " << bytes << " after\n";
}

void expect_shares(const std::vector<std::uint64_t>& messages, const std::vector<std::uint64_t>& weights,
                   std::uint64_t slack) {
  const auto total = static_cast<double>(std::accumulate(messages.begin(), messages.end(), std::uint64_t{0}));
  const auto all_weights = static_cast<double>(std::accumulate(weights.begin(), weights.end(), std::uint64_t{0}));
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const double target = total * static_cast<double>(weights[i]) / all_weights;
    EXPECT_LE(std::abs(static_cast<double>(messages[i]) - target), static_cast<double>(slack))
        << Analyzers::name(i) << " took " << messages[i] << " of " << total << " messages, its share is " << target;
  }
}

void expect_books(const Samples& samples, const std::vector<Sent>& sent, const Analyzers& analyzers) {
  const auto packets = static_cast<double>(sent.size());
  const auto messages = static_cast<double>(messages_of(sent));
  for (const char* series : {"logdist_packets_received_total", "logdist_packets_admitted_total"}) {
    EXPECT_EQ(samples.sum(series), packets) << series;
  }
  for (const char* series : {"logdist_messages_received_total", "logdist_messages_admitted_total"}) {
    EXPECT_EQ(samples.sum(series), messages) << series;
  }
  EXPECT_EQ(samples.packets("delivered"), packets);
  EXPECT_EQ(samples.messages("delivered"), messages);
  // Of packets of an earlier process there are none: then the states are where those that came are.
  EXPECT_EQ(samples.sum("logdist_ledger_packets"), packets);
  EXPECT_EQ(samples.sum("logdist_ledger_messages"), messages);
  for (const char* state : {"queued", "waiting", "in_flight", "dead_lettered", "handed_back"}) {
    EXPECT_EQ(samples.packets(state), 0) << state;
    EXPECT_EQ(samples.messages(state), 0) << state;
  }
  for (std::size_t i = 0; i < analyzers.weights().size(); ++i) {
    const tools::AnalyzerStats stats = analyzers.stats(i);
    const std::string name = Analyzers::name(i);
    EXPECT_EQ(samples.of("packets_delivered_total", name), static_cast<double>(stats.packets)) << name;
    EXPECT_EQ(samples.of("messages_delivered_total", name), static_cast<double>(stats.messages)) << name;
    EXPECT_EQ(samples.of("in_flight_packets", name), 0) << name;
  }
  EXPECT_EQ(samples.value("logdist_queue_packets"), 0);
  EXPECT_EQ(samples.value("logdist_queue_bytes"), 0);
  EXPECT_EQ(samples.imbalance(), "");
}

}  // namespace logdist::e2e
