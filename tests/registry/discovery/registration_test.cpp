// Who registers, and what the registry sees of it.
#include "logdist/registry/discovery/registration.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <nlohmann/json.hpp>
#include <thread>
#include <utility>

#include "logdist/base/base64.hpp"
#include "logdist/registry/discovery/parsers.hpp"
#include "tests/registry/discovery/sources_room.hpp"

namespace logdist::registry {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

const Advertised advertised{.host = "10.0.0.1",
                            .port = 9101,
                            .path = "/in",
                            .admin = "10.0.0.1:8081",
                            .weight = "2.5",
                            .zone = "z1",
                            .is_tls = true};

TEST(RegistryUrl, NamesConsulOrEtcd) {
  const auto consul = parse_registry_url("consul://h:8500/pods", "log-analyzer");
  ASSERT_TRUE(consul);
  EXPECT_EQ(consul->to.consul.url, "http://h:8500");
  EXPECT_EQ(consul->to.consul.service, "pods");
  EXPECT_EQ(parse_registry_url("http://h:8500", "log-analyzer")->to.consul.service, "log-analyzer");
  const auto etcd = parse_registry_url("etcd://[::1]:2379/p/", "log-analyzer");
  ASSERT_TRUE(etcd);
  EXPECT_EQ(etcd->type, config::SourceType::etcd);
  EXPECT_EQ(etcd->to.etcd.endpoints, "http://[::1]:2379");
  EXPECT_EQ(etcd->to.etcd.prefix, "/p/");
  EXPECT_EQ(parse_registry_url("http://h:2379", "x")->to.etcd.prefix, "/log-distributor/analyzers/");
  for (const char* wrong : {"", "h:8500", "consul://", "consul://h:x", "http://h:80", "ftp://h:8500"}) {
    EXPECT_FALSE(parse_registry_url(wrong, "x")) << wrong;
  }
}

TEST(Registered, IsReadByTheSourcesOfDiscovery) {
  RegistryTarget target;
  target.to.etcd.prefix = "/p";
  config::SourceOptions source;
  source.source = "s";
  const json pair{{"key", to_base64(etcd_key(target, advertised))}, {"value", to_base64(etcd_value(advertised))}};
  const json range{{"header", {{"revision", "1"}}}, {"kvs", json::array({pair})}};
  const auto found = parse_etcd_range(range.dump(), source);
  ASSERT_TRUE(found);
  ASSERT_EQ(found->answer.analyzers.size(), 1u);
  EXPECT_EQ(found->answer.analyzers[0].url, "https://10.0.0.1:9101/in");
  EXPECT_EQ(found->answer.analyzers[0].weight.units, 2'500'000u);
  EXPECT_EQ(found->answer.analyzers[0].zone, "z1");
  EXPECT_EQ(etcd_key(target, advertised), "/p/10.0.0.1:9101");

  const json service = json::parse(consul_service(target, advertised));
  EXPECT_EQ(service["ID"], "log-distributor-10.0.0.1:9101");
  EXPECT_EQ(service["Check"]["TTL"], "15s");
  EXPECT_EQ(service["Meta"]["admin"], "10.0.0.1:8081");
  const auto answer = parse_consul(json::array({{{"Service", service}}}).dump(), source);
  ASSERT_EQ(answer->analyzers.size(), 1u);
  EXPECT_EQ(answer->analyzers[0].url, "https://10.0.0.1:9101/in");
  EXPECT_EQ(answer->analyzers[0].weight.units, 2'500'000u);
}

TEST(Advertised, IsReachedByWhatIsListenedOn) {
  EXPECT_EQ(advertised_host("h.example", "0.0.0.0"), "h.example");
  EXPECT_EQ(advertised_host("", "10.1.2.3"), "10.1.2.3");
  EXPECT_NE(advertised_host("", "0.0.0.0"), "0.0.0.0");
  EXPECT_NE(advertised_host("", "::"), "");
}

/// The first lines of what the server was asked.
class Registrations : public Sources {
 protected:
  std::vector<std::string> asked() {
    std::vector<std::string> lines;
    for (const auto& request : server_.requests()) lines.push_back(request.head.substr(0, request.head.find(" HTTP")));
    return lines;
  }
  RegistryTarget target(const std::string& scheme) {
    RegistryTarget made = *parse_registry_url(fmt::format("{}://127.0.0.1:{}/p", scheme, port_), "x");
    made.to.ttl = std::chrono::milliseconds(60);
    return made;
  }
  /// Destroyed on another thread, since the server is on this one.
  void end(std::optional<Registration>& registration) {
    bool has_ended = false;
    std::thread ender([&] {
      registration.reset();
      boost::asio::post(io_, [&] { has_ended = true; });
    });
    run_until([&] { return has_ended; });
    ender.join();
  }
};

TEST_F(Registrations, ConsulIsToldAgainWhatItHasForgotten) {
  bool forgets = false;
  server_.on_request = [&](Session& session, const ReceivedRequest& request) {
    const bool is_sign = request.head.find("/check/pass/") != std::string::npos;
    session.send(is_sign && std::exchange(forgets, false) ? "HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n"
                                                          : http_ok(""));
  };
  std::optional<Registration> registration;
  registration.emplace(target("consul"), advertised, 1);
  run_until([&] { return server_.requests().size() >= 3; });
  EXPECT_EQ(asked()[0], "PUT /v1/agent/service/register");
  EXPECT_EQ(asked()[1], "PUT /v1/agent/check/pass/service:p-10.0.0.1%3A9101");
  forgets = true;
  const auto enrolled = [&] { return std::ranges::count(asked(), "PUT /v1/agent/service/register"); };
  run_until([&] { return enrolled() == 2; });
  end(registration);
  EXPECT_EQ(asked().back(), "PUT /v1/agent/service/deregister/p-10.0.0.1%3A9101");
}

/// It may be there still, whatever the answers were.
TEST_F(Registrations, IsWithdrawnAlsoWhileTheRegistryFails) {
  bool fails = false;
  server_.on_request = [&](Session& session, const ReceivedRequest&) {
    session.send(fails ? "HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n" : http_ok(""));
  };
  std::optional<Registration> registration;
  RegistryTarget odd = target("consul");
  odd.to.consul.service = "a b/?";
  registration.emplace(odd, advertised, 1);
  run_until([&] { return asked().size() >= 2; });
  EXPECT_EQ(asked()[1], "PUT /v1/agent/check/pass/service:a%20b%2F%3F-10.0.0.1%3A9101");
  fails = true;
  const std::size_t before = asked().size();
  run_until([&] { return asked().size() >= before + 2; });
  end(registration);
  EXPECT_EQ(asked().back(), "PUT /v1/agent/service/deregister/a%20b%2F%3F-10.0.0.1%3A9101");
}

TEST_F(Registrations, ARegistryThatNeverAnswersHoldsNobodyUp) {
  bool answers = true;
  std::vector<std::shared_ptr<Session>> waiting;
  server_.on_request = [&](Session& session, const ReceivedRequest&) {
    if (answers) return session.send(http_ok(""));
    waiting.push_back(session.shared_from_this());
  };
  std::optional<Registration> registration;
  registration.emplace(target("consul"), advertised, 1);
  run_until([&] { return asked().size() >= 2; });
  answers = false;
  run_until([&] { return !waiting.empty(); });
  end(registration);
}

TEST_F(Registrations, EtcdHasALeaseThatIsKeptAndRevoked) {
  bool has_ended = false;
  server_.on_request = [&](Session& session, const ReceivedRequest& request) {
    const bool is_keepalive = request.head.find("keepalive") != std::string::npos;
    const bool is_grant = request.head.find("lease/grant") != std::string::npos;
    if (is_keepalive) {
      const bool lives = !std::exchange(has_ended, false);
      return session.send(http_ok(lives ? R"({"result":{"ID":"7","TTL":"15"}})" : R"({"result":{"ID":"7"}})"));
    }
    session.send(http_ok(is_grant ? R"({"ID":"7","TTL":"15"})" : "{}"));
  };
  std::optional<Registration> registration;
  registration.emplace(target("etcd"), advertised, 1);
  run_until([&] { return server_.requests().size() >= 4; });
  EXPECT_EQ(asked()[0], "POST /v3/lease/grant");
  EXPECT_EQ(asked()[1], "POST /v3/kv/put");
  EXPECT_EQ(json::parse(server_.requests()[1].body)["lease"], "7");
  EXPECT_EQ(asked()[2], "POST /v3/lease/keepalive");
  has_ended = true;
  run_until([&] { return std::ranges::count(asked(), "POST /v3/lease/grant") == 2; });
  end(registration);
  EXPECT_EQ(asked().back(), "POST /v3/lease/revoke");
}

TEST_F(Registrations, ARegistryThatIsGoneHoldsNobodyUp) {
  server_.stop_listening();
  std::optional<Registration> registration;
  registration.emplace(target("etcd"), advertised, 1);
  registration->withdraw();
  registration.reset();
  registration.emplace(target("consul"), advertised, 1);
  registration.reset();
}

}  // namespace
}  // namespace logdist::registry
