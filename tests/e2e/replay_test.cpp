// Packets of the durable queue are sent once more.
#include <gmock/gmock.h>

#include "tests/e2e/checks.hpp"
#include "tests/e2e/ledger_watch.hpp"
#include "tests/support/temporary_folder.hpp"

namespace logdist::e2e {
namespace {

using testing::HasSubstr;

class ReplayFromDisk : public testing::Test {
 protected:
  Settings settings() const {
    return {{"ANALYZERS", analyzers_.setting()},
            {"QUEUE__STORAGE", "disk"},
            {"QUEUE__DIRECTORY", folder_.file("queue")},
            {"QUEUE__RETAIN_FOR", "1h"},
            {"QUEUE__SEGMENT_SIZE", "64KiB"}};
  }
  std::string run(DaemonProcess& daemon, std::vector<std::string> arguments, int code = 0) {
    arguments.insert(arguments.begin(), {"replay", "--url", daemon.admin_url()});
    test::Process process(test::Process::log_distributor(arguments));
    EXPECT_EQ(process.wait_exit(patience), code) << process.errors();
    return process.output() + process.errors();
  }
  /// Settlements that are on their way to the disk arrive.
  void await_found(DaemonProcess& daemon, std::size_t packets) {
    EXPECT_TRUE(
        eventually([&] { return run(daemon, {"--dry-run"}).find(std::to_string(packets) + " packets with") == 0; }));
  }

  const test::TemporaryFolder folder_;
  Analyzers analyzers_;
};

TEST_F(ReplayFromDisk, EachSettledPacketComesOnceMoreWithItsOldKey) {
  DaemonProcess daemon(settings());
  LedgerWatch watch(daemon.admin_url());
  const std::vector<Sent> sent =
      send_all(daemon.packet_url(), {.agents = 10, .packets_each = 20, .messages_min = 1, .messages_max = 50});
  expect_answers(sent, 202);
  ASSERT_TRUE(daemon.await_delivered(sent.size()));
  await_found(daemon, sent.size());
  EXPECT_THAT(run(daemon, {"--from", "-1h"}), HasSubstr("200 of 200 packets replayed"));
  ASSERT_TRUE(daemon.await_delivered(2 * sent.size()));
  std::vector<std::string> twice = ids_of(sent);
  const std::vector<std::string> once = twice;
  twice.insert(twice.end(), once.begin(), once.end());
  expect_taken(analyzers_.ids(), twice);
  const Samples samples = daemon.metrics();
  EXPECT_EQ(samples.value("logdist_packets_replayed_total"), 200);
  EXPECT_EQ(samples.admitted_packets(), 400) << "each replay is a new admission";
  watch.expect_balanced();
  EXPECT_THAT(run(daemon, {"--id", once[7], "--id", "none"}), HasSubstr("1 of 1 packet replayed"))
      << "and not what was replayed already";
  EXPECT_THAT(run(daemon, {"--to", "-1h"}), HasSubstr("0 of 0 packets replayed"));
  daemon.expect_clean_end();
}

TEST_F(ReplayFromDisk, DeadLettersAreTakenOnceTheAnalyzersDo) {
  analyzers_.behave({.status = 400});
  DaemonProcess daemon(settings());
  const std::vector<Sent> sent = send_all(daemon.packet_url(), {.packets_each = 3});
  ASSERT_TRUE(daemon.await([](const auto& status) { return status["ledger"]["dead_lettered"]["packets"] == 3; }));
  analyzers_.behave({});
  ASSERT_TRUE(eventually([&] { return run(daemon, {"--dry-run", "--dead-letters"}).find("3 packets") == 0; }));
  EXPECT_THAT(run(daemon, {"--dead-letters"}), HasSubstr("3 of 3 packets replayed"));
  ASSERT_TRUE(daemon.await_delivered(3));
  EXPECT_EQ(daemon.metrics().imbalance(), "");
  daemon.expect_clean_end();
}

TEST_F(ReplayFromDisk, GoesToTheAnalyzerThatIsNamedOnceThatIsThere) {
  DaemonProcess daemon(settings());
  LedgerWatch watch(daemon.admin_url());
  const std::vector<Sent> sent = send_all(daemon.packet_url(), {.agents = 5, .packets_each = 20});
  ASSERT_TRUE(daemon.await_delivered(sent.size()));
  await_found(daemon, sent.size());
  const std::uint64_t before = analyzers_.stats(1).packets;
  EXPECT_THAT(run(daemon, {"--analyzer", "none"}, 1), HasSubstr("there is no analyzer none; there are a, b, c"));
  analyzers_.stop(1);
  test::HttpClient admin(daemon.admin_url());
  ASSERT_EQ(admin.post("/v1/replay", R"({"analyzer":"b"})").status, 202u);
  const auto replay = [&admin] { return nlohmann::json::parse(admin.get("/v1/replay").body)["replays"].back(); };
  ASSERT_TRUE(eventually([&] { return replay()["packets_in_flight"] == 64; })) << "as many as a replay holds";
  analyzers_.start(1);
  ASSERT_TRUE(eventually([&] { return replay()["state"] == "done"; }));
  EXPECT_EQ(replay()["packets_replayed"], 100);
  EXPECT_EQ(replay()["packets_failed"], 0);
  ASSERT_TRUE(daemon.await_delivered(2 * sent.size()));
  EXPECT_EQ(analyzers_.stats(1).packets, before + 100);
  watch.expect_balanced();
  daemon.expect_clean_end();
}

TEST_F(ReplayFromDisk, AKillInTheMiddleLosesNothingThatWasTakenOver) {
  std::vector<Sent> sent;
  std::uint64_t replayed = 0;
  {
    DaemonProcess daemon(settings());
    sent = send_all(daemon.packet_url(), {.agents = 5, .packets_each = 40});
    ASSERT_TRUE(daemon.await_delivered(sent.size()));
    await_found(daemon, sent.size());
    analyzers_.stop_all();
    test::HttpClient admin(daemon.admin_url());
    EXPECT_EQ(admin.post("/v1/replay", R"({"rate":200})").status, 202u);
    ASSERT_TRUE(daemon.await([](const auto& status) { return status["queue"]["disk"]["replayed"] >= 20; }));
    replayed = daemon.status()["queue"]["disk"]["replayed"];
    daemon.process().signal(SIGKILL);
    EXPECT_EQ(daemon.process().wait_exit(patience), 128 + SIGKILL);
  }
  for (std::size_t i = 0; i < 3; ++i) analyzers_.start(i);
  DaemonProcess daemon(settings());
  const auto recovered = static_cast<std::uint64_t>(daemon.metrics().packets("recovered"));
  EXPECT_GE(recovered, replayed) << "what it had taken over is there, as any packet";
  EXPECT_LE(recovered, sent.size());
  ASSERT_TRUE(daemon.await_delivered(recovered));
  test::HttpClient admin(daemon.admin_url());
  EXPECT_THAT(admin.get("/v1/replay").body, HasSubstr("\"replays\": []")) << "it is not taken up again";
  EXPECT_EQ(daemon.metrics().imbalance(), "");
  daemon.expect_clean_end();
}

TEST_F(ReplayFromDisk, InMemoryThereIsNothingToReplay) {
  DaemonProcess daemon({{"ANALYZERS", analyzers_.setting()}});
  EXPECT_THAT(run(daemon, {}, 1), HasSubstr("queue.storage is not disk"));
  daemon.expect_clean_end();
}

}  // namespace
}  // namespace logdist::e2e
