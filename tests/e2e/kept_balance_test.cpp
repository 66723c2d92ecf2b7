// balance.state_file, and the balance in the durable queue: what analyzers are owed outlives the process.
#include <gmock/gmock.h>

#include <map>
#include <sstream>

#include "logdist/queue/log/balance_figures.hpp"
#include "tests/e2e/checks.hpp"
#include "tests/support/temporary_folder.hpp"

namespace logdist::e2e {
namespace {

using testing::HasSubstr;

class KeptBalance : public testing::Test {
 protected:
  static constexpr std::uint32_t messages_max = 20;

  Settings in_memory() const {
    return {{"ANALYZERS", analyzers_.setting()}, {"BALANCE__STATE_FILE", folder_.file("balance.state")}};
  }
  Settings on_disk() const {
    return {{"ANALYZERS", analyzers_.setting()},
            {"QUEUE__STORAGE", "disk"},
            {"QUEUE__DIRECTORY", folder_.file("queue")},
            {"QUEUE__RETAIN_FOR", "1h"},
            {"HEALTH__SLOW_START", "0"}};
  }
  static void post(DaemonProcess& daemon, const std::string& path, const std::string& body = "{}") {
    test::HttpClient client(daemon.admin_url());
    EXPECT_EQ(client.post("/v1/analyzers/" + path, body).status, 200u);
  }
  queue::DecodedBalanceState state() const {
    std::ifstream stream(folder_.file("balance.state"), std::ios::binary);
    std::ostringstream bytes;
    bytes << stream.rdbuf();
    return queue::decode_balance_state(bytes.str());
  }
  /// The states of all packets in the durable queue, by id.
  std::map<std::string, std::string> stored() const {
    test::Process process(test::Process::log_distributor({"queue", "export", "--directory", folder_.file("queue")}));
    EXPECT_EQ(process.wait_exit(patience), 0) << process.errors();
    std::map<std::string, std::string> states;
    std::istringstream lines(process.output());
    for (std::string line; std::getline(lines, line);) {
      const auto packet = nlohmann::json::parse(line);
      states[packet["packet_id"]] = packet["state"];
    }
    return states;
  }

  const test::TemporaryFolder folder_;
  Analyzers analyzers_;
};

/// Without it each life would begin with the heaviest analyzer.
TEST_F(KeptBalance, LivesOfOnePacketShareAsOneLife) {
  for (int life = 0; life < 6; ++life) {
    DaemonProcess daemon(in_memory());
    const auto sent = send_all(
        daemon.packet_url(),
        {.name = "life" + std::to_string(life) + "-", .messages_min = messages_max, .messages_max = messages_max});
    expect_answers(sent, 202);
    ASSERT_TRUE(daemon.await_delivered(1));
    daemon.expect_clean_end();
  }
  expect_shares(analyzers_.messages(), usual_weights, messages_max);
}

TEST_F(KeptBalance, TheOperatorsWeightsAndDrainsOutliveAKill) {
  {
    DaemonProcess daemon(in_memory());
    post(daemon, "b/weight", R"({"weight":60})");
    post(daemon, "c/drain");
    ASSERT_TRUE(eventually([&] {
      const auto kept = state().figures.analyzers;
      return kept.size() == 3 && kept[1].operator_weight && kept[2].drained;
    }));
    daemon.process().signal(SIGKILL);
    EXPECT_EQ(daemon.process().wait_exit(patience), 128 + SIGKILL);
  }
  {
    DaemonProcess daemon(in_memory());
    EXPECT_EQ(analyzer_in(daemon.status(), "b")["weight"], 60);
    EXPECT_EQ(analyzer_in(daemon.status(), "c")["drained"], true);
    EXPECT_EQ(analyzer_in(daemon.status(), "c")["in_service"], false);
    EXPECT_THAT(daemon.process().errors(),
                HasSubstr("it knows 3 of 3 analyzers; 1 weight of the operator's, 1 drained"));
    daemon.expect_clean_end();
  }
  Settings other = in_memory();
  other["ANALYZERS"] = "a=" + analyzers_.url(0) + " weight=40, b=" + analyzers_.url(1) +
                       " weight=31, c=" + analyzers_.url(0) + " weight=30";
  DaemonProcess daemon(other);
  EXPECT_EQ(analyzer_in(daemon.status(), "b")["weight"], 31) << "the configuration has another one now";
  EXPECT_EQ(analyzer_in(daemon.status(), "c")["drained"], true) << "it has moved";
  EXPECT_THAT(daemon.process().errors(),
              HasSubstr("it knows 2 of 3 analyzers; 0 weights of the operator's, 1 drained"));
  daemon.expect_clean_end();
}

/// More than a message of each packet that is not known to be settled cannot be in doubt.
TEST_F(KeptBalance, TheDurableQueueKeepsItOverAKill) {
  analyzers_.behave({.latency = std::chrono::milliseconds(50)});
  std::vector<Sent> sent;
  std::uint64_t in_doubt = 0;
  {
    DaemonProcess daemon(on_disk());
    post(daemon, "b/weight", R"({"weight":60})");
    post(daemon, "a/drain");
    sent = send_all(daemon.packet_url(),
                    {.agents = 20, .packets_each = 10, .messages_min = 1, .messages_max = messages_max, .seed = 7});
    expect_answers(sent, 202);
    ASSERT_TRUE(daemon.await_delivered(sent.size()));
    std::map<std::string, std::string> states;
    ASSERT_TRUE(eventually([&] {
      states = stored();
      return std::none_of(states.begin(), states.end(), [](const auto& entry) { return entry.second == "queued"; });
    }));
    daemon.process().signal(SIGKILL);
    EXPECT_EQ(daemon.process().wait_exit(patience), 128 + SIGKILL);
    for (const Sent& packet : sent) {
      if (states.count(packet.id) == 0) in_doubt += packet.messages;  // elided
    }
  }
  const std::uint64_t first_life = messages_of(sent);
  ASSERT_EQ(analyzers_.messages()[0], 0u);
  EXPECT_LT(in_doubt, first_life / 4) << "or this would show nothing";
  DaemonProcess daemon(on_disk());
  EXPECT_EQ(daemon.metrics().packets("recovered"), 0);
  EXPECT_EQ(analyzer_in(daemon.status(), "b")["weight"], 60);
  EXPECT_EQ(analyzer_in(daemon.status(), "a")["drained"], true);
  EXPECT_NEAR(analyzer_in(daemon.status(), "a")["debt"].get<double>(), static_cast<double>(first_life) * 40 / 130,
              static_cast<double>(messages_max + in_doubt));
  post(daemon, "a/undrain");
  for (int round = 0; round < 40; ++round) {
    const auto more = send_all(daemon.packet_url(), {.name = "round" + std::to_string(round) + "-",
                                                     .agents = 20,
                                                     .packets_each = 5,
                                                     .messages_min = 1,
                                                     .messages_max = messages_max,
                                                     .seed = static_cast<std::uint64_t>(round)});
    expect_answers(more, 202);
    sent.insert(sent.end(), more.begin(), more.end());
    ASSERT_TRUE(daemon.await([](const auto& status) { return status["queue"]["packets"] == 0; }));
    if (analyzer_in(daemon.status(), "a")["deficit"].get<double>() <= messages_max) break;
  }
  daemon.expect_clean_end();
  expect_shares(analyzers_.messages(), {40, 60, 30}, messages_max + in_doubt);
}

TEST_F(KeptBalance, AFileThatIsNoneOfOursIsToldAndReplaced) {
  const auto start_line_with = [&](const std::string& bytes) {
    folder_.write("balance.state", bytes);
    DaemonProcess daemon(in_memory());
    daemon.expect_clean_end();
    EXPECT_EQ(state().fault, queue::BalanceStateFault::none);
    return daemon.process().errors();
  };
  const std::string good = queue::encode_balance_state({{{"a", 1, 0, 1}}});
  EXPECT_THAT(start_line_with("weights: none\n"), HasSubstr("is no file of this kind: starting without it"));
  EXPECT_THAT(start_line_with(good.substr(0, good.size() - 1)), HasSubstr("is damaged: starting without it"));
  EXPECT_THAT(start_line_with(queue::encode_balance_state({}, 2)),
              HasSubstr("is of version 2, which is not known: starting without it"));
}

TEST_F(KeptBalance, IsOffWithOneLineWhereItCannotBe) {
  Settings settings = in_memory();
  settings["BALANCE__STATE_FILE"] = folder_.file("nowhere/balance.state");
  DaemonProcess daemon(settings);
  EXPECT_TRUE(
      daemon.process().wait_for_line("balance.state_file: off, there is no .*/nowhere; the next start begins with"));
  daemon.expect_clean_end();
  DaemonProcess first(in_memory());
  DaemonProcess second(in_memory());
  EXPECT_TRUE(second.process().wait_for_line("balance.state_file: off, another process has it \\(pid [0-9]+\\)"));
  second.expect_clean_end();
  first.expect_clean_end();
}

}  // namespace
}  // namespace logdist::e2e
