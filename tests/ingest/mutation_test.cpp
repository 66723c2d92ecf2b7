// Broken and random requests from a printed seed: whatever comes, the port
// answers or closes, keeps serving others, and lets go of everything.
#include <gtest/gtest.h>

#include "port.hpp"
#include "tests/support/broken_requests.hpp"
#include "tests/support/seed.hpp"

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

void send_in_pieces(Client& client, Random& random, std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t count = std::min<std::size_t>(random.below(300) + 1, bytes.size());
    if (!client.try_send(bytes.substr(0, count))) return;
    bytes.remove_prefix(count);
  }
}

TEST(Mutation, WhateverComesIsAnsweredOrClosed) {
  Random random(logdist::test::draw_seed());
  config::ServerOptions options;
  options.max_body = 10'000;
  options.max_buffered = 20'000;
  Port port(options);
  for (int round = 0; round < 1'500; ++round) {
    const std::string bytes = random.below(5) == 0 ? logdist::test::random_bytes(random, random.below(2'000))
                                                   : logdist::test::broken_requests(random, good_requests());
    SCOPED_TRACE(::testing::Message() << "round " << round);
    Client client = port.connect();
    send_in_pieces(client, random, bytes);
    if (random.below(8) == 0) {
      client.reset();
    } else {
      // The end of what we say ends all that the port could still wait for.
      try {
        client.shutdown_send();
        while (const auto answer = client.read()) {
          ASSERT_TRUE(answer->status == 100 || answer->status == 200 || answer->status == 202 ||
                      answer->status == 501 || answer->status == 505 ||
                      (answer->status >= 400 && answer->status <= 431));
        }
      } catch (const boost::system::system_error&) {  // it had closed before
      }
    }
    // Together: a connection reset at once may be accepted only now.
    ASSERT_TRUE(port.eventually(
        [&] { return port.sessions().open_count() == 0 && port.memory().held_bytes() == 0 && port.sink.out() == 0; }));
  }
  Client client = port.connect();
  client.send(post(small_body));
  EXPECT_EQ(client.read()->status, 202u);
}

}  // namespace
}  // namespace logdist::ingest::test
