// `discovery`: a list of sources.
#include <gmock/gmock.h>

#include "logdist/config/difference.hpp"
#include "support.hpp"

namespace logdist::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

/// As the contract of users has it.
constexpr const char* all_sources = R"(discovery:
- dns:    {name: analyzers.logs.svc, type: A, port: 9101, path: /analyze, interval: 10s}
- consul: {url: 'http://127.0.0.1:8500', service: log-analyzer, tag: prod, token: 'file:/t', datacenter: ""}
- etcd:   {endpoints: ['http://127.0.0.1:2379', 'http://h:1'], prefix: /log-distributor/analyzers/, user: "", password: ''}
- file:   {path: /etc/log-distributor/analyzers.d/*.yaml}
- http:   {url: 'http://h/sd', interval: 30s}
- cache:  /var/cache/sets
)";

DiscoveryOptions read(const std::string& text) {
  const Loaded loaded = load_text(text, "f.yaml", {});
  EXPECT_THAT(lines(loaded.errors), IsEmpty());
  return loaded.options.discovery;
}

TEST(DiscoveryKeys, ReadEverySource) {
  const DiscoveryOptions discovery = read(all_sources);
  ASSERT_THAT(discovery.sources, SizeIs(5));
  EXPECT_EQ(discovery.cache, "/var/cache/sets");
  const SourceOptions& dns = discovery.sources[0];
  EXPECT_EQ(dns.type, SourceType::dns);
  EXPECT_EQ(dns.source, "dns");
  EXPECT_EQ(dns.name, "analyzers.logs.svc");
  EXPECT_EQ(dns.port, 9101u);
  EXPECT_EQ(dns.interval, 10s);
  EXPECT_EQ(discovery.sources[1].service, "log-analyzer");
  EXPECT_EQ(discovery.sources[1].token, "file:/t");
  EXPECT_EQ(discovery.sources[2].endpoints, "http://127.0.0.1:2379, http://h:1");
  EXPECT_EQ(discovery.sources[3].files, "/etc/log-distributor/analyzers.d/*.yaml");
  EXPECT_EQ(discovery.sources[4].url, "http://h/sd");
}

TEST(DiscoveryKeys, GiveWhatAnalyzersDoNotSay) {
  const DiscoveryOptions discovery = read(R"(
discovery:
- http:
    url: https://h/sd
    source: inventory
    weight: 2.5
    zone: eu
    max_in_flight: 7
    headers: {X-Key: k}
    tls: {ca: /a.pem}
    source_tls: {ca: /s.pem, verify: false}
    allow_empty: true
)");
  ASSERT_THAT(discovery.sources, SizeIs(1));
  const SourceOptions& source = discovery.sources[0];
  EXPECT_EQ(source.source, "inventory");
  EXPECT_EQ(source.defaults.weight.units, 2'500'000u);
  EXPECT_EQ(source.defaults.zone, "eu");
  EXPECT_EQ(source.defaults.max_in_flight, 7u);
  EXPECT_THAT(source.defaults.headers, ElementsAre(std::pair<std::string, std::string>("X-Key", "k")));
  EXPECT_EQ(source.defaults.tls.ca, "/a.pem");
  EXPECT_EQ(source.source_tls.ca, "/s.pem");
  EXPECT_FALSE(source.source_tls.verify);
  EXPECT_TRUE(source.allow_empty);
}

TEST(DiscoveryKeys, MayBeAMappingAndTheCacheAVariable) {
  const DiscoveryOptions mapping = read("discovery: {cache: /c, sources: [{file: {path: /x}}]}");
  EXPECT_EQ(mapping.cache, "/c");
  EXPECT_THAT(mapping.sources, SizeIs(1));
  const Loaded loaded = load_text(all_sources, "f.yaml", {{"LOGDIST_DISCOVERY__CACHE", "/v"}});
  EXPECT_EQ(loaded.options.discovery.cache, "/v");
  EXPECT_EQ(read("discovery: [{file: {path: /x}}]").cache, "auto");
}

TEST(DiscoveryKeys, SayWhatIsWrong) {
  const std::pair<const char*, const char*> faults[] = {
      {"discovery: 5", "f.yaml:1: discovery: \"5\" is a single value; allowed: a list"},
      {"discovery: [5]", "discovery[0]: is not one source"},
      {"discovery: [{}]", "discovery[0]: is not one source"},
      {"discovery: [{file: {path: /x}, http: {url: 'http://h'}}]", "discovery[0]: is not one source"},
      {"discovery: [{files: {path: /x}}]", "unknown key; did you mean `file`?"},
      {"discovery: [{file: }]", "discovery[0].file: has no value"},
      {"discovery: [{file: {}}]", "discovery[0].file.path: is missing"},
      {"discovery: [{file: {path: ''}}]", "discovery[0].file.path: is empty"},
      {"discovery: [{file: {path: /x, url: 'http://h'}}]", "discovery[0].file.url: unknown key"},
      {"discovery: [{file: {path: /x, wieght: 1}}]", "did you mean `weight`?"},
      {"discovery: [{file: {path: /x, weight: -1}}]",
       "discovery[0].file.weight: \"-1\" is not a positive decimal number"},
      {"discovery: [{file: {path: /x, zone: 'a b'}}]", "discovery[0].file.zone: \"a b\" is not a name"},
      {"discovery: [{dns: {name: h}}]", "discovery[0].dns.port: is missing"},
      {"discovery: [{dns: {name: h, port: 70000}}]", "discovery[0].dns.port"},
      {"discovery: [{dns: {name: h, type: MX, port: 1}}]", "\"MX\" is unknown; allowed: one of A, SRV"},
      {"discovery: [{consul: {url: 'http://h'}}]", "discovery[0].consul.service: is missing"},
      {"discovery: [{consul: {url: 'ftp://h', service: s}}]", "discovery[0].consul.url"},
      {"discovery: [{consul: {url: 'http://h', service: s, token: sesame}}]",
       "discovery[0].consul.token: is not file:PATH"},
      {"discovery: [{etcd: {endpoints: []}}]", "discovery[0].etcd.endpoints: has 0 URLs"},
      {"discovery: [{etcd: {endpoints: ['http://h', x]}}]", "discovery[0].etcd.endpoints"},
      {"discovery: [{etcd: {endpoints: 'http://h', user: u}}]", "discovery[0].etcd.user: is of no use alone"},
      {"discovery: [{http: {url: 'https://h', source_tls: {certificate: /c}}}]",
       "source_tls.certificate: is set, but key is not"},
      {"discovery: [{file: {path: /x}}, {file: {path: /y}}]", "\"file\" is also the name of another source"},
      {"discovery: {source: []}", "unknown key; allowed: cache, sources"},
      {"discovery: {sources: 5}", "is a single value"},
      {"discovery: []", "none is given; allowed: at least one"},
  };
  for (const auto& [text, message] : faults) {
    std::string found;
    for (const std::string& line : lines(load_text(text, "f.yaml", {}).errors)) found += line + '\n';
    EXPECT_THAT(found, HasSubstr(message)) << text;
    EXPECT_THAT(found, Not(HasSubstr("sesame")));
  }
}

TEST(DiscoveryKeys, AnotherSourceIsTakenByAReloadAndAnotherCacheByARestart) {
  Loaded before = load_text(all_sources, "f.yaml", {});
  Loaded after = load_text(all_sources, "f.yaml", {});
  EXPECT_TRUE(compare(before.options, after.options).changes_nothing());
  after.options.discovery.sources[0].defaults.headers = {{"X-Key", "k"}};
  after.options.discovery.cache = "/other";
  const Difference difference = compare(before.options, after.options);
  EXPECT_THAT(difference.taken, ElementsAre(Change{"discovery", "", ""}));
  ASSERT_THAT(difference.restart_needed, SizeIs(1));
  EXPECT_EQ(difference.restart_needed[0].key, "discovery.cache");
  const Options taken = take_over(before.options, after.options);
  EXPECT_THAT(taken.discovery.sources[0].defaults.headers, SizeIs(1));
  EXPECT_EQ(taken.discovery.cache, "/var/cache/sets");
}

TEST(AnalyzerNames, AreNotThatOfThoseThatHaveLeft) {
  EXPECT_THAT(error_of("analyzers: [{name: gone, url: 'http://h/'}]", {}),
              HasSubstr("analyzers[0].name: \"gone\" is what analyzers that have left are counted as"));
}

TEST(DiscoveryKeys, AreShownWithoutSecrets) {
  Loaded loaded = load_text(all_sources, "f.yaml", {});
  loaded.options.discovery.sources[4].defaults.headers = {{"X-Key", "sesame"}};
  const std::string text = masked_json(loaded.options);
  EXPECT_THAT(
      text,
      HasSubstr(
          R"({"consul":{"url":"http://127.0.0.1:8500","service":"log-analyzer","tag":"prod","token":"file:/t","source":"consul"}})"));
  EXPECT_THAT(text, HasSubstr(R"({"cache":"/var/cache/sets"})"));
  EXPECT_THAT(text, HasSubstr(R"("X-Key":"***")"));
  EXPECT_THAT(text, Not(HasSubstr("sesame")));
}

}  // namespace
}  // namespace logdist::config
