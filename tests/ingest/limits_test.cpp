// What a client may send, at the port: rates by the head, by the body and by messages, and how each protocol says no.
#include <gmock/gmock.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <string>

#include "port.hpp"

namespace logdist::ingest::test {
namespace {

using testing::HasSubstr;

/// One a second, and a burst of 3,600: what is spent does not come back while a test runs.
constexpr BucketRate slow{1, std::chrono::hours(1)};
constexpr std::uint64_t burst = 3'600;

class Limits : public testing::Test {
 protected:
  /// Of all, for they are not known; each address is one client.
  void limit(const ClientLimits& limits) {
    Access access;
    access.limits = limits;
    port_.clients.use(access);
  }
  /// Those of this machine's address.
  ClientRates& rates() {
    return port_.clients.anonymous_clients().find(*IpAddress::parse("127.0.0.1"), Clock::now())->rates;
  }
  Answer ask(const std::string& bytes) {
    Client client = port_.connect();
    client.send(bytes);
    return client.read().value();
  }
  std::uint64_t refused(ClientRefusal refusal) {
    return port_.on_loop([&] {
      const auto& clients = port_.ledger().snapshot().clients;
      return clients.empty() ? 0 : clients[anonymous_client].refused[static_cast<std::size_t>(refusal)];
    });
  }

  Port port_;
};

std::string messages_body(std::size_t count) {
  std::string body = R"({"messages":["a")";
  for (std::size_t i = 1; i < count; ++i) body += R"(,"a")";
  return body + "]}";
}

TEST_F(Limits, PacketsAboveTheRateAre429) {
  limit({slow, {}, {}});
  EXPECT_EQ(ask(post(small_body)).status, 202u);
  rates().packets.take(2 * burst, slow, Clock::now());
  const Answer answer = ask(post(small_body));
  EXPECT_EQ(answer.status, 429u);
  EXPECT_NEAR(std::stoi(answer.header("retry-after")), 3'550, 52) << "when there is room for one more";
  EXPECT_EQ(answer.header("content-type"), "application/problem+json");
  EXPECT_EQ(refused(ClientRefusal::rate), 1u);
  EXPECT_EQ(port_.rejected(RejectReason::over_limit), 1u);
}

TEST_F(Limits, ABucketIsFilledByEachPacket) {
  limit({slow, {}, {}});
  rates().packets.take(burst - 2, slow, Clock::now());
  Client client = port_.connect();
  unsigned taken = 0;
  for (unsigned status = 202; status == 202 && taken < 1'000; ++taken) {
    client.send(post(small_body));
    status = client.read()->status;
  }
  EXPECT_GE(taken, 3u) << "two, one for each second that this took, and the one that was refused";
  EXPECT_LT(taken, 200u);
}

TEST_F(Limits, RetryAfterIsWhenThereIsRoomForOneLikeIt) {
  limit({{}, {}, slow});
  const auto body_of = [](std::size_t bytes) { return "[\"" + std::string(bytes - 4, 'a') + "\"]"; };
  EXPECT_EQ(ask(post(body_of(3'000))).status, 202u);
  const Answer answer = ask(post(body_of(1'000)));
  EXPECT_EQ(answer.status, 429u);
  EXPECT_NEAR(std::stoi(answer.header("retry-after")), 350, 50);
  EXPECT_EQ(ask(post(body_of(300))).status, 202u) << "there is room for a smaller one";
}

TEST_F(Limits, ABodyThatIsTooMuchIsNotRead) {
  limit({{}, {}, slow});
  rates().bytes.take(2 * burst, slow, Clock::now());
  Client client = port_.connect();
  client.send(
      "POST /v1/packets HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\nExpect: 100-continue\r\n"
      "Content-Length: 999\r\n\r\n");
  EXPECT_EQ(client.read()->status, 429u) << "and no 100";
}

TEST_F(Limits, ABodyLargerThanTheBurstIsTakenOnce) {
  limit({{}, {}, {1, std::chrono::seconds(20)}});
  const std::string body = "[\"" + std::string(3'000, 'a') + "\"]";
  EXPECT_EQ(ask(post(body)).status, 202u) << "the bucket was full";
  EXPECT_EQ(ask(post(small_body)).status, 429u) << "and is empty for long";
}

TEST_F(Limits, ChunkedBodiesAreCountedWhenTheyAreHere) {
  limit({{}, {}, slow});
  const std::string body = "[\"" + std::string(96, 'a') + "\"]";
  const std::string chunked = fmt::format(
      "POST /v1/packets HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\nTransfer-Encoding: "
      "chunked\r\n\r\n{:x}\r\n{}\r\n0\r\n\r\n",
      body.size(), body);
  unsigned taken = 0;
  while (taken < 100 && ask(chunked).status == 202) ++taken;
  EXPECT_EQ(taken, burst / 100 + 1) << "the last one leaves a debt";
}

TEST_F(Limits, MessagesAreCountedWhenTheyAreDecoded) {
  limit({{}, slow, {}});
  EXPECT_EQ(ask(post(messages_body(3'000))).status, 202u);
  const Answer answer = ask(post(messages_body(3'000)));
  EXPECT_EQ(answer.status, 429u);
  EXPECT_NEAR(std::stoi(answer.header("retry-after")), 2'350, 50);
  EXPECT_EQ(port_.on_loop([this] { return port_.sink.admitted.size(); }), 1u);
  EXPECT_EQ(port_.on_loop([this] { return port_.sink.out(); }), 0u) << "what was refused is given back";
}

TEST_F(Limits, AClientThatIsKnownHasItsOwn) {
  auth::Client edge;
  edge.name = "edge";
  edge.digests.push_back(auth::digest_of("t0ken"));
  edge.limits.packets = slow.per_second;
  edge.limits.burst = slow.burst;
  Access access;
  access.clients = auth::Clients({edge});
  access.knows_clients = true;
  port_.clients.use(access);
  const std::string headers = "Content-Type: application/json\r\nAuthorization: Bearer t0ken\r\n";
  EXPECT_EQ(ask(post(small_body, headers)).status, 202u);
  port_.clients.current()->entries[0].rates->packets.take(2 * burst, slow, Clock::now());
  EXPECT_EQ(ask(post(small_body, headers)).status, 429u);
  EXPECT_EQ(ask(post(small_body)).status, 202u) << "the others have theirs";
  port_.clients.use(access);
  EXPECT_EQ(ask(post(small_body, headers)).status, 429u) << "a reload gives nobody a new bucket";
}

std::string journal_of(std::size_t entries) {
  std::string body;
  for (std::size_t i = 0; i < entries; ++i) body += "A=1\n\n";
  return fmt::format(
      "POST /upload HTTP/1.1\r\nHost: t\r\nContent-Type: application/vnd.fdo.journal\r\nContent-Length: {}\r\n\r\n{}",
      body.size(), body);
}

TEST_F(Limits, AnUploadIsCountedAsWell) {
  limit({{}, slow, {}});
  EXPECT_EQ(ask(journal_of(1'000)).status, 202u);
  EXPECT_GT(rates().messages.try_take(burst, slow, Clock::now()), Duration::zero());
}

TEST_F(Limits, AnUploadIsNotRefusedButWaits) {
  limit({slow, {}, {}});
  rates().packets.take(2 * burst, slow, Clock::now());
  Client client = port_.connect();
  client.send(journal_of(1));
  ASSERT_TRUE(port_.eventually([this] { return port_.memory().held_bytes() > 0; }));
  client.close();
  ASSERT_TRUE(port_.eventually([this] { return port_.sessions().open_count() == 0; }));
  EXPECT_EQ(refused(ClientRefusal::rate), 0u);
  EXPECT_EQ(port_.on_loop([this] { return port_.sink.admitted.size(); }), 0u);
}

TEST_F(Limits, EachProtocolSaysItInItsOwnForm) {
  limit({slow, {}, {}});
  rates().packets.take(2 * burst, slow, Clock::now());
  const auto refusal = [&](std::string_view path, std::string_view headers) {
    const Answer answer =
        ask(fmt::format("POST {} HTTP/1.1\r\nHost: test\r\n{}Content-Length: 2\r\n\r\n{{}}", path, headers));
    EXPECT_EQ(answer.status, 429u) << path;
    EXPECT_NE(answer.header("retry-after"), "") << path;
    return answer;
  };
  const std::string of_json = "Content-Type: application/json\r\n";
  EXPECT_EQ(nlohmann::json::parse(refusal("/v1/logs", of_json).body)["code"], 8);
  EXPECT_EQ(refusal("/loki/api/v1/push", of_json).header("content-type"), "text/plain; charset=utf-8");
  EXPECT_EQ(nlohmann::json::parse(refusal("/services/collector", "").body)["code"], 9);
  EXPECT_EQ(nlohmann::json::parse(refusal("/_bulk", of_json).body)["error"]["type"], "es_rejected_execution_exception");
  EXPECT_EQ(nlohmann::json::parse(refusal("/api/v2/logs", of_json).body)["errors"][0]["status"], "429");
  EXPECT_THAT(refusal("/firehose", of_json).body, HasSubstr("errorMessage"));
}

TEST_F(Limits, NoMoreIsHeldOfTheQueueThanTheShare) {
  ClientLimits limits;
  limits.places_max = 2;
  limit(limits);
  port_.on_loop([this] { port_.sink.next_admission = queue::Admission::waiting; });
  Client first = port_.connect();
  Client second = port_.connect();
  first.send(post(small_body));
  second.send(post(small_body));
  ASSERT_TRUE(port_.eventually([this] { return port_.sink.waiting.size() == 2; }));
  EXPECT_EQ(rates().places.held(), 2u);
  const Answer answer = ask(post(small_body));
  EXPECT_EQ(answer.status, 429u);
  EXPECT_EQ(answer.header("retry-after"), "7") << "as of a 503";
  EXPECT_EQ(refused(ClientRefusal::share), 1u);
  port_.on_loop([this] { port_.sink.settle(queue::Settlement::delivered); });
  EXPECT_EQ(first.read()->status, 200u);
  ASSERT_TRUE(port_.eventually([this] { return rates().places.held() == 1; }));
  Client third = port_.connect();
  third.send(post(small_body));
  ASSERT_TRUE(port_.eventually([this] { return port_.sink.waiting.size() == 2; }));
  third.close();
  ASSERT_TRUE(port_.eventually([this] { return port_.sink.abandoned == 1; }));
  port_.on_loop([this] { port_.sink.settle(queue::Settlement::delivered); });
  EXPECT_EQ(second.read()->status, 200u);
}

TEST_F(Limits, WhatIsNoPacketIsNotLimited) {
  limit({slow, {}, {}});
  rates().packets.take(2 * burst, slow, Clock::now());
  EXPECT_EQ(ask("GET / HTTP/1.1\r\nHost: test\r\n\r\n").status, 200u);
  EXPECT_EQ(ask("GET /healthz HTTP/1.1\r\nHost: test\r\n\r\n").status, 200u);
  EXPECT_EQ(ask("POST /v1/packets HTTP/1.1\r\nHost: test\r\nContent-Length: 2\r\n\r\n{}").status, 415u);
}

}  // namespace
}  // namespace logdist::ingest::test
