// The small subcommands and the command line.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "cli/check_command.hpp"
#include "logdist/tools/agent/agent_command.hpp"
#include "logdist/tools/agent/agent_report.hpp"
#include "logdist/tools/control/admin_url.hpp"
#include "logdist/tools/control/health_command.hpp"
#include "tests/net/scripted_names.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/tools/scripted_server.hpp"

namespace logdist::cli {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

/// What a command returned and printed.
struct Printed {
  int code = -1;
  std::string output;
  std::string errors;
};

template <typename Run>
Printed capture(Run run) {
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  Printed printed;
  printed.code = run();
  printed.output = testing::internal::GetCapturedStdout();
  printed.errors = testing::internal::GetCapturedStderr();
  return printed;
}

Printed health(const std::string& url, Duration timeout = 5s) {
  return capture([&] { return tools::run_health({.url = url, .timeout = timeout}, {}); });
}

TEST(CheckCommand, SaysOkAndHowManyAnalyzers) {
  const test::TemporaryFolder folder;
  const std::string file =
      folder.write("file", "analyzers:\n  - {name: a, url: \"http://127.0.0.1:9/x\", weight: 1}\n");
  const Printed printed = capture([&] { return run_check({file}, {}); });
  EXPECT_EQ(printed.code, 0);
  EXPECT_EQ(printed.output, file + ": ok, 1 analyzer\n");
  EXPECT_EQ(printed.errors, "");
}

TEST(CheckCommand, PrintsEveryFaultWithItsLineAndWarningsApart) {
  const test::TemporaryFolder folder;
  const std::string file =
      folder.write("file", "queue:\n  max_packets: none\nanalyzers:\n  - {name: a, url: nowhere, weight: 1}\n");
  const Printed printed = capture([&] { return run_check({file}, {{"LOGDIST_NO_SUCH_KEY", "1"}}); });
  EXPECT_EQ(printed.code, 1);
  EXPECT_THAT(printed.output,
              AllOf(HasSubstr(file + ":2: queue.max_packets: "), HasSubstr(file + ":4: analyzers[0].url: ")));
  EXPECT_THAT(printed.errors, AllOf(StartsWith("warning: "), HasSubstr("LOGDIST_NO_SUCH_KEY")));
}

TEST(CheckCommand, AMissingFileIsAFault) {
  const Printed printed = capture([] { return run_check({"/nowhere/at/all.yaml"}, {}); });
  EXPECT_EQ(printed.code, 1);
  EXPECT_THAT(printed.output, HasSubstr("/nowhere/at/all.yaml"));
}

/// What `check` finds wrong when dead letters are to go to `file`.
std::string fault_for(const test::TemporaryFolder& folder, const std::string& file) {
  const std::string configuration = folder.write(
      "file", "analyzers: [{name: a, url: \"http://127.0.0.1:9/x\"}]\ndelivery: {dead_letter: \"" + file + "\"}\n");
  const Printed printed = capture([&] { return run_check({configuration}, {}); });
  const bool sound = printed.output == configuration + ": ok, 1 analyzer\n";
  EXPECT_EQ(printed.code, sound ? 0 : 1) << printed.output;
  return sound ? "" : printed.output;
}

TEST(CheckCommand, FindsOutWhereServeCouldNotKeepDeadLetters) {
  const test::TemporaryFolder folder;
  const auto fault = [&folder](const std::string& path, const std::string& why) {
    return folder.file("file") + ":2: delivery.dead_letter: cannot append to " + path + ": " + why + "\n";
  };
  EXPECT_EQ(fault_for(folder, ""), "");
  EXPECT_EQ(fault_for(folder, folder.file("letters.jsonl")), "");
  EXPECT_FALSE(std::filesystem::exists(folder.file("letters.jsonl"))) << "made by a look";
  const std::string nowhere = folder.file("none/letters.jsonl");
  EXPECT_EQ(fault_for(folder, nowhere), fault(nowhere, "No such file or directory"));
  EXPECT_EQ(fault_for(folder, folder.path()), fault(folder.path(), "Is a directory"));
  const std::string within = folder.file("file/letters.jsonl");
  EXPECT_EQ(fault_for(folder, within), fault(within, "Not a directory"));
}

TEST(CheckCommand, FindsOutWhereServeCouldNotListen) {
  const auto printed = [](const std::string& packets, const std::string& admin, bool reload = false) {
    const config::Environment environment{
        {"LOGDIST_ANALYZERS", "a=http://h/x"}, {"LOGDIST_SERVER__LISTEN", packets}, {"LOGDIST_ADMIN__LISTEN", admin}};
    const Printed all = capture([&] { return run_check({.config_file = {}, .reload = reload}, environment); });
    EXPECT_EQ(all.code, all.output == "environment: ok, 1 analyzer\n" ? 0 : 1) << all.output;
    return all.output;
  };
  const std::string good = "127.0.0.1:0", sound = "environment: ok, 1 analyzer\n";
  const std::string bad = "192.0.2.1:0", none = "unix:/nowhere/at/all";  // RFC 5737
  EXPECT_EQ(printed(good, good), sound);
  EXPECT_EQ(printed(bad, good),
            "environment: LOGDIST_SERVER__LISTEN: cannot listen on " + bad + ": Cannot assign requested address\n");
  EXPECT_EQ(printed(good, good + ", " + none),
            "environment: LOGDIST_ADMIN__LISTEN: cannot listen on " + none + ": No such file or directory\n");
  EXPECT_EQ(printed(bad, none, true), sound) << "it listens already";
  boost::asio::io_context loop;
  boost::asio::ip::tcp::acceptor other(loop, {boost::asio::ip::address_v4::loopback(), 0});
  EXPECT_EQ(printed("127.0.0.1:" + std::to_string(other.local_endpoint().port()), good), sound);
}

TEST(CheckCommand, WithoutAFileReadsTheEnvironment) {
  Printed printed = capture([&] { return run_check({}, {{"LOGDIST_ANALYZERS", "a=http://h/x"}}); });
  EXPECT_EQ(printed.code, 0);
  EXPECT_EQ(printed.output, "environment: ok, 1 analyzer\n");
  printed = capture([&] { return run_check({}, {}); });
  EXPECT_EQ(printed.code, 1) << "as serve";
  EXPECT_THAT(printed.output, HasSubstr("environment: analyzers"));
}

TEST(CheckCommand, FindsNothingWrongWithTheExamples) {
  std::size_t examples = 0;
  for (const auto& file : std::filesystem::directory_iterator(LOGDIST_SOURCE_DIR "/config")) {
    if (file.path().extension() != ".yaml") continue;
    const Printed printed = capture([&] { return run_check({file.path().string()}, {}); });
    EXPECT_EQ(printed.code, 0) << printed.output;
    EXPECT_EQ(printed.errors, "") << file.path();
    examples += 1;
  }
  EXPECT_GE(examples, 2U) << "the full one and the minimal one";
}

TEST(HealthCommand, AsksReadyz) {
  tools::ScriptedServer server(
      [](const tools::SeenRequest&, std::size_t) { return tools::ScriptedAnswer{.status = 200}; });
  const Printed printed = health(server.url_text());
  EXPECT_EQ(printed.code, 0);
  EXPECT_EQ(printed.output + printed.errors, "");
  EXPECT_EQ(server.seen().at(0).method, "GET");
  EXPECT_EQ(server.seen().at(0).target, "/readyz");
}

TEST(HealthCommand, LiveAsksHealthz) {
  tools::ScriptedServer server([](const tools::SeenRequest& request, std::size_t) {
    return request.target == "/healthz"
               ? tools::ScriptedAnswer{.status = 200}
               : tools::ScriptedAnswer{.status = 503, .body = R"({"ready":false,"reasons":["no analyzer","full"]})"};
  });
  tools::HealthCommandOptions options;
  options.url = server.url_text();
  Printed printed = capture([&] { return tools::run_health(options, {}); });
  EXPECT_EQ(printed.code, 1);
  EXPECT_EQ(printed.errors, "log-distributor health: " + server.url_text() + "/readyz: 503 no analyzer\n");
  options.live = true;
  printed = capture([&] { return tools::run_health(options, {}); });
  EXPECT_EQ(printed.code, 0) << printed.errors;
}

TEST(HealthCommand, SaysInOneLineWhyNot) {
  tools::ScriptedServer server([](const tools::SeenRequest& request, std::size_t) {
    return request.target == "/slow/readyz" ? tools::ScriptedAnswer{.delay = 1h}
                                            : tools::ScriptedAnswer{.status = 503, .body = "draining\n"};
  });
  Printed printed = health(server.url_text() + "/");
  EXPECT_EQ(printed.code, 1);
  EXPECT_EQ(printed.errors, "log-distributor health: " + server.url_text() + "/readyz: 503 draining\n");

  printed = health(server.url_text() + "/slow", 30ms);
  EXPECT_EQ(printed.code, 1);
  EXPECT_THAT(printed.errors, HasSubstr("no answer within 30ms\n"));

  printed = health("ftp://host");
  EXPECT_EQ(printed.code, 1);
  EXPECT_THAT(printed.errors, HasSubstr("--url"));
}

TEST(HealthCommand, TakesAnAddressForItsUrl) {
  tools::ScriptedServer server([](const tools::SeenRequest& request, std::size_t) {
    return request.target == "/readyz" ? tools::ScriptedAnswer{.status = 200}
                                       : tools::ScriptedAnswer{.status = 404, .body = R"({"detail":"nothing here"})"};
  });
  const std::string address = server.url_text().substr(std::string_view("http://").size());
  Printed printed = health(address);
  EXPECT_EQ(printed.code, 0) << printed.errors;
  printed = health(address + "/wrong");
  EXPECT_EQ(printed.code, 1);
  EXPECT_EQ(printed.errors, "log-distributor health: http://" + address + "/wrong/readyz: 404 nothing here\n");
  printed = health("daemon");
  EXPECT_EQ(printed.code, 1);
  EXPECT_EQ(printed.errors,
            "log-distributor health: --url \"daemon\" is not a URL; allowed: http://HOST:PORT, https://HOST:PORT, "
            "HOST:PORT or unix:/PATH\n");
}

TEST(HealthCommand, DoesNotWaitForASilentNameServer) {
  net::ScriptedNames names;
  const net::ScriptedNames::Silence silence(names, "silent");
  tools::HealthCommandOptions options;
  options.url = "http://silent:1";
  options.timeout = 30ms;
  options.lookup = names.lookup();
  const Printed printed = capture([&] { return tools::run_health(options, {}); });
  EXPECT_EQ(printed.code, 1);
  EXPECT_EQ(printed.errors, "log-distributor health: http://silent:1/readyz: no answer within 30ms\n");
}

TEST(HealthCommand, FindsTheDaemonOfItsEnvironment) {
  const auto port_of = [](const config::Environment& environment) {
    const auto url = tools::admin_url(std::nullopt, environment, "/readyz");
    return url ? tools::to_string(*url) : url.error().text;
  };
  EXPECT_EQ(port_of({}), "http://127.0.0.1:8081/readyz");
  EXPECT_EQ(port_of({{"LOGDIST_ADMIN__LISTEN", "0.0.0.0:9000"}}), "http://127.0.0.1:9000/readyz");
  EXPECT_EQ(port_of({{"LOGDIST_ADMIN__LISTEN", "[::]:9000"}}), "http://[::1]:9000/readyz");
  EXPECT_EQ(port_of({{"LOGDIST_ADMIN__LISTEN", "unix:/run/a, :9000"}}), "unix:/run/a:/readyz")
      << "the first of several";
  EXPECT_THAT(port_of({{"LOGDIST_ADMIN__LISTEN", "9000"}}), StartsWith("LOGDIST_ADMIN__LISTEN "));
}

TEST(HealthCommand, AsksAUnixSocketByItsPath) {
  const auto url_of = [](const std::string& text) {
    const auto url = tools::admin_url(text, {}, "/readyz");
    return url ? url->socket_path + " " + url->http.host + " " + url->http.target : url.error().text;
  };
  EXPECT_EQ(url_of("unix:/run/a.sock"), "/run/a.sock localhost /readyz");
  for (const char* wrong : {"unix:", "unix:a.sock", "unix:/run/a,unix:/run/b"}) {
    EXPECT_THAT(url_of(wrong), AllOf(StartsWith("--url "), HasSubstr("or unix:/PATH"))) << wrong;
  }
}

TEST(AgentCommand, SendsTheLinesOfAFile) {
  tools::ScriptedServer server(tools::accept_all);
  std::string text;
  for (int i = 0; i < 7; ++i) text += "line " + std::to_string(i) + "\n";
  const test::TemporaryFolder folder;
  const std::string file = folder.write("file", text);
  tools::AgentCommandOptions options{.target = server.url_text(), .file = file, .batch = 3, .connections = 1};
  const Printed printed = capture([&] { return tools::run_agent(options); });

  EXPECT_EQ(printed.code, 0);
  EXPECT_THAT(printed.output, AllOf(HasSubstr("packets    3 accepted, 0 rejected\n"), HasSubstr("messages   7\n"),
                                    HasSubstr("retries    0\n")));
  EXPECT_EQ(printed.errors, "");
  const auto seen = server.seen();
  ASSERT_EQ(seen.size(), 3u);
  EXPECT_EQ(seen[0].target, "/v1/packets");
  EXPECT_EQ(nlohmann::json::parse(seen[1].body).at("messages"), nlohmann::json({"line 3", "line 4", "line 5"}));

  options.packets = 2;
  EXPECT_THAT(capture([&] { return tools::run_agent(options); }).output, HasSubstr("packets    2 accepted"));
}

TEST(AgentCommand, ReadsStandardInput) {
  tools::ScriptedServer server(tools::accept_all);
  const test::TemporaryFolder folder;
  const std::string file = folder.write("file", "from\nstdin\n");
  const os::FileDescriptor kept(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0));
  const os::FileDescriptor input(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  ASSERT_EQ(::dup2(input.number(), STDIN_FILENO), STDIN_FILENO);
  const Printed printed =
      capture([&] { return tools::run_agent({.target = server.url_text() + "/here", .file = "-"}); });
  if (kept.is_open()) {
    ::dup2(kept.number(), STDIN_FILENO);
  } else {
    ::close(STDIN_FILENO);
  }

  EXPECT_EQ(printed.code, 0);
  ASSERT_EQ(server.seen().size(), 1u);
  EXPECT_EQ(server.seen()[0].target, "/here");
  EXPECT_THAT(server.seen()[0].body, HasSubstr(R"("messages":["from","stdin"])"));
}

TEST(AgentCommand, SendsInventedPacketsAndFailsWhenOneIsRejected) {
  tools::ScriptedServer server([](const tools::SeenRequest& request, std::size_t index) {
    if (index != 4) return tools::ScriptedAnswer{};
    return tools::ScriptedAnswer{.status = 400, .body = R"({"detail":"no )" + request.idempotency_key + "\"}"};
  });
  const Printed printed =
      capture([&] { return tools::run_agent({.target = server.url_text(), .batch = 5, .packets = 20}); });
  EXPECT_EQ(printed.code, 1);
  EXPECT_THAT(printed.output, AllOf(HasSubstr("19 accepted, 1 rejected"), HasSubstr("messages   95\n")));
  const std::string id = server.seen()[4].idempotency_key;
  EXPECT_EQ(printed.errors, "rejected " + id + ": 400 no " + id + "\n");
}

TEST(AgentCommand, SaysWhatItCannotUse) {
  Printed printed = capture([] { return tools::run_agent({.target = "ftp://host"}); });
  EXPECT_EQ(printed.code, 1);
  EXPECT_THAT(printed.errors, StartsWith("log-distributor agent: --target "));

  printed = capture([] { return tools::run_agent({.target = "https://host", .tls = {.ca = "/nowhere/at/all"}}); });
  EXPECT_EQ(printed.code, 1);
  EXPECT_EQ(printed.errors, "log-distributor agent: --ca cannot read /nowhere/at/all: No such file or directory\n");

  printed = capture([] { return tools::run_agent({.target = "http://127.0.0.1:1", .file = "/nowhere/at/all"}); });
  EXPECT_EQ(printed.code, 1);
  EXPECT_EQ(printed.errors, "log-distributor agent: /nowhere/at/all: No such file or directory\n");
}

TEST(AgentReport, ShowsRateAndTrouble) {
  tools::AgentResult before;
  before.packets_accepted = 100;
  before.elapsed = 1s;
  tools::AgentResult now = before;
  now.packets_accepted = 300;
  now.messages_accepted = 15'000;
  now.elapsed = 2s;
  now.latency_p99 = 1'240us;
  now.trouble = "503: draining";
  EXPECT_EQ(tools::progress_line(before, now), "300 packets, 15000 messages, 200 packets/s, p99 1.24 ms");
  now.retries = 2;
  now.packets_rejected = 1;
  EXPECT_THAT(tools::progress_line(now, now),
              HasSubstr("0 packets/s, p99 1.24 ms, 1 rejected, 2 sent again (503: draining)"));
  EXPECT_EQ(tools::format_latency(850us), "850 us");
  EXPECT_EQ(tools::format_latency(999'600ns), "1 ms");
  EXPECT_EQ(tools::format_latency(12'350ms), "12.3 s");
}

}  // namespace
}  // namespace logdist::cli
