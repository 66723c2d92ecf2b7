// The table of formats: path first, then method, then media type.
#include "logdist/codec/formats.hpp"

#include <gtest/gtest.h>

namespace logdist::codec {
namespace {

TEST(Formats, OfThePacketPort) {
  EXPECT_EQ(find_format("POST", "/v1/packets", "application/json"), Format::json);
  EXPECT_EQ(find_format("POST", "/v1/packets", "APPLICATION/Json"), Format::json);
  for (const auto* const lines : {"application/x-ndjson", "application/ndjson", "application/jsonl",
                                  "application/x-jsonlines", "application/x-json-stream", "application/stream+json"}) {
    EXPECT_EQ(find_format("POST", "/v1/packets", lines), Format::ndjson) << lines;
  }
}

TEST(Formats, AreNoOthers) {
  for (const auto* const type : {"", "application/jso", "application/jsonx", "text/plain", "application\x0fjson"}) {
    EXPECT_EQ(find_format("POST", "/v1/packets", type), std::nullopt) << type;
  }
  EXPECT_EQ(find_format("GET", "/v1/packets", "application/json"), std::nullopt);
  EXPECT_EQ(find_format("POST", "/v1/packet", "application/json"), std::nullopt);
}

TEST(Formats, SayWhichPathAndWhichMethodThereIs) {
  EXPECT_TRUE(takes_path("/v1/packets"));
  EXPECT_FALSE(takes_path("/v1/packets/"));
  EXPECT_FALSE(takes_path(""));
  EXPECT_TRUE(takes_method("/v1/packets", "POST"));
  EXPECT_FALSE(takes_method("/v1/packets", "post"));
  EXPECT_FALSE(takes_method("/v1/packets", ""));
  EXPECT_FALSE(takes_method("/", "POST"));
}

}  // namespace
}  // namespace logdist::codec
