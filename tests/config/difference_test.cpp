// What a reload finds to be done.
#include "logdist/config/difference.hpp"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "logdist/config/keys.hpp"
#include "support.hpp"

namespace logdist::config {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr const char* three = R"(
analyzers:
  - {name: a, url: "http://h:1/", weight: 40}
  - {name: b, url: "http://h:2/", weight: 30, headers: {X-Key: "secret"}}
  - {name: c, url: "http://h:3/", weight: 30}
)";

Options options_of(const std::string& text) {
  const Loaded loaded = load_text(text, "f.yaml", {});
  EXPECT_THAT(lines(loaded.errors), IsEmpty());
  return loaded.options;
}

TEST(Difference, OfTheSameThereIsNone) {
  EXPECT_EQ(compare(options_of(three), options_of(three)), Difference{});
  EXPECT_TRUE(Difference{}.changes_nothing());
}

TEST(Difference, TheOrderOfAnalyzersIsNone) {
  Options turned = options_of(three);
  std::swap(turned.analyzers.front(), turned.analyzers.back());
  EXPECT_EQ(compare(options_of(three), turned), Difference{});
}

TEST(Difference, AnalyzersComeGoAndChange) {
  const Difference difference = compare(options_of(three), options_of(R"(
analyzers:
  - {name: d, url: "http://h:4/"}
  - {name: b, url: "http://h:2/", weight: 30.5, max_in_flight: 7, headers: {X-Key: "other"}}
  - {name: c, url: "http://h:3/", weight: 30}
)"));
  EXPECT_THAT(difference.added, ElementsAre("d"));
  EXPECT_THAT(difference.removed, ElementsAre("a"));
  ASSERT_EQ(difference.changed.size(), 1u);
  EXPECT_EQ(difference.changed[0].name, "b");
  std::vector<std::string> changes;
  for (const Change& change : difference.changed[0].changes) changes.push_back(to_string(change));
  EXPECT_THAT(changes, ElementsAre("weight: 30 -> 30.5", "max_in_flight: \"\" -> 7", "headers"));
  EXPECT_FALSE(difference.changes_nothing());
}

TEST(Difference, OneThatHasMovedIsRemovedAndAdded) {
  Options moved = options_of(three);
  moved.analyzers[1].url = "http://elsewhere:2/";
  const Difference difference = compare(options_of(three), moved);
  EXPECT_THAT(difference.added, ElementsAre("b"));
  EXPECT_THAT(difference.removed, ElementsAre("b"));
  EXPECT_THAT(difference.changed, IsEmpty());
}

TEST(Difference, OneThatIsSpokenToInAnotherWayIsRemovedAndAdded) {
  Options plain = options_of(three);
  plain.analyzers[1].decompress = true;
  const Difference difference = compare(options_of(three), plain);
  EXPECT_THAT(difference.added, ElementsAre("b"));
  EXPECT_THAT(difference.removed, ElementsAre("b"));
}

TEST(Difference, TellsWhatIsTakenFromWhatNeedsARestart) {
  const std::string more = "log: {level: debug}\nshutdown: {grace: 1m}\nqueue: {max_packets: 7}\nthreads: 3\n";
  const Difference difference = compare(options_of(three), options_of(three + more));
  EXPECT_THAT(difference.taken,
              ElementsAre(Change{"shutdown.grace", "30s", "1m"}, Change{"log.level", "info", "debug"}));
  EXPECT_THAT(difference.restart_needed,
              ElementsAre(Change{"threads", "0", "3"}, Change{"queue.max_packets", "10000", "7"}));
  const Options taken = take_over(options_of(three), options_of(three + more));
  EXPECT_EQ(taken.log.level, LogLevel::debug);
  EXPECT_EQ(taken.shutdown.grace, 1min);
  EXPECT_EQ(taken.queue.max_packets, Options{}.queue.max_packets);
  EXPECT_EQ(taken.threads, 0u);
  EXPECT_EQ(compare(taken, options_of(three + more)).restart_needed, difference.restart_needed);
}

TEST(Difference, OnlyRestartsAreNoChange) {
  EXPECT_TRUE(compare(options_of(three), options_of(three + std::string("threads: 3\n"))).changes_nothing());
}

TEST(Difference, TheExampleSaysWhichKeysAReloadTakes) {
  std::string live;
  for (const KeyInfo& key : known_keys()) {
    if (!key.live || key.variable.empty()) continue;
    std::string named = key.path;
    for (const std::string section : {"server.tls", "admin.tls", "auth", "limits"}) {  // all of these are
      if (key.path.starts_with(section + '.')) named = section + ".*";
    }
    if (!live.ends_with(named)) live += (live.empty() ? "" : ", ") + named;
  }
  EXPECT_THAT(project_file("config/log-distributor.yaml"), testing::HasSubstr("\n# analyzers, " + live + ".\n"));
}

TEST(MaskedJson, HasEveryKeyAndNoSecret) {
  const std::string text = masked_json(options_of(three));
  EXPECT_THAT(text, testing::Not(testing::HasSubstr("secret")));
  const auto json = nlohmann::json::parse(text);
  EXPECT_EQ(json["queue"]["max_packets"], 10000);
  EXPECT_EQ(json["delivery"]["retry"]["initial"], "100ms");
  EXPECT_EQ(json["server"]["max_body"], "10MiB");
  EXPECT_EQ(json["analyzers"][1]["headers"]["X-Key"], "***");
  EXPECT_EQ(json["analyzers"][1]["weight"], 30);
  EXPECT_FALSE(json["analyzers"][1].contains("max_in_flight"));
  for (const KeyInfo& key : known_keys()) {
    if (key.variable.empty() || key.path == "discovery.cache") continue;  // an entry of the list
    nlohmann::json::json_pointer location;
    std::string step;
    for (const char character : key.path + ".") {
      if (character != '.') {
        step += character;
      } else {
        location /= std::exchange(step, "");
      }
    }
    EXPECT_TRUE(json.contains(location)) << key.path;
  }
}

TEST(MaskedJson, IsReadAgainAsTheSame) {
  nlohmann::json json = nlohmann::json::parse(masked_json(options_of(three)));
  const Options again = options_of(json.dump());
  Options masked = options_of(three);
  masked.analyzers[1].headers[0].second = "***";
  EXPECT_EQ(compare(masked, again), Difference{});
}

}  // namespace
}  // namespace logdist::config
