// What the parser finds in a head, and what it refuses, as a whole and byte by byte.
#include <gtest/gtest.h>

#include <initializer_list>
#include <string>
#include <utility>

#include "tests/http/heads.hpp"

namespace logdist::http {
namespace {

using namespace std::string_literals;

/// Parses `text` as a whole, and byte by byte from ever another address; both end the same.
/// The error's status, 0 for a whole head, 1 when there must be more.
unsigned status_of(const std::string& text, const Error* expected = nullptr) {
  SCOPED_TRACE(text.substr(0, 200));
  RequestParser whole;
  const Progress progress = whole.parse(text);
  RequestParser pieces;
  Progress piecewise = Progress::need_more;
  for (std::size_t size = 1; size <= text.size() && piecewise == Progress::need_more; ++size) {
    const std::string part = text.substr(0, size);
    piecewise = pieces.parse(part);
  }
  EXPECT_EQ(progress, piecewise);
  EXPECT_EQ(whole.error().detail, pieces.error().detail);
  if (progress == Progress::need_more) return 1;
  if (progress == Progress::complete) {
    EXPECT_EQ(whole.head_size(), pieces.head_size());
  }
  if (expected != nullptr) {
    EXPECT_EQ(whole.error().detail, expected->detail);
  }
  return whole.error().status;
}

TEST(RequestParser, FindsItsHeadersWhereverTheBytesMove) {
  const std::string text =
      "POST /v1/packets?a=b HTTP/1.1\r\nHost: t:8080\r\ncontent-TYPE:  application/json \r\nContent-Length: 12\r\n"
      "idempotency-key: k\r\ntracestate: a=1\r\ntraceparent: "
      "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n"
      "tracestate: b=2\r\nExpect: 100-CONTINUE\r\nOrigin: http://x\r\nX-Other:\r\n\r\nbody";
  for (std::size_t split = 1; split <= text.size(); ++split) {
    RequestParser parser;
    const std::string part = text.substr(0, split);
    ASSERT_EQ(parser.parse(part), split < text.size() - 4 ? Progress::need_more : Progress::complete);
    const std::string whole = text;  // at another address
    if (split < text.size() - 4) {
      ASSERT_EQ(parser.parse(whole), Progress::complete);
    }
    ASSERT_EQ(parser.head_size(), text.size() - 4);
    const RequestHead head = parser.head(whole);
    EXPECT_TRUE(head.method == Method::post && head.http_1_1 && head.keep_alive && head.expects_continue);
    EXPECT_FALSE(head.chunked || head.encoded || head.expects_other || head.looped);
    EXPECT_EQ(head.path, "/v1/packets");
    EXPECT_EQ(head.authority, "t:8080");
    EXPECT_EQ(head.content_type, "application/json");
    EXPECT_EQ(head.content_length, 12u);
    EXPECT_EQ(head.idempotency_key, "k");
    EXPECT_EQ(head.origin, "http://x");
    EXPECT_EQ(head.traceparent, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
    ASSERT_EQ(head.tracestate.size(), 2u);
    EXPECT_EQ(head.tracestate[1], "b=2");
    EXPECT_EQ(head.field("x-other"), "");
    EXPECT_EQ(head.field("content-length"), "12");
    EXPECT_EQ(head.field("x"), std::nullopt);
  }
}

TEST(RequestParser, RequestLines) {
  for (const auto& [line, error] : std::initializer_list<std::pair<std::string, const Error*>>{
           {"\x16\x03\x01\x02", &errors::bad_method},
           {" ", &errors::bad_method},
           {"\x80", &errors::bad_method},
           {"PO(", &errors::bad_method},
           {"P\x01", &errors::bad_method},
           {"PO\tST / HTTP/1.1\r\n", &errors::bad_method},
           {"\r\n", &errors::bad_method},
           {"POST\r\n", &errors::bad_target},
           {"POST \r\n", &errors::bad_target},
           {"POST /v1/packets\r\n", &errors::bad_target},
           {"POST  / HTTP/1.1\r\n", &errors::bad_target},
           {"POST /a\tb HTTP/1.1\r\n", &errors::bad_target},
           {"POST /a\x7f", &errors::bad_target},
           {"POST /\xc3\xa4 HTTP/1.1\r\n", &errors::bad_target},
           {"POST /a#b HTTP/1.1\r\n", &errors::bad_target},
           {"POST / HTTP/1.1\n", &errors::bare_lf},
           {"POST / HTTP/1.1\r\r", &errors::bare_cr},
           {"POST / HTTP/1.1\rX", &errors::bare_cr},
           {"POST /  HTTP/1.1\r\n", &errors::bad_version},
           {"POST / HTTP/1.1 \r\n", &errors::bad_version},
           {"POST / http/1.1\r\n", &errors::bad_version},
           {"POST / HTTP/1\r\n", &errors::bad_version},
           {"POST / HTTP/1.10\r\n", &errors::bad_version},
           {"POST / HTTP/1,1\r\n", &errors::bad_version},
           {"POST / HTTP/x.1\r\n", &errors::bad_version},
           {"POST / HTTP/2.0\r\n", &errors::other_version},
           {"POST / HTTP/0.9\r\n", &errors::other_version},
           {"PRI * HTTP/2.0\r\n", &errors::other_version},
           {std::string(65, 'X'), &errors::long_method},
           {std::string(65, 'X') + " / HTTP/1.1\r\n", &errors::long_method},
           {"GET /" + std::string(8'192, 'x') + " HTTP/1.1\r\n", &errors::long_target},
           {"GET /" + std::string(9'000, 'x'), &errors::long_target},
       }) {
    EXPECT_EQ(status_of(line, error), error->status);
  }
  EXPECT_EQ(status_of("GET /" + std::string(8'191, 'x') + " HTTP/1.1\r\nHost: t\r\n\r\n"), 0u);
  EXPECT_EQ(status_of(std::string(64, 'X') + " / HTTP/1.1\r\nHost: t\r\n\r\n"), 0u);
}

/// The first of two errors, whether the bytes come together or not.
TEST(RequestParser, TheErrorIsTheFirstOne) {
  const std::string begin = "GET / HTTP/1.1\r\nHost: t\r\nX: ";
  const std::string whole_head = begin + std::string(RequestParser::max_head_size - begin.size(), 'x');
  for (const auto& [text, error] : std::initializer_list<std::pair<std::string, const Error*>>{
           {std::string(64, 'G') + "'\0ST"s, &errors::long_method},
           {std::string(64, 'G') + "\0ST"s, &errors::bad_method},
           {std::string(65, 'G') + "\n", &errors::long_method},
           {std::string(65, 'G') + "\rX", &errors::long_method},
           {std::string(65, 'G') + "( / HTTP/1.1\r\n", &errors::long_method},
           {std::string(64, 'G') + "( / HTTP/1.1\r\n", &errors::bad_method},
           {"GET /" + std::string(9'000, 'x') + "\x01", &errors::long_target},
           {"GET /" + std::string(9'000, 'x') + "\n", &errors::long_target},
           {"GET /" + std::string(9'000, 'x') + "\r\n", &errors::long_target},
           {"GET / " + std::string(9'000, 'x') + "\r\n", &errors::long_target},
           {whole_head + "\x01", &errors::long_head},
           {whole_head + "\n", &errors::long_head},
           {whole_head.substr(0, whole_head.size() - 1) + "\rX", &errors::long_head},
           {whole_head.substr(0, whole_head.size() - 1) + "\x01", &errors::bad_value},
           {whole_head.substr(0, whole_head.size() - 2) + "\rX", &errors::bare_cr},
       }) {
    EXPECT_EQ(status_of(text, error), error->status);
  }
}

TEST(RequestParser, VersionsOfHttp1) {
  EXPECT_TRUE(head_of("GET / HTTP/1.2\r\nHost: t\r\n\r\n").http_1_1);
  EXPECT_TRUE(head_of("GET / HTTP/1.9\r\nHost: t\r\n\r\n").keep_alive);
  EXPECT_FALSE(head_of("GET / HTTP/1.0\r\n\r\n").http_1_1);
  EXPECT_EQ(status_of("GET / HTTP/1.2\r\n\r\n", &errors::no_host), 400u);
}

/// Whatever the form, this is the path and the authority.
TEST(RequestParser, Targets) {
  struct Target {
    std::string_view request;
    std::string_view path;
    std::string_view authority;
  };
  for (const auto& [request, path, authority] : std::initializer_list<Target>{
           {"GET /", "/", "t"},
           {"GET /a?b", "/a", "t"},
           {"GET /a?b=http://c/d", "/a", "t"},
           {"GET //a/b", "//a/b", "t"},
           {"GET /%61/../b;c", "/%61/../b;c", "t"},
           {"GET http://h/a?b", "/a", "h"},
           {"GET HTTP://h:1/a", "/a", "h:1"},
           {"GET http://h", "/", "h"},
           {"GET http://h?x=/a", "/", "h"},
           {"GET http://[::1]:1/a?b=://", "/a", "[::1]:1"},
           {"OPTIONS *", "*", "t"},
           {"OPTIONS http://h", "*", "h"},
           {"OPTIONS http://h/", "/", "h"},
           {"OPTIONS /", "/", "t"},
           {"CONNECT h:1", "", "h:1"},
       }) {
    const std::string text = std::string(request) + " HTTP/1.1\r\nHost: t\r\n\r\n";
    const RequestHead head = head_of(text);
    EXPECT_EQ(head.path, path) << request;
    EXPECT_EQ(head.authority, authority) << request;
  }
}

TEST(RequestParser, TargetsInNoForm) {
  for (const std::string request : {"GET a",
                                    "GET *",
                                    "GET ?a",
                                    "GET http:/a",
                                    "GET http:///a",
                                    "GET http://",
                                    "GET https://h/a",
                                    "GET ftp://h/a",
                                    "GET ://h/a",
                                    "GET a://h/a",
                                    "GET x?a://h/a",
                                    "GET http://u@h/a",
                                    "GET http://h:x/",
                                    "GET http://:1/",
                                    "GET http://h:1:2/",
                                    "GET http://[::1/",
                                    "GET http://h\\/a",
                                    "GET http://a,b/",
                                    "GET /a://b/c",
                                    "GET /http://h/",
                                    "GET http://h/a://",
                                    "GET h:1",
                                    "CONNECT h",
                                    "CONNECT /",
                                    "CONNECT h:",
                                    "CONNECT :1",
                                    "POST *",
                                    "OPTIONS **"}) {
    EXPECT_EQ(status_of(request + " HTTP/1.1\r\nHost: t\r\n\r\n", &errors::bad_target_form), 400u);
  }
}

TEST(RequestParser, Lines) {
  for (const auto& [fields, error] : std::initializer_list<std::pair<std::string, const Error*>>{
           {" folded: t\r\n", &errors::folded},
           {"X: a\r\n folded\r\n", &errors::folded},
           {"X:\r\n\tfolded\r\n", &errors::folded},
           {"X: a\r\n \r\n", &errors::folded},
           {"Content-Length : 5\r\n", &errors::bad_name},
           {"Content Length: 5\r\n", &errors::bad_name},
           {": 5\r\n", &errors::bad_name},
           {"X\r\n", &errors::bad_name},
           {"X(: 5\r\n", &errors::bad_name},
           {"X\xc3\xa4: 5\r\n", &errors::bad_name},
           {"X: a\0b\r\n"s, &errors::bad_value},
           {"X: a\x7f", &errors::bad_value},
           {"X: a\nb", &errors::bare_lf},
           {"\n", &errors::bare_lf},
           {"X: a\rb", &errors::bare_cr},
           {"\r\r", &errors::bare_cr},
       }) {
    EXPECT_EQ(status_of("POST / HTTP/1.1\r\nHost: t\r\n" + fields, error), 400u);
  }
  EXPECT_EQ(status_of(with_fields("X:\t a\tb \xc3\xa4 \r\n!#$%&'*+-.^_`|~9: \r\n")), 0u);
}

TEST(RequestParser, BytesThatMayNotBeInALineAreFoundWhereverTheyAre) {
  for (unsigned byte = 0; byte < 256; ++byte) {
    const bool may_be = byte == '\t' || (byte >= ' ' && byte != 0x7f);
    for (std::size_t before = 0; before < 20; ++before) {
      const std::string value = std::string(before, 'a') + static_cast<char>(byte) + std::string(20, 'b');
      RequestParser parser;
      ASSERT_EQ(parser.parse(with_fields("X: " + value + "\r\n")), may_be ? Progress::complete : Progress::failed)
          << byte << " behind " << before;
    }
  }
}

TEST(RequestParser, HeadsAreBounded) {
  const std::string begin = "GET / HTTP/1.1\r\nHost: t\r\nX: ";
  const std::size_t rest = RequestParser::max_head_size - begin.size();
  EXPECT_EQ(status_of(begin + std::string(rest - 4, 'x') + "\r\n\r\n"), 0u);
  EXPECT_EQ(status_of(begin + std::string(rest - 3, 'x') + "\r\n\r\n", &errors::long_head), 431u);
  EXPECT_EQ(status_of(begin + std::string(rest - 1, 'x')), 1u);
  EXPECT_EQ(status_of(begin + std::string(rest, 'x'), &errors::long_head), 431u);
}

TEST(RequestParser, Hosts) {
  for (const std::string host : {"a b", "a/b", "a@b", "a?b", "a#b", "a\\b", "a<b", "\"a\"", "a,b", "a;b", "a:x",
                                 "a:65536", "a:1:2", "[::1", "[a]", "\xc3\xa4", ":80"}) {
    EXPECT_EQ(status_of("GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n", &errors::bad_host), 400u);
    EXPECT_EQ(status_of("GET / HTTP/1.0\r\nHost: " + host + "\r\n\r\n", &errors::bad_host), 400u);
    EXPECT_EQ(status_of("GET http://h/ HTTP/1.1\r\nHost: " + host + "\r\n\r\n", &errors::bad_host), 400u);
  }
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\n\r\n", &errors::no_host), 400u);
  EXPECT_EQ(status_of("GET http://h/ HTTP/1.1\r\n\r\n", &errors::no_host), 400u);
  EXPECT_EQ(status_of(with_fields("Host: t\r\n"), &errors::two_hosts), 400u);
  EXPECT_EQ(status_of(with_fields("hOsT: \r\n"), &errors::two_hosts), 400u);
  EXPECT_EQ(head_of("GET / HTTP/1.1\r\nHost:\r\n\r\n").authority, "");
}

TEST(RequestParser, Framings) {
  for (const auto& [fields, error] : std::initializer_list<std::pair<std::string_view, const Error*>>{
           {"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", &errors::two_framings},
           {"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", &errors::two_framings},
           {"Transfer-Encoding: gzip\r\nContent-Length: 5\r\n", &errors::two_framings},
           {"Content-Length: 5\r\nContent-Length: 6\r\n", &errors::two_lengths},
           {"Content-Length: 5, 6\r\n", &errors::two_lengths},
           {"Content-Length:\r\n", &errors::bad_length},
           {"Content-Length: ,\r\n", &errors::bad_length},
           {"Content-Length: 5,\r\n", &errors::bad_length},
           {"Content-Length: ,5\r\n", &errors::bad_length},
           {"Content-Length: +5\r\n", &errors::bad_length},
           {"Content-Length: -5\r\n", &errors::bad_length},
           {"Content-Length: 0x5\r\n", &errors::bad_length},
           {"Content-Length: 5 5\r\n", &errors::bad_length},
           {"Content-Length: 5.0\r\n", &errors::bad_length},
           {"Content-Length: \"5\"\r\n", &errors::bad_length},
           {"Content-Length: 18446744073709551616\r\n", &errors::bad_length},
           {"Transfer-Encoding:\r\n", &errors::chunked_once},
           {"Transfer-Encoding: ,\r\n", &errors::chunked_once},
           {"Transfer-Encoding: ,\r\nTransfer-Encoding: chunked\r\n", &errors::chunked_once},
           {"Transfer-Encoding: chunked\r\nTransfer-Encoding:\r\n", &errors::chunked_once},
           {"Transfer-Encoding: ,chunked, ,chunked\r\n", &errors::chunked_once},
           {"Transfer-Encoding: , gzip\r\n", &errors::other_coding},
           {"Transfer-Encoding: chunked, chunked\r\n", &errors::chunked_once},
           {"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", &errors::chunked_once},
           {"Transfer-Encoding: xchunked\r\n", &errors::other_coding},
           {"Transfer-Encoding: gzip\r\n", &errors::other_coding},
           {"Transfer-Encoding: gzip, chunked\r\n", &errors::other_coding},
           {"Transfer-Encoding: chunked, identity\r\n", &errors::other_coding},
           {"Transfer-Encoding: chunked;q=1\r\n", &errors::other_coding},
           {"Transfer-Encoding: \"chunked\"\r\n", &errors::other_coding},
           {"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", &errors::other_coding},
       }) {
    EXPECT_EQ(status_of(with_fields(fields), error), error->status);
  }
  EXPECT_EQ(status_of("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", &errors::coding_in_http_1_0), 400u);
  for (const std::string_view one : {"\tCHUNKED ", ",chunked", "chunked,", " , \t,chunked, ,"}) {
    EXPECT_TRUE(head_of(with_fields("Transfer-Encoding:" + std::string(one) + "\r\n")).chunked) << one;
  }
  EXPECT_EQ(head_of(with_fields("Content-Length: 18446744073709551615\r\n")).content_length, UINT64_MAX);
  EXPECT_EQ(head_of(with_fields("Content-Length: 005, 5\r\nContent-Length: 5\r\n")).content_length, 5u);
}

TEST(RequestParser, FieldsThatCountOnce) {
  EXPECT_EQ(status_of(with_fields("Content-Type: a\r\nContent-type: a\r\n"), &errors::two_content_types), 400u);
  EXPECT_EQ(status_of(with_fields("Idempotency-Key: a\r\nIdempotency-Key: b\r\n"), &errors::two_idempotency_keys),
            400u);
  EXPECT_EQ(status_of(with_fields("Origin: a\r\nOrigin: a\r\n"), &errors::two_origins), 400u);
  EXPECT_EQ(status_of(with_fields("Connection: =,;\r\n"), &errors::bad_connection), 400u);
}

}  // namespace
}  // namespace logdist::http
