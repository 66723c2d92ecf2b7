// Requests that are no well-formed HTTP/1: refused over the wire, and told why.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "port.hpp"

namespace logdist::ingest::test {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view chunked_packet_head =
    "POST /v1/packets HTTP/1.1\r\nHost: t\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";

struct Malformed {
  std::string_view text;
  std::string_view detail;  ///< part of what the answer says of it
  unsigned status = 400;
};

/// Sends `request`, which the port must refuse for the reason told, and close.
void expect_refused(Port& port, std::string_view request, std::string_view detail, unsigned status = 400) {
  SCOPED_TRACE(request.substr(0, 300));
  Client client = port.connect();
  client.send(request);
  const auto answer = client.read();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, status);
  EXPECT_EQ(answer->header("content-type"), "application/problem+json");
  const auto problem = nlohmann::json::parse(answer->body);
  EXPECT_EQ(problem["status"], status);
  EXPECT_THAT(problem["detail"].get<std::string>(), HasSubstr(detail));
  EXPECT_EQ(answer->header("connection"), "close");
  EXPECT_TRUE(client.ends());
}

void expect_nothing_taken(Port& port) {
  EXPECT_EQ(port.on_loop([&] { return port.sink.admitted.size(); }), 0u);
  EXPECT_EQ(port.on_loop([&] { return port.sink.out(); }), 0u);
  EXPECT_EQ(port.memory().held_bytes(), 0u);
}

TEST(Malformed, RequestLines) {
  constexpr std::string_view method = "does not begin with a method";
  constexpr std::string_view target = "target is empty, has a forbidden byte, or no version follows";
  constexpr std::string_view version = "does not end with HTTP/1.1 or HTTP/1.0";
  Port port;
  for (const auto& [line, detail, status] : std::initializer_list<Malformed>{
           {"\x16\x03\x01\x02", method},
           {"PO(ST /v1/packets HTTP/1.1\r\n\r\n", method},
           {" POST /v1/packets HTTP/1.1\r\n\r\n", method},
           {"POST /v1/packets\r\n\r\n", target},
           {"POST  /v1/packets HTTP/1.1\r\n\r\n", target},
           {"POST /v1/pa\tckets HTTP/1.1\r\n\r\n", target},
           {"POST /v1/packets HTTP/2.0\r\n\r\n", "only HTTP/1.1 and HTTP/1.0 are supported", 505},
           {"POST x://y/v1/packets HTTP/1.1\r\n", "neither a path nor an http URL"},
           {"POST /x://y/v1/packets HTTP/1.1\r\n", "neither a path nor an http URL"},
           {"POST http://u@h/v1/packets HTTP/1.1\r\n", "neither a path nor an http URL"},
           {"POST /v1/packets HTTP/1.1 \r\n\r\n", version},
           {"POST /v1/packets http/1.1\r\n\r\n", version},
           {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "only HTTP/1.1 and HTTP/1.0 are supported", 505},
       }) {
    expect_refused(port, line, detail, status);
  }
  expect_nothing_taken(port);
}

/// What two servers could read differently is refused, too.
TEST(Malformed, Headers) {
  constexpr std::string_view length = "Content-Length is not a decimal number below 2^64";
  constexpr std::string_view lengths = "Content-Length is given several times, and they differ";
  constexpr std::string_view framings = "Content-Length and Transfer-Encoding exclude each other";
  constexpr std::string_view once = "the only Transfer-Encoding supported is chunked, once";
  constexpr std::string_view coding = "the only Transfer-Encoding supported is chunked";
  constexpr std::string_view folded = "folded";
  constexpr std::string_view name = "does not begin with a name and a colon";
  constexpr std::string_view value = "header's value has a control character";
  Port port;
  for (const auto& [headers, detail, status] : std::initializer_list<Malformed>{
           {"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", framings},
           {"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", framings},
           {"Content-Length: 5\r\nContent-Length: 6\r\n", lengths},
           {"Content-Length: 5, 6\r\n", lengths},
           {"Content-Length: +5\r\n", length},
           {"Content-Length: -5\r\n", length},
           {"Content-Length: 0x5\r\n", length},
           {"Content-Length: 5 5\r\n", length},
           {"Content-Length:\r\n", length},
           {"Content-Length: 99999999999999999999999\r\n", length},
           {"Transfer-Encoding: gzip\r\n", coding, 501},
           {"Transfer-Encoding: gzip, chunked\r\n", coding, 501},
           {"Transfer-Encoding: chunked, identity\r\n", coding, 501},
           {"Transfer-Encoding: xchunked\r\n", coding, 501},
           {"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", once},
           {"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", coding, 501},
           {"Transfer-Encoding:\r\n chunked\r\n", "Transfer-Encoding"},
           {"X: a\r\n folded\r\nContent-Length: 5\r\n", folded},
           {"X:\r\n\tfolded\r\nContent-Length: 5\r\n", folded},
           {"X: a\r\n \r\nContent-Length: 5\r\n", folded},
           {"Content-Length : 5\r\n", name},
           {"Content Length: 5\r\n", name},
           {": 5\r\n", name},
           {"Content-Length: 5\nX: y\r\n", "bare line feed"},
           {std::string_view("X: a\0b\r\nContent-Length: 5\r\n", 27), value},
           {"Connection: =,;\r\nContent-Length: 5\r\n", "Connection is not a list"},
           {"X: a\rb\r\nContent-Length: 5\r\n", "carriage return without its line feed"},
           {"Host: other\r\nContent-Length: 5\r\n", "Host is given twice"},
           {"Content-Type: text/plain\r\nContent-Length: 5\r\n", "Content-Type is given twice"},
           {"Idempotency-Key: a\r\nIdempotency-Key: b\r\n", "Idempotency-Key is given twice"},
       }) {
    expect_refused(port,
                   fmt::format("POST /v1/packets HTTP/1.1\r\nHost: t\r\nContent-Type: application/json\r\n{}\r\n"
                               "0\r\n\r\n",
                               headers),
                   detail, status);
  }
  expect_refused(port, "POST /v1/packets HTTP/1.1\r\n folded: t\r\n\r\n", folded);
  expect_refused(port, "POST /v1/packets HTTP/1.1\r\nContent-Length: 5\r\n\r\n[\"a\"]", "requires a Host header");
  expect_refused(port, "POST /v1/packets HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                 "HTTP/1.0 has no Transfer-Encoding");
  expect_nothing_taken(port);
}

TEST(Malformed, Chunks) {
  constexpr std::string_view size = "a chunk's size is not a hexadecimal number, or its data is longer";
  constexpr std::string_view extension = "not an extension";
  constexpr std::string_view name = "does not begin with a name and a colon";
  Port port;
  const std::string head(chunked_packet_head);
  for (const auto& [chunks, detail, status] : std::initializer_list<Malformed>{
           {"x\r\n", size},
           {"\r\n", size},
           {"-1\r\n", size},
           {"5\r\nabcdeXXXX", size},
           {"5\r\nabcde\r\n\r\n", size},
           {"0x5\r\nabcde\r\n\r\n", extension},
           {"5 x\r\nabcde\r\n", extension},
           {"5;=\r\nabcde\r\n", extension},
           {"5\nabcde\r\n", "bare line feed"},
           {"5\r\nabcde\n", "bare line feed"},
           {"5\r\nabcde\r\n0\n\r\n", "bare line feed"},
           {"5\r\nabcde\r\n0\r\n\n", "bare line feed"},
           {"0\r\nX: y\n\r\n", "bare line feed"},
           {"0\r\nX: y\r\n folded\r\n", "folded"},
           {"5;a=\"\x01\"\r\n", extension},
           {"10000000000000000\r\n", size},
           {"1\r\na\r\n10000000000000001\r\n", size},
           {"5\rabcde\r\n", "carriage return without its line feed"},
           {"0\r\nContent-Length: 5\r\n\r\n", "belong to the head"},
           {"0\r\nbad trailer\r\n\r\n", name},
       }) {
    expect_refused(port, head + std::string(chunks), detail, status);
  }
  expect_refused(port, head + "0\r\nX: " + std::string(20'000, 'x'), "size line or the trailer is larger than 16 KiB");
  expect_refused(port, head + "1" + std::string(20'000, ' '), "size line or the trailer is larger than 16 KiB");
  expect_refused(port, head + "ffffffffffffffff\r\n", "larger than server.max_body", 413);
  expect_refused(port, head + "1\r\na\r\nffffffffffffffff\r\n", "larger than server.max_body", 413);
  expect_nothing_taken(port);
}

/// What could be the body is never read as a request.
TEST(Malformed, AChunkedHeadThatIsRefusedEndsTheConnection) {
  Port port;
  const std::string next = post(small_body);
  for (const std::string_view request :
       {"GET /v1/packets HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST /nowhere HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST /v1/packets HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "OPTIONS * HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST /v1/packets HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"}) {
    Client client = port.connect();
    client.send(std::string(request) + next);
    const auto answer = client.read();
    ASSERT_TRUE(answer) << request;
    EXPECT_EQ(answer->header("connection"), "close") << request;
    EXPECT_TRUE(client.ends()) << request;
  }
  expect_nothing_taken(port);
}

}  // namespace
}  // namespace logdist::ingest::test
