// What the daemon logs while much goes wrong: little, and each line whole.
#include <gmock/gmock.h>

#include <map>
#include <set>
#include <sstream>

#include "tests/e2e/analyzers.hpp"
#include "tests/e2e/checks.hpp"
#include "tests/e2e/daemon_process.hpp"
#include "tests/e2e/load.hpp"

namespace logdist::e2e {
namespace {

using namespace std::chrono_literals;
using testing::AnyOf;
using testing::EndsWith;

/// All lines so far, each as the JSON that it must be.
std::vector<nlohmann::json> log_of(DaemonProcess& daemon) {
  std::istringstream text(daemon.process().errors());
  std::vector<nlohmann::json> lines;
  for (std::string line; std::getline(text, line);) {
    lines.push_back(nlohmann::json::parse(line, nullptr, false));
    EXPECT_TRUE(lines.back().is_object()) << line;
    for (const char* key : {"ts", "level", "event", "msg"}) EXPECT_TRUE(lines.back().contains(key)) << line;
  }
  return lines;
}

TEST(Log, ThousandsOfFailuresAreAHandfulOfLines) {
  Analyzers analyzers({1, 1});
  DaemonProcess daemon({{"ANALYZERS", analyzers.setting()},
                        {"LOG__FORMAT", "json"},
                        {"HEALTH__INTERVAL", "20ms"},
                        {"HEALTH__FAILURE_THRESHOLD", "1"},
                        {"HEALTH__BACKOFF__INITIAL", "1ms"},
                        {"HEALTH__BACKOFF__MAX", "2ms"},
                        {"HEALTH__SLOW_START", "0"}});
  // One fails now and then, the other is gone: thousands of changes of state.
  analyzers.behave(0, {.fail_rate = 0.5});
  analyzers.stop(1);
  LoadPlan plan;
  plan.agents = 8;
  plan.packets_each = LoadPlan::endless;
  Load load(daemon.packet_url(), plan);
  EXPECT_TRUE(eventually([&] {
    const Samples metrics = daemon.metrics();
    const double of_a = metrics.of("analyzer_failures_total", "a");
    const double of_b = metrics.of("analyzer_failures_total", "b");
    return of_a > 200 && of_b > 200 && of_a + of_b > 2'000;
  }));
  load.stop();
  analyzers.behave(0, {});
  load.finish();
  EXPECT_TRUE(daemon.await([](const auto& status) { return status["queue"]["packets"] == 0; }));
  daemon.expect_clean_end();

  const std::vector<nlohmann::json> lines = log_of(daemon);
  std::map<std::string, std::size_t> of_event;
  for (const auto& line : lines) ++of_event[line["event"].get<std::string>()];
  // Two minutes at the very most: five of each kind, then one in ten seconds.
  for (const auto& [event, count] : of_event) EXPECT_LE(count, 2u * (5 + 12)) << event;
  EXPECT_GE(of_event["analyzer_failed"], 2u);
  for (const auto& line : lines) {
    if (line["event"] != "analyzer_failed") continue;
    const std::string cause = line["cause"];
    if (line["analyzer"] == "a") {
      EXPECT_THAT(cause, EndsWith("answered 500"));
    } else {  // the others where something was under way when it went
      EXPECT_THAT(cause, AnyOf(EndsWith("Connection refused"), EndsWith("Connection reset by peer"),
                               EndsWith("connection closed without an answer")));
    }
  }
}

TEST(Log, EveryLineOfALifeIsJson) {
  Analyzers analyzers;
  analyzers.behave({.status = 400});
  DaemonProcess daemon({{"ANALYZERS", analyzers.setting()},
                        {"LOG__FORMAT", "json"},
                        {"LOG__LEVEL", "debug"},
                        {"NO_SUCH\x1b[31m\n\"KEY", "1"}});
  LoadPlan plan;
  plan.name = "{}'<b>%s&";
  plan.packets_each = 20;
  const std::vector<Sent> sent = send_all(daemon.packet_url(), plan);
  EXPECT_TRUE(daemon.await([](const auto& status) { return status["queue"]["packets"] == 0; }));
  daemon.expect_clean_end();

  std::set<std::string> ids, events;
  for (const auto& line : log_of(daemon)) {
    events.insert(line["event"].get<std::string>());
    if (line["event"] == "dead_letter") ids.insert(line["packet_id"].get<std::string>());
  }
  EXPECT_EQ(ids.size(), 20u) << "without a file each dead letter is in the log";
  EXPECT_TRUE(ids.contains(sent[0].id)) << sent[0].id;
  for (const char* event : {"configuration_warning", "listening", "draining", "drained"}) {
    EXPECT_TRUE(events.contains(event)) << event;
  }
}

TEST(Log, APacketPortThatOthersReachIsSaidOnce) {
  const auto open_ports = [](const std::string& listen) {
    DaemonProcess daemon({{"SERVER__LISTEN", listen}, {"ANALYZERS", "a=http://127.0.0.1:9/"}, {"LOG__FORMAT", "json"}});
    std::vector<std::string> addresses;
    for (const nlohmann::json& line : log_of(daemon)) {
      if (line["event"] == "packet_port_open") addresses.push_back(line["address"]);
    }
    return addresses;
  };
  EXPECT_THAT(open_ports("127.0.0.1:0"), testing::IsEmpty());
  EXPECT_THAT(open_ports("0.0.0.0:0"), testing::ElementsAre(testing::StartsWith("0.0.0.0:")));
}

}  // namespace
}  // namespace logdist::e2e
