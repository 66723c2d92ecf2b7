// The document is what the admin port does: each of its paths is there, and answers as
// it says.
#include <gmock/gmock.h>

#include <set>

#include <nlohmann/json.hpp>

#include "tests/admin/admin_fixture.hpp"

namespace logdist::admin {
namespace {

using Json = nlohmann::json;
using testing::AnyOf;
using testing::HasSubstr;

/// One analyzer, of which everything may be asked.
class WillingControl final : public Control {
 public:
  std::vector<ControlledAnalyzer> analyzers() const override {
    ControlledAnalyzer analyzer;
    analyzer.name = "alpha";
    return {analyzer};
  }
  ConfigurationReport configuration() const override { return {}; }
  bool set_drained(const std::string& name, bool, const std::string&) override { return name == "alpha"; }
  bool set_weight(const std::string& name, config::Weight, const std::string&) override { return name == "alpha"; }
  std::string begin_replay(const ReplayOrder&, const std::string&, ReplayView& replay) override {
    replay = replays().front();
    return {};
  }
  std::vector<ReplayView> replays() const override {
    ReplayView replay;
    replay.id = "0123456789abcdef";
    replay.state = "running";
    return {replay};
  }
  bool stop_replay(const std::string& id, const std::string&) override { return id == replays().front().id; }
  void reload(const std::string&, std::function<void(const ReloadReport&)> done) override { done({}); }
};

class AdminOpenapi : public AdminTest {
 protected:
  AdminOpenapi() {
    control_ = &willing_;
    start();
    Client client = connect();
    const auto reply = client.get("/openapi.json");
    EXPECT_EQ((*reply)[http::field::content_type], "application/json");
    document_ = Json::parse(reply->body());
  }

  /// Those of the admin port.
  std::vector<std::string> paths() const {
    std::vector<std::string> names;
    for (const auto& [path, item] : document_["paths"].items()) {
      if (item["servers"].dump().find("8081") != std::string::npos) names.push_back(path);
    }
    return names;
  }
  static std::string target(std::string path) {
    if (const std::size_t name = path.find("{name}"); name != std::string::npos) path.replace(name, 6, "alpha");
    if (const std::size_t id = path.find("{id}"); id != std::string::npos) path.replace(id, 4, "0123456789abcdef");
    return path;
  }
  Json response(const Json& operation, unsigned status) const {
    Json response = operation["responses"].value(std::to_string(status), Json());
    if (response.contains("$ref")) {
      return document_.at(Json::json_pointer(response["$ref"].get<std::string>().substr(1)));
    }
    return response;
  }
  /// What is documented of the answer, its type and, if it is JSON, its required keys.
  void expect_documented(const Json& operation, const Reply& reply) const {
    const Json described = response(operation, reply.result_int());
    ASSERT_FALSE(described.is_null()) << reply.result_int() << " is not documented";
    if (!described.contains("content")) return;
    const std::string type(reply[http::field::content_type]);
    const std::string media_type = type.substr(0, type.find(';'));
    ASSERT_TRUE(described["content"].contains(media_type)) << media_type;
    Json schema = described["content"][media_type].value("schema", Json::object());
    if (schema.contains("$ref")) {
      schema = document_.at(Json::json_pointer(schema["$ref"].get<std::string>().substr(1)));
    }
    const Json required = schema.value("required", Json::array());
    for (const auto& key : required) EXPECT_TRUE(Json::parse(reply.body()).contains(key)) << key;
  }
  std::optional<Reply> ask(const std::string& method, const std::string& path, const std::string& headers,
                           const std::string& body) {
    Client client = connect();
    client.send(method + " " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + headers +
                "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
    return client.receive(method == "HEAD");
  }

  WillingControl willing_;
  Json document_;
};

TEST_F(AdminOpenapi, EveryPathIsThereAndAnswersAsItSays) {
  for (const std::string& path : paths()) {
    if (path == "/v1/events") continue;  // has no end
    for (const auto& [method, operation] : document_["paths"][path].items()) {
      if (method != "get" && method != "head" && method != "post" && method != "delete") continue;
      SCOPED_TRACE(method + " " + path);
      std::string name = method;
      for (char& letter : name) letter = static_cast<char>(std::toupper(letter));
      const std::string body = path.ends_with("weight") ? R"({"weight":2})" : "";
      const bool form = path == "/login";
      const std::string type = form ? "application/x-www-form-urlencoded" : "application/json";
      const auto reply = ask(name, target(path), method == "post" ? "Content-Type: " + type + "\r\n" : "", body);
      ASSERT_TRUE(reply);
      EXPECT_EQ(reply->result_int(), method != "post"       ? 200u
                                     : form                 ? 303u
                                     : path == "/v1/replay" ? 202u
                                                            : 200u)
          << reply->body();
      if (method != "head") expect_documented(operation, *reply);
    }
  }
}

TEST_F(AdminOpenapi, WhatIsNotDocumentedIsNotThere) {
  std::set<std::string> expected{"/",          "/healthz",   "/login",     "/health",         "/readyz",
                                 "/metrics",   "/v1/status", "/v1/events", "/openapi.json",   "/v1/analyzers",
                                 "/v1/config", "/v1/reload", "/v1/replay", "/v1/replay/{id}", "/v1/analyzers/{name}"};
  for (const char* action : {"drain", "undrain", "weight"})
    expected.insert(std::string("/v1/analyzers/{name}/") + action);
  const auto documented = paths();
  EXPECT_EQ(std::set<std::string>(documented.begin(), documented.end()), expected);
  for (const std::string& path : documented) {
    for (const std::string method : {"DELETE", "PUT", "PATCH", "POST", "GET"}) {
      std::string key = method;
      for (char& letter : key) letter = static_cast<char>(std::tolower(letter));
      if (document_["paths"][path].contains(key)) continue;
      const auto reply = ask(method, target(path), "Content-Type: application/json\r\n", "{}");
      ASSERT_TRUE(reply) << method << path;
      EXPECT_EQ(reply->result_int(), 405u) << method << path;
    }
  }
}

TEST_F(AdminOpenapi, ErrorsAreDocumented) {
  const Json& paths = document_["paths"];
  const std::string json = "Content-Type: application/json\r\n";
  const Json& show = paths["/v1/analyzers/{name}"]["get"];
  expect_documented(show, *ask("GET", "/v1/analyzers/nobody", "", ""));
  const Json& weigh = paths["/v1/analyzers/{name}/weight"]["post"];
  const std::string weight = "/v1/analyzers/alpha/weight";
  expect_documented(weigh, *ask("POST", weight, json, "{}"));
  expect_documented(weigh, *ask("POST", weight, json, "["));
  expect_documented(weigh, *ask("POST", weight, "", "{}"));
  expect_documented(weigh, *ask("POST", weight, json + "Origin: http://evil.example\r\n", "{}"));
  expect_documented(weigh, *ask("POST", weight, json + "Expect: wonders\r\n", "{}"));
  expect_documented(weigh, *ask("POST", weight, json, std::string(70'000, ' ')));
  expect_documented(weigh, *ask("POST", "http://evil.example" + weight, json, "{}"));
  const Json& replay = paths["/v1/replay"]["post"];
  expect_documented(replay, *ask("POST", "/v1/replay", json, R"({"from":"yesterday"})"));
  expect_documented(paths["/v1/replay/{id}"]["delete"], *ask("DELETE", "/v1/replay/none", "", ""));
  const Json& ready = paths["/readyz"]["get"];
  ready_ = false;
  expect_documented(ready, *ask("GET", "/readyz", "", ""));
}

}  // namespace
}  // namespace logdist::admin
