// Sources on the wire: lists by HTTP, files and names.
#include <filesystem>
#include <thread>

#include <boost/asio/post.hpp>

#include "tests/registry/discovery/sources_room.hpp"

namespace logdist::registry {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// http_sd's form of these ports.
std::string targets(const std::vector<int>& ports) {
  std::string text = "[{\"targets\": [";
  for (const int port : ports) text += fmt::format("{}\"127.0.0.1:{}\"", text.ends_with('[') ? "" : ",", port);
  return text + "]}]";
}

TEST_F(Sources, HttpIsAskedAgainAndAgain) {
  std::string body = targets({1, 2});
  server_.on_request = [&](Session& session, const ReceivedRequest&) { session.send(http_ok(body)); };
  start("- http: {url: 'SERVER/sd?x=1', interval: 20ms, weight: 3}");
  run_until_set({"http/127.0.0.1:1=3", "http/127.0.0.1:2=3"});
  EXPECT_THAT(server_.requests().at(0).head, HasSubstr("GET /sd?x=1 HTTP/1.1"));
  const int changes = changes_["http"];
  const std::size_t asked = server_.requests().size();
  run_until([&] { return server_.requests().size() > asked + 3; });
  EXPECT_EQ(changes_["http"], changes) << "nothing has changed";
  body = targets({2});
  run_until_set({"http/127.0.0.1:2=3"});
  EXPECT_TRUE(facts().reachable);
  EXPECT_GT(facts().last_success_seconds, 1e9);
  EXPECT_EQ(facts().analyzers, 1u);
}

/// Each of these, and then it is well again.
TEST_F(Sources, FailuresOfEveryKindLeaveTheSet) {
  const std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  const std::string endless(1 << 20, 'x');
  const std::vector<std::string> answers{"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n",
                                         "garbage\r\n\r\n",
                                         "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[",
                                         http_ok("{"),
                                         http_ok("[{\"targets\": [\"h\"]}]"),
                                         http_ok(std::string(9 << 20, ' ')),
                                         "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n",
                                         "HTTP/1.1 302 Found\r\nLocation: /sd\r\nContent-Length: 0\r\n\r\n",
                                         "HTTP/1.1 200 OK\r\nX: " + endless + "\r\n\r\n[]",
                                         chunked + "1;" + endless + "\r\n[\r\n0\r\n\r\n",
                                         chunked + "1\r\n[\r\n0\r\nX: " + endless + "\r\n\r\n",
                                         chunked + "fffffffffffffffff\r\n[",
                                         chunked + "-1\r\n["};
  std::size_t turn = 0;
  server_.on_request = [&](Session& session, const ReceivedRequest&) {
    // A good one in between: the wait after failures grows.
    const std::size_t now = turn++;
    session.send(now % 2 == 0 ? http_ok(targets({1})) : answers[(now / 2) % answers.size()]);
    session.close();
  };
  start("- http: {url: 'SERVER/sd', interval: 1ms}");
  run_until_set({"http/127.0.0.1:1"});
  bool was_down = false;
  run_until([&] {
    was_down = was_down || !facts().reachable;
    EXPECT_THAT(analyzers(), ElementsAre("http/127.0.0.1:1"));
    return turn > 2 * answers.size();
  });
  EXPECT_TRUE(was_down);
}

TEST_F(Sources, AServerThatIsGoneLeavesTheSetAndSoDoesAStart) {
  server_.on_request = [&](Session& session, const ReceivedRequest&) { session.send(http_ok(targets({1}))); };
  start("- http: {url: 'SERVER/sd', interval: 1ms, source: sd}");
  run_until_set({"sd/127.0.0.1:1"});
  server_.stop_listening();
  run_until([&] { return !facts().reachable; });
  EXPECT_THAT(analyzers(), ElementsAre("sd/127.0.0.1:1"));
  EXPECT_THAT(facts().fault, HasSubstr("cannot be reached"));
  discovery_.reset();
  start("- http: {url: 'SERVER/sd', interval: 1ms, source: sd}");
  EXPECT_THAT(analyzers(), ElementsAre("sd/127.0.0.1:1")) << "of the cache";
  EXPECT_EQ(facts().last_success_seconds, 0);
}

TEST_F(Sources, EmptyAnswersAreObeyedTheThirdTime) {
  std::size_t empty = 0;
  bool gives = true;
  server_.on_request = [&](Session& session, const ReceivedRequest&) {
    if (!gives) ++empty;
    session.send(http_ok(gives ? targets({1}) : "[]"));
  };
  start("- http: {url: 'SERVER/sd', interval: 30ms}");
  run_until_set({"http/127.0.0.1:1"});
  gives = false;
  run_until([&] {
    const bool is_gone = analyzers().empty();
    if (is_gone) {
      EXPECT_GE(empty, 3u);
    }
    return is_gone;
  });
}

TEST_F(Sources, FilesAreWatched) {
  folder_.write("d/one.yaml", "- {url: 'http://h:1/x', weight: 2}\n");
  start(fmt::format("- file: {{path: '{}', interval: 10m}}", folder_.file("d/*.yaml")));
  run_until_set({"file/h:1=2"});
  folder_.write("d/two.yaml", "analyzers:\n- {name: n, url: 'http://h:2/x'}\n");
  folder_.write("d/other.txt", "garbage");
  run_until_set({"file/h:1=2", "n"});
  std::filesystem::rename(folder_.file("d/two.yaml"), folder_.file("d/two.off"));
  run_until_set({"file/h:1=2"});
  std::filesystem::remove(folder_.file("d/one.yaml"));
  run_until([&] { return analyzers().empty(); });
}

TEST_F(Sources, AFolderThatIsGoneLeavesTheSetAndSoDoesAStart) {
  folder_.write("d/one.yaml", "- {url: 'http://h:1/x', weight: 2}\n");
  const std::string source = fmt::format("- file: {{path: '{}', interval: 20ms}}", folder_.file("d/*.yaml"));
  start(source);
  run_until_set({"file/h:1=2"});
  std::filesystem::rename(folder_.file("d"), folder_.file("off"));
  run_until([&] { return !facts().reachable; });
  EXPECT_THAT(facts().fault, HasSubstr("there is no folder"));
  EXPECT_THAT(analyzers(), ElementsAre("file/h:1=2"));
  discovery_.reset();
  start(source);
  EXPECT_THAT(analyzers(), ElementsAre("file/h:1=2")) << "of the cache";
  run_until([&] { return !facts().fault.empty(); });
  EXPECT_THAT(analyzers(), ElementsAre("file/h:1=2"));
}

TEST_F(Sources, AnAddressIsItsOwnName) {
  start("- dns: {name: 127.0.0.1, type: A, port: 9101, path: /in, interval: 50ms}");
  run_until_set({"dns/127.0.0.1:9101"});
}

TEST_F(Sources, SourcesComeGoAndChangeByAReload) {
  server_.on_request = [&](Session& session, const ReceivedRequest& request) {
    session.send(http_ok(targets({request.head.find("GET /a") == 0 ? 1 : 2})));
  };
  start("- http: {url: 'SERVER/a', interval: 20ms, source: a}\n- http: {url: 'SERVER/b', interval: 20ms, source: b}");
  run_until_set({"a/127.0.0.1:1", "b/127.0.0.1:2"});
  config::DiscoveryOptions fewer = options_.discovery;
  fewer.sources.erase(fewer.sources.begin());
  fewer.sources[0].defaults.weight.units = 4'000'000;
  options_.discovery = fewer;
  discovery_->configure(fewer);
  EXPECT_THAT(analyzers(), ElementsAre("b/127.0.0.1:2")) << "until it has answered";
  run_until_set({"b/127.0.0.1:2=4"});
  EXPECT_EQ(discovery_->facts().size(), 1u);
  options_.discovery.sources.clear();
  discovery_->configure(options_.discovery);
  EXPECT_THAT(analyzers(), IsEmpty());
}

TEST_F(Sources, AreSampledOnceEach) {
  config::Options options;
  server_.on_request = [&](Session& session, const ReceivedRequest&) { session.send(http_ok(targets({1}))); };
  const std::string url = "http://127.0.0.1:" + port_;
  const config::Loaded loaded =
      config::load_text(fmt::format("discovery:\n- http: {{url: '{}/'}}\n- file: {{path: /nowhere}}\n", url), "f", {});
  ASSERT_TRUE(loaded.errors.empty());
  std::vector<SourceSample> samples;
  bool is_sampled = false;
  std::thread sampler([&] {
    samples = sample_sources(loaded.options, std::chrono::seconds(30));
    boost::asio::post(io_, [&is_sampled] { is_sampled = true; });
  });
  run_until([&is_sampled] { return is_sampled; });
  sampler.join();
  ASSERT_EQ(samples.size(), 2u);
  EXPECT_EQ(samples[0].error, "");
  ASSERT_EQ(samples[0].answer.analyzers.size(), 1u);
  EXPECT_EQ(samples[0].answer.analyzers[0].name, "http/127.0.0.1:1");
  EXPECT_EQ(samples[1].error, "");
}

}  // namespace
}  // namespace logdist::registry
