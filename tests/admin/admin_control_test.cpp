// What operators ask for over HTTP, and who may.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tests/admin/admin_fixture.hpp"
#include "tests/admin/scripted_control.hpp"

namespace logdist::admin {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Json = nlohmann::json;

class AdminControl : public AdminTest {
 protected:
  AdminControl() { control_ = &scripted_; }

  Reply ask(const std::string& method, const std::string& target, const std::string& headers = "",
            const std::string& body = "") {
    if (!client_) client_.emplace(server_->endpoint());
    client_->send(method + " " + target + " HTTP/1.1\r\nHost: 127.0.0.1:8081\r\n" + headers +
                  "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
    const auto reply = client_->receive();
    EXPECT_TRUE(reply);
    return reply.value_or(Reply());
  }
  Reply post(const std::string& target, const std::string& body = "", const std::string& headers = "") {
    return ask("POST", target, "Content-Type: application/json\r\n" + headers, body);
  }
  void expect_problem(const Reply& reply, unsigned status) {
    EXPECT_EQ(reply.result_int(), status) << reply.body();
    EXPECT_EQ(reply[http::field::content_type], "application/problem+json");
  }

  ScriptedControl scripted_;
  std::optional<Client> client_;
};

TEST_F(AdminControl, ShowsTheAnalyzersAndTheConfiguration) {
  start();
  const Json list = Json::parse(ask("GET", "/v1/analyzers").body());
  ASSERT_EQ(list["analyzers"].size(), 2u);
  EXPECT_EQ(list["analyzers"][0]["weight"], 40);
  EXPECT_EQ(list["analyzers"][1]["in_flight"], 7);
  EXPECT_EQ(Json::parse(ask("GET", "/v1/analyzers/b.2").body()), list["analyzers"][1]);
  expect_problem(ask("GET", "/v1/analyzers/c"), 404);
  const Json configuration = Json::parse(ask("GET", "/v1/config").body());
  EXPECT_EQ(configuration["revision"], 3);
  EXPECT_EQ(configuration["restart_needed"][0], (Json{{"key", "threads"}, {"from", "0"}, {"to", "2"}}));
  EXPECT_EQ(configuration["config"]["queue"]["max_packets"], 10'000);
}

TEST_F(AdminControl, DrainsAndWeighs) {
  start();
  EXPECT_EQ(Json::parse(post("/v1/analyzers/a/drain").body())["drained"], true);
  EXPECT_THAT(scripted_.who_, testing::MatchesRegex("127\\.0\\.0\\.1:[0-9]+"));
  EXPECT_EQ(Json::parse(post("/v1/analyzers/a/undrain", "{}").body())["drained"], false);
  EXPECT_EQ(Json::parse(post("/v1/analyzers/a/weight", R"({"weight": 0.25})").body())["weight"], 0.25);
  EXPECT_EQ(scripted_.analyzers_[0].weight.units, 250'000u);
  EXPECT_EQ(Json::parse(post("/v1/analyzers/a/weight", R"({"weight":7})").body())["configured_weight"], 40);
}

TEST_F(AdminControl, ANameThatIsNoTextIsNoTarget) {
  start();
  for (const std::string target : {"/v1/analyzers/\xff", "/v1/analyzers/\xc3\xa4/drain"}) {
    Client client = connect();
    client.send("GET " + target + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
    const auto reply = client.receive();
    ASSERT_TRUE(reply);
    expect_problem(*reply, 400);
  }
  expect_problem(ask("GET", "/v1/analyzers/%ff"), 404);
}

TEST_F(AdminControl, WhatCannotBeDoneIsAProblem) {
  start();
  for (const char* target : {"/v1/analyzers/c/drain", "/v1/analyzers/c/undrain", "/v1/analyzers/a/explode",
                             "/v1/analyzers//drain", "/v1/analyzers/a/drain/", "/v1/analyzer"}) {
    expect_problem(post(target), 404);
  }
  expect_problem(post("/v1/analyzers/c/weight", R"({"weight":1})"), 404);
  for (const char* body : {"", "{}", R"({"weight":0})", R"({"weight":-1})", R"({"weight":1e-9})", R"({"weight":1e300})",
                           R"({"weight":"1"})", R"({"weight":null})", R"({"weight":1,"wait":2})"}) {
    expect_problem(post("/v1/analyzers/a/weight", body), 422);
  }
  for (const char* body : {"{", "[]", "1", "\"\"", "null"}) {
    expect_problem(post("/v1/analyzers/a/weight", body), 400);
    expect_problem(post("/v1/analyzers/a/drain", body), 400);
  }
  EXPECT_EQ(scripted_.analyzers_[0].weight.units, 40'000'000u);
  EXPECT_FALSE(scripted_.analyzers_[0].drained);
}

TEST_F(AdminControl, OnlyPostChangesAndOnlyGetShows) {
  start();
  for (const char* target : {"/v1/analyzers/a/drain", "/v1/analyzers/a/weight", "/v1/reload"}) {
    const Reply reply = ask("GET", target);
    expect_problem(reply, 405);
    EXPECT_EQ(reply[http::field::allow], "POST");
  }
  for (const char* target : {"/v1/analyzers", "/v1/analyzers/a", "/v1/config"}) {
    const Reply reply = post(target);
    expect_problem(reply, 405);
    EXPECT_EQ(reply[http::field::allow], "GET, HEAD");
  }
}

TEST_F(AdminControl, WebPagesOfElsewhereChangeNothing) {
  start();
  for (const char* type :
       {"text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "", "application/jso"}) {
    expect_problem(ask("POST", "/v1/analyzers/a/drain", std::string("Content-Type: ") + type + "\r\n", "{}"), 415);
  }
  expect_problem(ask("POST", "/v1/analyzers/a/drain", "", "{}"), 415);
  for (const char* origin : {"http://evil.example", "null", "", "https://127.0.0.1:8081", "http://127.0.0.1",
                             "http://127.0.0.1:8082", "http://x@127.0.0.1:8081", "http://127.0.0.1:8081/"}) {
    expect_problem(post("/v1/analyzers/a/drain", "{}", std::string("Origin: ") + origin + "\r\n"), 403);
  }
  expect_problem(post("/v1/reload", "{}", "Origin: http://127.0.0.1:8081\r\nOrigin: http://127.0.0.1:8081\r\n"), 400);
  client_.reset();
  EXPECT_FALSE(scripted_.analyzers_[0].drained);
  EXPECT_EQ(scripted_.who_, "");
  EXPECT_EQ(post("/v1/analyzers/a/drain", "{}", "Origin: http://127.0.0.1:8081\r\n").result_int(), 200u);
  EXPECT_EQ(
      ask("POST", "/v1/analyzers/a/undrain", "Content-Type: Application/JSON ; charset=utf-8\r\n", "{}").result_int(),
      200u);
}

TEST_F(AdminControl, ANameIsNoOriginOfOurs) {
  start();
  const auto ask_as = [this](const std::string& host) {
    Client client = connect();
    client.send("POST /v1/analyzers/a/drain HTTP/1.1\r\nHost: " + host + "\r\nOrigin: http://" + host +
                "\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}");
    const auto reply = client.receive();
    return reply ? reply->result_int() : 0;
  };
  EXPECT_EQ(ask_as("evil.example:8081"), 421u) << "whoever owns a name can let it lead here";
  EXPECT_EQ(ask_as("127.0.0.1.evil.example"), 421u);
  EXPECT_EQ(ask_as("admin.example:8081"), 200u) << "one of admin.hosts";
  EXPECT_EQ(ask_as("localhost:8081"), 200u);
  EXPECT_EQ(ask_as("[::1]:8081"), 200u);
  EXPECT_EQ(ask_as("10.1.2.3"), 200u);
}

TEST_F(AdminControl, AReloadTellsWhatHasChanged) {
  scripted_.report_.revision = 2;
  scripted_.report_.difference.added = {"c"};
  scripted_.report_.difference.changed = {{"a", {{"weight", "40", "50"}}}};
  scripted_.report_.difference.restart_needed = {{"threads", "0", "2"}};
  scripted_.report_.warnings = {"odd"};
  start();
  const Reply reply = post("/v1/reload");
  EXPECT_EQ(reply.result_int(), 200u);
  const Json json = Json::parse(reply.body());
  EXPECT_EQ(json["revision"], 2);
  EXPECT_EQ(json["added"], Json::array({"c"}));
  EXPECT_EQ(json["removed"], Json::array());
  EXPECT_EQ(json["changed"][0]["changes"][0]["to"], "50");
  EXPECT_EQ(json["restart_needed"][0]["key"], "threads");
  EXPECT_EQ(json["warnings"], Json::array({"odd"}));
}

TEST_F(AdminControl, ARefusedReloadTellsEveryFault) {
  scripted_.report_.faults = {"f.yaml:1: one", "f.yaml:2: two \xff"};
  start();
  const Reply reply = post("/v1/reload");
  expect_problem(reply, 422);
  const Json json = Json::parse(reply.body());
  EXPECT_EQ(json["status"], 422);
  EXPECT_THAT(json["faults"].get<std::vector<std::string>>(), ElementsAre("f.yaml:1: one", HasSubstr("two ")));
}

TEST_F(AdminControl, AReloadThatTakesTooLongIsSaidToBeUnderWay) {
  scripted_.answers_ = false;
  start({.request_timeout = std::chrono::milliseconds(50)});
  expect_problem(post("/v1/reload"), 503);
}

TEST_F(AdminControl, WithoutAControlThereIsNothing) {
  control_ = nullptr;
  start();
  expect_problem(ask("GET", "/v1/analyzers"), 404);
  expect_problem(post("/v1/reload"), 404);
}

TEST_F(AdminControl, AReplayIsOrderedShownAndStopped) {
  start();
  const auto begun =
      post("/v1/replay", R"({"from":"1970-01-01T00:00:10Z","to":"1970-01-01T00:00:11Z",)"
                         R"("ids":["a","b"],"dead_letters":true,"analyzer":"b.2","rate":2.5,"dry_run":true})");
  ASSERT_EQ(begun.result_int(), 202u) << begun.body();
  EXPECT_EQ(begun["Location"], "/v1/replay/r1");
  EXPECT_EQ(Json::parse(begun.body())["packets_found"], 7);
  EXPECT_EQ(scripted_.order_.from_ns, 10'000'000'000);
  EXPECT_EQ(scripted_.order_.to_ns, 11'000'000'000);
  EXPECT_THAT(scripted_.order_.ids, ElementsAre("a", "b"));
  EXPECT_TRUE(scripted_.order_.dead_letters);
  EXPECT_EQ(scripted_.order_.analyzer, "b.2");
  EXPECT_TRUE(scripted_.order_.dry_run);
  EXPECT_EQ(scripted_.order_.rate, 2.5);
  EXPECT_EQ(Json::parse(ask("GET", "/v1/replay").body())["replays"].size(), 1u);
  EXPECT_EQ(Json::parse(ask("GET", "/v1/replay/r1").body())["state"], "running");
  expect_problem(ask("GET", "/v1/replay/r2"), 404);
  expect_problem(ask("GET", "/v1/replay/r1/more"), 404);
  Client client = connect();
  client.send("DELETE /v1/replay/r1 HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(Json::parse(client.receive()->body())["state"], "stopped");
  client.send("DELETE /v1/replay HTTP/1.1\r\nHost: localhost\r\n\r\n");
  const auto refused = client.receive();
  EXPECT_EQ(refused->result_int(), 405u);
  EXPECT_EQ((*refused)["Allow"], "GET, HEAD, POST");
  client.send("DELETE /v1/replay/r1 HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil.example\r\n\r\n");
  EXPECT_EQ(client.receive()->result_int(), 403u);
}

TEST_F(AdminControl, AReplayThatMakesNoSenseIsRefused) {
  start();
  for (const char* body :
       {R"({"from":"yesterday"})", R"({"to":5})", R"({"ids":"a"})", R"({"ids":[1]})", R"({"rate":0})",
        R"({"rate":"5"})", R"({"dry_run":1})", R"({"analyzer":1})", R"({"analyzer":""})", R"({"analyser":"a"})"}) {
    expect_problem(post("/v1/replay", body), 422);
  }
  EXPECT_THAT(post("/v1/replay", R"({"analyzer":"b"})").body(), HasSubstr("there is no analyzer b; there are a, b.2"));
  scripted_.replay_refusal_ = "a replay is running";
  const auto refused = post("/v1/replay", "{}");
  expect_problem(refused, 409);
  EXPECT_THAT(refused.body(), HasSubstr("a replay is running"));
}

}  // namespace
}  // namespace logdist::admin
