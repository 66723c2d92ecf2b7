// The files in config/ are documentation that loads, and say what the code does.
#include <gmock/gmock.h>

#include <algorithm>
#include <boost/algorithm/string/replace.hpp>
#include <nlohmann/json.hpp>

#include "config/key_table.hpp"
#include "logdist/config/keys.hpp"
#include "logdist/config/load.hpp"
#include "logdist/config/schema/json_schema.hpp"
#include "logdist/config/yaml/tree.hpp"
#include "support.hpp"

namespace logdist::config {
namespace {

using testing::IsEmpty;

constexpr const char* example_path = "config/log-distributor.yaml";

void collect_paths(const Node& node, const std::string& path, std::vector<std::string>& paths) {
  for (std::size_t i = 0; i < node.values.size(); ++i) {
    const bool is_list = node.type == Node::Type::list;
    const std::string below = is_list ? path + "[]" : (path.empty() ? "" : path + '.') + node.keys[i].text;
    paths.push_back(below);
    collect_paths(node.values[i], below, paths);
  }
}

TEST(Example, LoadsAndEveryValueIsTheDefault) {
  const Loaded loaded = load(LOGDIST_SOURCE_DIR "/" + std::string(example_path), {});
  EXPECT_THAT(lines(loaded.errors), IsEmpty());
  EXPECT_THAT(lines(loaded.warnings), IsEmpty());
  EXPECT_EQ(loaded.options.analyzers.size(), 3u);
  const Options defaults;
  for (const auto& spec : option_keys()) EXPECT_EQ(spec.show(loaded.options), spec.show(defaults)) << spec.path;
}

TEST(Example, HasEveryKeyOfTheTable) {
  Report report;
  const auto root = parse_yaml(project_file(example_path), example_path, report);
  ASSERT_TRUE(root);
  std::vector<std::string> paths;
  collect_paths(*root, "", paths);
  const std::string of_sources = project_file("docs/discovery.md");
  for (const std::string& known : known_paths()) {
    if (known == "discovery.cache") continue;  // an entry of the list
    if (known.starts_with("discovery[].") && known != "discovery[].cache") {
      // A source that is not there would be asked by everybody who uses the example.
      const std::size_t below = known.find("tls.");
      const std::string key = below == std::string::npos ? known : known.substr(0, below + 3);
      EXPECT_NE(of_sources.find('`' + key.substr(key.rfind('.') + 1) + '`'), std::string::npos) << known;
      continue;
    }
    EXPECT_NE(std::find(paths.begin(), paths.end(), known), paths.end()) << known << " is not in " << example_path;
  }
}

TEST(Minimal, Loads) {
  const Loaded loaded = load(LOGDIST_SOURCE_DIR "/config/minimal.yaml", {});
  EXPECT_THAT(lines(loaded.errors), IsEmpty());
  EXPECT_THAT(lines(loaded.warnings), IsEmpty());
  ASSERT_EQ(loaded.options.analyzers.size(), 2u);
  EXPECT_EQ(loaded.options.analyzers[0].weight.units, loaded.options.analyzers[1].weight.units);
}

TEST(KnownKeys, DefaultsAreWhatTheLoaderReads) {
  for (const KeyInfo& key : known_keys()) {
    EXPECT_FALSE(key.meaning.empty()) << key.path;
    EXPECT_FALSE(key.allowed.empty()) << key.path;
    EXPECT_EQ(key.choices.empty(), key.type != ValueType::choice) << key.path;
    if (key.variable.empty()) continue;
    Environment environment = one_analyzer;
    environment[key.variable] = key.default_text;
    const Loaded loaded = load(std::nullopt, environment);
    EXPECT_THAT(lines(loaded.errors), IsEmpty()) << key.path;
    EXPECT_THAT(lines(loaded.warnings), IsEmpty()) << key.path;
  }
}

TEST(Schema, IsTheOneInTheProject) { EXPECT_EQ(json_schema(), project_file("config/log-distributor.schema.json")); }

TEST(Schema, HasEveryKeyWhereItBelongs) {
  const auto schema = nlohmann::json::parse(json_schema());
  for (const KeyInfo& key : known_keys()) {
    std::string location = "/properties/" + boost::algorithm::replace_all_copy(key.path, ".", "/properties/");
    boost::algorithm::replace_all(location, "[]", "/items");
    const nlohmann::json::json_pointer pointer(location);
    ASSERT_TRUE(schema.contains(pointer)) << location;
    EXPECT_TRUE(schema.at(pointer).contains("description")) << location;
    EXPECT_EQ(schema.at(pointer.parent_pointer().parent_pointer()).at("additionalProperties"), false) << location;
  }
}

TEST(KnownKeys, SayWhatTheyKnow) {
  const auto keys = known_keys();
  const auto found =
      std::find_if(keys.begin(), keys.end(), [](const KeyInfo& key) { return key.path == "delivery.retry.max"; });
  ASSERT_NE(found, keys.end());
  EXPECT_EQ(found->variable, "LOGDIST_DELIVERY__RETRY__MAX");
  EXPECT_EQ(found->default_text, "10s");
  EXPECT_EQ(found->type, ValueType::duration);
  EXPECT_EQ(found->allowed, "a duration from 1ms to 24h, such as 250ms, 5s or 2m");
}

}  // namespace
}  // namespace logdist::config
