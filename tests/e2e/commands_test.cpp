// The subcommands as a user runs them.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <sstream>

#include "tests/e2e/checks.hpp"
#include "tests/support/temporary_folder.hpp"

namespace logdist::e2e {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::StartsWith;

/// How a command ended and what it printed.
struct Ended {
  int code = -1;
  std::string output;
  std::string errors;
};

Ended run(std::vector<std::string> arguments, std::map<std::string, std::string> environment = {}) {
  test::Process process(test::Process::log_distributor(std::move(arguments), std::move(environment)));
  const int code = process.wait_exit(patience).value_or(-1);
  return {code, process.output(), process.errors()};
}

auto is_one_line() {
  return testing::ResultOf(
      "lines", [](const std::string& text) { return std::count(text.begin(), text.end(), '\n'); }, 1);
}

/// Sends a file's lines by `agent` through `serve`, and checks the shares.
void expect_file_shared(const std::string& path, std::uint64_t lines) {
  constexpr std::uint64_t batch = 50;
  Analyzers analyzers;
  DaemonProcess daemon({{"ANALYZERS", analyzers.setting()}});
  const Ended agent = run({"agent", "--target", daemon.packet_url(), "--file", path});
  EXPECT_EQ(agent.code, 0) << agent.errors;
  const std::uint64_t packets = (lines + batch - 1) / batch;
  EXPECT_THAT(agent.output,
              HasSubstr(fmt::format("packets    {} accepted, 0 rejected\nmessages   {}\n", packets, lines)));
  ASSERT_TRUE(daemon.await_delivered(packets));
  EXPECT_EQ(analyzers.packets(), packets);
  expect_shares(analyzers.messages(), analyzers.weights(), batch);
  EXPECT_EQ(daemon.metrics().imbalance(), "");
  daemon.expect_clean_end();
}

TEST(Commands, AgentSharesTheLinesOfALog) {
  const test::TemporaryFolder folder;
  std::string text;
  for (int i = 0; i < 2'000; ++i) {
    text += fmt::format("2024-05-01T12:{:02}:{:02}Z host app[{}]: \"GET /item/{}\" \\ {} µs\n", i / 60 % 60, i % 60,
                        100 + i % 7, i * 37, i % 1'000);
  }
  expect_file_shared(folder.write("app.log", text), 2'000);
}

TEST(Commands, AgentSharesTheSystemsOwnLog) {
  const char* path = "/var/log/dpkg.log";
  std::ifstream file(path);
  std::uint64_t lines = 0;
  for (std::string line; std::getline(file, line);) lines += line.empty() ? 0u : 1u;
  if (lines == 0) GTEST_SKIP() << "no " << path << " here";
  expect_file_shared(path, lines);
}

TEST(Commands, AgentGetsByWithFewerConnectionsThanItWanted) {
  Analyzers analyzers;
  DaemonProcess daemon(
      {{"ANALYZERS", analyzers.setting()}, {"SERVER__MAX_CONNECTIONS", "2"}, {"SERVER__IDLE_TIMEOUT", "10m"}});
  const test::TemporaryFolder folder;
  const std::string path = folder.write("lines.log", "one\ntwo\nthree\nfour\nfive\nsix\n");
  const Ended agent =
      run({"agent", "--target", daemon.packet_url(), "--file", path, "--batch", "1", "--connections", "6"});
  EXPECT_EQ(agent.code, 0) << agent.errors;
  EXPECT_THAT(agent.output, HasSubstr("packets    6 accepted, 0 rejected\n"));
  ASSERT_TRUE(daemon.await_delivered(6));
  daemon.expect_clean_end();
}

TEST(Commands, AgentFailsWhenPacketsAreRejected) {
  Analyzers analyzers;
  DaemonProcess daemon({{"ANALYZERS", analyzers.setting()}});
  const Ended agent = run({"agent", "--target", daemon.packet_url() + "/elsewhere", "--packets", "3"});
  EXPECT_EQ(agent.code, 1);
  EXPECT_THAT(agent.output, HasSubstr("packets    0 accepted, 3 rejected"));
  EXPECT_THAT(agent.errors, HasSubstr("404"));
}

TEST(Commands, DemoShowsExactShares) {
  const Ended demo = run({"demo", "--packets", "300"});
  EXPECT_EQ(demo.code, 0) << demo.output << demo.errors;
  EXPECT_THAT(demo.output, AllOf(HasSubstr("every accepted packet was delivered"),
                                 HasSubstr("every share is exact to one packet"), HasSubstr("accepted 300 packets, ")));
  std::istringstream lines(demo.output);
  std::vector<std::string> names;
  std::uint64_t all_packets = 0;
  for (std::string line; std::getline(lines, line);) {
    std::istringstream cells(line);
    std::string name;
    char percent = 0;
    double weight = 0, target = 0, delivered = 0, error = 0;
    std::uint64_t packets = 0, messages = 0;
    if (!(cells >> name >> weight >> target >> percent >> delivered >> percent >> packets >> messages >> error))
      continue;
    names.push_back(name);
    all_packets += packets;
    EXPECT_EQ(target, weight) << line;  // the weights are per cent
    EXPECT_LE(std::abs(error), 100) << line;
  }
  EXPECT_THAT(names, testing::ElementsAre("a", "b", "c")) << demo.output;
  EXPECT_EQ(all_packets, 300u);
}

TEST(Commands, CheckNamesEveryFaultWithItsLine) {
  const test::TemporaryFolder folder;
  const std::string path = folder.write("bad.yaml",
                                        "server:\n  listen: nowhere\nqueue:\n  max_packets: -1\n  colour: blue\n"
                                        "analyzers:\n  - {name: a, url: \"ftp://x\", weight: 0}\n");
  const Ended check = run({"check", "--config", path});
  EXPECT_EQ(check.code, 1);
  for (const char* fault : {":2: server.listen: ", ":4: queue.max_packets: ", ":5: queue.colour: ",
                            ":7: analyzers[0].url: ", ":7: analyzers[0].weight: "}) {
    EXPECT_THAT(check.output, HasSubstr(path + fault));
  }
  EXPECT_EQ(std::count(check.output.begin(), check.output.end(), '\n'), 5) << check.output;

  const std::string good = folder.write("good.yaml", "analyzers:\n  - {name: a, url: \"http://x/y\", weight: 1}\n");
  EXPECT_EQ(run({"check", "--config", good}).code, 0);
}

TEST(Commands, HealthTellsWhetherTheDaemonIsReady) {
  Analyzers analyzers;
  DaemonProcess daemon({{"ANALYZERS", analyzers.setting()},
                        {"HEALTH__INTERVAL", "50ms"},
                        {"HEALTH__BACKOFF__INITIAL", "10m"},
                        {"HEALTH__BACKOFF__MAX", "10m"},
                        {"QUEUE__MAX_PACKETS", "1"},
                        {"SHUTDOWN__GRACE", "100ms"}});
  EXPECT_EQ(run({"health", "--url", daemon.admin_url()}).code, 0);
  analyzers.stop_all();
  ASSERT_TRUE(eventually([&] { return daemon.status()["analyzers"][0]["state"] == "failed"; }));
  EXPECT_EQ(run({"health", "--url", daemon.admin_url()}).code, 0) << "the queue takes packets";
  EXPECT_EQ(send_all(daemon.packet_url(), {}).at(0).status, 202u);
  ASSERT_TRUE(eventually([&] { return daemon.readyz() == 503; }));
  EXPECT_EQ(run({"health", "--live", "--url", daemon.admin_url()}).code, 0) << "alive all the same";
  const Ended unready = run({"health", "--url", daemon.admin_url()});
  EXPECT_EQ(unready.code, 1);
  EXPECT_THAT(unready.errors, AllOf(HasSubstr("503 no analyzer is in service and the queue is full"), is_one_line()));
  daemon.process().terminate();
  EXPECT_EQ(daemon.process().wait_exit(patience), 2) << "its packet is left";
  const Ended gone = run({"health", "--url", daemon.admin_url()});
  EXPECT_EQ(gone.code, 1);
  EXPECT_THAT(gone.errors, is_one_line());
}

TEST(Commands, ReachAnAdminPortOnAUnixSocket) {
  Analyzers analyzers;
  const test::TemporaryFolder folder;
  const std::string path = folder.file("admin.sock"), url = "unix:" + path;
  DaemonProcess daemon({{"ANALYZERS", analyzers.setting()}, {"ADMIN__LISTEN", "127.0.0.1:0, " + url}});
  EXPECT_TRUE(daemon.process().wait_for_line("admin on http://127.0.0.1:[0-9]+ " + url));
  EXPECT_EQ(daemon.readyz(), 200u);
  EXPECT_EQ(run({"health", "--url", url}).code, 0);
  EXPECT_EQ(run({"health"}, {{"LOGDIST_ADMIN__LISTEN", url}}).code, 0);
  const Ended top = run({"top", "--count", "1", "--url", url});
  EXPECT_EQ(top.code, 0) << top.errors;
  EXPECT_EQ(run({"analyzers", "drain", analyzers.name(0), "--url", url}).code, 0);
  EXPECT_TRUE(daemon.process().wait_for_line("drained \\(by unix\\)"));
  EXPECT_EQ(run({"analyzers", "undrain", analyzers.name(0), "--url", url}).code, 0);
  daemon.expect_clean_end();
  EXPECT_FALSE(std::filesystem::exists(path));
  const Ended gone = run({"health", "--url", url});
  EXPECT_EQ(gone.code, 1);
  EXPECT_EQ(gone.errors, "log-distributor health: " + url + ":/readyz: No such file or directory\n");
}

TEST(Commands, ServeRefusesABadConfiguration) {
  const Ended none = run({"serve"});
  EXPECT_EQ(none.code, 1);
  EXPECT_THAT(none.errors, AllOf(HasSubstr("analyzers"), is_one_line()));
  const Ended bad = run(
      {"serve"}, {{"LOGDIST_ANALYZERS", "a=http://127.0.0.1:9/x weight=1"}, {"LOGDIST_QUEUE__MAX_PACKETS", "many"}});
  EXPECT_EQ(bad.code, 1);
  EXPECT_THAT(bad.errors, AllOf(HasSubstr("LOGDIST_QUEUE__MAX_PACKETS"), HasSubstr("many"), is_one_line()));
  EXPECT_EQ(run({"serve", "--config", "/nowhere/at/all.yaml"}).code, 1);
}

TEST(Commands, ServeSaysWhichPortItCannotHave) {
  Analyzers analyzers;
  DaemonProcess daemon({{"ANALYZERS", analyzers.setting()}});
  std::map<std::string, std::string> environment{{"LOGDIST_ANALYZERS", analyzers.setting()},
                                                 {"LOGDIST_SERVER__MAX_CONNECTIONS", "10"},
                                                 {"LOGDIST_SERVER__LISTEN", daemon.packet_url().substr(7)},
                                                 {"LOGDIST_ADMIN__LISTEN", "127.0.0.1:0"}};
  Ended second = run({}, environment);
  EXPECT_EQ(second.code, 1);
  EXPECT_THAT(second.errors, AllOf(HasSubstr("server.listen"), HasSubstr(environment["LOGDIST_SERVER__LISTEN"]),
                                   HasSubstr("in use"), is_one_line()));
  environment["LOGDIST_SERVER__LISTEN"] = "127.0.0.1:0";
  environment["LOGDIST_ADMIN__LISTEN"] = daemon.admin_url().substr(7);
  second = run({}, environment);
  EXPECT_EQ(second.code, 1);
  EXPECT_THAT(second.errors, AllOf(HasSubstr("admin.listen"), HasSubstr("in use"), is_one_line()));
  environment["LOGDIST_ADMIN__LISTEN"] = "127.0.0.1:0";
  environment["LOGDIST_DELIVERY__DEAD_LETTER"] = "/nowhere/at/all";
  second = run({}, environment);
  EXPECT_EQ(second.code, 1);
  EXPECT_THAT(second.errors, AllOf(HasSubstr("delivery.dead_letter"), is_one_line()));
}

TEST(Commands, OutputThatCannotBeWrittenIsAFailure) {
  const test::TemporaryFolder folder;
  const std::string path = folder.write("c.yaml", "analyzers: [{name: a, url: 'http://127.0.0.1:1/'}]\n");
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"--help"}, {"check", "--config", path, "--reload"}}) {
    const auto code_to = [&arguments](const std::string& redirection, std::string& errors) {
      test::ProcessOptions options = test::Process::log_distributor(arguments);
      options.wrapper = {"sh", "-c", "\"$0\" \"$@\" " + redirection};
      test::Process process(options);
      const int code = process.wait_exit(patience).value_or(-1);
      errors = process.errors();
      return code;
    };
    std::string errors;
    EXPECT_EQ(code_to("> /dev/full", errors), 1);
    EXPECT_EQ(errors, "log-distributor: not all of the output could be written\n");
    EXPECT_EQ(code_to("> /dev/null", errors), 0) << errors;
    EXPECT_EQ(code_to(">&-", errors), 0) << "nobody wants it";
    EXPECT_EQ(errors, "");
  }
}

TEST(Commands, VersionAndHelp) {
  const Ended version = run({"--version"});
  EXPECT_EQ(version.code, 0);
  EXPECT_THAT(version.output, MatchesRegex("log-distributor [0-9]+\\.[0-9]+\\.[0-9]+.*\n"));
  const Ended help = run({"--help"});
  EXPECT_EQ(help.code, 0);
  for (const char* command : {"serve", "check", "demo", "analyzer", "agent", "health"}) {
    EXPECT_THAT(help.output, HasSubstr(command));
  }
  EXPECT_EQ(run({"--no-such-option"}).code, 1);
}

}  // namespace
}  // namespace logdist::e2e
