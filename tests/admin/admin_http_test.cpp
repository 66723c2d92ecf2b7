// How the admin port speaks HTTP.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tests/admin/admin_fixture.hpp"

namespace logdist::admin {
namespace {

class AdminHttp : public AdminTest {
 protected:
  /// Sends `request` on a connection of its own; the answer's status, 0 for none.
  unsigned status_of(std::string_view request) {
    Client client = connect();
    client.send(request);
    const auto reply = client.receive();
    return reply ? reply->result_int() : 0;
  }
};

void expect_problem(const std::optional<Reply>& reply, unsigned status) {
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->result_int(), status);
  EXPECT_EQ((*reply)[http::field::content_type], "application/problem+json");
  const auto body = nlohmann::json::parse(reply->body());
  EXPECT_EQ(body["type"], "about:blank");
  EXPECT_EQ(body["status"], status);
  EXPECT_EQ(body["title"], std::string(http::obsolete_reason(http::int_to_status(status))));
  EXPECT_FALSE(body["detail"].get<std::string>().empty());
}

TEST_F(AdminHttp, UnknownPathsAreNotFound) {
  start();
  Client client = connect();
  for (const char* target : {"/nothing", "/healthz/", "/HEALTHZ", "//healthz", "/v1", "/v1/status/x", "/%68ealthz"}) {
    expect_problem(client.get(target), 404);
  }
}

TEST_F(AdminHttp, TargetsMayHaveAQueryOrBeWholeUrls) {
  start();
  Client client = connect();
  EXPECT_EQ(client.get("/healthz?verbose=1")->result_int(), 200u);
  EXPECT_EQ(client.get("http://localhost/healthz")->result_int(), 200u);
  EXPECT_EQ(client.get("http://127.0.0.1:8081/readyz?x")->result_int(), 200u);
  EXPECT_EQ(client.get("http://localhost")->body(), client.get("/")->body());
  EXPECT_EQ(client.get("http://localhost/nothing")->result_int(), 404u);
}

TEST_F(AdminHttp, OtherMethodsAreNotAllowed) {
  start();
  Client client = connect();
  for (const std::string method : {"POST", "PUT", "DELETE", "PATCH", "OPTIONS", "BREW"}) {
    client.send(method + " /metrics HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}");
    const auto reply = client.receive();
    expect_problem(reply, 405);
    EXPECT_EQ((*reply)[http::field::allow], "GET, HEAD") << method;
  }
  EXPECT_EQ(client.get("/healthz")->result_int(), 200u) << "their bodies were read";
}

TEST_F(AdminHttp, HeadIsGetWithoutTheBody) {
  start();
  Client client = connect();
  for (const std::string target : {"/", "/healthz", "/readyz", "/v1/status", "/nothing"}) {
    const auto get = client.get(target);
    client.send("HEAD " + target + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
    const auto head = client.receive(true);
    ASSERT_TRUE(get && head) << target;
    EXPECT_EQ(head->result(), get->result()) << target;
    EXPECT_EQ((*head)[http::field::content_type], (*get)[http::field::content_type]) << target;
    // The status tells times, and their digits may be more or fewer by now.
    const double digits = target == "/v1/status" ? 16 : 0;
    EXPECT_NEAR(std::stod((*head)[http::field::content_length]), static_cast<double>(get->body().size()), digits)
        << target;
  }
}

TEST_F(AdminHttp, PipelinedRequestsAreAnsweredInOrder) {
  start();
  Client client = connect();
  std::string requests;
  for (int i = 0; i < 10; ++i) {
    requests += i % 2 == 0 ? "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
                           : "GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n";
  }
  client.send(requests);
  for (int i = 0; i < 10; ++i) {
    const auto reply = client.receive();
    ASSERT_TRUE(reply) << i;
    EXPECT_EQ(reply->result_int(), i % 2 == 0 ? 200u : 404u) << i;
  }
}

TEST_F(AdminHttp, RequestsMayComeByteByByte) {
  start();
  Client client = connect();
  for (const char byte : std::string("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")) client.send({&byte, 1});
  EXPECT_EQ(client.receive()->result_int(), 200u);
}

TEST_F(AdminHttp, ClosesWhenAsked) {
  start();
  Client client = connect();
  client.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  const auto reply = client.receive();
  EXPECT_EQ((*reply)[http::field::connection], "close");
  EXPECT_TRUE(client.sees_close());
}

TEST_F(AdminHttp, SpeaksHttp10) {
  start();
  Client client = connect();
  client.send("GET /healthz HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  auto reply = client.receive();
  EXPECT_EQ(reply->version(), 10u);
  EXPECT_EQ((*reply)[http::field::connection], "keep-alive");
  client.send("GET /healthz HTTP/1.0\r\n\r\n");
  reply = client.receive();
  EXPECT_EQ(reply->result_int(), 200u);
  EXPECT_TRUE(client.sees_close());
}

/// The same parser as the packet port's: what matters here is that it is asked, and
/// that nothing behind such a request is read as another one.
TEST_F(AdminHttp, MalformedRequestsAreAnsweredAndClosed) {
  start();
  const std::string head = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n";
  const std::string chunked = head + "Transfer-Encoding: chunked\r\n\r\n";
  const std::pair<std::string, unsigned> requests[] = {
      {"nonsense\r\n\r\n", 400},
      {"GET /healthz HTTP/1.1\r\nHost a\r\n\r\n", 400},
      {"GET /healthz HTTP/3.7\r\n\r\n", 505},
      {"GET /healthz HTTP/1.1\n", 400},
      {"GET x://y/healthz HTTP/1.1\r\n", 400},
      {"GET /" + std::string(9'000, 'x'), 414},
      {"GET /healthz HTTP/1.1\r\n\r\n", 400},
      {"GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400},
      {"GET /healthz HTTP/1.1\r\nHost: a b\r\n\r\n", 400},
      {head + "Content-Length: x\r\n\r\n", 400},
      {head + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx", 400},
      {head + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
      {head + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 501},
      {head + "X: a\r\n folded\r\n\r\n", 400},
      {head + "Expect: wonders\r\n\r\n", 417},
      {chunked + "x", 400},
      {chunked + "2\r\nab\r\n0\n", 400},
      {chunked + "0\r\n\n", 400},
  };
  for (const auto& [request, status] : requests) {
    SCOPED_TRACE(request.substr(0, 200));
    Client client = connect();
    client.send(request + "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
    expect_problem(client.receive(), status);
    EXPECT_TRUE(client.sees_close());
  }
}

TEST_F(AdminHttp, BodiesAreReadToTheirEnd) {
  start();
  Client client = connect();
  const std::string head = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n";
  client.send(head + "Transfer-Encoding: chunked\r\n\r\n2;a=b\r\nab\r\n0\r\nX: y\r\n\r\n");
  client.send("\r\n" + head + "Content-Length: 3\r\n\r\nabc" + head + "\r\n");
  for (int i = 0; i < 3; ++i) EXPECT_EQ(client.receive()->result_int(), 200u) << i;
}

TEST_F(AdminHttp, AContinueIsSaidToWhoWaitsForIt) {
  start();
  Client client = connect();
  client.send("POST /metrics HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_EQ(client.receive_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("{}");
  EXPECT_EQ(client.receive()->result_int(), 405u);
}

TEST_F(AdminHttp, OptionsOfThePort) {
  start();
  Client client = connect();
  client.send("OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n");
  const auto reply = client.receive();
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->result_int(), 200u);
  EXPECT_EQ((*reply)[http::field::allow], "GET, HEAD, POST, DELETE, OPTIONS");
}

/// Whoever owns a name can let it lead here.
TEST_F(AdminHttp, OnlyItsOwnNamesAreAnswered) {
  start();
  const auto status = [this](const std::string& host) {
    return status_of("GET /v1/status HTTP/1.1\r\nHost: " + host + "\r\n\r\n");
  };
  for (const char* host : {"localhost", "LocalHost:8081", "127.0.0.1", "192.0.2.7:80", "[::1]:8081", "[2001:db8::1]",
                           "admin.example", "Admin.Example:8081"}) {
    EXPECT_EQ(status(host), 200u) << host;
  }
  for (const char* host : {"evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "evil.admin.example", "",
                           "127.1", "2130706433", "localhost."}) {
    EXPECT_EQ(status(host), 421u) << host;
  }
  EXPECT_EQ(status_of("GET http://evil.example/healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"), 421u);
  EXPECT_EQ(status_of("GET /healthz HTTP/1.0\r\nHost: evil.example\r\n\r\n"), 421u);
  EXPECT_EQ(status_of("GET /healthz HTTP/1.0\r\n\r\n"), 200u) << "no browser";
}

TEST_F(AdminHttp, APeerThatLeavesIsForgotten) {
  start();
  { connect().send("GET /heal"); }
  { const Client silent = connect(); }
  Client last = connect();
  EXPECT_EQ(last.get("/healthz")->result_int(), 200u);
  while (on_loop([this] { return server_->connections(); }) > 1) std::this_thread::yield();
}

TEST_F(AdminHttp, RandomBytesAlwaysEndInAnAnswerOrAClose) {
  Limits limits;
  limits.request_timeout = std::chrono::milliseconds(20);
  limits.idle_timeout = std::chrono::milliseconds(20);
  start(limits);
  const std::uint64_t seed = 7;
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  const std::string sample =
      "GET /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n";
  for (int i = 0; i < 100; ++i) {
    std::string request = sample;
    for (std::uint64_t changes = 1 + random.below(6); changes > 0; --changes) {
      request[random.below(request.size())] = static_cast<char>(random.below(256));
    }
    Client client = connect();
    client.send(request.substr(0, random.below(request.size())));
    while (client.receive()) {
    }
  }
  EXPECT_EQ(connect().get("/healthz")->result_int(), 200u);
}

}  // namespace
}  // namespace logdist::admin
