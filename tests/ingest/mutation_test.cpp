// Broken and random requests from a printed seed: whatever comes, the port
// answers or closes, keeps serving others, and lets go of everything.
#include <gtest/gtest.h>

#include <random>

#include "port.hpp"

namespace logdist::ingest::test {
namespace {

const std::vector<std::string>& good_requests() {
  static const std::vector<std::string> requests{
      post(small_body),
      post("{\"a\":1}\n\"b\"\n", "Content-Type: application/x-ndjson\r\nExpect: 100-continue\r\n"),
      post(small_body,
           "Content-Type: application/json;charset=utf-8\r\nConnection: keep-alive\r\n"
           "traceparent: 00-1\r\nIdempotency-Key: k\r\n"),
      "POST /v1/packets HTTP/1.1\r\nHost: t\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
      "5;x=\"y\"\r\n[\"abc\r\n2\r\n\"]\r\n0\r\nTrailer: t\r\n\r\n",
      "GET /v1/packets HTTP/1.1\r\nHost: t\r\n\r\n",
      "POST /v1/packets HTTP/1.0\r\nContent-Type: application/json\r\nContent-Length: 5\r\n\r\n[\"a\"]",
  };
  return requests;
}

std::string random_bytes(Random& random, std::size_t count) {
  static constexpr std::string_view likely = "\r\n\r\n :;,0123456789abcdefPOST/HTTP1.1\"[]{}\t";
  std::string bytes;
  for (std::size_t i = 0; i < count; ++i) {
    bytes += random.below(4) == 0 ? static_cast<char>(random.below(256)) : likely[random.below(likely.size())];
  }
  return bytes;
}

/// One to five good requests in a row with a few bytes changed, lost, doubled or
/// put in.
std::string mutated(Random& random) {
  std::string bytes;
  for (std::uint64_t i = random.below(5) + 1; i > 0; --i)
    bytes += good_requests()[random.below(good_requests().size())];
  for (std::uint64_t i = random.below(6); i > 0 && !bytes.empty(); --i) {
    const std::size_t at = random.below(bytes.size());
    const std::size_t count = random.below(random.below(4) == 0 ? 60 : 3) + 1;
    switch (random.below(4)) {
      case 0: bytes.replace(at, count, random_bytes(random, count)); break;
      case 1: bytes.erase(at, count); break;
      case 2: bytes.insert(at, bytes.substr(at, count)); break;
      default: bytes.insert(at, random_bytes(random, count)); break;
    }
  }
  return bytes;
}

void send_in_pieces(Client& client, Random& random, std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t count = std::min<std::size_t>(random.below(300) + 1, bytes.size());
    if (!client.try_send(bytes.substr(0, count))) return;
    bytes.remove_prefix(count);
  }
}

TEST(Mutation, WhateverComesIsAnsweredOrClosed) {
  const std::uint64_t seed = std::random_device{}();
  std::cout << "seed " << seed << "\n";
  Random random(seed);
  config::ServerOptions options;
  options.max_body = 10'000;
  options.max_buffered = 20'000;
  Port port(options);
  for (int round = 0; round < 1'500; ++round) {
    const std::string bytes = random.below(5) == 0 ? random_bytes(random, random.below(2'000)) : mutated(random);
    SCOPED_TRACE(::testing::Message() << "seed " << seed << " round " << round);
    Client client = port.connect();
    send_in_pieces(client, random, bytes);
    if (random.below(8) == 0) {
      client.reset();
    } else {
      // The end of what we say ends all that the port could still wait for.
      try {
        client.shutdown_send();
        while (const auto answer = client.read()) {
          ASSERT_TRUE(answer->status == 100 || answer->status == 202 ||
                      (answer->status >= 400 && answer->status <= 431));
        }
      } catch (const boost::system::system_error&) {  // it had closed before
      }
    }
    ASSERT_TRUE(port.eventually([&] { return port.sessions().open_count() == 0; }));
    ASSERT_EQ(port.budget().held_bytes(), 0u);
    ASSERT_EQ(port.on_loop([&] { return port.sink.out(); }), 0u);
  }
  Client client = port.connect();
  client.send(post(small_body));
  EXPECT_EQ(client.read()->status, 202u);
}

}  // namespace
}  // namespace logdist::ingest::test
