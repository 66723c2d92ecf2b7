// Agents that want to hold what others need: time, buffer space, a loop, the drain.
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <future>
#include <mutex>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include "port.hpp"
#include "tests/support/sanitized.hpp"

namespace logdist::ingest::test {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view chunked_request =
    "POST /v1/packets HTTP/1.1\r\nHost: t\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";

std::string head_of(std::size_t length, std::string_view more = "") {
  return fmt::format(
      "POST /v1/packets HTTP/1.1\r\nHost: t\r\nContent-Type: application/json\r\n{}Content-Length: {}\r\n\r\n", more,
      length);
}

std::string json_of(std::size_t size) { return "[\"" + std::string(size - 4, 'x') + "\"]"; }

/// Sends `opening`, and then `bytes` one by one, again and again, until the port closes.
class Trickle {
 public:
  Trickle(Client& client, std::string bytes, std::string opening = "")
      : thread_([&client, bytes = std::move(bytes), opening = std::move(opening)](const std::stop_token& stop) {
          if (!client.try_send(opening)) return;
          std::mutex mutex;
          std::unique_lock lock(mutex);
          std::condition_variable_any stopped;
          for (std::size_t at = 0; !stop.stop_requested(); at = (at + 1) % bytes.size()) {
            if (!client.try_send(bytes.substr(at, 1))) return;
            stopped.wait_for(lock, stop, 5ms, [] { return false; });  // the pace of such an agent
          }
        }) {}

 private:
  std::jthread thread_;
};

/// The agent is told 408, however many bytes it sends meanwhile.
void expect_408_while_trickling(Port& port, const std::string& begin, const std::string& bytes) {
  Client client = port.connect();
  client.send(begin);
  const Trickle trickle(client, bytes);
  const auto answer = client.read();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 408u);
  EXPECT_EQ(port.rejected(RejectReason::timeout), 1u);
}

TEST(Trickling, DoesNotRenewTheTimeOfAHead) {
  Port port(with_timeouts(200ms, 1h, 1h));
  expect_408_while_trickling(port, "POST /v1/packets HTTP/1.1\r\nX: ", "x");
}

TEST(Trickling, DoesNotRenewTheTimeOfABody) {
  Port port(with_timeouts(1h, 200ms, 1h));
  expect_408_while_trickling(port, head_of(60'000), "x");
}

TEST(Trickling, DoesNotRenewTheTimeOfAChunkedBody) {
  Port port(with_timeouts(1h, 200ms, 1h));
  expect_408_while_trickling(port, std::string(chunked_request), "1\r\nx\r\n");
}

TEST(Trickling, EmptyLinesDoNotRenewTheTimeOfAnIdleConnection) {
  for (const char* bytes : {"\r\n", "\r\n\r"}) {
    Port port(with_timeouts(1h, 1h, 200ms));
    Client client = port.connect();
    const Trickle trickle(client, bytes == std::string("\r\n") ? "\r\n" : "\r\n\r\n");
    EXPECT_TRUE(client.ends());
  }
}

config::ServerOptions with_rate(std::size_t bytes_per_second) {
  config::ServerOptions options = with_timeouts(1h, 1h, 1h);
  options.min_body_rate = bytes_per_second;
  return options;
}

TEST(BodyRate, ASlowBodyThatHoldsMuchIs408) {
  for (const bool chunked : {false, true}) {
    Port port(with_rate(1'000'000), 30s, nullptr, {.rate_window = 50ms});
    Client client = port.connect();
    const std::string part(100'000, 'x');
    client.send(chunked ? std::string(chunked_request) + fmt::format("{:x}\r\n", 1'000'000) : head_of(1'000'000));
    client.send(part);
    const Trickle trickle(client, "x");
    const auto answer = client.read();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 408u);
    EXPECT_NE(answer->body.find("min_body_rate"), std::string::npos) << answer->body;
    EXPECT_EQ(answer->header("connection"), "close");
    EXPECT_EQ(port.memory().held_bytes(), 0u);
    EXPECT_EQ(port.rejected(RejectReason::timeout), 1u);
  }
}

/// A small one holds too little for that.
TEST(BodyRate, ASmallBodyHasItsWholeTime) {
  config::ServerOptions options = with_rate(1'000'000'000);
  options.body_timeout = 300ms;
  Port port(options, 30s, nullptr, {.rate_window = 1ms});
  Client client = port.connect();
  client.send(head_of(60'000) + "x");
  const auto answer = client.read();
  ASSERT_TRUE(answer);
  EXPECT_NE(answer->body.find("the body took too long"), std::string::npos) << answer->body;
}

/// One byte in each window is what this one asks for.
TEST(BodyRate, ABodyThatKeepsTheRateIsNotCut) {
  config::ServerOptions options = with_rate(1);
  options.header_timeout = 2s;
  Port port(options, 30s, nullptr, {.rate_window = 500ms});
  const std::string body = json_of(200'000);
  Client client = port.connect();
  client.send(head_of(body.size()));
  client.send(std::string_view(body).substr(0, 100'000));
  Client other = port.connect();  // its timeout says that some windows have passed
  other.send("POST /v1/pack");
  const std::future<void> passed = std::async(std::launch::async, [&] { EXPECT_EQ(other.read()->status, 408u); });
  std::size_t at = 100'000;
  for (; at + 1 < body.size() && passed.wait_for(1ms) != std::future_status::ready; ++at) {
    client.send(std::string_view(body).substr(at, 1));
  }
  client.send(std::string_view(body).substr(at));
  EXPECT_EQ(client.read()->status, 202u);
}

TEST(BufferSpace, AnnouncedBodiesThatDoNotComeHoldNextToNothing) {
  config::ServerOptions options = with_timeouts(1h, 1h, 1h);
  options.max_buffered = 1024 * 1024;
  Port port(options, 1h);
  std::vector<Client> announcers;
  for (int i = 0; i < 40; ++i) {
    announcers.push_back(port.connect());
    announcers.back().send(head_of(10'000'000) + "[");
  }
  ASSERT_TRUE(port.eventually([&] { return port.sessions().busy_count() == announcers.size(); }));
  EXPECT_LE(port.memory().held_bytes(), options.max_buffered * 3 / 4);
  Client agent = port.connect();
  for (const std::size_t size : {20'000u, 64'000u, 100'000u}) {
    agent.send(post(json_of(size)));
    EXPECT_EQ(agent.read()->status, 202u) << size;
  }
}

/// Large bodies, half here, have taken all that they may; their agents send no more.
TEST(BufferSpace, SmallBodiesNeverWaitForLargeOnes) {
  config::ServerOptions options = with_timeouts(1h, 1h, 1h);
  options.max_buffered = 1024 * 1024;
  options.min_body_rate = 0;
  Port port(options, 1h);
  const std::string part(600'000, 'x');
  std::vector<Client> holders;
  for (int i = 0; i < 4; ++i) {
    holders.push_back(port.connect());
    holders.back().send(head_of(1'000'000) + part.substr(0, 3'000));
  }
  std::vector<std::jthread> senders;
  for (Client& holder : holders) {
    senders.emplace_back([&holder, &part] { holder.try_send(part); });
  }
  ASSERT_TRUE(port.eventually([&] { return port.memory().held_bytes() > options.max_buffered * 3 / 4; }));
  Client agent = port.connect();
  for (int i = 0; i < 20; ++i) {
    agent.send(post(json_of(64 * 1024)));
    ASSERT_EQ(agent.read()->status, 202u) << i;
  }
  port.on_loop([&] { port.sessions().close_all(); });
}

/// They have taken all that large ones may, and come at the least rate from then on.
TEST(BufferSpace, SlowLargeBodiesMakeRoomForOthersThatWait) {
  config::ServerOptions options = with_timeouts(1h, 30s, 1h);
  options.max_buffered = 1024 * 1024;
  options.min_body_rate = 1;
  Port port(options, 1h);
  std::vector<Client> holders;
  for (int i = 0; i < 4; ++i) holders.push_back(port.connect());
  std::vector<Trickle> trickles;
  const std::string opening = head_of(1'000'000) + std::string(600'000, 'x');
  for (Client& holder : holders) trickles.emplace_back(holder, "x", opening);
  ASSERT_TRUE(port.eventually([&] { return port.memory().held_bytes() > options.max_buffered * 3 / 4; }));
  Client agent = port.connect();
  for (int i = 0; i < 5; ++i) {
    agent.send(post(json_of(400'000)));
    const auto answer = agent.read();
    ASSERT_TRUE(answer) << i;
    ASSERT_EQ(answer->status, 202u) << i;
  }
  EXPECT_GE(port.rejected(RejectReason::buffers_full), 1u);
  port.on_loop([&] { port.sessions().close_all(); });
}

TEST(BufferSpace, ABodyInStepsArrivesUnchanged) {
  config::ServerOptions options;
  options.max_buffered = 300'000;  // scarce: small steps
  Port port(options);
  Client holder = port.connect();
  holder.send(head_of(60'000) + "x");
  Client second = port.connect();
  second.send(head_of(60'000) + "x");
  Client third = port.connect();
  third.send(head_of(60'000) + "x");
  ASSERT_TRUE(port.eventually([&] { return port.memory().held_bytes() == 180'000; }));
  for (const std::size_t size : {10u, 4'000u, 20'000u, 70'000u, 110'000u}) {
    std::string body = "[\"";
    while (body.size() < size) body += static_cast<char>('a' + body.size() % 23);
    body += "\"]";
    for (const bool in_pieces : {false, true}) {
      Client client = port.connect();
      const std::string request = post(body);
      if (in_pieces) {
        for (std::size_t at = 0; at < request.size(); at += 5'000) client.send(request.substr(at, 5'000));
      } else {
        client.send(request);
      }
      ASSERT_EQ(client.read()->status, 202u) << size;
      EXPECT_EQ(port.on_loop([&] { return port.sink.admitted.back().body; }), body);
    }
  }
}

TEST(BufferSpace, AnAgentIsToldToContinueOnlyOnceThereIsSome) {
  config::ServerOptions options;
  options.max_buffered = 10'000;
  Port port(options);
  Client holder = port.connect();
  const std::string large = post(json_of(10'000));
  holder.send(large.substr(0, 5'000));
  ASSERT_TRUE(port.eventually([&] { return port.memory().held_bytes() == 10'000; }));
  Client waiter = port.connect();
  const std::string body = json_of(5'000);
  waiter.send(head_of(body.size(), "Expect: 100-continue\r\n"));
  ASSERT_TRUE(port.eventually([&] { return port.sessions().busy_count() == 2; }));
  EXPECT_EQ(port.on_loop([&] { return port.sink.out(); }), 2u) << "its head is read, and it waits";

  holder.send(large.substr(5'000));
  EXPECT_EQ(holder.read()->status, 202u);
  EXPECT_EQ(waiter.read()->status, 100u);
  waiter.send(body);
  EXPECT_EQ(waiter.read()->status, 202u);
}

TEST(BufferSpace, AnAgentThatWaitsForItInVainIsNotToldToContinue) {
  config::ServerOptions options;
  options.max_buffered = 10'000;
  Port port(options, 50ms);
  Client holder = port.connect();
  holder.send(post(json_of(10'000)).substr(0, 5'000));
  ASSERT_TRUE(port.eventually([&] { return port.memory().held_bytes() == 10'000; }));
  Client waiter = port.connect();
  waiter.send(head_of(5'000, "Expect: 100-continue\r\n"));
  EXPECT_EQ(waiter.read()->status, 503u);
}

TEST(BufferSpace, AChunkedBodyThatWaitsForItsDeliveryHoldsItsBytes) {
  Port port;
  port.on_loop([&] { port.sink.next_admission = queue::Admission::waiting; });
  for (const std::size_t size : {10u, 5'000u, 100'000u}) {
    const std::uint64_t received_before = port.counts().received_in_all().bytes;
    const std::string body = json_of(size);
    Client client = port.connect();
    client.send(std::string(chunked_request));
    client.send(fmt::format("{:x};a=b\r\n{}\r\n", size / 2, body.substr(0, size / 2)));
    client.send(fmt::format("{:x}\r\n{}\r\n0\r\nX-Trailer: t\r\n\r\n", size - size / 2, body.substr(size / 2)));
    ASSERT_TRUE(port.eventually([&] { return port.sink.waiting.size() == 1; }));
    EXPECT_EQ(port.memory().held_bytes(), size);
    EXPECT_EQ(port.counts().received_in_all().bytes - received_before, size);
    port.on_loop([&] { port.sink.settle(queue::Settlement::delivered); });
    EXPECT_EQ(client.read()->status, 200u);
    EXPECT_EQ(port.memory().held_bytes(), 0u);
  }
}

TEST(Received, ABodyThatDoesNotDecodeHasBytesButNoMessages) {
  Port port;
  Client client = port.connect();
  constexpr std::string_view broken = R"(["a","b","c",])";
  client.send(post(broken));
  EXPECT_EQ(client.read()->status, 400u);
  client.send(post(small_body));
  EXPECT_EQ(client.read()->status, 202u);
  const auto counts = port.counts();
  EXPECT_EQ(counts.received_in_all().packets, 2u);
  EXPECT_EQ(counts.received_in_all().bytes, broken.size() + small_body.size());
  EXPECT_EQ(counts.received_in_all().messages, 2u);
}

/// It always has the next request in its socket: were its session served until there
/// is none, nobody else would be.
TEST(Flood, LeavesTheLoopToOthers) {
  if (logdist::test::thread_sanitized) {
    GTEST_SKIP() << "nothing to find for ThreadSanitizer, and it takes longer than a client waits";
  }
  Port port;
  port.on_loop([&] { port.sink.remember = false; });
  Client flooder = port.connect();
  std::string requests;
  for (int i = 0; i < 500; ++i) requests += "GET /x HTTP/1.1\r\nHost: t\r\n\r\n";
  std::atomic<bool> over = false;
  std::jthread sender([&] {
    while (!over && flooder.try_send(requests)) {
    }
  });
  std::jthread reader([&] {
    while (!over && flooder.read()) {
    }
  });
  ASSERT_TRUE(port.eventually([&] { return port.sessions().open_count() == 1; }));
  for (int i = 0; i < 20; ++i) {
    Client agent = port.connect();
    agent.send(post(small_body));
    const auto answer = agent.read();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 202u);
  }
  over = true;
  port.on_loop([&] { port.sessions().close_all(); });
}

}  // namespace
}  // namespace logdist::ingest::test
