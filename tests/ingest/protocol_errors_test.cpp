// What each protocol is told when its packet is not taken, in its own form.
#include <vector>

#include "bodies.hpp"

namespace logdist::ingest::test {
namespace {

struct Spoken {
  std::string request;
  std::string type;        ///< of its errors
  unsigned dead_lettered;  ///< how that is answered
};

/// A packet of each protocol.
std::vector<Spoken> one_of_each() {
  return {{post(small_body), "application/problem+json", 422},
          {sent_to("/v1/logs", as_protobuf, otlp_logs(1)), "application/x-protobuf", 422},
          {sent_to("/loki/api/v1/push", as_protobuf, compress(ContentCoding::snappy, loki_push(1))),
           "text/plain; charset=utf-8", 400},
          {sent_to("/services/collector", "", R"({"event":"a"})"), "application/json", 422},
          {sent_to("/services/collector/raw", "", "a"), "application/json", 422},
          {sent_to("/_bulk", as_json, "{\"delete\":{}}\n"), "application/json", 422},
          {sent_to("/api/v2/logs", as_json, "[{}]"), "application/json", 422},
          {sent_to("/gelf", as_json, R"({"version":"1.1","host":"h","short_message":"m"})"), "application/problem+json",
           422},
          {sent_to("/firehose", as_json, R"({"requestId":"r","timestamp":1,"records":[{"data":"YQ=="}]})"),
           "application/json", 422},
          {sent_to("/logplex", "", "11 <1>1 - - a\n"), "application/problem+json", 422},
          {sent_to("/v1/events", as_json, "{}"), "application/problem+json", 422}};
}

TEST_F(Bodies, ThatWaitInVainAre503InTheirOwnForm) {
  set_admission(queue::Admission::waiting);
  for (const Spoken& spoken : one_of_each()) {
    SCOPED_TRACE(spoken.request.substr(0, 60));
    client_.send(spoken.request);
    settle(queue::Settlement::handed_back);
    const auto answer = client_.read();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 503u);
    EXPECT_EQ(answer->header("retry-after"), "7");
    EXPECT_EQ(answer->header("content-type"), spoken.type);
    client_.send(spoken.request);
    settle(queue::Settlement::dead_lettered);
    EXPECT_EQ(client_.read()->status, spoken.dead_lettered);
    client_.send(spoken.request);
    settle(queue::Settlement::delivered);
    EXPECT_EQ(client_.read()->status / 100, 2u);
  }
}

TEST_F(Bodies, WhileDrainingAre503InTheirOwnForm) {
  for (const Spoken& spoken : one_of_each()) {
    SCOPED_TRACE(spoken.request.substr(0, 60));
    Port port;
    Client client = port.connect();
    client.send(spoken.request.substr(0, 10));
    ASSERT_TRUE(port.eventually([&] { return port.sessions().busy_count() == 1; }));
    port.on_loop([&] { port.sessions().begin_drain(); });
    client.send(spoken.request.substr(10));
    const auto answer = client.read();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 503u);
    EXPECT_NE(answer->header("retry-after"), "");
    EXPECT_EQ(answer->header("content-type"), spoken.type);
  }
}

TEST_F(Bodies, TooLargeOnesAre413InTheirOwnForm) {
  config::ServerOptions options;
  options.max_body = 5;
  Port port(options);
  for (const Spoken& spoken : one_of_each()) {
    if (spoken.request.find("Content-Length: 1\r\n") != std::string::npos) continue;
    if (spoken.request.find("Content-Length: 2\r\n") != std::string::npos) continue;
    if (spoken.request.find("Content-Length: 4\r\n") != std::string::npos) continue;
    Client client = port.connect();
    client.send(spoken.request);
    const auto answer = client.read();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 413u) << spoken.request;
    EXPECT_EQ(answer->header("content-type"), spoken.type);
  }
}

TEST_F(Bodies, HeadersThatGoAlongAreBounded) {
  const std::string many =
      std::string(as_json) + "ce-a: " + std::string(3000, 'x') + "\r\nce-b: " + std::string(3000, 'x') + "\r\n";
  EXPECT_EQ(refused(sent_to("/v1/logs", many, "{}"), 431).header("content-type"), "application/json");
}

TEST_F(Bodies, AreCountedByTheirProtocol) {
  ask(sent_to("/v1/logs", as_protobuf, otlp_logs(3)));
  ask(sent_to("/services/collector/raw", "", "a\nb"));
  ask(sent_to("/services/collector/raw", "", ""));
  const ledger::IngestCounts counts = port_.counts();
  const auto of = [&counts](Protocol protocol) { return counts.received[static_cast<std::size_t>(protocol)]; };
  EXPECT_EQ(of(Protocol::otlp).messages, 3u);
  EXPECT_EQ(of(Protocol::otlp).bytes, otlp_logs(3).size());
  EXPECT_EQ(of(Protocol::hec_raw).packets, 2u);
  EXPECT_EQ(of(Protocol::hec_raw).messages, 2u);
  const auto& rejected = counts.rejected[static_cast<std::size_t>(Protocol::hec_raw)];
  EXPECT_EQ(rejected[static_cast<std::size_t>(RejectReason::invalid_body)], 1u);
}

}  // namespace
}  // namespace logdist::ingest::test
