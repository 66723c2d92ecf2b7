#include "logdist/ingest/dialects/route_table.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace logdist::ingest {
namespace {

using core::Protocol;
using core::ProtocolSet;
using http::Method;
using ::testing::HasSubstr;
using ::testing::Not;

ProtocolSet only(Protocol protocol) {
  ProtocolSet set;
  set.add(protocol);
  return set;
}

TEST(RouteTable, PathThenMethodThenType) {
  const RouteTable routes(ProtocolSet::all());
  const auto found = routes.find(Method::post, "/v1/packets", "Application/JSON");
  ASSERT_NE(found.route, nullptr);
  EXPECT_EQ(found.route->format, codec::Format::json);
  const auto other_type = routes.find(Method::post, "/v1/packets", "text/plain");
  EXPECT_EQ(other_type.route, nullptr);
  EXPECT_TRUE(other_type.takes_method);
  ASSERT_NE(other_type.of_path, nullptr);
  const auto other_method = routes.find(Method::get, "/v1/packets", "application/json");
  EXPECT_EQ(other_method.route, nullptr);
  EXPECT_FALSE(other_method.takes_method);
  EXPECT_EQ(allow_text(other_method.methods), "POST");
  for (const std::string_view path : {"/v1/packets/", "/v1/packet", "/v1", "", "*", "//v1/packets"}) {
    EXPECT_EQ(routes.find(Method::post, path, "application/json").of_path, nullptr) << path;
  }
}

/// So that a refusal of the method is in the encoding of the request.
TEST(RouteTable, AnotherMethodKeepsTheDialectOfTheType) {
  const RouteTable routes(ProtocolSet::all());
  const auto dialect_of = [&routes](Method method, std::string_view path, std::string_view type) {
    return routes.find(method, path, type).of_path->dialect;
  };
  EXPECT_EQ(dialect_of(Method::put, "/v1/logs", "application/json"), Dialect::otlp_json);
  EXPECT_EQ(dialect_of(Method::put, "/v1/logs", "application/x-protobuf"), Dialect::otlp_protobuf);
  EXPECT_EQ(dialect_of(Method::post, "/v1/logs", "image/png"), Dialect::otlp_protobuf) << "the first";
}

TEST(RouteTable, EveryPacketTypeHasItsLayout) {
  const RouteTable routes(ProtocolSet::all());
  for (const std::string_view type :
       {"application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines",
        "application/x-json-stream", "application/stream+json"}) {
    const auto found = routes.find(Method::post, "/v1/packets", type);
    ASSERT_NE(found.route, nullptr) << type;
    EXPECT_EQ(found.route->format, codec::Format::ndjson) << type;
  }
}

TEST(RouteTable, ProtocolsCanBeSwitchedOff) {
  const RouteTable without(only(Protocol::otlp));
  EXPECT_EQ(without.find(Method::post, "/v1/packets", "application/json").of_path, nullptr);
  EXPECT_THAT(without.paths_text(), Not(HasSubstr("/v1/packets")));
  EXPECT_THAT(RouteTable(ProtocolSet::all()).paths_text(), HasSubstr("the paths here are /v1/packets, "));
  EXPECT_THAT(without.paths_text(), HasSubstr("/healthz"));
}

TEST(RouteTable, AllowNamesMethods) {
  EXPECT_EQ(allow_text(methods::get | methods::post | methods::put), "GET, HEAD, POST, PUT");
  EXPECT_EQ(allow_text(methods::post, true), "POST, OPTIONS");
  EXPECT_EQ(allow_text(0), "");
}

}  // namespace
}  // namespace logdist::ingest
