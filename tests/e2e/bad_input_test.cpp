// Broken requests from a printed seed against the real daemon: it goes on, loses
// nothing it accepted, and does not grow.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <boost/system/system_error.hpp>
#include <iostream>
#include <random>

#include "tests/e2e/checks.hpp"
#include "tests/support/broken_requests.hpp"

namespace logdist::e2e {
namespace {

constexpr double memory_growth_bytes_max = 32.0 * 1024 * 1024;

const std::vector<std::string>& good_requests() {
  static const std::string post = "POST /v1/packets HTTP/1.1\r\nHost: t\r\nContent-Type: application/json\r\n";
  static const std::string lines =
      "POST /v1/packets HTTP/1.1\r\nHost: t\r\nContent-Type: application/x-ndjson\r\nExpect: 100-continue\r\n";
  static const std::string body = R"({"packet_id":"p","agent_id":"a","messages":["x",{"y":[1,2.5e3,null]}]})";
  static const std::vector<std::string> requests{
      fmt::format("{}Content-Length: {}\r\n\r\n{}", post, body.size(), body),
      fmt::format("{}Idempotency-Key: k\r\ntraceparent: 00-1-2-3\r\nContent-Length: 7\r\n\r\n[\"a\\u0\"", post),
      fmt::format("{}Transfer-Encoding: chunked\r\n\r\n10\r\n{}\r\n0\r\nTrailer: t\r\n\r\n", post,
                  R"(["0123456789ab"])"),
      fmt::format("{}Content-Length: 16\r\n\r\n{{\"a\":1}}\n{{\"b\":2}}\n", lines),
      "GET /v1/packets HTTP/1.1\r\nHost: t\r\n\r\n",
      "POST /v1/packets HTTP/1.0\r\nContent-Type: application/json\r\nContent-Length: 5\r\n\r\n[\"a\"]",
  };
  return requests;
}

/// Sends one broken conversation and reads to its end, or breaks off.
void converse(const std::string& url, Random& random) {
  const std::string bytes = random.below(6) == 0 ? test::random_bytes(random, random.below(3'000))
                                                 : test::broken_requests(random, good_requests());
  test::RawSocket socket(url);
  try {
    const std::size_t split = random.below(bytes.size() + 1);
    socket.send(bytes.substr(0, split));
    socket.send(bytes.substr(split));
  } catch (const boost::system::system_error&) {  // it had heard enough
  }
  if (random.below(8) == 0) return;
  socket.close_sending();
  ASSERT_TRUE(socket.read_to_end()) << "neither answered nor closed: " << bytes;
}

TEST(BadInput, IsSurvived) {
  const std::uint64_t seed = std::random_device{}();
  std::cout << "seed " << seed << "\n";
  Random random(seed);
  Analyzers analyzers;
  DaemonProcess daemon({{"ANALYZERS", analyzers.setting()},
                        {"SERVER__MAX_BODY", "16KiB"},
                        {"SERVER__MAX_BUFFERED", "64KiB"},
                        {"SERVER__MAX_CONNECTIONS", "500"}});
  const auto soak = [&](int rounds) {
    for (int round = 0; round < rounds && !testing::Test::HasFatalFailure(); ++round) {
      SCOPED_TRACE(fmt::format("seed {} round {}", seed, round));
      converse(daemon.packet_url(), random);
    }
    return daemon.metrics().value("process_resident_memory_bytes");
  };
  const double warm_bytes = soak(500);
  const double end_bytes = soak(1'500);
  EXPECT_LT(end_bytes, warm_bytes + memory_growth_bytes_max);

  EXPECT_EQ(send_all(daemon.packet_url(), {.name = "sound"}).at(0).status, 202u) << "it still works";
  ASSERT_TRUE(daemon.await([](const auto& status) {
    return status["ledger"]["admitted"] == status["ledger"]["delivered"] && status["connections"] == 0;
  }));
  const Samples samples = daemon.metrics();
  EXPECT_EQ(samples.imbalance(), "");
  EXPECT_EQ(samples.packets("delivered"), static_cast<double>(analyzers.packets()));
  EXPECT_EQ(samples.value("logdist_buffered_bytes"), 0);
  EXPECT_EQ(samples.value("logdist_queue_bytes"), 0);
  EXPECT_GT(samples.admitted_packets(), 100) << "some of it was sound";
  EXPECT_GT(samples.sum("logdist_packets_rejected_total", R"(reason="malformed_http")"), 100);
  EXPECT_GT(samples.sum("logdist_packets_rejected_total", R"(reason="invalid_body")"), 10);
  daemon.expect_clean_end();
}

}  // namespace
}  // namespace logdist::e2e
