// Who is let in at the port, and how each protocol says no.
#include <gmock/gmock.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <string>

#include "logdist/base/base64.hpp"
#include "port.hpp"

namespace logdist::ingest::test {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::string_view token_line = "Authorization: Bearer t0ken\r\n";
constexpr std::string_view json_line = "Content-Type: application/json\r\n";

Access one_client(bool anonymous = false) {
  auth::Client edge;
  edge.name = "edge";
  edge.digests.push_back(auth::digest_of("t0ken"));
  Access access;
  access.clients = auth::Clients({edge});
  access.knows_clients = true;
  access.anonymous = anonymous;
  return access;
}

std::string agent_request(std::string_view path, std::string_view headers, std::string_view body) {
  return fmt::format("POST {} HTTP/1.1\r\nHost: test\r\n{}Content-Length: {}\r\n\r\n{}", path, headers, body.size(),
                     body);
}

class Identities : public testing::Test {
 protected:
  Answer ask(const std::string& bytes) {
    Client client = port_.connect();
    client.send(bytes);
    return client.read().value();
  }
  std::uint64_t refused(ClientId client, ClientRefusal refusal) {
    return port_.on_loop([&] {
      const auto& clients = port_.ledger().snapshot().clients;
      return client < clients.size() ? clients[client].refused[static_cast<std::size_t>(refusal)] : 0;
    });
  }
  ledger::ReceivedCounts received(ClientId client) {
    return port_.on_loop([&] {
      const auto& clients = port_.ledger().snapshot().clients;
      return client < clients.size() ? clients[client].received : ledger::ReceivedCounts();
    });
  }

  Port port_;
};

TEST_F(Identities, WithoutAFileOfClientsEverybodyIsLetIn) {
  EXPECT_EQ(ask(post(small_body)).status, 202u);
  EXPECT_EQ(
      ask(agent_request("/v1/packets", "Authorization: Bearer x\r\nContent-Type: application/json\r\n", small_body))
          .status,
      202u);
  EXPECT_EQ(received(anonymous_client).packets, 2u);
}

TEST_F(Identities, ATokenLetsIn) {
  port_.clients.use(one_client());
  const std::string headers = std::string(token_line) + std::string(json_line);
  Client client = port_.connect();
  for (int i = 0; i < 3; ++i) {
    client.send(agent_request("/v1/packets", headers, small_body));
    EXPECT_EQ(client.read()->status, 202u);
  }
  EXPECT_EQ(received(1).packets, 3u);
  EXPECT_EQ(received(1).messages, 6u);
  EXPECT_EQ(received(1).bytes, 3 * small_body.size());
  EXPECT_EQ(received(anonymous_client).packets, 0u);
  port_.on_loop([this] {
    for (const auto& seen : port_.sink.admitted) EXPECT_THAT(seen.headers, Not(HasSubstr("t0ken")));
  });
}

TEST_F(Identities, WithoutOneTheAnswerSaysWhatIsNeeded) {
  port_.clients.use(one_client());
  const Answer answer = ask(post(small_body));
  EXPECT_EQ(answer.status, 401u);
  EXPECT_THAT(answer.header("www-authenticate"), testing::StartsWith("Bearer realm="));
  EXPECT_EQ(answer.header("content-type"), "application/problem+json");
  EXPECT_EQ(refused(anonymous_client, ClientRefusal::no_identity), 1u);
  EXPECT_EQ(port_.rejected(RejectReason::unauthorized), 1u);
  EXPECT_EQ(
      ask(agent_request("/v1/packets", "Authorization: Bearer T0KEN\r\nContent-Type: application/json\r\n", small_body))
          .status,
      401u);
  EXPECT_EQ(refused(anonymous_client, ClientRefusal::unknown_identity), 1u);
}

TEST_F(Identities, AnonymousOnesMayBeLetInBesideThem) {
  port_.clients.use(one_client(true));
  EXPECT_EQ(ask(post(small_body)).status, 202u);
  EXPECT_EQ(
      ask(agent_request("/v1/packets", "Authorization: Bearer x\r\nContent-Type: application/json\r\n", small_body))
          .status,
      401u);
}

TEST_F(Identities, ConnectionsGoOnWhileTheirRequestsAreRefused) {
  port_.clients.use(one_client());
  Client client = port_.connect();
  client.send(post(small_body) +
              agent_request("/v1/packets", std::string(token_line) + std::string(json_line), small_body));
  EXPECT_EQ(client.read()->status, 401u);
  EXPECT_EQ(client.read()->status, 202u);
}

TEST_F(Identities, ARemovedClientIsRefusedAtItsNextRequest) {
  port_.clients.use(one_client());
  Client client = port_.connect();
  const std::string bytes = agent_request("/v1/packets", std::string(token_line) + std::string(json_line), small_body);
  client.send(bytes);
  EXPECT_EQ(client.read()->status, 202u);
  Access without;
  without.knows_clients = true;
  without.anonymous = false;
  port_.clients.use(without);
  client.send(bytes);
  EXPECT_EQ(client.read()->status, 401u);
}

TEST_F(Identities, ABodyThatIsRefusedIsNotRead) {
  port_.clients.use(one_client());
  Client client = port_.connect();
  client.send("POST /v1/packets HTTP/1.1\r\nHost: test\r\nExpect: 100-continue\r\nContent-Length: 1000000\r\n\r\n");
  const Answer answer = client.read().value();
  EXPECT_EQ(answer.status, 401u) << "no 100";
  EXPECT_EQ(answer.header("connection"), "close");
  EXPECT_TRUE(client.ends());
}

TEST_F(Identities, StrangersAreToldNothingElseOfARequest) {
  port_.clients.use(one_client());
  EXPECT_EQ(ask(agent_request("/v1/packets", "Content-Type: text/plain\r\n", small_body)).status, 401u);
  EXPECT_EQ(ask("DELETE /v1/packets HTTP/1.1\r\nHost: test\r\n\r\n").status, 401u);
  EXPECT_EQ(ask("GET / HTTP/1.1\r\nHost: test\r\n\r\n").status, 401u) << "what Elasticsearch's clients ask first";
}

TEST_F(Identities, WhetherThePortIsThereIsNoSecret) {
  port_.clients.use(one_client());
  for (const char* path : {"/healthz", "/health", "/services/collector/health", "/ready"}) {
    EXPECT_EQ(ask(fmt::format("GET {} HTTP/1.1\r\nHost: test\r\n\r\n", path)).status, 200u) << path;
  }
  EXPECT_EQ(ask("OPTIONS * HTTP/1.1\r\nHost: test\r\n\r\n").status, 200u);
}

TEST_F(Identities, RightsAreAClientsOwn) {
  Access access = one_client();
  auth::Client client = access.clients.entries()[0];
  client.formats = {};
  client.formats.add(core::Protocol::loki);
  client.addresses = {*Network::parse("10.0.0.0/8")};
  access.clients = auth::Clients({client});
  port_.clients.use(access);
  const std::string headers = std::string(token_line) + std::string(json_line);
  EXPECT_EQ(ask(agent_request("/v1/packets", headers, small_body)).status, 403u);
  EXPECT_EQ(refused(1, ClientRefusal::format), 1u);
  EXPECT_EQ(ask(agent_request("/loki/api/v1/push", headers, R"({"streams":[]})")).status, 403u)
      << "it comes from 127.0.0.1";
  EXPECT_EQ(refused(1, ClientRefusal::address), 1u);
  EXPECT_EQ(port_.rejected(RejectReason::forbidden), 2u);
}

TEST_F(Identities, EachProtocolSaysItInItsOwnForm) {
  port_.clients.use(one_client());
  const auto refusal = [&](std::string_view path, std::string_view headers) {
    const Answer answer = ask(agent_request(path, headers, "{}"));
    EXPECT_EQ(answer.status, 401u) << path;
    EXPECT_NE(answer.header("www-authenticate"), "") << path;
    return answer;
  };
  EXPECT_EQ(nlohmann::json::parse(refusal("/v1/logs", json_line).body)["code"], 16);
  EXPECT_EQ(refusal("/v1/logs", "Content-Type: application/x-protobuf\r\n").body.substr(0, 2), "\x08\x10");
  EXPECT_EQ(refusal("/loki/api/v1/push", json_line).header("content-type"), "text/plain; charset=utf-8");
  EXPECT_EQ(nlohmann::json::parse(refusal("/_bulk", json_line).body)["error"]["type"], "security_exception");
  EXPECT_EQ(nlohmann::json::parse(refusal("/api/v2/logs", json_line).body)["errors"][0]["status"], "401");
  EXPECT_THAT(refusal("/firehose", json_line).body, HasSubstr("errorMessage"));
  EXPECT_THAT(refusal("/upload", "Content-Type: application/vnd.fdo.journal\r\n").body, HasSubstr("token"));
  const auto code = [&](std::string_view authorization) {
    const std::string line = authorization.empty() ? "" : fmt::format("Authorization: {}\r\n", authorization);
    return nlohmann::json::parse(refusal("/services/collector", line).body)["code"].get<int>();
  };
  EXPECT_EQ(code(""), 2);
  EXPECT_EQ(code("Splunk"), 3);
  EXPECT_EQ(code("Splunk x"), 4);
}

TEST_F(Identities, SplunksFormIsTakenWhereHecIsSpoken) {
  port_.clients.use(one_client());
  EXPECT_EQ(ask(agent_request("/services/collector", "Authorization: Splunk t0ken\r\n", R"({"event":"a"})")).status,
            200u);
  EXPECT_EQ(ask(agent_request("/v1/events", "Authorization: Splunk t0ken\r\n", R"({"event":"a"})")).status, 401u);
  EXPECT_EQ(ask(agent_request("/_bulk", "Authorization: Basic " + to_base64("edge:t0ken") + "\r\n",
                              "{\"index\":{}}\n{\"a\":1}\n"))
                .status,
            200u);
}

}  // namespace
}  // namespace logdist::ingest::test
