// What the quick reader of JSON accepts by itself, and that nothing behind a text makes it valid.
#include "logdist/codec/json/json_scan.hpp"

#include <gtest/gtest.h>

#include <string>

#include "logdist/codec/decode.hpp"

namespace logdist::codec {
namespace {

/// `behind`: old bytes that follow the text in its block.
bool is_one_value(const std::string& text, const std::string& behind = "") {
  std::string block = text + behind;
  block.resize(block.size() + simdjson::SIMDJSON_PADDING, behind.empty() ? ' ' : behind.back());
  JsonScan scan;
  return scan.is_one_value(std::string_view(block).substr(0, text.size()));
}

std::string nested(std::size_t levels) { return std::string(levels, '[') + std::string(levels, ']'); }

TEST(JsonScan, AcceptsValuesOfEachKind) {
  for (const char* text :
       {"{}", "[]", "\"\"", "\"text\"", "0", "-0", "7", "1718093710.123", "1e5", "-1.5E-7", "0.0e+0", "true", "false",
        "null", " \t\r\n[ 1 , 2 ] \n", R"({"a":1,"b":[{},[],"",{"c":null}],"d":{"e":[true,false]}})",
        R"({"a":{"b":{}},"c":[[[]],[{}]]})", "[\"\xc3\xa9\",\"\xf0\x9f\x98\x80\"]"}) {
    EXPECT_TRUE(is_one_value(text)) << text;
  }
}

TEST(JsonScan, AcceptsNumbersOfAnyLength) {
  for (const std::string& digits : {std::string(20, '9'), std::string(1000, '1')}) {
    for (const std::string& number : {digits, "-" + digits, digits + "." + digits, "0." + digits, digits + "e100"}) {
      EXPECT_TRUE(is_one_value(number)) << number;
      EXPECT_TRUE(is_one_value("[" + number + ",{\"v\":" + number + "}]")) << number;
    }
  }
}

TEST(JsonScan, LeavesExponentsThatMayBeTooLargeToOthers) {
  EXPECT_TRUE(is_one_value("1e999999999"));
  EXPECT_FALSE(is_one_value("1e1000000000"));
}

TEST(JsonScan, AcceptsEscapes) {
  for (const char* text : {R"("\"\\\/\b\f\n\r\t")", R"("\u0000\u20AC\uffff\ud7ff\ue000")", R"("\ud83d\ude00")",
                           R"("\\\"")", R"({"a\"b":"\\","c\\":[]})"}) {
    EXPECT_TRUE(is_one_value(text)) << text;
  }
}

TEST(JsonScan, RefusesWhatIsNoEscape) {
  for (const char* text :
       {R"("\x")", R"("\u12")", R"("\u123")", R"("\u123g")", R"("\ud83d")", R"("\ud83d\n")", R"("\ud83d\u0041")",
        R"("\ude00")", R"("\ud83dxude00")", R"("\U0041")", R"(["a",\"b"])", R"([1\n])", R"(\)", R"([]\)"}) {
    EXPECT_FALSE(is_one_value(text)) << text;
  }
}

TEST(JsonScan, RefusesWhatIsNoValue) {
  for (const char* text : {" ",
                           "[",
                           "]",
                           "{",
                           "}",
                           "[1",
                           "[1,",
                           "[1,]",
                           "[,1]",
                           "[,]",
                           "{,}",
                           "[1 2]",
                           "[\"a\" \"b\"]",
                           "[\"a\"b]",
                           "[a\"b\"]",
                           "{\"a\"}",
                           "{\"a\":}",
                           "{\"a\":1,}",
                           "{\"a\" 1}",
                           "{1:2}",
                           "{\"a\":1 \"b\":2}",
                           "[1}",
                           "{\"a\":1]",
                           "{\"a\":[}]",
                           "[{]}",
                           "[}",
                           "{]",
                           "[1:2]",
                           "{\"a\":1:2}",
                           "[] []",
                           "1 2",
                           "tru",
                           "truex",
                           "nul",
                           "falsey",
                           "True",
                           "NaN",
                           "01",
                           "-",
                           "-a",
                           "+1",
                           "1.",
                           ".5",
                           "1.e5",
                           "1e",
                           "1e+",
                           "1e5.5",
                           "0x10",
                           "--1",
                           "1-",
                           "12\"a\"",
                           "1,",
                           "1]",
                           "\"a",
                           "\"a\nb\"",
                           "\"\xff\"",
                           "'a'",
                           "[1]x",
                           "{\"a\":1}}"}) {
    EXPECT_FALSE(is_one_value(text)) << text;
  }
}

TEST(JsonScan, EnterSoManyLevels) {
  EXPECT_TRUE(is_one_value(nested(max_depth)));
  EXPECT_FALSE(is_one_value(nested(max_depth + 1)));
  std::string objects;
  for (std::size_t level = 1; level < max_depth; ++level) objects += R"({"a":)";
  EXPECT_TRUE(is_one_value(objects + "{}" + std::string(max_depth - 1, '}')));
  EXPECT_FALSE(is_one_value(objects + "[[]]" + std::string(max_depth - 1, '}')));
}

TEST(JsonScan, TakesNothingFromBehindTheText) {
  EXPECT_TRUE(is_one_value("12", "34"));
  EXPECT_TRUE(is_one_value("1", ".5"));
  EXPECT_TRUE(is_one_value("1", "e5"));
  EXPECT_TRUE(is_one_value("true", "x"));
  for (const char* text :
       {"[1", "[", "[[1]", "{\"a\":1", "{\"a\":", "{\"a\"", "{", "[1,", "tru", "-", "1.", "1e", "1e+", "\"a"}) {
    for (const char* behind : {"]", "}", ",", ":", "1", "e", "\"", "{", "[", "]]", "}}"}) {
      EXPECT_FALSE(is_one_value(text, behind)) << text << " before " << behind;
    }
  }
}

TEST(JsonScan, ReadsKeysAndStringsWithoutEscapes) {
  const std::string text =
      R"( {"key" : "value" , "":"", "k\u0065y":1} )" + std::string(simdjson::SIMDJSON_PADDING, ' ');
  JsonScan scan;
  ASSERT_TRUE(scan.begin(std::string_view(text).substr(0, text.size() - simdjson::SIMDJSON_PADDING)));
  std::string_view read;
  ASSERT_EQ(scan.kind(), Kind::object);
  ASSERT_FALSE(scan.is_empty());
  ASSERT_TRUE(scan.enter() && scan.read_plain_key(read));
  EXPECT_EQ(read, "key");
  EXPECT_FALSE(scan.is_empty_string());
  ASSERT_TRUE(scan.read_plain_string(read));
  EXPECT_EQ(read, "value");
  ASSERT_TRUE(scan.passes_comma() && scan.read_plain_key(read));
  EXPECT_EQ(read, "");
  EXPECT_TRUE(scan.is_empty_string());
  ASSERT_TRUE(scan.skip_value() && scan.passes_comma());
  EXPECT_FALSE(scan.read_plain_key(read)) << "it has an escape";
}

TEST(JsonScan, GivesItsMemoryBack) {
  JsonScan scan;
  const std::string text = "[1]" + std::string(1000, ' ') + std::string(simdjson::SIMDJSON_PADDING, ' ');
  EXPECT_TRUE(scan.is_one_value(std::string_view(text).substr(0, 1003)));
  EXPECT_GE(scan.capacity(), 1003U);
  scan.renew();
  EXPECT_EQ(scan.capacity(), 0U);
  EXPECT_TRUE(scan.is_one_value(std::string_view(text).substr(0, 3)));
}

}  // namespace
}  // namespace logdist::codec
