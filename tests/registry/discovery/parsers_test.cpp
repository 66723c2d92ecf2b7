// What sources answer, also those that mean no good.
#include "logdist/registry/discovery/parsers.hpp"

#include <gmock/gmock.h>

#include <fmt/format.h>

#include "logdist/base/base64.hpp"
#include "logdist/config/keys.hpp"

namespace logdist::registry {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

config::SourceOptions source_named(const std::string& name) {
  config::SourceOptions source;
  source.source = name;
  return source;
}
const config::SourceOptions sd = source_named("sd");

std::vector<std::string> names(const Answer& answer) {
  std::vector<std::string> all;
  for (const auto& analyzer : answer.analyzers) all.push_back(analyzer.name);
  return all;
}

/// The only reason.
std::string why(const Answer& answer) { return answer.skipped.size() == 1 ? answer.skipped[0].why : "not one"; }

TEST(HttpSd, TakesTargetsWithTheirLabels) {
  const Parsed parsed = parse_http_sd(
      R"([{"targets": ["10.0.0.2:9101", "[::1]:9102"], "labels": {"__weight__": "2.5", "__zone__": "eu-1"}},
          {"targets": ["h:9103"], "labels": {"__scheme__": "https", "__path__": "/in?x=1", "job": "logs"}}])",
      sd);
  ASSERT_TRUE(parsed);
  EXPECT_THAT(names(*parsed), ElementsAre("sd/10.0.0.2:9101", "sd/[::1]:9102", "sd/h:9103"));
  EXPECT_EQ(parsed->analyzers[0].url, "http://10.0.0.2:9101/analyze");
  EXPECT_EQ(parsed->analyzers[0].weight.units, 2'500'000u);
  EXPECT_EQ(parsed->analyzers[0].zone, "eu-1");
  EXPECT_EQ(parsed->analyzers[0].source, "sd");
  EXPECT_EQ(parsed->analyzers[1].host, "::1");
  EXPECT_EQ(parsed->analyzers[2].url, "https://h:9103/in?x=1");
  EXPECT_EQ(parsed->analyzers[2].weight.units, 1'000'000u);
}

TEST(HttpSd, GivesWhatAnInstanceDoesNotSay) {
  config::SourceOptions source = sd;
  source.defaults.weight.units = 7'000'000;
  source.defaults.zone = "west";
  source.defaults.max_in_flight = 5;
  source.defaults.headers = {{"X-Key", "k"}};
  source.path = "/in";
  const Parsed parsed =
      parse_http_sd(R"([{"targets": ["h:1"]}, {"targets": ["i:1"], "labels": {"__weight__": 3}}])", source);
  ASSERT_TRUE(parsed);
  ASSERT_EQ(parsed->analyzers.size(), 2u);
  EXPECT_EQ(parsed->analyzers[0].weight.units, 7'000'000u);
  EXPECT_EQ(parsed->analyzers[0].zone, "west");
  EXPECT_EQ(parsed->analyzers[0].max_in_flight, 5u);
  EXPECT_EQ(parsed->analyzers[0].headers, source.defaults.headers);
  EXPECT_EQ(parsed->analyzers[0].target, "/in");
  EXPECT_EQ(parsed->analyzers[1].weight.units, 3'000'000u);
}

TEST(HttpSd, SkipsWhatIsWrongAndKeepsTheRest) {
  const std::pair<const char*, const char*> wrong[] = {
      {R"({"targets": ["h"]})", "is not HOST:PORT"},
      {R"({"targets": ["h:0x"]})", "is not a port"},
      {R"({"targets": ["h:99999"]})", "is not a port"},
      {R"({"targets": [5]})", "is no text"},
      {R"({"targets": "h:1"})", "has no targets"},
      {R"({})", "has no targets"},
      {R"(null)", "has no targets"},
      {R"({"targets": ["user@h:1"]})", "is not a host"},
      {R"({"targets": ["h/evil?:1"]})", "is not a host"},
      {R"({"targets": ["h:1/evil"]})", "is not a port"},
      {R"({"targets": [":1"]})", "is not a host"},
      {R"({"targets": ["h\r\nX:1"]})", "is not a URL"},
      {R"({"targets": ["h\u0000:1"]})", "is not a URL"},
      {R"({"targets": ["h:1"], "labels": {"__path__": "/ HTTP/1.1\r\nX: y"}})", "is not a URL"},
      {R"({"targets": ["h:1"], "labels": {"__path__": "/\u001b[2J"}})", "is not a URL"},
      {R"({"targets": ["h:1"], "labels": {"__weight__": "-1"}})", "not a positive"},
      {R"({"targets": ["h:1"], "labels": {"__weight__": -1}})", "not a positive"},
      {R"({"targets": ["h:1"], "labels": {"__weight__": 0}})", "not above 0"},
      {R"({"targets": ["h:1"], "labels": {"__weight__": [1]}})", "__weight__ is no text"},
      {R"({"targets": ["h:1"], "labels": {"__zone__": "a b"}})", "not a name"},
      {R"({"targets": ["h:1"], "labels": {"__scheme__": "ftp"}})", "http"},
      {R"({"targets": ["good:1"]})", "has the url of good:1"},
  };
  for (const auto& [group, reason] : wrong) {
    const Parsed parsed = parse_http_sd(fmt::format(R"([{{"targets": ["good:1"]}}, {}])", group), sd);
    ASSERT_TRUE(parsed) << group;
    EXPECT_THAT(names(*parsed), ElementsAre("sd/good:1")) << group;
    EXPECT_THAT(why(*parsed), HasSubstr(reason)) << group;
    EXPECT_EQ(parsed->skipped_count, 1u) << group;
  }
}

TEST(HttpSd, RefusesWhatIsNoAnswer) {
  for (const char* text : {"", "{", "nonsense", "{}", "null", "[{]", "\xff\xfe", "[1,2"}) {
    EXPECT_FALSE(parse_http_sd(text, sd)) << text;
  }
  EXPECT_TRUE(parse_http_sd("[]", sd));
}

TEST(HttpSd, BoundsWhatAHostileAnswerCosts) {
  // Brackets alone, and values that are nested deeply where nobody looks.
  const std::string deep(1'000'000, '[');
  EXPECT_FALSE(parse_http_sd(deep, sd));
  const std::string closed = deep + std::string(deep.size(), ']');
  const Parsed nothing = parse_http_sd(closed, sd);
  EXPECT_TRUE(!nothing || nothing->analyzers.empty());
  std::string many = "[{\"targets\": [";
  for (int i = 0; i < 5'000; ++i) many += fmt::format("{}\"h{}:1\"", i == 0 ? "" : ",", i);
  const Parsed parsed = parse_http_sd(many + "]}]", sd);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->analyzers.size(), config::analyzers_max);
  EXPECT_EQ(parsed->skipped.size(), Answer::skipped_max);
  EXPECT_EQ(parsed->skipped_count, 5'000 - config::analyzers_max);
}

TEST(HttpSd, TakesTheSameOnesWhateverOrderTooManyComeIn) {
  const auto answer_in_order = [](bool is_reversed) {
    std::string many;
    for (int i = 0; i < 3'000; ++i) {
      const std::string target = fmt::format("\"h{}:1\"", i);
      many = is_reversed ? target + (i == 0 ? "" : ",") + many : many + (i == 0 ? "" : ",") + target;
    }
    return names(*parse_http_sd("[{\"targets\": [" + many + "]}]", sd));
  };
  const std::vector<std::string> taken = answer_in_order(false);
  EXPECT_EQ(taken.size(), config::analyzers_max);
  EXPECT_EQ(taken, answer_in_order(true));
}

/// In 8 MiB each of these would be a few hundred MiB.
TEST(HttpSd, TakesNoMoreValuesThanAnAnswerCanNeed) {
  for (const std::string value : {"{}", "[]", "\"\"", "0", "{\"\":[]}"}) {
    std::string text = "[" + value;
    while (text.size() < answer_bytes_max - 16) text.append(",").append(value);
    const Parsed parsed = parse_http_sd(text + "]", sd);
    ASSERT_FALSE(parsed) << value;
    EXPECT_EQ(parsed.error(), "its answer has too many values");
  }
}

TEST(HttpSd, NamesTwoOfOneAddressByTheirPaths) {
  const Parsed parsed = parse_http_sd(R"([{"targets": ["h:1"], "labels": {"__path__": "/b"}},
                                          {"targets": ["h:1"], "labels": {"__path__": "a"}},
                                          {"targets": ["h:1"], "labels": {"__path__": "/c"}}])",
                                      sd);
  ASSERT_TRUE(parsed);
  EXPECT_THAT(names(*parsed), ElementsAre("sd/h:1", "sd/h:1/b", "sd/h:1/c"));
}

TEST(HttpSd, SkipsTheSameAddressAndPathInBothSchemes) {
  const Parsed parsed = parse_http_sd(R"([{"targets": ["h:1"]}, {"targets": ["h:1"], "labels": {"__path__": "/b"}},
                                          {"targets": ["h:1"], "labels": {"__path__": "/b", "__scheme__": "https"}}])",
                                      sd);
  ASSERT_TRUE(parsed);
  EXPECT_THAT(names(*parsed), ElementsAre("sd/h:1", "sd/h:1/b"));
  EXPECT_EQ(why(*parsed), "has a name that is taken");
}

TEST(Consul, TakesPassingInstances) {
  const config::SourceOptions consul = source_named("consul");
  const Parsed parsed = parse_consul(
      R"([{"Node": {"Address": "10.0.0.1", "Meta": {"zone": "z1"}},
           "Service": {"ID": "a", "Address": "", "Port": 9101, "Meta": null, "Weights": {"Passing": 4, "Warning": 1}}},
          {"Node": {"Address": "10.0.0.1"},
           "Service": {"ID": "b", "Address": "10.0.0.9", "Port": 9102, "Meta": {"weight": "0.5", "path": "/in"},
                       "Weights": {"Passing": 4}}}])",
      consul);
  ASSERT_TRUE(parsed);
  EXPECT_THAT(names(*parsed), ElementsAre("consul/10.0.0.1:9101", "consul/10.0.0.9:9102"));
  EXPECT_EQ(parsed->analyzers[0].weight.units, 4'000'000u);
  EXPECT_EQ(parsed->analyzers[0].zone, "z1");
  EXPECT_EQ(parsed->analyzers[1].weight.units, 500'000u);
  EXPECT_EQ(parsed->analyzers[1].url, "http://10.0.0.9:9102/in");
}

TEST(Consul, SkipsWhatIsWrong) {
  for (const char* entry : {"5", "null", "{}", R"({"Service": 5})", R"({"Service": {"ID": "a", "Address": "h"}})",
                            R"({"Service": {"ID": "a", "Address": "h", "Port": -1}})",
                            R"({"Service": {"ID": "a", "Address": "h", "Port": 1, "Weights": {"Passing": -2}}})",
                            R"({"Service": {"ID": "a", "Address": "h", "Port": 1, "Weights": {"Passing": {}}}})"}) {
    const Parsed parsed = parse_consul(fmt::format("[{}]", entry), sd);
    ASSERT_TRUE(parsed) << entry;
    EXPECT_THAT(parsed->analyzers, IsEmpty()) << entry;
    EXPECT_EQ(parsed->skipped_count, 1u) << entry;
  }
  EXPECT_FALSE(parse_consul("rpc error making call", sd));
  EXPECT_FALSE(parse_consul("{}", sd));
}

std::string pair_of(const std::string& key, const std::string& value) {
  return fmt::format(R"({{"key": "{}", "value": "{}"}})", to_base64(key), to_base64(value));
}

TEST(Etcd, TakesValuesUnderThePrefix) {
  const auto range = parse_etcd_range(
      fmt::format(R"({{"header": {{"revision": "42"}}, "kvs": [{}, {}], "count": "2"}})",
                  pair_of("/p/a", R"({"url": "http://10.0.0.1:9101/analyze", "weight": 3, "zone": "z"})"),
                  pair_of("/p/b", R"({"url": "http://10.0.0.2:9101/", "weight": "0.25"})")),
      source_named("etcd"));
  ASSERT_TRUE(range);
  EXPECT_EQ(range->revision, "42");
  EXPECT_THAT(names(range->answer), ElementsAre("etcd/10.0.0.1:9101", "etcd/10.0.0.2:9101"));
  EXPECT_EQ(range->answer.analyzers[0].weight.units, 3'000'000u);
  EXPECT_EQ(range->answer.analyzers[0].zone, "z");
  EXPECT_EQ(range->answer.analyzers[1].weight.units, 250'000u);
}

TEST(Etcd, SkipsWhatIsWrong) {
  for (const char* value : {"", "no JSON", "[]", "{}", R"({"url": ""})", R"({"url": 5, "weight": 1})", R"({"url": []})",
                            R"({"url": "http://h:1/", "weight": -1})", R"({"url": "http://h:1/", "weight": {}})",
                            R"({"url": "h:1"})", R"({"url": "http://u@h:1/"})"}) {
    const auto range =
        parse_etcd_range(fmt::format(R"({{"header": {{"revision": "1"}}, "kvs": [{}]}})", pair_of("/p/a", value)), sd);
    ASSERT_TRUE(range) << value;
    EXPECT_THAT(range->answer.analyzers, IsEmpty()) << value;
    EXPECT_EQ(range->answer.skipped_count, 1u) << value;
  }
  for (const char* text :
       {"", "{}", R"({"header": {}})", R"({"header": {"revision": "x"}})",
        R"({"header": {"revision": "99999999999999999999"}})", R"({"header": {"revision": "1"}, "kvs": 5})"}) {
    EXPECT_FALSE(parse_etcd_range(text, sd)) << text;
  }
}

TEST(Etcd, AsksForAPrefixAndWhatComesAfterARevision) {
  EXPECT_EQ(etcd_range_request("/p/"),
            fmt::format(R"({{"key":"{}","range_end":"{}"}})", to_base64("/p/"), to_base64("/p0")));
  EXPECT_THAT(etcd_range_request("a\xff\xff"), HasSubstr(to_base64("b")));
  EXPECT_THAT(etcd_range_request("\xff"), HasSubstr(to_base64(std::string(1, '\0'))));
  EXPECT_THAT(etcd_watch_request("/p/", "9223372036854775806"), HasSubstr(R"("start_revision":"9223372036854775807")"));
}

TEST(Etcd, KnowsWhatOfAWatchIsNews) {
  const std::string created = "{\"result\":{\"header\":{\"revision\":\"5\"},\"created\":true}}\n";
  const std::string progress = "{\"result\":{\"header\":{\"revision\":\"6\"}}}\n";
  const auto has_news = [](const std::string& stream) { return EtcdWatch().has_news(stream); };
  EXPECT_FALSE(has_news(""));
  EXPECT_FALSE(has_news(created));
  EXPECT_FALSE(has_news(created + progress));
  EXPECT_FALSE(has_news(created + "{\"result\":{\"events\":[{}]}}")) << "half a line";
  EXPECT_TRUE(has_news(created + "{\"result\":{\"events\":[{}]}}\n"));
  EXPECT_TRUE(has_news(created + "{\"result\":{\"canceled\":true,\"compact_revision\":\"9\"}}\n"));
  EXPECT_TRUE(has_news("{\"error\":{\"grpc_code\":14}}\n"));
  EXPECT_TRUE(has_news("garbage\n"));

  // Byte by byte; a line is looked at once.
  EtcdWatch watch;
  std::string stream = created + progress + "{\"result\":{\"events\":[{}]}}\n";
  for (std::size_t size = 0; size < stream.size(); ++size) {
    EXPECT_FALSE(watch.has_news(stream.substr(0, size))) << size;
    if (size == created.size()) stream.replace(0, created.size() - 1, created.size() - 1, '!');
  }
  EXPECT_TRUE(watch.has_news(stream));
}

TEST(Srv, TakesTheFirstPriorityByWeight) {
  const Answer answer = answer_of({{10, 60, 9101, "a.x"}, {10, 0, 9102, "b.x"}, {20, 100, 9103, "c.x"}}, sd);
  EXPECT_THAT(names(answer), ElementsAre("sd/a.x:9101", "sd/b.x:9102"));
  EXPECT_EQ(answer.analyzers[0].weight.units, 60'000'000u);
  EXPECT_EQ(answer.analyzers[1].weight.units, 1'000'000u);
}

TEST(Srv, WeighsByTheSourceWhereNoRecordDoes) {
  config::SourceOptions source = sd;
  source.defaults.weight.units = 9'000'000;
  const Answer answer = answer_of({{0, 0, 1, "a"}, {0, 0, 2, "b"}}, source);
  ASSERT_EQ(answer.analyzers.size(), 2u);
  EXPECT_EQ(answer.analyzers[1].weight.units, 9'000'000u);
  EXPECT_THAT(answer_of({}, source).analyzers, IsEmpty());
  for (const char* root : {"", "."}) {
    const Answer decidedly_none = answer_of({{0, 0, 0, root}}, source);
    EXPECT_THAT(decidedly_none.analyzers, IsEmpty()) << "RFC 2782";
    EXPECT_EQ(decidedly_none.skipped_count, 0u);
  }
}

}  // namespace
}  // namespace logdist::registry
