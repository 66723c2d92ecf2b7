// Consul and etcd on the wire, as scripted servers.
#include "logdist/base/base64.hpp"
#include "tests/registry/discovery/sources_room.hpp"

namespace logdist::registry {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

using ConsulSources = Sources;
using EtcdSources = Sources;

std::string service(int port, int weight) {
  return fmt::format(
      R"({{"Node": {{"Address": "127.0.0.1"}}, "Service": {{"ID": "s{0}", "Port": {0}, "Weights": {{"Passing": {1}}}}}}})",
      port, weight);
}

TEST_F(ConsulSources, ConsulIsAskedForChangesByItsIndex) {
  std::string body = fmt::format("[{}]", service(1, 4));
  std::string index = "17";
  std::vector<std::shared_ptr<Session>> waiting;
  server_.on_request = [&](Session& session, const ReceivedRequest& request) {
    if (request.head.find("index=" + index + '&') != std::string::npos) {
      waiting.push_back(session.shared_from_this());  // nothing has changed
    } else {
      session.send(http_ok(body, fmt::format("X-Consul-Index: {}\r\n", index)));
    }
  };
  folder_.write("token", "secret\n");
  start(fmt::format("- consul: {{url: 'SERVER', service: log analyzer, tag: prod, datacenter: dc2, token: 'file:{}'}}",
                    folder_.file("token")));
  run_until_set({"consul/127.0.0.1:1=4"});
  run_until([&] { return waiting.size() == 1; });
  const std::string& first = server_.requests()[0].head;
  EXPECT_THAT(first, HasSubstr("GET /v1/health/service/log%20analyzer?passing=1&tag=prod&dc=dc2 "));
  EXPECT_EQ(server_.requests()[0].header("X-Consul-Token"), "secret");
  EXPECT_THAT(server_.requests()[1].head, HasSubstr("&index=17&wait=60s "));

  // A change; then the index goes backwards, as after a restart.
  body = fmt::format("[{}, {}]", service(1, 4), service(2, 1));
  index = "18";
  waiting[0]->send(http_ok(body, "X-Consul-Index: 18\r\n"));
  run_until_set({"consul/127.0.0.1:1=4", "consul/127.0.0.1:2"});
  run_until([&] { return waiting.size() == 2; });
  body = fmt::format("[{}]", service(2, 1));
  index = "3";
  waiting[1]->send(http_ok(body, "X-Consul-Index: 3\r\n"));
  run_until_set({"consul/127.0.0.1:2"});
  const std::size_t before = server_.requests().size();
  run_until([&] { return server_.requests().size() > before; });
  EXPECT_THAT(server_.requests()[before].head, Not(HasSubstr("index="))) << "it begins from 0 again";

  // Cut while it waits: it is asked without an index, and nothing is lost.
  run_until([&] { return waiting.size() == 3; });
  waiting[2]->reset();
  run_until([&] { return waiting.size() == 4; });
  EXPECT_THAT(analyzers(), ElementsAre("consul/127.0.0.1:2"));
}

std::string etcd_pair(int port, const std::string& more = "") {
  return fmt::format(R"({{"key": "{}", "value": "{}"}})", to_base64(fmt::format("/p/{}", port)),
                     to_base64(fmt::format(R"({{"url": "http://127.0.0.1:{}/analyze"{}}})", port, more)));
}

/// Logs in, gives what it has, and tells changes.
struct ScriptedEtcd {
  explicit ScriptedEtcd(ScriptedServer& server) {
    server.on_request = [this](Session& session, const ReceivedRequest& request) { answer(session, request); };
  }

  void answer(Session& session, const ReceivedRequest& request) {
    if (request.head.starts_with("POST /v3/auth/authenticate ")) {
      ++logins;
      return session.send(request.body == R"({"name":"u","password":"pw"})"
                              ? http_ok(fmt::format(R"({{"token": "t{}"}})", logins))
                              : "HTTP/1.1 400 No\r\nContent-Length: 0\r\n\r\n");
    }
    if (needs_login && request.header("Authorization") != fmt::format("t{}", logins)) {
      return session.send("HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n");
    }
    if (request.head.starts_with("POST /v3/watch ")) {
      watches.push_back(session.shared_from_this());
      watch_bodies.push_back(request.body);
      return session.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" +
                          chunk("{\"result\":{\"created\":true}}"));
    }
    ++ranges;
    session.send(http_ok(fmt::format(R"({{"header": {{"revision": "{}"}}, "kvs": [{}]}})", revision, pairs)));
  }
  static std::string chunk(const std::string& line) { return fmt::format("{:x}\r\n{}\n\r\n", line.size() + 1, line); }

  std::string pairs;
  std::string revision = "5";
  bool needs_login = false;
  int logins = 0;
  int ranges = 0;
  std::vector<std::shared_ptr<Session>> watches;
  std::vector<std::string> watch_bodies;
};

TEST_F(EtcdSources, EtcdIsReadAgainWhenItsWatchTellsAChange) {
  ScriptedEtcd etcd(server_);
  etcd.pairs = etcd_pair(1, R"(, "weight": 2)");
  start("- etcd: {endpoints: ['SERVER'], prefix: /p/}");
  run_until_set({"etcd/127.0.0.1:1=2"});
  run_until([&] { return etcd.watches.size() == 1; });
  EXPECT_THAT(etcd.watch_bodies[0], HasSubstr(R"("start_revision":"6")"));

  etcd.pairs = etcd_pair(1, R"(, "weight": 2)") + "," + etcd_pair(2);
  etcd.revision = "9";
  etcd.watches[0]->send(ScriptedEtcd::chunk(R"({"result":{"events":[{"kv":{}}]}})"));
  run_until_set({"etcd/127.0.0.1:1=2", "etcd/127.0.0.1:2"});
  run_until([&] { return etcd.watches.size() == 2; });
  EXPECT_THAT(etcd.watch_bodies[1], HasSubstr(R"("start_revision":"10")"));

  // Compacted, cut, garbage: each ends in a range.
  etcd.watches[1]->send(ScriptedEtcd::chunk(R"({"result":{"canceled":true,"compact_revision":"50"}})"));
  run_until([&] { return etcd.watches.size() == 3; });
  etcd.watches[2]->reset();
  run_until([&] { return etcd.watches.size() == 4; });
  etcd.pairs = etcd_pair(2);
  etcd.watches[3]->send(ScriptedEtcd::chunk("garbage"));
  run_until_set({"etcd/127.0.0.1:2"});
  EXPECT_TRUE(facts().reachable);
}

TEST_F(EtcdSources, EtcdIsLoggedInToAgainWhenItHasForgotten) {
  ScriptedEtcd etcd(server_);
  etcd.needs_login = true;
  etcd.pairs = etcd_pair(1);
  folder_.write("password", "pw\n");
  start(fmt::format("- etcd: {{endpoints: ['SERVER'], prefix: /p/, user: u, password: 'file:{}'}}",
                    folder_.file("password")));
  run_until_set({"etcd/127.0.0.1:1"});
  EXPECT_EQ(etcd.logins, 1);
  run_until([&] { return etcd.watches.size() == 1; });
  ++etcd.logins;  // the token is another's
  etcd.pairs = etcd_pair(2);
  etcd.watches[0]->send(ScriptedEtcd::chunk(R"({"result":{"events":[{}]}})"));
  run_until_set({"etcd/127.0.0.1:2"});
  run_until([&] { return etcd.watches.size() == 2; });
  folder_.write("password", "wrong");
  ++etcd.logins;
  etcd.watches[1]->reset();
  run_until([&] { return !facts().reachable; });
  EXPECT_THAT(facts().fault, HasSubstr("does not let u in: it answers 400"));
  EXPECT_THAT(analyzers(), ElementsAre("etcd/127.0.0.1:2"));
}

TEST_F(EtcdSources, AnotherEndpointOfEtcdIsAskedWhenOneIsGone) {
  ScriptedServer gone(io_);
  const std::string port = gone.port();
  gone.stop_listening();
  ScriptedEtcd etcd(server_);
  etcd.pairs = etcd_pair(1);
  start(fmt::format("- etcd: {{endpoints: ['http://127.0.0.1:{}', 'SERVER'], prefix: /p/}}", port));
  run_until_set({"etcd/127.0.0.1:1"});
}

}  // namespace
}  // namespace logdist::registry
