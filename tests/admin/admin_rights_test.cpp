// Who may do what on the admin port, and what the log says of it.
#include <gmock/gmock.h>

#include <sstream>
#include <string>
#include <vector>

#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <nlohmann/json.hpp>

#include "logdist/telemetry/log.hpp"
#include "tests/admin/admin_fixture.hpp"
#include "tests/admin/scripted_control.hpp"

namespace logdist::admin {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using Json = nlohmann::json;

constexpr const char* reader_token = "ld_reader";
constexpr const char* operator_token = "ld_operator";

class AdminRights : public AdminTest {
 protected:
  AdminRights() {
    config::LogOptions options;
    options.format = config::LogFormat::json;
    log::set_up(options, std::make_shared<spdlog::sinks::ostream_sink_mt>(written_));
    control_ = &scripted_;
    use_tokens();
  }
  ~AdminRights() override {
    stop();
    log::set_up({}, std::make_shared<spdlog::sinks::stderr_sink_mt>());
  }

  void use_tokens() {
    tokens_ = std::make_shared<const auth::AdminTokens>(
        std::vector<auth::AdminToken>{{"prometheus", auth::Role::read, {auth::digest_of(reader_token)}},
                                      {"alice", auth::Role::operate, {auth::digest_of(operator_token)}}});
  }

  Reply ask(const std::string& method, const std::string& target, const std::string& authorization,
            const std::string& body = "{}") {
    Client client = connect();
    client.send(method + " " + target + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n" +
                (authorization.empty() ? "" : "Authorization: " + authorization + "\r\n") +
                "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
    const auto reply = client.receive(method == "HEAD");
    EXPECT_TRUE(reply) << method << target;
    return reply.value_or(Reply());
  }
  unsigned status_of(const std::string& method, const std::string& target, const std::string& authorization) {
    return ask(method, target, authorization).result_int();
  }

  /// The lines of one event; after stop().
  std::vector<Json> logged(const std::string& event) const {
    std::vector<Json> found;
    std::istringstream lines(written_.str());
    for (std::string text; std::getline(lines, text);) {
      Json line = Json::parse(text);
      if (line["event"] == event) found.push_back(std::move(line));
    }
    return found;
  }

  const std::string reader_ = std::string("Bearer ") + reader_token;
  const std::string operator_ = std::string("Bearer ") + operator_token;
  std::ostringstream written_;
  ScriptedControl scripted_;
};

TEST_F(AdminRights, WithoutATokenOnlyProbesAreAnswered) {
  start();
  for (const char* method : {"GET", "HEAD"}) {
    for (const char* target : {"/healthz", "/health", "/readyz"}) EXPECT_EQ(status_of(method, target, ""), 200u);
    for (const char* target :
         {"/dashboard.mjs", "/metrics", "/v1/status", "/v1/events", "/openapi.json", "/v1/analyzers", "/v1/analyzers/a",
          "/v1/config", "/v1/replay", "/nothing", "/healthz/"}) {
      const Reply reply = ask(method, target, "");
      EXPECT_EQ(reply.result_int(), 401u) << target;
      EXPECT_EQ(reply[http::field::www_authenticate], "Bearer realm=\"log-distributor\"");
      EXPECT_EQ(reply[http::field::content_type], "application/problem+json");
    }
  }
  EXPECT_EQ(status_of("OPTIONS", "*", ""), 200u);
  for (const char* target : {"/v1/analyzers/a/drain", "/v1/reload", "/v1/replay"}) {
    EXPECT_EQ(status_of("POST", target, ""), 401u) << target;
  }
  EXPECT_EQ(status_of("DELETE", "/v1/replay/r1", ""), 401u);
  EXPECT_EQ(scripted_.who_, "");
}

TEST_F(AdminRights, AnUnknownTokenIsNobodys) {
  start();
  for (const std::string authorization : {"Bearer ld_other", "Bearer ld_reade", "Bearer ld_reader2", "Bearer LD_READER",
                                          "Basic bGRfcmVhZGVyOmxkX3JlYWRlcg==", "ld_reader", "Bearer",
                                          "Bearer ld_reader ld_reader", "Bearer ld_other, Bearer ld_reader"}) {
    const Reply reply = ask("GET", "/v1/status", authorization);
    EXPECT_EQ(reply.result_int(), 401u) << authorization;
    EXPECT_THAT(std::string(reply[http::field::www_authenticate]), HasSubstr("Bearer")) << authorization;
    EXPECT_THAT(reply.body(), Not(HasSubstr("ld_")));
  }
  // What a digest is good for: not to be let in by it.
  EXPECT_EQ(status_of("GET", "/v1/status", "Bearer " + auth::to_text(auth::digest_of(reader_token))), 401u);
}

TEST_F(AdminRights, ReadersReadAndOperatorsChange) {
  start();
  for (const std::string& authorization : {reader_, operator_}) {
    for (const char* target : {"/", "/metrics", "/v1/status", "/v1/analyzers", "/v1/config", "/readyz"}) {
      EXPECT_EQ(status_of("GET", target, authorization), 200u) << target;
    }
    EXPECT_EQ(status_of("GET", "/nothing", authorization), 404u);
  }
  for (const char* target : {"/v1/analyzers/a/drain", "/v1/analyzers/a/weight", "/v1/reload", "/v1/replay"}) {
    EXPECT_EQ(status_of("POST", target, reader_), 403u) << target;
  }
  EXPECT_EQ(status_of("DELETE", "/v1/replay/r1", reader_), 403u);
  EXPECT_EQ(scripted_.who_, "");
  EXPECT_EQ(status_of("POST", "/v1/analyzers/a/drain", operator_), 200u);
  EXPECT_THAT(scripted_.who_, testing::MatchesRegex("alice from 127\\.0\\.0\\.1:[0-9]+"));
  EXPECT_EQ(status_of("POST", "/v1/replay", operator_), 202u);
  EXPECT_EQ(status_of("DELETE", "/v1/replay/r1", operator_), 200u);
}

TEST_F(AdminRights, ATokenOpensOneRequestNotTheConnection) {
  start();
  Client client = connect();
  client.send("GET /v1/status HTTP/1.1\r\nHost: localhost\r\nAuthorization: " + operator_ + "\r\n\r\n");
  EXPECT_EQ(client.receive()->result_int(), 200u);
  client.send(
      "POST /v1/analyzers/a/drain HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
      "Content-Length: 0\r\n\r\n");
  EXPECT_EQ(client.receive()->result_int(), 401u);
}

TEST_F(AdminRights, ATokenDoesNotOpenTheDoorToOtherHostsAndPages) {
  start();
  const auto ask_with = [&](const std::string& lines) {
    Client client = connect();
    client.send(
        "POST /v1/analyzers/a/drain HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 0\r\n"
        "Authorization: " +
        operator_ + "\r\n" + lines + "\r\n");
    return client.receive()->result_int();
  };
  EXPECT_EQ(ask_with("Host: evil.example\r\n"), 421u);
  EXPECT_EQ(ask_with("Host: localhost\r\nOrigin: http://evil.example\r\n"), 403u);
  EXPECT_EQ(ask_with("Host: localhost\r\n"), 200u);
}

TEST_F(AdminRights, TokensOfNowCount) {
  start();
  Client client = connect();
  const auto ask_again = [&] {
    client.send("GET /v1/status HTTP/1.1\r\nHost: localhost\r\nAuthorization: " + reader_ + "\r\n\r\n");
    return client.receive()->result_int();
  };
  EXPECT_EQ(ask_again(), 200u);
  on_loop([this] {
    tokens_ = std::make_shared<const auth::AdminTokens>(
        std::vector<auth::AdminToken>{{"alice", auth::Role::operate, {auth::digest_of(operator_token)}}});
  });
  EXPECT_EQ(ask_again(), 401u);
  on_loop([this] { tokens_ = nullptr; });
  EXPECT_EQ(ask_again(), 200u);
}

TEST_F(AdminRights, EachChangeIsOneLineOfTheLog) {
  start();
  ask("POST", "/v1/analyzers/a/weight", operator_, R"({"weight": 7})");
  ask("POST", "/v1/reload", operator_);
  ask("POST", "/v1/analyzers/c/drain", operator_, "");
  ask("GET", "/v1/analyzers", operator_);
  ask("POST", "/v1/analyzers/a/drain", reader_);
  on_loop([this] { tokens_ = nullptr; });
  ask("POST", "/v1/replay", "", R"({"dry_run":true})");
  ask("DELETE", "/v1/replay/r1", "", "");
  stop();
  std::vector<std::string> changes;
  for (const Json& line : logged("admin_change")) {
    EXPECT_THAT(line["from"].get<std::string>(), testing::MatchesRegex("127\\.0\\.0\\.1:[0-9]+"));
    changes.push_back(line["who"].get<std::string>() + ": " + line["what"].get<std::string>() + ": " +
                      std::to_string(line["status"].get<int>()));
  }
  EXPECT_THAT(changes, ElementsAre("alice: POST /v1/analyzers/a/weight {\"weight\": 7}: 200",
                                   "alice: POST /v1/reload {}: 200", "alice: POST /v1/analyzers/c/drain: 404",
                                   "anonymous: POST /v1/replay {\"dry_run\":true}: 202",
                                   "anonymous: DELETE /v1/replay/r1: 200"));
  const std::vector<Json> refused = logged("admin_refused");
  ASSERT_EQ(refused.size(), 1u);
  EXPECT_EQ(refused[0]["who"], "prometheus");
  EXPECT_EQ(refused[0]["status"], 403);
  EXPECT_EQ(refused[0]["level"], "warn");
}

TEST_F(AdminRights, ATokenIsNeverLogged) {
  start();
  for (const std::string token : {operator_token, reader_token, "ld_wrong"}) {
    ask("POST", "/v1/analyzers/a/drain", "Bearer " + token);
    ask("GET", "/v1/config", "Bearer " + token);
  }
  stop();
  EXPECT_FALSE(logged("admin_refused").empty());
  EXPECT_THAT(written_.str(), Not(HasSubstr("ld_")));
}

TEST_F(AdminRights, ChangesAreRecordedWhoeverFloodsTheLog) {
  start();
  for (int i = 0; i < 20; ++i) ask("POST", "/v1/analyzers/a/drain", operator_);
  stop();
  EXPECT_EQ(logged("admin_change").size(), 20u);
}

}  // namespace
}  // namespace logdist::admin
