#include <gmock/gmock.h>

#include <filesystem>

#include "logdist/config/load.hpp"
#include "logdist/config/yaml/tree.hpp"
#include "support.hpp"

namespace logdist::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(File, JsonIsYaml) {
  const Loaded loaded = load_text(
      R"({"threads": 3, "analyzers": [{"name": "a", "url": "http://h/x", "headers": {"X-Key": "1", "X-Two": "a b"}}]})",
      "f.json", {});
  EXPECT_THAT(lines(loaded.errors), IsEmpty());
  EXPECT_EQ(loaded.options.threads, 3u);
  ASSERT_EQ(loaded.options.analyzers.size(), 1u);
  EXPECT_THAT(loaded.options.analyzers[0].headers,
              ElementsAre(testing::Pair("X-Key", "1"), testing::Pair("X-Two", "a b")));
  EXPECT_EQ(loaded.options.analyzers[0].weight.units, Weight::units_per_one);
}

TEST(File, MayBeEmptyWhenAnalyzersComeFromTheEnvironment) {
  for (const char* text : {"", "\n\n", "# a comment\n", "---\n", "server:\nqueue:\n  # max_packets: 1\n", "{}"}) {
    EXPECT_EQ(error_of(text), "") << text;
  }
}

TEST(File, NeedsAnAnalyzer) {
  const std::string message = "analyzers: none is given; allowed: at least one, in the file or in LOGDIST_ANALYZERS";
  EXPECT_EQ(error_of("", {}), "f.yaml: " + message);
  EXPECT_EQ(error_of("threads: 1\nanalyzers:\n", {}), "f.yaml:2: " + message);
  EXPECT_EQ(error_of("threads: 1\nanalyzers: []\n", {}), "f.yaml:2: " + message);
  EXPECT_THAT(lines(load(std::nullopt, {}).errors), ElementsAre("environment: " + message));
}

TEST(File, AnchorsAndAliasesStandForTheirValues) {
  const Loaded loaded =
      load_text("delivery: {retry: &back {initial: 1s, max: 2s}}\nhealth:\n  backoff: *back\n", "f.yaml", one_analyzer);
  EXPECT_THAT(lines(loaded.errors), IsEmpty());
  EXPECT_EQ(loaded.options.health.backoff.initial, 1s);
  EXPECT_EQ(loaded.options.health.backoff.max, 2s);
}

TEST(File, SyntaxErrorsHaveTheirLine) {
  EXPECT_THAT(error_of("threads: 1\nserver:\n  listen: [::1]:80\n"), HasSubstr("f.yaml:3: is not valid YAML: "));
  EXPECT_THAT(error_of("a: \"b\nthreads: 1\n"), HasSubstr("is not valid YAML: "));
  EXPECT_EQ(error_of("threads: 1\n---\nthreads: 2\n"), "f.yaml:3: a second document begins here; allowed: one");
  EXPECT_EQ(error_of("threads: 1\nserver: !secret x\n"), "f.yaml:2: is not valid YAML: the tag !secret is not known");
}

TEST(File, ASyntaxErrorDoesNotHideTheEnvironment) {
  EXPECT_THAT(lines(load_text("a: [", "f.yaml", {{"LOGDIST_THREADS", "x"}}).errors),
              ElementsAre(HasSubstr("f.yaml:1: is not valid YAML"), HasSubstr("environment: LOGDIST_THREADS: \"x\"")));
}

TEST(File, WindowsLineEndsCountOnce) {
  EXPECT_THAT(error_of("threads: 1\r\nqueue:\r\n  max_packets: 0\r\n"),
              HasSubstr("f.yaml:3: queue.max_packets: \"0\""));
}

TEST(File, QuotedScalarsAreText) {
  const Loaded loaded = load_text(
      "analyzers: [{name: \"no\", url: http://h}]\nthreads: \"2\"\n"
      "delivery: {dead_letter: 'off'}\nhealth: {path: !!str /true}\n",
      "f.yaml", {});
  EXPECT_THAT(lines(loaded.errors), IsEmpty());
  EXPECT_EQ(loaded.options.analyzers[0].name, "no");
  EXPECT_EQ(loaded.options.threads, 2u);
  EXPECT_EQ(loaded.options.delivery.dead_letter, "off");
}

TEST(File, UnreadableIsAFault) {
  EXPECT_THAT(lines(load("/nonexistent/f.yaml", one_analyzer).errors),
              ElementsAre("/nonexistent/f.yaml: cannot be read: No such file or directory"));
  const std::string folder = std::filesystem::temp_directory_path().string();
  EXPECT_THAT(lines(load(folder, one_analyzer).errors), ElementsAre(folder + ": cannot be read: Is a directory"));
}

TEST(File, EndlessIsAFault) {
  EXPECT_THAT(lines(load("/dev/zero", one_analyzer).errors), ElementsAre("/dev/zero: is larger than 1MiB"));
}

TEST(ToString, LeavesOutWhatIsNotThere) {
  EXPECT_EQ(to_string({"f.yaml", 3, "a.b", "is wrong"}), "f.yaml:3: a.b: is wrong");
  EXPECT_EQ(to_string({"f.yaml", 0, "", "is wrong"}), "f.yaml: is wrong");
  EXPECT_EQ(to_string({"environment", 0, "LOGDIST_X", "is wrong"}), "environment: LOGDIST_X: is wrong");
}

}  // namespace
}  // namespace logdist::config
