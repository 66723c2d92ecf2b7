// Where requests begin and end: split, pipelined and chunked ones.
#include <gtest/gtest.h>

#include <fmt/format.h>

#include "port.hpp"

namespace logdist::ingest::test {
namespace {

constexpr std::string_view chunked_head =
    "POST /v1/packets HTTP/1.1\r\nHost: t\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";

/// `body` in chunks of `size`, extensions and a trailer included.
std::string chunked(std::string_view body, std::size_t size) {
  std::string text(chunked_head);
  for (std::size_t at = 0; at < body.size(); at += size) {
    const std::string_view piece = body.substr(at, size);
    text += fmt::format("{:x};name=\"a;b\"\r\n{}\r\n", piece.size(), piece);
  }
  return text + "0\r\nContent-Type: text/plain\r\nIdempotency-Key: trailer\r\n\r\n";
}

std::string json_of_size(std::size_t size) {
  return R"({"packet_id":"big","messages":[")" + std::string(size - 35, 'x') + "\"]}";
}

TEST(Framing, ARequestMayBeSplitAnywhere) {
  Port port;
  Client client = port.connect();
  for (const std::string& request : {post(small_body), chunked(small_body, 7)}) {
    for (std::size_t split = 1; split < request.size(); ++split) {
      client.send(std::string_view(request).substr(0, split));
      // The first part is read for itself: the loop has nothing else to do.
      ASSERT_TRUE(port.eventually([&] { return port.sessions().busy_count() == 1; }));
      client.send(std::string_view(request).substr(split));
      const auto answer = client.read();
      ASSERT_TRUE(answer && answer->status == 202) << "split at " << split;
      ASSERT_EQ(answer->body, R"({"packet_id":"p-1","messages":2})");
    }
  }
}

TEST(Framing, ARequestMayComeByteByByte) {
  Port port;
  Client client = port.connect();
  for (const std::string& request : {"\r\n\r\n" + post(small_body), chunked(small_body, 3)}) {
    for (const char byte : request) {
      client.send({&byte, 1});
      port.on_loop([] {});
    }
    ASSERT_EQ(client.read()->status, 202u);
  }
  EXPECT_EQ(port.on_loop([&] { return port.sink.admitted; }).at(1).body, small_body);
}

TEST(Framing, PipelinedRequestsAreAnsweredInOrder) {
  Port port;
  Client client = port.connect();
  std::string requests;
  for (int i = 0; i < 200; ++i) {
    requests += i % 3 == 2 ? chunked(fmt::format(R"({{"packet_id":"{}","messages":["m"]}})", i), 10)
                           : post(fmt::format(R"({{"packet_id":"{}","messages":["m"]}})", i));
    if (i % 10 == 0) requests += "\r\n";  // an empty line more than needed
  }
  client.send(requests);
  for (int i = 0; i < 200; ++i) {
    const auto answer = client.read();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->body, fmt::format(R"({{"packet_id":"{}","messages":1}})", i));
  }
}

TEST(Framing, ErrorsKeepTheirPlaceInAPipeline) {
  Port port;
  Client client = port.connect();
  client.send(post(small_body) + post("{") + "GET /x HTTP/1.1\r\nHost: t\r\n\r\n" + post(small_body));
  for (const unsigned status : {202u, 400u, 404u, 202u}) EXPECT_EQ(client.read()->status, status);
}

TEST(Framing, ChunksOfAnySizeMakeTheSameBody) {
  Port port;
  const std::string body = json_of_size(100'000);
  Client client = port.connect();
  for (const std::size_t size : {1u, 100u, 4'096u, 16'384u, 65'536u, 100'000u}) {
    client.send(chunked(body, size));
    ASSERT_EQ(client.read()->status, 202u) << size;
    EXPECT_EQ(port.on_loop([&] { return port.sink.admitted.back().body; }), body);
  }
  EXPECT_EQ(port.on_loop([&] { return port.sink.admitted.back().headers; }),
            "Content-Type: application/json\r\nPacket-Format: packet\r\n")
      << "trailers change nothing";
  EXPECT_EQ(port.memory().held_bytes(), 0u);
}

TEST(Framing, AChunkSizeMayBePaddedWithBlanks) {
  Port port;
  Client client = port.connect();
  client.send(std::string(chunked_head) + "5   \r\n[\"a\"]\r\n0 \t\r\n\r\n" + post(small_body));
  EXPECT_EQ(client.read()->status, 202u);
  EXPECT_EQ(client.read()->status, 202u);
}

TEST(Framing, LaterVersionsOfHttp1Are1) {
  Port port;
  Client client = port.connect();
  std::string request = post(small_body);
  request.replace(request.find("HTTP/1.1"), 8, "HTTP/1.2");
  client.send(request + request);
  EXPECT_EQ(client.read()->status, 202u);
  EXPECT_EQ(client.read()->header("connection"), "");
}

TEST(Framing, TheLargestBodyPasses) {
  Port port;
  const std::string body = json_of_size(config::ServerOptions{}.max_body);
  Client client = port.connect();
  for (const std::string& request : {post(body), chunked(body, 60'000), post(small_body)}) {
    client.send(request);
    ASSERT_EQ(client.read()->status, 202u);
  }
  const auto admitted = port.on_loop([&] { return port.sink.admitted; });
  EXPECT_EQ(admitted.at(0).body, body);
  EXPECT_EQ(admitted.at(1).body, body);
}

TEST(Framing, AContinueComesOnlyToWhoMaySend) {
  Port port;
  Client client = port.connect();
  const std::string request = post(small_body, "Content-Type: application/json\r\nExpect: 100-Continue\r\n");
  const std::size_t head_size = request.size() - small_body.size();
  client.send(std::string_view(request).substr(0, head_size));
  EXPECT_EQ(client.read()->status, 100u);
  client.send(small_body);
  EXPECT_EQ(client.read()->status, 202u);

  client.send(request);  // did not wait for it: needs none
  EXPECT_EQ(client.read()->status, 202u);

  const std::string unwelcome = post(small_body, "Content-Type: text/plain\r\nExpect: 100-continue\r\n");
  client.send(std::string_view(unwelcome).substr(0, unwelcome.size() - small_body.size()));
  EXPECT_EQ(client.read()->status, 415u);
  EXPECT_TRUE(client.ends());
}

TEST(Framing, Http10ClosesUnlessAskedNotTo) {
  Port port;
  Client client = port.connect();
  const std::string head = "POST /v1/packets HTTP/1.0\r\nContent-Type: application/json\r\nContent-Length: 5\r\n";
  client.send(head + "Connection: Keep-Alive\r\n\r\n[\"a\"]");
  const auto kept = client.read();
  EXPECT_EQ(kept->status, 202u);
  EXPECT_EQ(kept->header("connection"), "keep-alive");
  client.send(head + "Connection: keep-alive, close\r\n\r\n[\"a\"]");
  const auto last = client.read();
  EXPECT_EQ(last->status, 202u);
  EXPECT_EQ(last->header("connection"), "close");
  EXPECT_TRUE(client.ends());
}

TEST(Framing, ConnectionCloseIsHonoured) {
  Port port;
  Client client = port.connect();
  client.send(post(small_body, "Content-Type: application/json\r\nConnection: close\r\n") + post(small_body));
  const auto answer = client.read();
  EXPECT_EQ(answer->status, 202u);
  EXPECT_EQ(answer->header("connection"), "close");
  EXPECT_TRUE(client.ends());
  EXPECT_EQ(port.on_loop([&] { return port.sink.admitted.size(); }), 1u);
}

TEST(Framing, AnAgentThatLeavesMidRequestLeavesNothingBehind) {
  Port port;
  const std::string request = post(json_of_size(50'000));
  for (const std::size_t sent : {10u, 150u, 30'000u}) {
    for (const bool hard : {false, true}) {
      Client client = port.connect();
      client.send(std::string_view(request).substr(0, sent));
      ASSERT_TRUE(port.eventually([&] { return port.sessions().busy_count() == 1; }));
      if (hard) {
        client.reset();
      } else {
        client.close();
      }
      ASSERT_TRUE(port.eventually([&] { return port.sessions().open_count() == 0; }));
      EXPECT_EQ(port.memory().held_bytes(), 0u);
      EXPECT_EQ(port.on_loop([&] { return port.sink.out(); }), 0u);
    }
  }
  EXPECT_EQ(port.slots().taken(), 0u);
}

}  // namespace
}  // namespace logdist::ingest::test
