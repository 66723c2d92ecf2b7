// What the fields of a request say, beyond where it ends and whom it is for.
#include <gtest/gtest.h>

#include <string>

#include "tests/http/heads.hpp"

namespace logdist::http {
namespace {

using namespace std::string_literals;

TEST(RequestParser, KeepsAConnectionOnlyWhenBothWant) {
  const auto kept = [](const std::string& version, const std::string& fields) {
    return head_of("GET / HTTP/" + version + "\r\nHost: t\r\n" + fields + "\r\n").keep_alive;
  };
  EXPECT_TRUE(kept("1.1", ""));
  EXPECT_TRUE(kept("1.1", "Connection: , keep-alive,upgrade\r\n"));
  EXPECT_FALSE(kept("1.1", "Connection: keep-alive, Close\r\n"));
  EXPECT_FALSE(kept("1.0", ""));
  EXPECT_TRUE(kept("1.0", "Connection: Keep-Alive\r\n"));
  EXPECT_FALSE(kept("1.0", "Connection: keep-alive, close\r\n"));
  EXPECT_FALSE(kept("1.0", "Connection: close\r\nConnection: keep-alive\r\n"));
  EXPECT_FALSE(head_of("CONNECT h:1 HTTP/1.1\r\nHost: h:1\r\n\r\n").keep_alive);
}

TEST(RequestParser, Expectations) {
  EXPECT_TRUE(head_of(with_fields("Expect: 100-continue\r\nExpect: x\r\n")).expects_other);
  EXPECT_TRUE(head_of(with_fields("Expect: 100-continue, x\r\n")).expects_other);
  EXPECT_FALSE(head_of(with_fields("Expect:\r\n")).expects_other);
  EXPECT_FALSE(head_of(with_fields("Expect: , ,\r\n")).expects_other);
  EXPECT_FALSE(head_of(with_fields("Expect: 100-continue, \r\n")).expects_other);
  const RequestHead head = head_of("POST / HTTP/1.0\r\nExpect: 100-continue\r\nExpect: x\r\n\r\n");
  EXPECT_FALSE(head.expects_continue || head.expects_other) << "HTTP/1.0 has none";
}

TEST(RequestParser, IdentityIsNoEncoding) {
  for (const std::string value : {"", "identity", "Identity, identity", ",", " identity ,"}) {
    EXPECT_FALSE(head_of(with_fields("Content-Encoding: " + value + "\r\n")).encoded) << value;
  }
  EXPECT_FALSE(head_of(with_fields("Content-Encoding: identity\r\nContent-Encoding:\r\n")).encoded);
  for (const std::string value : {"gzip", "identity, gzip", "gzip, identity", "identity;q=1", "x"}) {
    EXPECT_TRUE(head_of(with_fields("Content-Encoding: " + value + "\r\n")).encoded) << value;
  }
  EXPECT_TRUE(head_of(with_fields("Content-Encoding: gzip\r\nContent-Encoding: identity\r\n")).encoded);
}

TEST(RequestParser, KnowsTheOneContentCoding) {
  const auto coding_of = [](const std::string& lines) {
    return std::string(head_of(with_fields(lines)).content_coding);
  };
  EXPECT_EQ(coding_of("Content-Encoding: GZip\r\n"), "GZip");
  EXPECT_EQ(coding_of("Content-Encoding: identity, zstd,\r\nContent-Encoding: identity\r\n"), "zstd");
  EXPECT_EQ(coding_of("Content-Encoding: gzip, gzip\r\n"), "") << "several";
  EXPECT_EQ(coding_of("Content-Encoding: gzip\r\nContent-Encoding: zstd\r\nContent-Encoding: br\r\n"), "");
  EXPECT_EQ(coding_of("Content-Encoding: identity\r\n"), "");
}

TEST(RequestParser, KnowsItsOwnNameInVia) {
  constexpr std::string_view name = "log-distributor-0123456789abcdef";
  const auto looped = [name](const std::string& value) {
    return head_of(with_fields("Via: 1.0 a\r\nVia: " + value + "\r\n"), name).looped;
  };
  EXPECT_TRUE(looped("1.1 " + std::string(name)));
  EXPECT_TRUE(looped("1.0 fred, 1.1 " + std::string(name) + " (a comment), 1.1 x"));
  EXPECT_TRUE(looped("HTTP/1.1\t" + std::string(name) + ",1.1 y"));
  EXPECT_FALSE(looped("1.1 " + std::string(name) + "0"));
  EXPECT_FALSE(looped("1.1 x" + std::string(name)));
  EXPECT_FALSE(looped("1.1 log-distributor-fedcba9876543210"));
  EXPECT_FALSE(head_of(with_fields("Via: 1.1 \r\n")).looped) << "without a name of our own";
}

TEST(RequestParser, TraceContextOnlyWhenValid) {
  const std::string parent = "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n";
  const auto head = [](const std::string& fields) {
    static std::string text;
    text = with_fields(fields);
    return head_of(text);
  };
  EXPECT_EQ(head(parent + "tracestate: a=1\r\n").tracestate.size(), 1u);
  EXPECT_EQ(head("tracestate: a=1\r\n").tracestate.size(), 0u) << "of no parent";
  EXPECT_EQ(head("traceparent: 00-abc\r\ntracestate: a=1\r\n").traceparent, "");
  EXPECT_EQ(head("traceparent: 00-abc\r\ntracestate: a=1\r\n").tracestate.size(), 0u);
  EXPECT_EQ(head(parent + parent).traceparent, "") << "which of the two?";
  EXPECT_EQ(head("traceparent: 00-abc\r\n" + parent).traceparent, "");
  for (const std::string& bad : {"a"s, "a=1,b"s, "A=1"s, "a=" + std::string(511, 'x'), "a==1"s}) {
    EXPECT_EQ(head(parent + "tracestate: " + bad + "\r\n").tracestate.size(), 0u) << bad;
    EXPECT_NE(head(parent + "tracestate: " + bad + "\r\n").traceparent, "") << bad;
  }
  const auto half = [](const std::string& key) {  // 255 bytes
    return "tracestate: " + key + "=" + std::string(253, 'x') + "\r\n";
  };
  EXPECT_EQ(head(parent + half("a") + half("b")).tracestate.size(), 2u) << "511 with the comma between them";
  EXPECT_EQ(head(parent + half("a") + half("b") + "tracestate:\r\ntracestate:\r\n").tracestate.size(), 0u) << "513";
  EXPECT_EQ(head(parent + "tracestate: a=1\r\ntracestate: b=1,a=2\r\n").tracestate.size(), 0u) << "a key twice";
  std::string many;
  for (int line = 0; line < 9; ++line) {
    EXPECT_EQ(head(parent + many).tracestate.size(), static_cast<std::size_t>(line));
    many += "tracestate: a" + std::to_string(line) + "=1\r\n";
  }
  EXPECT_EQ(head(parent + many).tracestate.size(), 0u) << "so many lines are not kept";
}

}  // namespace
}  // namespace logdist::http
