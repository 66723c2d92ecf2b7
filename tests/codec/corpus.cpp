#include "tests/codec/corpus.hpp"

#include "logdist/codec/decode.hpp"

namespace logdist::codec {
namespace {

std::vector<std::string> numbers() {
  return {
      "0",
      "-0",
      "-0.0",
      "1e999",
      "-1e999",
      "1e-999",
      "1E+2",
      "0e0",
      "0e+1",
      "01",
      "-",
      "-01",
      "1.",
      ".5",
      "1.e1",
      "+1",
      "1e",
      "1e+",
      "0x10",
      "1_000",
      "NaN",
      "Infinity",
      "-Infinity",
      "9223372036854775807",
      "9223372036854775808",
      "-9223372036854775808",
      "-9223372036854775809",
      "18446744073709551615",
      "18446744073709551616",
      "340282366920938463463374607431768211456",
      "123456789012345678901234567890.5e-7",
      "1.7976931348623157e308",
      "1.7976931348623159e308",
      "5e-324",
      "2.2250738585072011e-308",
      "1e00000000000000000000001",
      "0e99999",
      "100000000000000000000000000000000000000000",
      "0.00000000000000000000000000000000000000000000000001",
      "12345678901234567890e280",
      "-12345678901234567890E-320",
      "12345678901234567890.",
      "12345678901234567890.e1",
      "012345678901234567890",
      "12345678901234567890e",
      "12345678901234567890x",
      "1.2345678901234567890e+300",
      "12345678901234567890e400",
      "4503599627370496.5",
  };
}

std::vector<std::string> strings() {
  using namespace std::string_literals;
  return {
      R"("")",
      R"("\"\\\/\b\f\n\r\t")",
      R"("é€😀")",
      R"("\u00e9\u20AC\ud83d\ude00")",
      R"("\ud800")",
      R"("\udc00")",
      R"("\ud83d\ud83d")",
      R"("\ude00\ud83d")",
      R"("\ud83dx")",
      R"("\u12")",
      R"("\u12G4")",
      R"("\x41")",
      R"("\)",
      R"("\u0000")",
      "\"a\0b\""s,
      "\"a\tb\"",
      "\"a\nb\"",
      "\"\x7f\"",
      "\"\xc0\xaf\"",
      "\"\xe0\x80\xaf\"",
      "\"\xf0\x80\x80\xaf\"",
      "\"\xed\xa0\x80\"",
      "\"\xed\xbf\xbf\"",
      "\"\xf4\x8f\xbf\xbf\"",
      "\"\xf4\x90\x80\x80\"",
      "\"\xff\"",
      "\"\x80\"",
      "\"\xe2\x82\"",
      "\"\xf5\x80\x80\x80\"",
      "\xef\xbb\xbf",
      "\0"s,
      "'a'",
      "\"",
  };
}

std::vector<std::string> structure() {
  return {
      "[",    "]",     "{",    "}",        ":",         ",",           "[]",       "{}",           "[,]",
      "[1,]", "[1 2]", "{,}",  R"({"a"})", R"({"a":})", R"({"a":1,})", R"({1:2})", R"({"":1})",    R"({"a":1,"a":2})",
      "true", "false", "null", "True",     "nul",       "truex",       "/**/",     "//\n",         " ",
      "\t",   "\r",    "\n",   "\r\n",     "\f",        "\v",          "\xc2\xa0", "\xe2\x80\xa8",
  };
}

std::vector<std::string> packet_fields() {
  return {
      R"("messages":["x"])", R"("message\u0073":["x"])", R"("packet_id":"p")",  R"("packet\u005fid":"p")",
      R"("agent_id":"a")",   R"("\u0061gent_id":1)",     R"("packet_id":null)", R"("messages":[])",
  };
}

/// A valid JSON value of at most `levels` levels.
std::string random_value(Random& random, std::size_t levels) {
  static const std::vector<std::string> scalars{
      "0",
      "-0.0",
      "12345",
      "-98765.4321e-3",
      "18446744073709551616",
      "12345678901234567890e-280",
      "1.23456789012345678901234567890",
      "true",
      "false",
      "null",
      R"("")",
      R"("text")",
      R"("\ud83d\ude00\n\"")",
      R"("é€😀")",
      R"("messages")",
  };
  const std::uint64_t choice = levels == 0 ? 0 : random.below(4);
  if (choice < 2) return scalars[random.below(scalars.size())];
  std::string value;
  for (std::uint64_t members = random.below(4); members > 0; --members) {
    if (!value.empty()) value += random.below(2) == 0 ? "," : " , ";
    if (choice == 2) value += R"("key)" + std::to_string(random.below(3)) + R"(" :)";
    value += random_value(random, levels - 1);
  }
  return choice == 2 ? "{" + value + "}" : "[" + value + "]";
}

}  // namespace

std::vector<std::string> tricky_tokens() {
  std::vector<std::string> tokens;
  for (const auto& some : {numbers(), strings(), structure(), packet_fields()}) {
    tokens.insert(tokens.end(), some.begin(), some.end());
  }
  return tokens;
}

std::string nested(std::size_t levels, const std::string& inner) {
  std::string opening;
  std::string closing;
  for (std::size_t level = 0; level < levels; ++level) {
    opening += level % 2 == 0 ? "[" : "{\"k\":";
    closing.insert(0, level % 2 == 0 ? "]" : "}");
  }
  return opening + inner + closing;
}

std::vector<std::string> seed_bodies() {
  std::vector<std::string> bodies{
      R"({"packet_id":"p-1","agent_id":"a","messages":[{"level":"info","text":"hello"},"plain"]})",
      R"({"messages":["a","b","c"]})",
      R"(["a",{"b":1}])",
      R"({"message\u0073":[{}],"packet\u005Fid":"\u0041"})",
      R"({"meta":{"messages":[],"packet_id":7},"messages":[{"messages":[1]}]})",
      R"({"messages":[{"t":1718000000.25,"n":-12,"big":98765432109876543210,"ok":true,"none":null}]})",
      " \r\n\t{ \"messages\" : [ \"x\" , { } ] , \"extra\" : [ [ ] , { } ] } \n",
      "{\"a\":1}\n{\"b\":2}\r\n\n  \n\"three\"\n4\n[5,[]]\nnull",
      R"({"messages":["\ud83d\ude00 é € 😀 \u0000 \"quoted\" \\ \/ "]})",
      R"({"messages":[]})",
      R"({"messages":{}})",
      R"({"messages":["a",3]})",
      R"({"messages":[[]]})",
      "[]",
      "{}",
      "",
      " ",
      "7",
      R"("text")",
      "null",
      R"({"messages":["a"],"messages":["b"]})",
      R"({"packet_id":"","messages":["a"]})",
      R"({"packet_id":"with space","messages":["a"]})",
      R"({"packet_id":"é","messages":["a"]})",
  };
  for (const std::string& token : tricky_tokens()) {
    bodies.push_back("{\"messages\":[{\"v\":" + token + "}]}");
    bodies.push_back("[\"a\"," + token + "]");
    bodies.push_back("{\"v\":1}\n" + token + "\n");
  }
  for (const std::size_t levels : {61u, 62u, 63u, 64u, 65u, 66u}) {
    for (const char* inner : {"1", "[]", "{}", "\"s\""}) bodies.push_back(nested(levels, inner));
  }
  // Longer than the blocks that the readers work in, escapes and wide characters on their edges.
  std::string lengthy;
  for (int i = 0; i < 700; ++i) lengthy += i % 3 == 0 ? "\\n€" : "é\\\"x😀";
  bodies.push_back("[\"" + lengthy + "\",18446744073709551616]");
  bodies.push_back("{\"packet_id\":\"" + std::string(max_id_length, 'i') + "\",\"messages\":[\"" + lengthy + "\"]}");
  bodies.push_back("{\"packet_id\":\"" + std::string(max_id_length + 1, 'i') + "\",\"messages\":[\"a\"]}");
  return bodies;
}

void mutate(std::string& bytes, const std::vector<std::string>& seeds, Random& random) {
  const std::size_t at = random.below(bytes.size() + 1);
  switch (random.below(7)) {
    case 0:  // a byte becomes another
      if (at < bytes.size()) bytes[at] = static_cast<char>(random.below(256));
      break;
    case 1:  // bytes go
      bytes.erase(at, random.below(4) + 1);
      break;
    case 2:  // a token is put in
    case 3: {
      static const std::vector<std::string> tokens = tricky_tokens();
      bytes.insert(at, tokens[random.below(tokens.size())]);
      break;
    }
    case 4:  // it ends early
      bytes.resize(at);
      break;
    case 5: {  // a piece comes twice
      const std::string piece = bytes.substr(at, random.below(24));
      bytes.insert(random.below(bytes.size() + 1), piece);
      break;
    }
    default: {  // a piece of another body
      const std::string& other = seeds[random.below(seeds.size())];
      bytes.insert(at, other.substr(random.below(other.size() + 1), random.below(40)));
    }
  }
}

std::string printable(std::string_view body) {
  std::string text;
  for (const char c : body) {
    if (c >= ' ' && c <= '~') {
      text += c;
      continue;
    }
    constexpr char digits[] = "0123456789abcdef";
    const auto byte = static_cast<unsigned char>(c);
    text += {'\\', 'x', digits[byte >> 4], digits[byte & 0xf]};
  }
  return text;
}

std::string random_body(Format format, Random& random) {
  std::string messages;
  for (std::uint64_t count = random.below(5) + 1; count > 0; --count) {
    if (format == Format::ndjson) {
      messages += random_value(random, 4) + (random.below(2) == 0 ? "\n" : "\r\n");
      continue;
    }
    if (!messages.empty()) messages += ",";
    messages += random.below(3) == 0 ? "\"plain\"" : "{\"value\":" + random_value(random, 4) + "}";
  }
  if (format == Format::ndjson) return messages;
  messages = "\"messages\":[" + messages + "]";
  if (random.below(2) == 0) messages += R"(,"packet_id":"id-1")";
  if (random.below(2) == 0) messages.insert(0, R"("agent_id":"agent",)");
  if (random.below(3) == 0) messages.insert(0, "\"extra\":" + random_value(random, 3) + ",");
  return "{" + messages + "}";
}

}  // namespace logdist::codec
