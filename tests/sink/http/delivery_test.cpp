// Packets that arrive, and what answers mean.
#include <gtest/gtest.h>

#include "tests/sink/http/fixture.hpp"

namespace logdist::sink {
namespace {

using std::chrono::milliseconds;

class DeliveryTest : public UpstreamTest {
 protected:
  /// Delivers one packet that is answered with `bytes`.
  Parcel& deliver_to(const std::string& bytes) {
    server.on_request = [bytes](Session& session, const ReceivedRequest&) { session.send(bytes); };
    if (!upstream) {
      start();
      analyzer = add(server, 4);
    }
    return deliver(analyzer);
  }

  ScriptedServer server{io};
  AnalyzerId analyzer = 0;
};

TEST_F(DeliveryTest, DeliversTheExactBytes) {
  PoolOptions options;
  options.user_agent = "test/1";
  options.via = "me-1";
  start(options);
  analyzer = upstream->add({"127.0.0.1", server.port(), "/analyze?a=b", {{"X-Key", "secret"}}, limits_of(4)});
  const Parcel& parcel = deliver(analyzer);
  EXPECT_EQ(parcel.outcome(), Outcome::delivered);
  EXPECT_EQ(parcel.results[0].status, 204u);
  ASSERT_EQ(server.requests().size(), 1u);
  EXPECT_EQ(server.requests()[0].head,
            "POST /analyze?a=b HTTP/1.1\r\nHost: 127.0.0.1:" + server.port() +
                "\r\nUser-Agent: test/1\r\nX-Key: secret\r\n"
                "Content-Type: application/json\r\nVia: 1.1 me-1\r\nIdempotency-Key: id-0\r\n"
                "Packet-Messages: 1\r\nContent-Length: 20\r\n\r\n");
  EXPECT_EQ(server.requests()[0].body, parcel.packet.body.view());
}

TEST_F(DeliveryTest, KeepsItsConnection) {
  start();
  analyzer = add(server, 4);
  for (int packet = 0; packet < 50; ++packet) EXPECT_EQ(deliver(analyzer).outcome(), Outcome::delivered);
  EXPECT_EQ(server.accepted(), 1u);
  EXPECT_EQ(upstream->connections(analyzer), 1u);
}

TEST_F(DeliveryTest, ManyAtOnceAllArriveAndOnce) {
  start();
  analyzer = add(server, 4);
  send_many(analyzer, 1000);
  ASSERT_TRUE(run_until_all_ended());
  EXPECT_EQ(outcomes(), (std::map<Outcome, std::size_t>{{Outcome::delivered, 1000}}));
  std::map<std::string, std::string> bodies;
  for (const ReceivedRequest& request : server.requests()) bodies[request.id()] = request.body;
  EXPECT_EQ(server.requests().size(), 1000u);
  for (const Parcel& parcel : parcels) EXPECT_EQ(bodies[parcel.packet.id], parcel.packet.body.view());
}

TEST_F(DeliveryTest, GathersTheWritesOfATurn) {
  start();
  analyzer = add(server, 1);
  send_many(analyzer, 100);  // deepens the pipeline
  ASSERT_TRUE(run_until_all_ended());
  const std::uint64_t writes = upstream->statistics().writes;
  send_many(analyzer, 16);
  ASSERT_TRUE(run_until_all_ended());
  EXPECT_EQ(upstream->statistics().writes, writes + 1);
}

TEST_F(DeliveryTest, ThePipelineDeepensWithCleanAnswers) {
  PoolOptions options;
  options.pipeline = 8;
  start(options);
  analyzer = add(server, 1);
  // The server answers only what it was sent together, and says how many that was.
  std::vector<std::size_t> depths;
  std::size_t held = 0;
  server.on_request = [&](Session& session, const ReceivedRequest&) {
    ++held;
    session.send_later("", milliseconds(0));  // the rest of the write is read first
    if (!session.partial().empty()) return;
    depths.push_back(held);
    for (; held > 0; --held) session.send("HTTP/1.1 204 No Content\r\n\r\n");
  };
  send_many(analyzer, 100);
  ASSERT_TRUE(run_until_all_ended());
  ASSERT_GE(depths.size(), 4u);
  EXPECT_EQ(std::vector<std::size_t>(depths.begin(), depths.begin() + 4), (std::vector<std::size_t>{1, 2, 4, 8}));
  EXPECT_EQ(*std::max_element(depths.begin(), depths.end()), 8u);
}

TEST_F(DeliveryTest, UnderstandsEveryFraming) {
  EXPECT_EQ(deliver_to("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello").outcome(), Outcome::delivered);
  EXPECT_EQ(deliver_to("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n").outcome(),
            Outcome::delivered);
  EXPECT_EQ(deliver_to("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n").outcome(),
            Outcome::delivered);
  EXPECT_EQ(server.accepted(), 1u) << "all on the one connection";
}

TEST_F(DeliveryTest, ReadsAnAnswerByteByByte) {
  const std::string answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n";
  server.on_request = [&](Session& session, const ReceivedRequest&) { session.send_byte_by_byte(answer); };
  start();
  analyzer = add(server, 1);
  EXPECT_EQ(deliver(analyzer).outcome(), Outcome::delivered);
  EXPECT_EQ(deliver(analyzer).outcome(), Outcome::delivered);
  EXPECT_GT(upstream->statistics().reads, answer.size()) << "most bytes came alone";
}

TEST_F(DeliveryTest, ClassifiesByStatus) {
  const auto answer = [](unsigned status, const std::string& header = "") {
    return "HTTP/1.1 " + std::to_string(status) + " Some Reason\r\n" + header + "Content-Length: 0\r\n\r\n";
  };
  EXPECT_EQ(deliver_to(answer(299)).outcome(), Outcome::delivered);
  EXPECT_EQ(deliver_to(answer(302)).outcome(), Outcome::http_error);
  EXPECT_EQ(deliver_to(answer(400)).outcome(), Outcome::refused);
  EXPECT_EQ(deliver_to(answer(404)).outcome(), Outcome::http_error);
  EXPECT_EQ(deliver_to(answer(429)).results[0].pause, std::nullopt);
  EXPECT_EQ(deliver_to(answer(500)).results[0].status, 500u);
  EXPECT_EQ(deliver_to(answer(503)).outcome(), Outcome::http_error);
  const Parcel& paused = deliver_to(answer(503, "Retry-After: 7\r\n"));
  EXPECT_EQ(paused.outcome(), Outcome::paused);
  EXPECT_EQ(paused.results[0].pause, std::chrono::seconds(7));
  EXPECT_EQ(server.accepted(), 1u);
}

TEST_F(DeliveryTest, TriesTheAddressesOfANameInTurn) {
  scripted_names.set("analyzer", {"127.0.0.2", "127.0.0.1"});
  start();
  analyzer = upstream->add({"analyzer", server.port(), "/", {}, limits_of(4)});
  EXPECT_EQ(deliver(analyzer).outcome(), Outcome::delivered);
}

TEST_F(DeliveryTest, BigBodiesGoOutAsFastAsASlowReaderTakesThem) {
  constexpr std::size_t body_bytes = 10 * 1024 * 1024;
  ScriptedServer slow(io, 16 * 1024);
  start();
  analyzer = add(slow, 1);
  for (int packet = 0; packet < 3; ++packet) send(analyzer, body_bytes);
  upstream->flush(Clock::now());
  ASSERT_TRUE(run_until_all_ended());
  EXPECT_EQ(outcomes()[Outcome::delivered], 3u);
  ASSERT_EQ(slow.requests().size(), 3u);
  for (std::size_t index = 0; index < 3; ++index) {
    EXPECT_TRUE(slow.requests()[index].body == parcels[index].packet.body.view()) << index;
  }
  EXPECT_EQ(slow.accepted(), 1u);
  EXPECT_GT(upstream->statistics().writes, 6u) << "the reader was slow";
}

}  // namespace
}  // namespace logdist::sink
