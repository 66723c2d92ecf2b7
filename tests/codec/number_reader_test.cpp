#include "logdist/codec/json/number_reader.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace logdist::codec {
namespace {

using Kind = JsonStep::Kind;

constexpr JsonStep status_of_items[] = {
    {Kind::member, "items"}, {Kind::element}, {Kind::any_member}, {Kind::member, "status"}};
constexpr JsonStep code_at_root[] = {{Kind::member, "code"}};

struct Found {
  std::uint64_t last;
  std::uint32_t count;

  friend bool operator==(const Found&, const Found&) = default;
};

/// The same, however the text is cut.
Found find(std::span<const JsonStep> path, std::uint64_t least, std::string_view text) {
  JsonNumberReader whole;
  whole.begin(path, least);
  whole.read(text);
  JsonNumberReader pieces;
  pieces.begin(code_at_root, 0);
  pieces.read(R"({"code":)");
  pieces.begin(path, least);  // forgets that
  for (std::size_t at = 0; at < text.size(); ++at) pieces.read(text.substr(at, 1));
  EXPECT_EQ(pieces.last(), whole.last()) << text;
  EXPECT_EQ(pieces.count(), whole.count()) << text;
  return {whole.last(), whole.count()};
}

TEST(JsonNumberReader, FindsTheNumbersAtTheEndOfThePath) {
  EXPECT_EQ(
      find(status_of_items, 300, R"({"items":[{"a":{"status":201}},{"b":{"x":1,"status":409}},{"c":{"status":300}}]})"),
      (Found{300, 2}));
  EXPECT_EQ(find(code_at_root, 1, R"({"text":"x","code":"12"})"), (Found{12, 1})) << "digits";
  EXPECT_EQ(find(code_at_root, 1, R"( {"code" : 7 } )"), (Found{7, 1}));
  EXPECT_EQ(find(code_at_root, 1, R"({"\u0063ode":7})"), (Found{7, 1})) << "the same key, escaped";
}

TEST(JsonNumberReader, FindsNoneElsewhere) {
  for (const char* text :
       {R"({"status":500,"items":[]})", R"({"items":{"a":{"b":{"status":500}}}})",
        R"({"items":[[{"a":{"status":500}}]]})", R"({"items":[{"a":[{"status":500}]}]})",
        R"({"items":[{"a":{"b":{"status":500},"status_":500}}]})", R"([{"items":[]}])",
        R"({"x":{"items":[{"a":{"status":500}}]}})", R"({"items":[{"a":{"status":[500]}}]})",
        R"({"items":[{"a":{"status":"500x"}},{"a":{"status":null}}]})", R"(500)", R"("status")", ""}) {
    EXPECT_EQ(find(status_of_items, 300, text), (Found{0, 0})) << text;
  }
  EXPECT_EQ(find(code_at_root, 1, R"({"a":{"code":3},"b":[{"code":4}],"c":"\"code\":5"})"), (Found{0, 0}));
}

TEST(JsonNumberReader, KeepsWhatItHasFoundOfABrokenText) {
  EXPECT_EQ(find(code_at_root, 1, R"({"code":7,,"code":8})"), (Found{7, 1}));
  EXPECT_EQ(find(code_at_root, 1, R"({"code":7} {"code":8})"), (Found{7, 1})) << "one value is a text";
  EXPECT_EQ(find(code_at_root, 1, R"({"code":7,"a":)" + std::string(10'000, '[')), (Found{7, 1})) << "too deep";
  EXPECT_EQ(find(code_at_root, 1, R"({"code":7,"text":")" + std::string(100'000, 'x')), (Found{7, 1})) << "cut";
}

}  // namespace
}  // namespace logdist::codec
