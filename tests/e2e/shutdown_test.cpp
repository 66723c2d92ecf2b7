// The end: what was accepted is delivered, or kept.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/system/system_error.hpp>
#include <filesystem>

#include "tests/e2e/checks.hpp"
#include "tests/e2e/ledger_watch.hpp"
#include "tests/e2e/port_reservation.hpp"
#include "tests/support/temporary_folder.hpp"

namespace logdist::e2e {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::StartsWith;

class Shutdown : public testing::Test {
 protected:
  DaemonProcess start(Settings settings = {}, const Launch& launch = {}) {
    settings.insert({"ANALYZERS", analyzers_.setting()});
    return DaemonProcess(std::move(settings), launch);
  }

  Analyzers analyzers_;
};

TEST_F(Shutdown, UnderLoadDeliversWhatWasAccepted) {
  analyzers_.behave({.latency = 20ms});
  DaemonProcess daemon = start();
  LoadPlan plan;
  plan.agents = 16;
  plan.packets_each = LoadPlan::endless;
  plan.messages_max = 10;
  plan.packets_per_second = 500;
  LedgerWatch watch(daemon.admin_url());
  Load load(daemon.packet_url(), plan);
  ASSERT_TRUE(daemon.await([](const auto& status) {
    return status["ledger"]["delivered"]["packets"] > 100 && status["queue"]["packets"] > 0;
  }));
  daemon.process().terminate();
  ASSERT_EQ(daemon.process().wait_exit(patience), 0);
  EXPECT_THAT(daemon.process().errors(), HasSubstr("drained: every accepted packet is settled"));
  load.stop();
  const std::vector<Sent> sent = load.finish();
  watch.expect_balanced_to_its_end();
  expect_taken(analyzers_.ids(), ids_of(with_status(sent, 202)));
  for (const Sent& packet : sent) {
    EXPECT_TRUE(packet.status == 202 || packet.status == 503 || packet.status == 0) << packet.status;
  }
}

TEST_F(Shutdown, TakesNothingNewAndSaysSo) {
  analyzers_.behave({.hang = true});
  DaemonProcess daemon = start({{"DELIVERY__TIMEOUT", "500ms"},
                                {"DELIVERY__RETRY__MAX", "200ms"},
                                {"HEALTH__TIMEOUT", "500ms"},
                                {"HEALTH__BACKOFF__INITIAL", "100ms"},
                                {"HEALTH__BACKOFF__MAX", "200ms"}});
  const std::vector<Sent> sent = send_all(daemon.packet_url(), {.agents = 5});
  expect_answers(sent, 202);
  test::RawSocket half(daemon.packet_url());
  half.send("POST /v1/packets HTTP/1.1\r\nHost: t\r\nContent-Type: application/json\r\nContent-Length: 5\r\n\r\n[");
  ASSERT_TRUE(daemon.await([](const auto& status) { return status["buffered_bytes"] == 5; }));
  EXPECT_EQ(daemon.readyz(), 200u);

  daemon.process().terminate();
  ASSERT_TRUE(daemon.process().wait_for_line("draining"));
  EXPECT_TRUE(eventually([&] { return daemon.readyz() == 503; }));
  EXPECT_FALSE(daemon.status()["ready"].get<bool>());
  const std::string answer = half.read_to_end().value_or("");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(answer, testing::ContainsRegex("Retry-After: [0-9]+\r\n"));
  EXPECT_THAT(answer, HasSubstr("Connection: close\r\n"));
  EXPECT_THROW(test::RawSocket(daemon.packet_url()), boost::system::system_error) << "the port is closed";

  analyzers_.behave({});
  EXPECT_EQ(daemon.process().wait_exit(patience), 0);
  expect_taken(analyzers_.ids(), ids_of(sent));
}

TEST_F(Shutdown, KeepsWhatTheGraceWasTooShortFor) {
  const test::TemporaryFolder folder;
  analyzers_.behave({.hang = true});
  DaemonProcess daemon = start(
      {{"SHUTDOWN__GRACE", "500ms"}, {"DELIVERY__DEAD_LETTER", folder.file("dead")}, {"QUEUE__MAX_PACKETS", "20"}});
  Load load(daemon.packet_url(), {.name = "kept", .agents = 30, .messages_max = 5});
  ASSERT_TRUE(daemon.await([](const auto& status) { return status["totals"]["caller_runs"] == 10; }));
  daemon.process().terminate();
  EXPECT_EQ(daemon.process().wait_exit(patience), 2);
  EXPECT_THAT(daemon.process().errors(), HasSubstr("20 accepted packets could not be delivered"));

  const std::vector<Sent> sent = load.finish();
  const std::vector<Sent> accepted = with_status(sent, 202);
  EXPECT_EQ(accepted.size(), 20u);
  EXPECT_EQ(with_status(sent, 503).size(), 10u) << "those that waited are the agents' again";
  std::vector<std::string> kept;
  std::uint64_t messages = 0;
  for (const std::string& line : folder.lines("dead")) {
    const auto letter = nlohmann::json::parse(line);
    EXPECT_EQ(letter["reason"], "shutdown");
    const auto body = nlohmann::json::parse(letter["body"].get<std::string>());
    EXPECT_EQ(body["packet_id"], letter["packet_id"]);
    EXPECT_EQ(body["messages"].size(), letter["messages"].get<std::size_t>());
    kept.push_back(letter["packet_id"]);
    messages += letter["messages"].get<std::uint64_t>();
  }
  expect_taken(kept, ids_of(accepted));
  EXPECT_EQ(messages, messages_of(accepted));
}

TEST_F(Shutdown, ASecondSignalWritesWhatIsLeftAndEnds) {
  const test::TemporaryFolder folder;
  analyzers_.behave({.hang = true});
  DaemonProcess daemon = start({{"QUEUE__MAX_PACKETS", "20"}, {"DELIVERY__DEAD_LETTER", folder.file("dead")}});
  Load load(daemon.packet_url(), {.agents = 30});
  ASSERT_TRUE(daemon.await([](const auto& status) { return status["totals"]["caller_runs"] == 10; }));
  daemon.process().terminate();
  ASSERT_TRUE(daemon.process().wait_for_line("draining"));
  EXPECT_EQ(daemon.process().wait_exit(100ms), std::nullopt) << "it drains";
  const TimePoint begun = Clock::now();
  daemon.process().signal(SIGINT);
  EXPECT_EQ(daemon.process().wait_exit(patience), 2) << daemon.process().errors();
  EXPECT_LT(Clock::now() - begun, 20s) << "the grace is a minute";
  const std::string log = daemon.process().errors();
  EXPECT_THAT(log, HasSubstr("a second signal: ending now, with 20 packets left"));
  EXPECT_THAT(log, testing::Not(HasSubstr("shutdown.grace is over"))) << "it is not";
  EXPECT_THAT(log, HasSubstr("could not be delivered before the second signal"));
  std::vector<std::string> kept;
  for (const std::string& line : folder.lines("dead")) {
    const auto letter = nlohmann::json::parse(line);
    EXPECT_EQ(letter["reason"], "shutdown");
    EXPECT_LE(letter["admitted_at"], letter["time"]);
    kept.push_back(letter["packet_id"]);
  }
  expect_taken(kept, ids_of(with_status(load.finish(), 202)));
}

TEST_F(Shutdown, WithoutAFileASecondSignalNamesWhatIsLeft) {
  analyzers_.behave({.hang = true});
  DaemonProcess daemon = start({{"QUEUE__MAX_PACKETS", "20"}});
  Load load(daemon.packet_url(), {.agents = 20});
  const std::vector<Sent> sent = load.finish();
  expect_answers(sent, 202);
  daemon.process().terminate();
  ASSERT_TRUE(daemon.process().wait_for_line("draining"));
  daemon.process().terminate();
  EXPECT_EQ(daemon.process().wait_exit(patience), 2);
  for (const std::string& id : ids_of(sent)) {
    EXPECT_THAT(daemon.process().errors(), HasSubstr("dead letter: packet " + id + " of"));
  }
}

/// A pipe whose reader has stopped reading, in the place of a disk that hangs.
TEST_F(Shutdown, ASecondSignalIsNotHeldUpByAStuckDisk) {
  const test::TemporaryFolder folder;
  ASSERT_EQ(::mkfifo(folder.file("dead").c_str(), 0600), 0);
  const int reader = ::open(folder.file("dead").c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  ASSERT_GE(reader, 0);
  analyzers_.behave({.hang = true});
  DaemonProcess daemon = start({{"QUEUE__MAX_PACKETS", "20"}, {"DELIVERY__DEAD_LETTER", folder.file("dead")}});
  test::HttpClient agent(daemon.packet_url());
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(agent.post("/v1/packets", "[\"" + std::string(200'000, 'x') + "\"]").status, 202u);
  }
  daemon.process().terminate();
  ASSERT_TRUE(daemon.process().wait_for_line("draining"));
  daemon.process().terminate();
  EXPECT_EQ(daemon.process().wait_exit(patience), 2);
  EXPECT_THAT(daemon.process().errors(), HasSubstr("no more time to write dead letters: 3 packets are lost"));
  ::close(reader);
}

/// A log that nobody reads: its pipe is full before the daemon starts.
class UnreadLog : public Shutdown {
 protected:
  UnreadLog() {
    EXPECT_EQ(::mkfifo(path_.c_str(), 0600), 0);
    pipe_ = ::open(path_.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC);
    EXPECT_GE(pipe_, 0);
    const std::string bytes(4096, '\n');
    while (::write(pipe_, bytes.data(), bytes.size()) > 0) {
    }
  }
  ~UnreadLog() override { ::close(pipe_); }

  test::ProcessOptions serve() {
    std::map<std::string, std::string> environment{{"LOGDIST_ANALYZERS", analyzers_.setting()},
                                                   {"LOGDIST_SERVER__LISTEN", "127.0.0.1:" + packet_port()},
                                                   {"LOGDIST_ADMIN__LISTEN", "127.0.0.1:0"},
                                                   {"LOGDIST_DELIVERY__TIMEOUT", "60s"},
                                                   {"LOGDIST_SHUTDOWN__GRACE", "60s"}};
    test::ProcessOptions options = test::Process::log_distributor({"serve"}, environment);
    options.wrapper = {"sh", "-c", "exec \"$@\" 2>\"$0\"", path_};
    return options;
  }
  std::string packet_port() const { return std::to_string(port_.port()); }

  /// Once it listens.
  unsigned post_a_packet() {
    unsigned status = 0;
    EXPECT_TRUE(eventually([&] {
      try {
        status = test::HttpClient("http://127.0.0.1:" + packet_port()).post("/v1/packets", R"(["one"])").status;
        return true;
      } catch (const std::exception&) {
        return false;
      }
    }));
    return status;
  }

 private:
  const PortReservation port_;
  const test::TemporaryFolder folder_;
  const std::string path_ = folder_.file("log");
  int pipe_ = -1;
};

TEST_F(UnreadLog, HoldsUpNeitherPacketsNorTheEnd) {
  test::Process daemon(serve());
  EXPECT_EQ(post_a_packet(), 202u);
  daemon.terminate();
  EXPECT_EQ(daemon.wait_exit(patience), 0);
}

TEST_F(UnreadLog, DoesNotHoldUpASecondSignal) {
  analyzers_.behave({.hang = true});
  test::Process daemon(serve());
  EXPECT_EQ(post_a_packet(), 202u);
  daemon.terminate();
  EXPECT_EQ(daemon.wait_exit(100ms), std::nullopt) << "it drains";
  daemon.terminate();
  EXPECT_EQ(daemon.wait_exit(patience), 2);
}

TEST_F(Shutdown, OtherSignalsAreNoEnd) {
  DaemonProcess daemon = start();
  for (const int number : {SIGUSR1, SIGUSR2, SIGPIPE, SIGXFSZ, SIGALRM}) {
    daemon.process().signal(number);
    EXPECT_EQ(send_all(daemon.packet_url(), {}).at(0).status, 202u) << "after signal " << number;
  }
  ASSERT_TRUE(daemon.await_delivered(5));
  EXPECT_TRUE(daemon.process().wait_for_line("USR1: no file is open: delivery.dead_letter is not set"));
  daemon.expect_clean_end();
}

/// As logrotate does it.
TEST_F(Shutdown, Usr1OpensTheDeadLetterFileAgainAndChangesNothingElse) {
  const test::TemporaryFolder folder;
  analyzers_.behave({.status = 422});
  const std::string analyzers = analyzers_.setting();
  const std::string config = folder.write("config.yaml", "delivery: {dead_letter: " + folder.file("dead") + "}\n");
  DaemonProcess daemon = start({}, {.config_file = config});
  const auto refuse = [&](std::size_t letters) {
    EXPECT_EQ(send_all(daemon.packet_url(), {}).at(0).status, 202u);
    return daemon.await(
        [letters](const auto& status) { return status["ledger"]["dead_lettered"]["packets"] == letters; });
  };
  ASSERT_TRUE(refuse(1));
  ASSERT_TRUE(eventually([&] { return folder.lines("dead").size() == 1; }));
  std::filesystem::rename(folder.file("dead"), folder.file("dead.1"));
  folder.write("config.yaml", "delivery: {dead_letter: " + folder.file("dead") + "}\nlog: {level: error}\n");
  daemon.process().signal(SIGUSR1);
  ASSERT_TRUE(eventually([&] { return std::filesystem::exists(folder.file("dead")); }));
  ASSERT_TRUE(refuse(2));
  ASSERT_TRUE(eventually([&] { return folder.lines("dead").size() == 1; }));
  EXPECT_EQ(folder.lines("dead.1").size(), 1u);
  EXPECT_THAT(daemon.process().errors(), testing::Not(HasSubstr("reload"))) << "the configuration was not read again";
  const auto letter = nlohmann::json::parse(folder.lines("dead").at(0));
  ASSERT_EQ(letter["analyzers"].size(), 2u) << "a second one was asked";
  for (const auto& analyzer : letter["analyzers"]) {
    EXPECT_EQ(analyzer["status"], 422);
    EXPECT_EQ(analyzer["outcome"], "refused");
    EXPECT_THAT(analyzers, HasSubstr(analyzer["analyzer"].get<std::string>() + "="));
  }
}

/// A signal has no moment in which it takes its default course.
TEST_F(Shutdown, AnyNumberOfSignalsLeavesTheExitCodeOurs) {
  // One may end it between the end of the log's thread and its join, and TSan would call that a leak.
  const Launch launch{.wrapper = {"env", "TSAN_OPTIONS=report_thread_leaks=0"}};
  for (int round = 0; round < 20; ++round) {
    DaemonProcess daemon = start({}, launch);
    std::optional<int> exit_code;
    while (!(exit_code = daemon.process().wait_exit(0ms))) daemon.process().terminate();
    EXPECT_THAT(exit_code, testing::AnyOf(0, 2)) << "not 128 + SIGTERM";
  }
}

TEST_F(Shutdown, WithIdleConnectionsIsQuick) {
  DaemonProcess daemon = start();
  test::HttpClient agent(daemon.packet_url());
  EXPECT_EQ(agent.post("/v1/packets", "[\"a\"]").status, 202u);
  const test::RawSocket silent(daemon.packet_url());
  ASSERT_TRUE(daemon.await_delivered(1));
  ASSERT_TRUE(daemon.await([](const auto& status) { return status["connections"] == 2; }));
  const TimePoint begun = Clock::now();
  daemon.expect_clean_end();
  EXPECT_LT(Clock::now() - begun, 20s) << "the grace is a minute";
}

TEST_F(Shutdown, AHangUpIsNoEnd) {
  DaemonProcess daemon = start();
  daemon.process().signal(SIGHUP);
  EXPECT_TRUE(daemon.process().wait_for_line("HUP"));
  EXPECT_EQ(send_all(daemon.packet_url(), {}).at(0).status, 202u);
  ASSERT_TRUE(daemon.await_delivered(1));
  daemon.expect_clean_end();
}

}  // namespace
}  // namespace logdist::e2e
