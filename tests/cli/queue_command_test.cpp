// The times that `queue` takes, and what it says of a directory.
#include "cli/queue_command.hpp"

#include <gmock/gmock.h>

#include <sstream>

#include "cli/command_line.hpp"
#include "logdist/os/time_text.hpp"
#include "tests/support/temporary_folder.hpp"

namespace logdist::cli {
namespace {

using testing::HasSubstr;

constexpr std::int64_t second = 1'000'000'000;

TEST(ParseTime, TakesRfc3339AndDurationsBeforeNow) {
  EXPECT_EQ(os::parse_time("1970-01-01T00:00:10Z", 0), 10 * second);
  EXPECT_EQ(os::parse_time("1970-01-01T02:00:10.25+02:00", 0), 10 * second + second / 4);
  EXPECT_EQ(os::parse_time("1970-01-01T00:00:10-00:30", 0), 1'810 * second);
  EXPECT_EQ(os::parse_time("2026-05-01T10:00:00z", 0), 1'777'629'600 * second);
  EXPECT_EQ(os::parse_time("-15m", 1'000 * second), 100 * second);
  EXPECT_EQ(os::parse_time("-1s", 0), -second);
}

TEST(ParseTime, RefusesWhatIsNoTime) {
  for (const char* text : {"", "now", "15m", "-15", "-", "2026-05-01", "2026-05-01T10:00:00", "2026-13-01T10:00:00Z",
                           "1970-01-01T00:00:10Z ", "1970-01-01T00:00:10+2:00", "1970-01-01T00:00:10+0200"}) {
    EXPECT_EQ(os::parse_time(text, 0), std::nullopt) << text;
  }
}

Command parse_queue(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "log-distributor");
  return parse_command_line(static_cast<int>(arguments.size()), arguments.data());
}

TEST(QueueCommand, ReadsItsOptionsBehindTheAction) {
  const auto options = std::get<QueueCommandOptions>(parse_queue(
      {"queue", "export", "--directory", "/q", "--from", "1970-01-01T00:00:01Z", "--to", "-1s", "--dead-letters"}));
  EXPECT_EQ(options.action, QueueCommandOptions::Action::export_packets);
  EXPECT_EQ(options.directory, "/q");
  EXPECT_EQ(options.from_ns, second);
  EXPECT_GT(options.to_ns, 1'700'000'000 * second);
  EXPECT_TRUE(options.dead_letters);
  EXPECT_EQ(std::get<QueueCommandOptions>(parse_queue({"queue", "verify", "--directory", "/q"})).action,
            QueueCommandOptions::Action::verify);
}

TEST(QueueCommand, SaysWhatIsWrong) {
  EXPECT_THAT(std::get<Exit>(parse_queue({"queue", "list"})).output, HasSubstr("--directory is required"));
  EXPECT_THAT(std::get<Exit>(parse_queue({"queue", "list", "--directory", "/q", "--from", "soon"})).output,
              HasSubstr("\"soon\" is not a time; allowed: 2026-05-01T10:00:00Z, or -15m before now"));
  EXPECT_EQ(std::get<Exit>(parse_queue({"queue"})).code, 1);
  const test::TemporaryFolder folder;
  std::ostringstream out;
  std::ostringstream errors;
  QueueCommandOptions options;
  options.directory = folder.file("nothing");
  EXPECT_EQ(run_queue(options, out, errors), 1);
  EXPECT_THAT(errors.str(), HasSubstr("nothing: No such file or directory"));
}

}  // namespace
}  // namespace logdist::cli
