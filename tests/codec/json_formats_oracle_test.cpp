// The formats made of JSON against an independent reading of a tree, over small changes of bodies.
#include <gtest/gtest.h>

#include <iostream>
#include <string>
#include <vector>

#include "tests/codec/corpus.hpp"
#include "tests/codec/json_formats_oracle.hpp"
#include "tests/codec/pieces.hpp"
#include "tests/support/seed.hpp"

namespace logdist::codec {
namespace {

using namespace logdist::test;

const std::vector<std::string> otlp_bodies{
    R"({"resourceLogs":[{"resource":{"attributes":[{"key":"k","value":{"stringValue":"v"}}]},"scopeLogs":[)"
    R"({"scope":{"name":"s"},"logRecords":[{"timeUnixNano":"1","body":{"stringValue":"x"}},{}]}]}]})",
    R"({"resource_logs":[{"scope_logs":[{"log_records":[{},{}]}]}]})",
    R"({"resourceLogs":null,"other":[[]]})",
    R"( {"resourceLogs" : [ { "scopeLogs" : [ { "logRecords" : null } , { } ] } ] } )",
    "{}",
};
const std::vector<std::string> loki_bodies{
    R"({"streams":[{"stream":{"app":"a"},"values":[["1","x"],["2","y",{"a":"b"}]]}]})",
    R"({"streams":[{"values":null},{"values":[["1","[\"}"]]}]})",
    R"({"streams":null})",
    "{}",
};
const std::vector<std::string> row_bodies{
    R"({"event":"a","time":1.5}{"event":{"b":[1]},"fields":{"event":null}})",
    "[{\"event\":\"a\\\"}\"},{\"event\":1}]\n{\"\\u0065vent\":2}\r\n",
    R"({"short_message":"a","event":true} {"event":[]} {})",
    R"([{},"text",{"event":"x"}])",
    R"({"logs":[{"a":1},"b"]})",
    R"({"messages":["a"],"events":[],"x":"y"})",
    R"({"records":[{"data":"YQ=="},{"data":"Yg=="}],"requestId":"r"})",
    R"({"events":[1,2]})",
    R"([{"a":[{"event":1}]}])",
    "{}",
    "[]",
};

struct Shape {
  Format format;
  const std::vector<std::string>& seeds;
};

const Shape shapes[] = {
    {Format::otlp_json, otlp_bodies}, {Format::loki_json, loki_bodies},  {Format::hec_event, row_bodies},
    {Format::datadog, row_bodies},    {Format::gelf, row_bodies},        {Format::events, row_bodies},
    {Format::firehose, row_bodies},   {Format::cloud_event, row_bodies}, {Format::cloud_event_batch, row_bodies},
};

TEST(JsonFormatsOracle, AgreesOnMutations) {
  Random random(draw_seed());
  WholeAndPieces decoder(random.next());
  std::vector<std::uint64_t> accepted(format_count);
  constexpr int bodies = 24'000;
  for (int i = 0; i < bodies && !HasFailure(); ++i) {
    const auto& [format, seeds] = shapes[random.below(std::size(shapes))];
    std::string body = seeds[random.below(seeds.size())];
    for (std::uint64_t times = random.below(4); times > 0; --times) mutate(body, seeds, random);
    const auto expected = count_by_tree(format, body);
    const Outcome outcome = decoder.decode(format, body);
    // The one limit on numbers that we state, and nlohmann/json does not have.
    if (outcome.error.detail.find("exponent") != std::string::npos) continue;
    ASSERT_EQ(outcome.accepted, expected.has_value())
        << static_cast<int>(format) << ", " << outcome.error.detail << ": " << printable(body);
    ASSERT_EQ(outcome.messages, expected.value_or(0)) << static_cast<int>(format) << ": " << printable(body);
    if (expected) ++accepted[static_cast<std::size_t>(format)];
  }
  for (const Shape& shape : shapes) {
    EXPECT_GT(accepted[static_cast<std::size_t>(shape.format)], bodies / std::size(shapes) / 50)
        << "too few valid bodies to mean much: " << static_cast<int>(shape.format);
  }
}

}  // namespace
}  // namespace logdist::codec
