// Hosts, media types and trace context: single values of fields.
#include <gtest/gtest.h>

#include <initializer_list>
#include <string>
#include <string_view>

#include "logdist/http/authority.hpp"
#include "logdist/http/media_type.hpp"
#include "logdist/http/text.hpp"
#include "logdist/http/trace_context.hpp"

namespace logdist::http {
namespace {

using namespace std::string_literals;

TEST(Authority, HostsAndPorts) {
  const auto expect = [](std::string_view text, std::string_view host, std::string_view port, bool address) {
    const auto authority = parse_authority(text);
    ASSERT_TRUE(authority) << text;
    EXPECT_EQ(authority->host, host);
    EXPECT_EQ(authority->port, port);
    EXPECT_EQ(is_address(*authority), address) << text;
  };
  expect("", "", "", false);
  expect("a", "a", "", false);
  expect("A-b_c.d~e.", "A-b_c.d~e.", "", false);
  expect("a:80", "a", "80", false);
  expect("a:", "a", "", false);
  expect("a:00000000065535", "a", "00000000065535", false);
  expect("a%20b", "a%20b", "", false);
  expect("a%20", "a%20", "", false);
  expect("127.0.0.1:1", "127.0.0.1", "1", true);
  expect("127.1", "127.1", "", false);
  expect("0x7f.0.0.1", "0x7f.0.0.1", "", false);
  expect("[::1]", "::1", "", true);
  expect("[2001:db8::192.0.2.1]:8080", "2001:db8::192.0.2.1", "8080", true);
}

TEST(Authority, WhatIsNone) {
  for (const std::string& text : {"a b"s,
                                  "a\tb"s,
                                  "a/b"s,
                                  "a@b"s,
                                  "a?b"s,
                                  "a#b"s,
                                  "a\\b"s,
                                  "a<b"s,
                                  "a>b"s,
                                  "a\"b"s,
                                  "a,b"s,
                                  "a;b"s,
                                  "a{b"s,
                                  "a|b"s,
                                  "a^b"s,
                                  "a`b"s,
                                  "a\x80"s,
                                  "\xc3\xa4"s,
                                  "a\0b"s,
                                  "a\x7f"s,
                                  "a:x"s,
                                  "a:-1"s,
                                  "a:65536"s,
                                  "a:1:2"s,
                                  "a::1"s,
                                  ":"s,
                                  ":80"s,
                                  "::1"s,
                                  "["s,
                                  "]"s,
                                  "[]"s,
                                  "[::1"s,
                                  "[a]"s,
                                  "[::1]x"s,
                                  "[::1]:x"s,
                                  "[1.2.3.4]"s,
                                  "[::1]]"s,
                                  "a[::1]"s,
                                  "%"s,
                                  "a%2"s,
                                  "a%zz"s,
                                  "a: 1"s,
                                  "a:4294967297"s,
                                  "[fe80::1%25eth0]"s,
                                  "[v1.a]"s}) {
    EXPECT_FALSE(parse_authority(text)) << text;
  }
}

TEST(MediaType, WithoutParameters) {
  EXPECT_EQ(media_type("a/b"), "a/b");
  EXPECT_EQ(media_type(" a/b \t; c=d"), "a/b");
  EXPECT_EQ(media_type(""), "");
}

TEST(MediaType, CharsetsThatCanOnlyBeUtf8) {
  for (const std::string type :
       {"a/b", "a/b;", "a/b;;", "a/b ; ; c=d", "a/b;charset=utf-8", "a/b; CharSet=\"UTF-8\" ", "a/b;charset=us-ascii",
        "a/b;charset=\"ASCII\"", "a/b;charset=utf8", "a/b;c=\";charset=latin1\";charset=utf-8",
        "a/b;c=\"\\\";charset=latin1\"", "a/b;c", "a/b;c=", "a/b c"}) {
    EXPECT_TRUE(is_utf_8(type)) << type;
  }
  for (const std::string type :
       {"a/b;charset=latin1", "a/b;charset=utf-8;charset=latin1", "a/b;charset=", "a/b;charset", "a/b;charset =utf-8",
        "a/b;charset= utf-8", "a/b;c;charset=latin1", "a/b;c;charset=utf-8", "a/b;=x;charset=utf-8",
        "a/b;c=\"d;charset=utf-8", "a/b;charset=\"utf-8", "a/b;charset=utf-8 x", "a/b;charset=\"utf\\-8\"",
        "a/b;c d;CHARSET=latin1", "a/b;charset='utf-8'"}) {
    EXPECT_FALSE(is_utf_8(type)) << type;
  }
}

TEST(TraceContext, Parents) {
  const std::string good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  EXPECT_TRUE(is_traceparent(good));
  EXPECT_TRUE(is_traceparent("cc" + good.substr(2))) << "a later version";
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (const char byte : {'g', 'A', ' ', '_'}) {
      std::string bad = good;
      bad[at] = byte;
      EXPECT_FALSE(is_traceparent(bad)) << bad;
    }
  }
  EXPECT_FALSE(is_traceparent("ff" + good.substr(2)));
  EXPECT_FALSE(is_traceparent(good + "-01"));
  EXPECT_FALSE(is_traceparent(good.substr(1)));
  EXPECT_FALSE(is_traceparent("00-00000000000000000000000000000000-b7ad6b7169203331-01"));
  EXPECT_FALSE(is_traceparent("00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01"));
}

TEST(TraceContext, States) {
  const auto valid = [](std::initializer_list<std::string_view> lines) {
    return is_tracestate({lines.begin(), lines.size()});
  };
  const auto members = [](int count) {
    std::string text;
    for (int member = 0; member < count; ++member) text += "k" + std::to_string(member) + "=1,";
    return text;
  };
  EXPECT_TRUE(valid({}));
  EXPECT_TRUE(valid({""}));
  EXPECT_TRUE(valid({"a=1"}));
  EXPECT_TRUE(valid({"a=1 , ,\tb-c_d*e/f@1= x y"}));
  EXPECT_TRUE(valid({"a=1", "", "a@a=1,aa=1", "b=1"}));
  EXPECT_TRUE(valid({std::string(255, 'a') + "=" + std::string(256, 'b')})) << "512 bytes";
  EXPECT_TRUE(valid({std::string(256, 'a') + "=" + std::string(255, 'b')})) << "512 bytes";
  EXPECT_FALSE(valid({std::string(256, 'a') + "=" + std::string(255, 'b'), ""})) << "513 bytes";
  EXPECT_TRUE(valid({members(32)}));
  EXPECT_FALSE(valid({members(33)}));
  EXPECT_FALSE(valid({members(32), "a=1"}));
  for (const std::string& bad :
       {"a"s, "=1"s, "a="s, "a =1"s, "A=1"s, "-a=1"s, "@a=1"s, "a=1=2"s, "a=\x80"s, "a=\t1"s, "a=1,a=2"s,
        "a=1,b=1, ,a=1"s, std::string(257, 'a') + "=1", "a=" + std::string(257, 'b')}) {
    EXPECT_FALSE(valid({bad})) << bad;
    EXPECT_FALSE(valid({"z=1", bad})) << bad;
  }
  EXPECT_FALSE(valid({"a=1", "b=1", "a=2"})) << "a key twice, in two lines";
}

TEST(Text, EmptyLinesBeforeARequest) {
  EXPECT_EQ(empty_lines_size("\r\n\r\nGET"), 4u);
  EXPECT_EQ(empty_lines_size("\r\n\r"), 2u);
  EXPECT_EQ(empty_lines_size("\nGET"), 0u);
}

}  // namespace
}  // namespace logdist::http
