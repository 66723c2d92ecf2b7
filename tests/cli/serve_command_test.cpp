// How `serve` says why it does not start.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <fmt/format.h>
#include <boost/asio.hpp>
#include <nlohmann/json.hpp>

#include "tests/support/process.hpp"
#include "tests/support/temporary_folder.hpp"

namespace logdist::cli {
namespace {

namespace asio = boost::asio;
using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

/// The lines on stderr of a daemon that must not have started.
std::vector<std::string> complaints(std::map<std::string, std::string> environment) {
  environment.try_emplace("LOGDIST_ANALYZERS", "a=http://127.0.0.1:9/x");
  environment.try_emplace("LOGDIST_SERVER__LISTEN", "127.0.0.1:0");
  environment.try_emplace("LOGDIST_ADMIN__LISTEN", "127.0.0.1:0");
  environment.try_emplace("LOGDIST_THREADS", "1");
  environment.try_emplace("LOGDIST_SERVER__MAX_CONNECTIONS", "10");  // fits any limit on open files
  test::Process daemon(test::Process::log_distributor({"serve"}, std::move(environment)));
  EXPECT_EQ(daemon.wait_exit(), 1);
  EXPECT_EQ(daemon.output(), "");
  std::vector<std::string> lines;
  std::istringstream text(daemon.errors());
  for (std::string line; std::getline(text, line);) lines.push_back(line);
  return lines;
}

/// One line of the log, as an object.
nlohmann::ordered_json logged(const std::string& line) {
  auto json = nlohmann::ordered_json::parse(line, nullptr, false);
  if (!json.is_object()) json = nlohmann::ordered_json::object();
  for (const char* key : {"ts", "level", "event", "msg"}) EXPECT_TRUE(json[key].is_string()) << line;
  return json;
}

TEST(ServeCommand, SaysInTheFormatOfItsLogWhyItHasNotStarted) {
  asio::io_context io(1);
  const asio::ip::tcp::acceptor taken(io, {asio::ip::make_address("127.0.0.1"), 0});
  const std::string address = fmt::format("127.0.0.1:{}", taken.local_endpoint().port());
  const auto says = AllOf(HasSubstr("server.listen: cannot listen on " + address), EndsWith("Address already in use"));

  auto lines = complaints({{"LOGDIST_SERVER__LISTEN", address}});
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_THAT(lines[0], AllOf(StartsWith("log-distributor: "), says));

  lines = complaints({{"LOGDIST_SERVER__LISTEN", address}, {"LOGDIST_LOG__FORMAT", "json"}});
  ASSERT_EQ(lines.size(), 1U);
  const auto line = logged(lines[0]);
  EXPECT_EQ(line["level"], "error");
  EXPECT_EQ(line["event"], "not_started");
  EXPECT_THAT(line["msg"].get<std::string>(), AllOf(StartsWith("server.listen: "), says));
}

TEST(ServeCommand, FaultsOfTheConfigurationAreLinesOfAJsonLog) {
  const auto lines = complaints({{"LOGDIST_QUEUE__MAX_PACKETS", "none"},
                                 {"LOGDIST_THREADS", "-1"},
                                 {"LOGDIST_COLOUR", "blue"},
                                 {"LOGDIST_LOG__FORMAT", "json"}});
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(logged(lines[0])["event"], "configuration_warning");
  for (const std::size_t i : {1U, 2U}) {
    const auto line = logged(lines[i]);
    EXPECT_EQ(line["level"], "error");
    EXPECT_EQ(line["event"], "configuration_fault");
    EXPECT_THAT(line["msg"].get<std::string>(), StartsWith("environment: LOGDIST_")) << "as `check` says it";
    EXPECT_TRUE(line.contains("key"));
  }
}

TEST(ServeCommand, DoesNotStartUnableToKeepDeadLetters) {
  const test::TemporaryFolder folder;
  const std::string file = folder.file("missing/letters.jsonl");
  const auto lines = complaints({{"LOGDIST_DELIVERY__DEAD_LETTER", file}});
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0],
            "log-distributor: delivery.dead_letter: cannot append to " + file + ": No such file or directory");
}

TEST(ServeCommand, DoesNotWaitForSomebodyToReadItsDeadLetters) {
  const test::TemporaryFolder folder;
  const std::string pipe = folder.file("pipe");
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  const auto lines = complaints({{"LOGDIST_DELIVERY__DEAD_LETTER", pipe}});
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0],
            "log-distributor: delivery.dead_letter: cannot append to " + pipe + ": No such device or address");
}

}  // namespace
}  // namespace logdist::cli
