// What the document says of the packet port is what the port does.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <set>

#include <nlohmann/json.hpp>

#include "logdist/ingest/dialects/route_table.hpp"
#include "port.hpp"

namespace logdist::ingest::test {
namespace {

using Json = nlohmann::json;

Json document() {
  std::ifstream file(LOGDIST_SOURCE_DIR "/src/admin/openapi.json");
  return Json::parse(file);
}

class PacketOpenapi : public ::testing::Test {
 protected:
  Json response(const Json& operation, unsigned status) const {
    Json response = operation["responses"].value(std::to_string(status), Json());
    if (response.contains("$ref")) {
      return document_.at(Json::json_pointer(response["$ref"].get<std::string>().substr(1)));
    }
    return response;
  }
  /// Sends `request`, whose answer has this status, which is documented with its type.
  void expect_documented(const std::string& path, const std::string& method, const std::string& request,
                         unsigned status) {
    SCOPED_TRACE(request.substr(0, 200));
    Client client = port_.connect();
    client.send(request);
    const auto answer = client.read(method == "head");
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, status);
    const Json described = response(document_["paths"][path][method], answer->status);
    ASSERT_FALSE(described.is_null()) << answer->status << " is not documented";
    const std::string type = answer->header("content-type");
    if (method == "head") return;
    EXPECT_TRUE(described["content"].contains(type.substr(0, type.find(';')))) << type;
  }

  const Json document_ = document();
  Port port_;
};

TEST_F(PacketOpenapi, HasEveryPath) {
  std::set<std::string> paths;
  for (const auto& [path, item] : document_["paths"].items()) {
    if (item.dump().find("localhost:8080") != std::string::npos) paths.insert(path);
  }
  const std::set<std::string> of_packets{"/v1/packets", "/healthz", "/health"};
  EXPECT_TRUE(std::includes(paths.begin(), paths.end(), of_packets.begin(), of_packets.end()));
  const RouteTable routes(core::ProtocolSet::all());
  for (const std::string& path : paths) {
    if (path.starts_with("/health")) continue;
    std::string target = path;
    if (const std::size_t index = target.find("{index}"); index != target.npos) target.replace(index, 7, "logs");
    const auto found = routes.find(http::Method::post, target, "");
    EXPECT_NE(found.of_path, nullptr) << path;
    for (const auto& [method, operation] : document_["paths"][path].items()) {
      if (!operation.is_object() || !operation.contains("responses") || path == "/v1/events") continue;
      const bool is_get = method == "get";
      const Methods needed = is_get ? methods::get : method == "put" ? methods::put : methods::post;
      EXPECT_NE(found.methods & needed, 0) << method << ' ' << path;
    }
  }
  for (const std::string path : {"/healthz", "/health"}) {
    expect_documented(path, "get", "GET " + path + " HTTP/1.1\r\nHost: t\r\n\r\n", 200);
    expect_documented(path, "head", "HEAD " + path + " HTTP/1.1\r\nHost: t\r\n\r\n", 200);
    expect_documented(path, "get", "GET " + path + " HTTP/1.1\r\n\r\n", 400);
  }
}

TEST_F(PacketOpenapi, HasEveryAnswerToAPacket) {
  const std::string line = "POST /v1/packets HTTP/1.1\r\nHost: t\r\n";
  const std::string json = "Content-Type: application/json\r\n";
  const std::pair<std::string, unsigned> requests[] = {
      {post(small_body), 202},
      {post("{"), 400},
      {line + json + "\r\n", 411},
      {line + json + "Content-Length: 99999999999\r\n\r\n", 413},
      {"POST /" + std::string(9'000, 'x'), 414},
      {line + "Content-Length: 2\r\n\r\n{}", 415},
      {line + json + "Expect: wonders\r\nContent-Length: 2\r\n\r\n{}", 417},
      {line + "X: " + std::string(17'000, 'x'), 431},
      {line + json + "Transfer-Encoding: gzip\r\n\r\n", 501},
      {"POST /v1/packets HTTP/2.0\r\n", 505},
      {post(small_body, json + "Via: 1.1 " + std::string(Port::via_name) + "\r\n"), 508},
  };
  for (const auto& [request, status] : requests) expect_documented("/v1/packets", "post", request, status);
  port_.on_loop([&] { port_.sessions().begin_drain(); });
  expect_documented("/v1/packets", "post", post(small_body), 503);
}

}  // namespace
}  // namespace logdist::ingest::test
