// Compressed bodies on the wire: validated by their content, passed on byte for byte.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "logdist/codec/compression/decompressor_pool.hpp"
#include "port.hpp"
#include "tests/support/compress.hpp"

namespace logdist::ingest::test {
namespace {

using core::ContentCoding;
using logdist::test::compress;
using ::testing::HasSubstr;

constexpr ContentCoding codings[] = {ContentCoding::gzip, ContentCoding::deflate, ContentCoding::zstd,
                                     ContentCoding::snappy};

std::string head_of(std::string_view encoding) {
  return fmt::format("Content-Type: application/json\r\nContent-Encoding: {}\r\n", encoding);
}

std::string chunked_post(std::string_view body, std::string_view encoding, std::size_t chunk_bytes) {
  std::string request =
      "POST /v1/packets HTTP/1.1\r\nHost: t\r\n" + head_of(encoding) + "Transfer-Encoding: chunked\r\n\r\n";
  for (std::size_t at = 0; at < body.size(); at += chunk_bytes) {
    const std::string_view chunk = body.substr(at, chunk_bytes);
    request += fmt::format("{:x}\r\n{}\r\n", chunk.size(), chunk);
  }
  return request + "0\r\n\r\n";
}

std::string packet_of(std::size_t messages) {
  std::string content = R"({"packet_id":"p-9","messages":["first")";
  for (std::size_t i = 1; i < messages; ++i) content += fmt::format(R"(,{{"order":{}}})", i);
  return content + "]}";
}

/// Waits for the first body that is whole.
bool has_received_one(Port& port) {
  const auto give_up_at = std::chrono::steady_clock::now() + patience;
  while (port.counts().received_in_all().packets == 0) {
    if (std::chrono::steady_clock::now() > give_up_at) return false;
    std::this_thread::yield();
  }
  return true;
}

class Encodings : public ::testing::Test {
 protected:
  static config::ServerOptions with_max_decoded(std::size_t bytes) {
    config::ServerOptions options;
    options.max_decoded = bytes;
    return options;
  }

  void expect_refused(Port& port, const std::string& request, unsigned status, std::string_view detail) {
    Client client = port.connect();
    client.send(request);
    const auto answer = client.read();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, status);
    EXPECT_EQ(answer->header("content-type"), "application/problem+json");
    EXPECT_THAT(answer->body, HasSubstr(detail));
    client.send(post(small_body));
    EXPECT_EQ(client.read()->status, 202u) << "the connection goes on";
    EXPECT_EQ(port.memory().held_bytes(), 0u);
    EXPECT_TRUE(port.eventually([&port] { return port.sink.out() == 0; }));
  }
};

TEST_F(Encodings, AreDecodedAndPassedOnAsTheyCame) {
  Port port;
  Client client = port.connect();
  for (const ContentCoding coding : codings) {
    for (const std::size_t messages : {1u, 3u, 20'000u, 150'000u}) {
      const std::string body = compress(coding, packet_of(messages));
      for (const bool chunked : {false, true}) {
        client.send(chunked ? chunked_post(body, to_string(coding), 5000) : post(body, head_of(to_string(coding))));
        const auto answer = client.read();
        ASSERT_TRUE(answer);
        ASSERT_EQ(answer->status, 202u) << answer->body;
        EXPECT_EQ(answer->body, fmt::format(R"({{"packet_id":"p-9","messages":{}}})", messages));
        const auto seen = port.on_loop([&port] { return port.sink.admitted.back(); });
        EXPECT_TRUE(seen.body == body) << "byte for byte";
        EXPECT_EQ(seen.messages, messages);
        EXPECT_EQ(seen.headers,
                  fmt::format("Content-Type: application/json\r\nContent-Encoding: {}\r\nPacket-Format: packet\r\n",
                              to_string(coding)));
        EXPECT_EQ(port.memory().held_bytes(), 0u);
      }
    }
  }
}

TEST_F(Encodings, AreCountedByTheirContent) {
  Port port;
  Client client = port.connect();
  const std::string body = compress(ContentCoding::zstd, packet_of(1000));
  client.send(post(body, head_of("zstd")));
  EXPECT_EQ(client.read()->status, 202u);
  const ledger::IngestCounts counts = port.counts();
  EXPECT_EQ(counts.received_in_all().bytes, body.size()) << "what came";
  EXPECT_EQ(counts.received_in_all().messages, 1000u);
  EXPECT_EQ(counts.decompressed_bytes[static_cast<std::size_t>(ContentCoding::zstd)], packet_of(1000).size());
  EXPECT_EQ(counts.decompressed_bytes[static_cast<std::size_t>(ContentCoding::gzip)], 0u);
}

TEST_F(Encodings, HaveOtherNamesAndForms) {
  Port port;
  Client client = port.connect();
  const std::string content = packet_of(2);
  const std::pair<std::string, std::string> others[] = {
      {"GZIP", logdist::test::gzip(content)},
      {"x-gzip", logdist::test::gzip(content)},
      {"identity, gzip", logdist::test::gzip(content)},
      {"deflate", logdist::test::raw_deflate(content)},
      {"snappy", logdist::test::snappy_framed(content)},
      {"gzip", logdist::test::gzip(content.substr(0, 9)) + logdist::test::gzip(content.substr(9))},
  };
  for (const auto& [encoding, body] : others) {
    client.send(post(body, head_of(encoding)));
    EXPECT_EQ(client.read()->status, 202u) << encoding;
  }
}

TEST_F(Encodings, ThatAreUnknownOrSeveralAre415WithTheKnownOnes) {
  Port port;
  for (const std::string encoding : {"br", "gzip, gzip", "gzip\r\nContent-Encoding: zstd", "gzip;q=1", "compress"}) {
    Client client = port.connect();
    client.send(post(small_body, head_of(encoding)));
    const auto answer = client.read();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 415u) << encoding;
    EXPECT_EQ(answer->header("accept-encoding"), "gzip, deflate, zstd, snappy") << encoding;
  }
  Client client = port.connect();
  client.send(post(small_body, "Content-Type: text/plain\r\n"));
  EXPECT_EQ(client.read()->header("accept-encoding"), "") << "it is about the type";
  EXPECT_EQ(port.rejected(RejectReason::unsupported_media_type), 6u);
}

TEST_F(Encodings, OfBrokenBodiesAre400WithTheReason) {
  Port port;
  const std::string body = logdist::test::gzip(packet_of(3));
  expect_refused(port, post(small_body, head_of("gzip")), 400, "the body is not gzip as a whole: its header is wrong");
  expect_refused(port, post(body.substr(0, body.size() - 1), head_of("gzip")), 400, "it ends before its end");
  expect_refused(port, post(body + "x", head_of("gzip")), 400, "no further gzip member");
  expect_refused(port, post("", head_of("zstd")), 400, "the body is not zstd as a whole: it is empty");
  expect_refused(port, chunked_post("", "snappy", 1), 400, "it is empty");
  expect_refused(port, post(logdist::test::gzip("[\"a\",x]"), head_of("gzip")), 400,
                 "in the content of the gzip body: not JSON: unexpected character 'x', at byte 5");
  EXPECT_EQ(port.rejected(RejectReason::invalid_body), 6u);
}

TEST_F(Encodings, OfTooMuchContentAre413) {
  const std::string content = packet_of(100'000);
  Port port(with_max_decoded(content.size() - 1));
  for (const ContentCoding coding : codings) {
    expect_refused(port, post(compress(coding, content), head_of(to_string(coding))), 413, "server.max_decoded");
  }
  EXPECT_EQ(port.rejected(RejectReason::body_too_large), 4u);
  Port roomy(with_max_decoded(content.size()));
  Client client = roomy.connect();
  client.send(post(compress(ContentCoding::zstd, content), head_of("zstd")));
  EXPECT_EQ(client.read()->status, 202u);
}

TEST_F(Encodings, OfManyAtATimeAllHaveTheirTurn) {
  Port port;
  const std::string body = compress(ContentCoding::gzip, "[" + std::string(20 << 20, ' ') + "\"a\"]");
  std::vector<Client> clients;
  for (int i = 0; i < 12; ++i) {
    clients.push_back(port.connect());
    clients.back().send(post(body, head_of("gzip")));
  }
  clients[3].close();  // perhaps while it waits
  for (std::size_t i = 0; i < clients.size(); ++i) {
    if (i == 3) continue;
    const auto answer = clients[i].read();
    ASSERT_TRUE(answer) << i;
    EXPECT_EQ(answer->status, 202u);
  }
  EXPECT_TRUE(port.eventually([&port] { return port.memory().held_bytes() == 0; }));
}

TEST_F(Encodings, HoldNobodyElseUp) {
  // 60 MiB of content take hundreds of slices each; a small packet is answered between them.
  Port port;
  const std::string large = compress(ContentCoding::gzip, "[" + std::string(60 << 20, ' ') + "\"a\"]");
  std::vector<Client> slow;
  for (int i = 0; i < 3; ++i) slow.push_back(port.connect());
  Client quick = port.connect();
  for (Client& client : slow) client.send(post(large, head_of("gzip")));
  ASSERT_TRUE(has_received_one(port));
  quick.send(post(small_body));
  EXPECT_EQ(quick.read()->status, 202u);
  for (Client& client : slow) EXPECT_EQ(client.read()->status, 202u);
  const auto admitted = port.on_loop([&port] { return port.sink.admitted; });
  ASSERT_EQ(admitted.size(), 4u);
  EXPECT_NE(admitted.back().id, "p-1") << "the small one did not wait for all of them";
}

TEST_F(Encodings, OfOrdinaryBodiesDoNotWaitForLengthyOnes) {
  // More bombs than there are decompressors, each with hundreds of slices. They begin as what they look like, and
  // stand in a line of their own once they have turned out to be lengthy.
  Port port;
  const std::string bomb = compress(ContentCoding::gzip, "[" + std::string(60 << 20, ' ') + "\"a\"]");
  ASSERT_EQ(codec::DecompressorPool::class_of(bomb.size()), codec::BodyClass::usual);
  std::string usual = R"({"packet_id":"ordinary","messages":["a")";
  for (int i = 0; i < 5000; ++i) usual += fmt::format(R"(,{{"order":{}}})", i * 7919 % 10'007);
  usual = compress(ContentCoding::gzip, usual + "]}");
  ASSERT_EQ(codec::DecompressorPool::class_of(usual.size()), codec::BodyClass::usual);
  const std::string small = compress(ContentCoding::gzip, R"({"packet_id":"ordinary","messages":["a"]})");
  std::vector<Client> slow;
  for (int i = 0; i < 12; ++i) slow.push_back(port.connect());
  std::vector<Client> quick;
  for (int i = 0; i < 6; ++i) quick.push_back(port.connect());
  // While the loop stands still, so that all of them are there when it goes on.
  port.on_loop([&] {
    for (Client& client : slow) client.send(post(bomb, head_of("gzip")));
    for (Client& client : quick) client.send(post(&client == &quick.front() ? small : usual, head_of("gzip")));
  });
  for (Client& client : quick) EXPECT_EQ(client.read()->status, 202u);
  for (Client& client : slow) EXPECT_EQ(client.read()->status, 202u);
  const auto admitted = port.on_loop([&port] { return port.sink.admitted; });
  ASSERT_EQ(admitted.size(), slow.size() + quick.size());
  const auto last = std::find_if(admitted.rbegin(), admitted.rend(),
                                 [](const ScriptedSink::Seen& seen) { return seen.id == "ordinary"; });
  EXPECT_LT(admitted.rend() - last, 6 + 6) << "at most half of the bombs came before";
  EXPECT_TRUE(port.eventually([&port] { return port.memory().held_bytes() == 0; }));
}

TEST(LongBodies, HoldNobodyElseUp) {
  // Decoded in slices, like compressed ones, whether their length is said or not.
  Port port;
  std::string large = R"({"packet_id":"long","messages":["a")";
  constexpr std::size_t others = 1'000'000;
  for (std::size_t i = 0; i < others; ++i) large += R"(,{"b":1})";
  large += "]}";
  std::vector<Client> slow;
  for (int i = 0; i < 3; ++i) slow.push_back(port.connect());
  Client quick = port.connect();
  for (Client& client : slow) client.send(post(large));
  ASSERT_TRUE(has_received_one(port));
  quick.send(post(small_body));
  EXPECT_EQ(quick.read()->status, 202u);
  for (Client& client : slow)
    EXPECT_EQ(client.read()->body, fmt::format(R"({{"packet_id":"long","messages":{}}})", others + 1));
  const auto admitted = port.on_loop([&port] { return port.sink.admitted; });
  ASSERT_EQ(admitted.size(), 4u);
  EXPECT_EQ(admitted.back().id, "long") << "the small one did not wait for all of them";

  Client wrong = port.connect();
  wrong.send(post(large.substr(0, large.size() - 1) + "]"));
  const auto answer = wrong.read();
  EXPECT_EQ(answer->status, 400u);
  EXPECT_NE(answer->body.find(fmt::format("\"offset\":{}", large.size() - 1)), std::string::npos) << answer->body;
  EXPECT_TRUE(port.eventually([&port] { return port.memory().held_bytes() == 0; }));
}

TEST_F(Encodings, WaitForBufferSpaceToo) {
  // Space for one body's content at a time; each body is whole before any content is.
  const auto memory = std::make_shared<queue::MemoryLimiter>(std::size_t{1} << 20);
  Port port({}, std::chrono::seconds(30), memory);
  const std::string content = packet_of(80'000);
  const std::string body = compress(ContentCoding::snappy, content);
  std::vector<Client> clients;
  for (int i = 0; i < 6; ++i) {
    clients.push_back(port.connect());
    clients.back().send(i % 2 == 0 ? post(body, head_of("snappy")) : chunked_post(body, "snappy", 3000));
  }
  for (Client& client : clients) {
    const auto answer = client.read();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 202u) << answer->body;
  }
  EXPECT_EQ(memory->held_bytes(), 0u);
}

TEST_F(Encodings, ReserveWhatTheirContentTakes) {
  // A snappy block refers to any byte before, so that all of its content is held until its end.
  Port port;
  const std::string content = "[" + std::string(60 << 20, ' ') + "\"a\"]";
  Client client = port.connect();
  client.send(post(compress(ContentCoding::snappy, content), head_of("snappy")));
  EXPECT_TRUE(port.eventually([&] { return port.memory().held_bytes() > content.size(); }));
  EXPECT_EQ(client.read()->status, 202u);
  EXPECT_EQ(port.memory().held_bytes(), 0u);
}

TEST_F(Encodings, GiveBackWhatTheirContentTookWhileTheyWaitForDelivery) {
  Port port;
  port.on_loop([&port] { port.sink.next_admission = queue::Admission::waiting; });
  const std::string body = compress(ContentCoding::gzip, packet_of(50'000));
  Client client = port.connect();
  client.send(post(body, head_of("gzip")));
  ASSERT_TRUE(port.eventually([&port] { return port.sink.waiting.size() == 1; }));
  EXPECT_EQ(port.memory().held_bytes(), body.size());
  port.on_loop([&port] { port.sink.settle(queue::Settlement::delivered); });
  EXPECT_EQ(client.read()->status, 200u);
}

TEST_F(Encodings, ArePipelinedAndWholeAgain) {
  Port port;
  Client client = port.connect();
  std::string requests;
  for (int i = 0; i < 8; ++i) {
    requests +=
        post(compress(codings[i % 4], packet_of(static_cast<std::size_t>(i) + 1)), head_of(to_string(codings[i % 4])));
    requests += post(small_body);
  }
  client.send(requests);
  for (int i = 0; i < 8; ++i) {
    EXPECT_THAT(client.read()->body, HasSubstr(fmt::format("\"messages\":{}", i + 1)));
    EXPECT_THAT(client.read()->body, HasSubstr("\"p-1\""));
  }
}

TEST_F(Encodings, EndWithTheDrain) {
  Port port;
  const std::string large = compress(ContentCoding::gzip, "[" + std::string(60 << 20, ' ') + "\"a\"]");
  std::vector<Client> clients;
  for (int i = 0; i < 6; ++i) {
    clients.push_back(port.connect());
    clients.back().send(post(large, head_of("gzip")));
  }
  ASSERT_TRUE(has_received_one(port));
  port.on_loop([&port] { port.sessions().begin_drain(); });
  for (Client& client : clients) {
    const auto answer = client.read();
    EXPECT_TRUE(!answer || answer->status == 503 || answer->status == 202) << answer->status;
  }
  EXPECT_TRUE(port.eventually([&port] { return port.sessions().busy_count() == 0; }));
  EXPECT_EQ(port.memory().held_bytes(), 0u);
}

}  // namespace
}  // namespace logdist::ingest::test
