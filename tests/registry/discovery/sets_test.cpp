// Several sources, their files and their cache as one set.
#include <gmock/gmock.h>

#include "logdist/config/load.hpp"
#include "logdist/registry/discovery/cache.hpp"
#include "logdist/registry/discovery/consul_index.hpp"
#include "logdist/registry/discovery/file_lists.hpp"

namespace logdist::registry {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

config::Options configured(const std::string& text) {
  const config::Loaded loaded = config::load_text(text, "f.yaml", {});
  EXPECT_TRUE(loaded.errors.empty()) << to_string(loaded.errors.at(0));
  return loaded.options;
}

constexpr const char* two_sources = R"(
analyzers: [{name: a, url: 'http://10.0.0.1:1/x'}]
discovery:
- file: {path: /nowhere/*.yaml}
- http: {url: 'http://h/sd', weight: 5}
)";

std::vector<std::string> names_of(const std::vector<config::AnalyzerOptions>& analyzers) {
  std::vector<std::string> all;
  for (const auto& analyzer : analyzers) all.push_back(analyzer.name);
  return all;
}

std::vector<config::AnalyzerOptions> given(const config::SourceOptions& source, const std::string& list) {
  FileLists lists(source);
  return lists.read({{"f", list, ""}})->analyzers;
}

TEST(Merge, TakesThoseConfiguredFirstThenSourceBySource) {
  const config::Options options = configured(two_sources);
  const auto& sources = options.discovery.sources;
  KnownSets known;
  known["http"] = given(sources[1], "[{url: 'http://10.0.0.3:1/x'}, {url: 'http://10.0.0.1:1/x'}]");
  known["file"] = given(sources[0], "[{name: a, url: 'http://10.0.0.2:1/x'}, {name: b, url: 'http://10.0.0.3:1/x'}]");
  known["other"] = known["http"];
  std::vector<Skipped> skipped;
  const auto all = merge(options, known, skipped);
  EXPECT_THAT(names_of(all), ElementsAre("a", "file/10.0.0.2:1", "b")) << "the name a is taken";
  EXPECT_THAT(skipped, ElementsAre(Skipped{"http/10.0.0.1:1", "has the url of a"},
                                   Skipped{"http/10.0.0.3:1", "has the url of b"}));
}

TEST(FileLists, TakesEachFileInTheFormOfAnalyzers) {
  const config::Options options = configured(two_sources);
  FileLists lists(options.discovery.sources[0]);
  const auto answer = lists.read({{"1.yaml", "- {name: x, url: 'http://h:1/a', weight: 2.5, zone: z}", ""},
                                  {"2.yaml", "analyzers:\n- {url: 'http://h:2/a', headers: {X-Key: k}}\n", ""},
                                  {"3.yaml", "", ""},
                                  {"4.json", R"([{"url": "http://h:4/a", "tls": {"verify": false}}])", ""}});
  ASSERT_TRUE(answer);
  EXPECT_THAT(names_of(answer->analyzers), ElementsAre("file/h:2", "file/h:4", "x"));
  EXPECT_EQ(answer->analyzers[2].weight.units, 2'500'000u);
  EXPECT_EQ(answer->analyzers[2].zone, "z");
  EXPECT_EQ(answer->analyzers[2].source, "file");
  EXPECT_EQ(answer->analyzers[0].headers[0].second, "k");
  EXPECT_THAT(answer->skipped, IsEmpty());
}

TEST(FileLists, AFileThatIsBrokenTakesNothingAwayAndOneThatIsGoneDoes) {
  const config::Options options = configured(two_sources);
  FileLists lists(options.discovery.sources[0]);
  lists.read({{"1", "- {url: 'http://h:1/'}", ""}, {"2", "- {url: 'http://h:2/'}", ""}});
  const auto half = lists.read({{"1", "- {url: 'http://h", ""}, {"2", "- {url: 'http://h:3/'}", ""}});
  ASSERT_TRUE(half);
  EXPECT_THAT(names_of(half->analyzers), ElementsAre("file/h:1", "file/h:3"));
  EXPECT_THAT(half->skipped, SizeIs(1));
  const auto unreadable = lists.read({{"1", "", "Permission denied"}, {"2", "", ""}});
  EXPECT_THAT(names_of(unreadable->analyzers), ElementsAre("file/h:1"));
  EXPECT_THAT(unreadable->skipped, ElementsAre(Skipped{"1", "Permission denied"}));
  EXPECT_THAT(lists.read({{"2", "", ""}})->analyzers, IsEmpty());
}

TEST(FileLists, SkipsAnEntryThatIsWrongWithItsLine) {
  const config::Options options = configured(two_sources);
  FileLists lists(options.discovery.sources[0]);
  const auto answer = lists.read({{"f",
                                   "- {url: 'http://h:1/', weight: -1}\n- {weight: 1}\n- 5\n- {url: 'http://h:2/', "
                                   "wieght: 3}\n- {url: 'http://h:4/'}\n",
                                   ""}});
  ASSERT_TRUE(answer);
  EXPECT_THAT(names_of(answer->analyzers), ElementsAre("file/h:4"));
  ASSERT_THAT(answer->skipped, SizeIs(4));
  EXPECT_EQ(answer->skipped[0].what, "f:1");
  EXPECT_THAT(answer->skipped[0].why, HasSubstr("positive"));
  EXPECT_THAT(answer->skipped[1].why, HasSubstr("url is missing"));
  EXPECT_THAT(answer->skipped[3].why, HasSubstr("did you mean `weight`"));
}

TEST(FileLists, NothingIsKnownWhereTheOnlyFileIsBroken) {
  const config::Options options = configured(two_sources);
  FileLists lists(options.discovery.sources[0]);
  EXPECT_FALSE(lists.read({{"f", "{", ""}}));
  EXPECT_FALSE(lists.read({{"f", "a: 1", ""}}));
  EXPECT_EQ(lists.read({{"f", "", "No such file"}}).error(), "f: No such file");
}

TEST(Cache, GivesBackWhatItWasGiven) {
  const config::Options options = configured(two_sources);
  const auto& sources = options.discovery.sources;
  KnownSets known;
  known["file"] = given(sources[0],
                        "[{name: n, url: 'https://h:1/x?y', weight: 0.25, zone: z, max_in_flight: 3, formats: "
                        "[packet], headers: {X-Key: 'a \"b\"'}, tls: {ca: /ca.pem}}]");
  known["http"] = given(sources[1], "[{url: 'http://[::1]:2/', weight: 1}]");
  std::string error;
  const std::string text = encode_cache(options.discovery, known);
  const KnownSets again = decode_cache(text, options.discovery, error);
  EXPECT_EQ(error, "");
  ASSERT_THAT(again.at("file"), SizeIs(1));
  ASSERT_THAT(again.at("http"), SizeIs(1));
  const config::AnalyzerOptions& one = again.at("file")[0];
  EXPECT_EQ(one.name, "n");
  EXPECT_EQ(one.url, "https://h:1/x?y");
  EXPECT_EQ(one.weight.units, 250'000u);
  EXPECT_EQ(one.zone, "z");
  EXPECT_EQ(one.max_in_flight, 3u);
  EXPECT_EQ(one.headers, known["file"][0].headers);
  EXPECT_EQ(one.formats, known["file"][0].formats);
  EXPECT_EQ(one.tls, known["file"][0].tls);
  EXPECT_EQ(one.source, "file");
  EXPECT_EQ(again.at("http")[0].name, "http/[::1]:2");
  EXPECT_EQ(again.at("http")[0].weight.units, 1'000'000u) << "not the source's default, which was not asked for";
}

TEST(Cache, HasNothingForAnotherSourceOfThatName) {
  const config::Options options = configured(two_sources);
  KnownSets known;
  known["http"] = given(options.discovery.sources[1], "[{url: 'http://h:2/'}]");
  const std::string text = encode_cache(options.discovery, known);
  const config::Options other = configured("discovery: [{file: {path: /x, source: http}}]");
  std::string error;
  EXPECT_THAT(decode_cache(text, other.discovery, error), IsEmpty());
}

TEST(Cache, SaysWhatIsNoCache) {
  const config::Options options = configured(two_sources);
  for (const char* text :
       {"", "x", "[]", "{}", R"({"version": 2, "sources": {}})", R"({"version": 1, "sources": []})"}) {
    std::string error;
    EXPECT_THAT(decode_cache(text, options.discovery, error), IsEmpty()) << text;
    EXPECT_EQ(error, "is no file of this kind") << text;
  }
  std::string error;
  decode_cache(R"({"version": 1, "sources": {"http": 5, "file": {"type": "file", "analyzers": 7}}})", options.discovery,
               error);
  EXPECT_NE(error, "");
}

TEST(ConsulIndex, BeginsAgainWhenItGoesBackwards) {
  ConsulIndex index;
  index.answered("17");
  EXPECT_EQ(index.value(), 17u);
  index.answered("17");
  EXPECT_EQ(index.value(), 17u);
  index.answered("5");
  EXPECT_EQ(index.value(), 0u);
  index.answered("9");
  for (const char* odd : {"", "x", "-1", "9x", "99999999999999999999999"}) {
    index.answered("9");
    index.answered(odd);
    EXPECT_EQ(index.value(), 0u) << odd;
  }
}

}  // namespace
}  // namespace logdist::registry
