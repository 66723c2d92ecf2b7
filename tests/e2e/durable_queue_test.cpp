// queue.storage: disk. A 202 outlives the process that gave it.
#include <gmock/gmock.h>

#include <array>
#include <filesystem>

#include "logdist/base/base64.hpp"
#include "tests/e2e/checks.hpp"
#include "tests/e2e/delivered.hpp"
#include "tests/e2e/ledger_watch.hpp"
#include "tests/e2e/raw_analyzer.hpp"
#include "tests/support/temporary_folder.hpp"

namespace logdist::e2e {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::IsEmpty;

class DurableQueue : public testing::Test {
 protected:
  /// Settings of a daemon on this test's directory; those given first win.
  Settings on_disk(Settings settings) const {
    settings.insert(
        {{"QUEUE__STORAGE", "disk"}, {"QUEUE__DIRECTORY", folder_.file("queue")}, {"QUEUE__SEGMENT_SIZE", "256KiB"}});
    return settings;
  }
  DaemonProcess start(Settings settings = {}) {
    settings.insert({{"ANALYZERS", analyzers_.setting()}, {"HEALTH__BACKOFF__MAX", "500ms"}});
    return DaemonProcess(on_disk(std::move(settings)));
  }

  const test::TemporaryFolder folder_;
  Analyzers analyzers_;
};

/// A daemon that is killed under load, and one that takes over its directory.
class KilledDurable : public DurableQueue, public testing::WithParamInterface<std::string> {
 protected:
  Settings settings() const {
    std::string setting;
    for (const RawAnalyzer& analyzer : slow_) {
      setting += (setting.empty() ? "" : ", ") + std::to_string(analyzer.port()) + "=" + analyzer.url() + "/ weight=1";
    }
    return on_disk({{"ANALYZERS", setting},
                    {"DELIVERY__MAX_CONNECTIONS", "2"},
                    {"QUEUE__SYNC", GetParam()},
                    {"QUEUE__MAX_PACKETS", "40"}});
  }

  std::array<RawAnalyzer, 2> slow_{RawAnalyzer{folder_.file("journal")}, RawAnalyzer{folder_.file("journal")}};
};

TEST_P(KilledDurable, A202SurvivesIt) {
  Manner slow;
  slow.byte_pause = 1ms;
  for (RawAnalyzer& analyzer : slow_) analyzer.behave(slow);
  std::vector<Sent> sent;
  for (int life = 0; life < 3; ++life) {
    DaemonProcess daemon(settings());
    LedgerWatch watch(daemon.admin_url());
    Load load(daemon.packet_url(), {.name = "life" + std::to_string(life) + "-",
                                    .agents = 32,
                                    .packets_each = LoadPlan::endless,
                                    .messages_max = 20,
                                    .seed = static_cast<std::uint64_t>(life + 1)});
    EXPECT_TRUE(daemon.await([](const auto& status) {
      return status["ledger"]["delivered"]["packets"] > 50 && status["ledger"]["in_flight"]["packets"] > 20;
    }));
    daemon.process().signal(SIGKILL);
    EXPECT_EQ(daemon.process().wait_exit(patience), 128 + SIGKILL);
    load.stop();
    const std::vector<Sent> of_life = load.finish();
    sent.insert(sent.end(), of_life.begin(), of_life.end());
    watch.expect_balanced_to_its_end();
  }
  for (RawAnalyzer& analyzer : slow_) analyzer.behave({});
  DaemonProcess daemon(settings());
  ASSERT_TRUE(daemon.await([](const auto& status) {
    const auto& ledger = status["ledger"];
    return ledger["recovered"]["packets"] > 0 &&
           ledger["recovered"]["packets"] == ledger["delivered"]["packets"].template get<int>();
  }));
  const Samples samples = daemon.metrics();
  EXPECT_EQ(samples.imbalance(), "");
  EXPECT_EQ(samples.value("logdist_packets_recovered_total"), samples.packets("recovered"));
  daemon.expect_clean_end();
  const Delivered delivered = compare(sent, read_journal(folder_.file("journal")));
  EXPECT_GT(delivered.accepted, 150u);
  EXPECT_THAT(delivered.lost, IsEmpty());
  EXPECT_THAT(delivered.altered, IsEmpty());
  EXPECT_THAT(delivered.invented, IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(Syncs, KilledDurable, testing::Values("always", "5ms", "off"),
                         [](const auto& sync) { return sync.param == "5ms" ? std::string("each_5ms") : sync.param; });

TEST_F(DurableQueue, HoldsAnOutageThatMemoryHasNoPlaceFor) {
  analyzers_.stop_all();
  DaemonProcess daemon = start({{"QUEUE__MAX_PACKETS", "10"}});
  LedgerWatch watch(daemon.admin_url());
  const std::vector<Sent> sent = send_all(daemon.packet_url(), {.agents = 10, .packets_each = 50});
  expect_answers(sent, 202);
  const Samples samples = daemon.metrics();
  EXPECT_EQ(samples.packets("spilled"), 490);
  EXPECT_EQ(samples.value("logdist_queue_packets"), 10);
  EXPECT_EQ(samples.value("logdist_queue_disk_packets"), 500);
  EXPECT_EQ(daemon.readyz(), 200u);
  for (std::size_t i = 0; i < 3; ++i) analyzers_.start(i);
  ASSERT_TRUE(daemon.await_delivered(sent.size()));
  expect_taken(analyzers_.ids(), ids_of(sent));
  watch.expect_balanced();
  EXPECT_EQ(daemon.metrics().packets("spilled"), 0);
  daemon.expect_clean_end();
}

TEST_F(DurableQueue, WhatTheGraceIsTooShortForIsDeliveredByTheNextOne) {
  analyzers_.stop_all();
  std::vector<Sent> sent;
  {
    DaemonProcess daemon = start({{"SHUTDOWN__GRACE", "100ms"}, {"QUEUE__MAX_PACKETS", "10"}});
    sent = send_all(daemon.packet_url(), {.agents = 5, .packets_each = 10});
    expect_answers(sent, 202);
    daemon.process().terminate();
    EXPECT_EQ(daemon.process().wait_exit(patience), 2);
    EXPECT_THAT(daemon.process().errors(),
                HasSubstr("50 accepted packets could not be delivered within shutdown.grace; "
                          "kept in " +
                          folder_.file("queue")));
    EXPECT_THAT(daemon.process().errors(), testing::Not(HasSubstr("dead letter")));
  }
  for (std::size_t i = 0; i < 3; ++i) analyzers_.start(i);
  DaemonProcess daemon = start();
  EXPECT_THAT(daemon.process().errors(), HasSubstr("50 packets of an earlier process"));
  ASSERT_TRUE(daemon.await_delivered(50));
  expect_taken(analyzers_.ids(), ids_of(sent));
  EXPECT_EQ(daemon.metrics().imbalance(), "");
  daemon.expect_clean_end();
  DaemonProcess last = start();
  EXPECT_EQ(last.metrics().packets("recovered"), 0) << "a clean end leaves nothing";
}

TEST_F(DurableQueue, AFullDiskMakesRequestsWait) {
  analyzers_.stop_all();
  DaemonProcess daemon = start({{"QUEUE__MAX_DISK", "512KiB"}, {"DELIVERY__CALLER_RUNS_TIMEOUT", "200ms"}});
  test::HttpClient client(daemon.packet_url());
  const std::string body = R"(["x)" + std::string(20'000, 'x') + R"("])";
  std::vector<std::string> accepted;
  unsigned status = 0;
  for (int i = 0; i < 100 && status != 503; ++i) {
    const std::string id = "p" + std::to_string(i);
    const test::HttpReply reply = client.post("/v1/packets", body, {{"Idempotency-Key", id}});
    status = reply.status;
    if (status == 202) accepted.push_back(id);
  }
  EXPECT_EQ(status, 503u);
  EXPECT_GT(accepted.size(), 8u);
  EXPECT_EQ(daemon.readyz(), 503u) << "no analyzer is in service and the queue is full";
  EXPECT_LE(daemon.metrics().value("logdist_queue_disk_bytes"), 512 * 1024);
  for (std::size_t i = 0; i < 3; ++i) analyzers_.start(i);
  ASSERT_TRUE(daemon.await_delivered(accepted.size()));
  for (const std::string& id : accepted) EXPECT_THAT(analyzers_.ids(), testing::Contains(id));
  ASSERT_TRUE(eventually([&] {
    return client.post("/v1/packets", body, {{"Idempotency-Key", "again"}}).status == 202u;
  })) << "it takes packets again";
  EXPECT_EQ(daemon.metrics().imbalance(), "");
  daemon.expect_clean_end();
}

TEST_F(DurableQueue, IsReadWithoutItsDaemon) {
  analyzers_.stop_all();
  const std::string body = R"({"agent_id":"web-7","messages":["a","b"]})";
  {
    DaemonProcess daemon = start({{"SHUTDOWN__GRACE", "0"}});
    test::HttpClient client(daemon.packet_url());
    EXPECT_EQ(client.post("/v1/packets", body, {{"Idempotency-Key", "kept"}}).status, 202u);
    daemon.process().terminate();
    EXPECT_EQ(daemon.process().wait_exit(patience), 2);
  }
  const auto run = [&](const std::string& action) {
    test::Process process(
        test::Process::log_distributor({"queue", action, "--directory", folder_.file("queue"), "--from", "-1h"}));
    EXPECT_EQ(process.wait_exit(patience), 0) << process.errors();
    return process.output();
  };
  const auto exported = nlohmann::json::parse(run("export"));
  EXPECT_EQ(exported["packet_id"], "kept");
  EXPECT_EQ(exported["agent_id"], "web-7");
  EXPECT_EQ(exported["content_type"], "application/json");
  EXPECT_EQ(exported["messages"], 2);
  EXPECT_EQ(exported["state"], "queued");
  EXPECT_EQ(from_base64(exported["body_base64"].get<std::string>()), body);
  EXPECT_THAT(run("list"), testing::ContainsRegex("queued +2 +[0-9]+  kept  127.0.0.1"));
  EXPECT_THAT(run("verify"), HasSubstr("1 packet not settled, 0 damaged records"));
}

TEST_F(DurableQueue, ADirectoryHasOneDaemon) {
  DaemonProcess daemon = start();
  const nlohmann::json status = daemon.status();
  EXPECT_EQ(status["queue"]["storage"], "disk");
  EXPECT_EQ(status["queue"]["sync"], "always");
  EXPECT_THAT(daemon.process().errors(), HasSubstr("queue on disk in " + folder_.file("queue") + ", sync always"));
  std::map<std::string, std::string> environment;
  for (const auto& [name, value] : on_disk({{"ANALYZERS", analyzers_.setting()},
                                            {"SERVER__LISTEN", "127.0.0.1:0"},
                                            {"ADMIN__LISTEN", "127.0.0.1:0"}})) {
    environment["LOGDIST_" + name] = value;
  }
  test::Process second(test::Process::log_distributor({"serve"}, environment));
  EXPECT_EQ(second.wait_exit(patience), 1);
  EXPECT_THAT(second.errors(),
              testing::ContainsRegex("queue.directory: .* is used by another process \\(pid [0-9]+\\)"));
  daemon.expect_clean_end();
}

TEST_F(DurableQueue, ADirectoryThatVanishesIsAFailureThatIsTold) {
  analyzers_.behave({.latency = 50ms});
  DaemonProcess daemon = start();
  test::HttpClient client(daemon.packet_url());
  EXPECT_EQ(client.post("/v1/packets", R"(["a"])").status, 202u);
  std::filesystem::remove_all(folder_.file("queue"));
  std::vector<std::string> accepted;
  for (int i = 0; i < 5; ++i) {
    const std::string id = "p" + std::to_string(i);
    const unsigned status = client.post("/v1/packets", R"(["a"])", {{"Idempotency-Key", id}}).status;
    if (status != 503) accepted.push_back(id);
  }
  for (const std::string& id : accepted) {
    EXPECT_THAT(analyzers_.ids(), testing::Contains(id)) << "no answer says that the disk has it";
  }
  EXPECT_GE(daemon.metrics().value(R"(logdist_queue_disk_errors_total{operation="sync"})") +
                daemon.metrics().value(R"(logdist_queue_disk_errors_total{operation="write"})"),
            1);
  EXPECT_THAT(daemon.process().errors(), HasSubstr("No such file or directory"));
  EXPECT_EQ(daemon.readyz(), 200u);
  EXPECT_EQ(daemon.metrics().imbalance(), "");
  daemon.process().terminate();
  EXPECT_TRUE(daemon.process().wait_exit(patience));
}

}  // namespace
}  // namespace logdist::e2e
