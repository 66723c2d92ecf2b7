// What readers of /v1/events are sent, and what they cannot do to us.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tests/admin/admin_fixture.hpp"

namespace logdist::admin {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr std::string_view get_events = "GET /v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n";
constexpr std::string_view end_of_header = "\r\n\r\n";
constexpr std::string_view end_of_message = "\n\n";

/// No second status comes within a test.
Limits one_status() {
  Limits limits;
  limits.status_interval = 1h;
  return limits;
}

/// The data of an event of that type.
nlohmann::json data_of(const std::string& message, const std::string& type) {
  const std::string head = "event: " + type + "\ndata: ";
  EXPECT_THAT(message, StartsWith(head));
  return nlohmann::json::parse(message.substr(std::min(head.size(), message.size())), nullptr, false);
}

class EventStreamTest : public AdminTest {
 protected:
  /// A connection that has had its header and the first lines.
  std::unique_ptr<Client> watch() {
    std::unique_ptr<Client> client(new Client(server_->endpoint()));
    client->send(get_events);
    EXPECT_THAT(client->receive_until(end_of_header), StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_THAT(client->receive_until(end_of_message), StartsWith("retry: "));
    return client;
  }

  void await_connections(std::size_t count) {
    while (on_loop([this] { return server_->connections(); }) != count) std::this_thread::yield();
  }
};

class EventStreamRights : public EventStreamTest {
 protected:
  static std::shared_ptr<const auth::AdminTokens> tokens_of(const std::string& token) {
    return std::make_shared<const auth::AdminTokens>(
        std::vector<auth::AdminToken>{{"alice", auth::Role::read, {auth::digest_of(token)}}});
  }
  /// One that has had its first status.
  std::unique_ptr<Client> watch_by(const std::string& field) {
    std::unique_ptr<Client> client(new Client(server_->endpoint()));
    client->send("GET /v1/events HTTP/1.1\r\nHost: localhost\r\n" + field + "\r\n\r\n");
    EXPECT_THAT(client->receive_until(end_of_header), StartsWith("HTTP/1.1 200 OK\r\n"));
    client->receive_until("event: status");
    client->receive_until(end_of_message);
    return client;
  }
};

TEST_F(EventStreamRights, EndWithTheToken) {
  tokens_ = tokens_of("one");
  start(one_status());
  const auto by_bearer = watch_by("Authorization: Bearer one");
  const auto by_cookie = watch_by("Cookie: logdist_token=one");
  on_loop([&] { tokens_ = tokens_of("one"); });
  happens({.text = "still"});
  EXPECT_THAT(by_bearer->receive_until(end_of_message), HasSubstr("still"));
  EXPECT_THAT(by_cookie->receive_until(end_of_message), HasSubstr("still"));
  on_loop([&] { tokens_ = tokens_of("two"); });
  happens({.text = "a secret"});
  EXPECT_TRUE(by_bearer->sees_close());
  EXPECT_TRUE(by_cookie->sees_close());
  await_connections(0);
}

TEST_F(EventStreamRights, AreAskedForWhenTokensCome) {
  start(one_status());
  const auto client = watch_by("Accept: */*");
  on_loop([&] { tokens_ = tokens_of("one"); });
  happens({.text = "a secret"});
  EXPECT_TRUE(client->sees_close());
}

TEST_F(EventStreamTest, BeginsWithItsHeader) {
  start(one_status());
  Client client = connect();
  client.send(get_events);
  const std::string header = client.receive_until(end_of_header);
  EXPECT_THAT(header, HasSubstr("\r\nContent-Type: text/event-stream\r\n"));
  EXPECT_THAT(header, HasSubstr("\r\nCache-Control: no-store\r\n"));
  EXPECT_THAT(header, HasSubstr("\r\nConnection: close\r\n")) << "its end is the connection's";
  EXPECT_THAT(header, Not(HasSubstr("Content-Length")));
  EXPECT_THAT(header, Not(HasSubstr("Transfer-Encoding")));
}

TEST_F(EventStreamTest, TellsWhatWasThenTheStatusThenWhatComes) {
  happens({.text = "one"});
  happens({.analyzer = "a", .text = "two"});
  start(one_status());
  const auto client = watch();
  EXPECT_EQ(data_of(client->receive_until(end_of_message), "event")["text"], "one");
  EXPECT_EQ(data_of(client->receive_until(end_of_message), "event")["analyzer"], "a");
  const auto status = data_of(client->receive_until(end_of_message), "status");
  EXPECT_EQ(status["version"], "1.2.3");
  EXPECT_EQ(status["analyzers"].size(), 2u);
  happens({.kind = EventKind::state, .warning = true, .analyzer = "b", .text = "healthy -> failed"});
  const auto event = data_of(client->receive_until(end_of_message), "event");
  EXPECT_EQ(event["number"], 3);
  EXPECT_EQ(event["kind"], "state");
  EXPECT_EQ(event["warning"], true);
}

TEST_F(EventStreamTest, StatusesComeAgainAndAgain) {
  Limits limits;
  limits.status_interval = 1ms;
  start(limits);
  const auto first = watch();
  const auto second = watch();
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(data_of(first->receive_until(end_of_message), "status")["ready"], true);
    EXPECT_EQ(data_of(second->receive_until(end_of_message), "status")["ready"], true);
  }
}

TEST_F(EventStreamTest, IsNeverSilentForLong) {
  request_scrape_ = [](const ScrapeReceiver&) {};
  Limits limits = one_status();
  limits.heartbeat_interval = 1ms;
  start(limits);
  const auto client = watch();
  for (int i = 0; i < 3; ++i) EXPECT_THAT(client->receive_until(end_of_message), StartsWith(": "));
}

TEST_F(EventStreamTest, TooManyAreToldToComeLater) {
  Limits limits = one_status();
  limits.event_streams = 2;
  start(limits);
  const auto first = watch();
  auto second = watch();
  Client third = connect();
  const auto reply = third.get("/v1/events");
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->result_int(), 503u);
  EXPECT_EQ((*reply)[http::field::content_type], "application/problem+json");
  EXPECT_EQ((*reply)[http::field::retry_after], "1");
  EXPECT_EQ(third.get("/healthz")->result_int(), 200u) << "the connection is still good";

  second.reset();
  // That it has gone shows when something is sent to it.
  do happens({.text = "news"});
  while (on_loop([this] { return server_->connections(); }) > 2);
  watch();
}

TEST_F(EventStreamTest, ReadersOfEventsLeaveRoomForOthers) {
  Limits limits = one_status();
  limits.connections = 4;
  limits.event_streams = 2;
  start(limits);
  const auto first = watch();
  const auto second = watch();
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(connect().get("/healthz")->result_int(), 200u);
    EXPECT_EQ(connect().get("/metrics")->result_int(), 200u);
  }
  first->receive_until(end_of_message);  // the status
  second->receive_until(end_of_message);
  happens({.text = "still there"});
  EXPECT_EQ(data_of(first->receive_until(end_of_message), "event")["text"], "still there");
  EXPECT_EQ(data_of(second->receive_until(end_of_message), "event")["text"], "still there");
}

TEST_F(EventStreamTest, WhoDoesNotReadIsDropped) {
  telemetry::Scrape large = telemetry::sample_scrape();
  large.analyzers[0].url = "http://" + std::string(8 << 20, 'x');
  request_scrape_ = [&large](const ScrapeReceiver& receive) { receive(large); };
  Limits limits;
  limits.status_interval = 10ms;
  limits.request_timeout = 50ms;
  start(limits);
  Client client = connect();
  client.send(get_events);
  client.receive_until(end_of_header);
  await_connections(0);
}

TEST_F(EventStreamTest, EndsWithTheServer) {
  start(one_status());
  const auto client = watch();
  client->receive_until(end_of_message);
  on_loop([this] { server_->stop(); });
  EXPECT_EQ(client->receive_until(end_of_message), "");
  EXPECT_TRUE(client->sees_close());
  await_connections(0);
}

TEST_F(EventStreamTest, TheLoopMayEndWhileSomeoneReads) {
  start(one_status());
  const auto client = watch();
  loop_.stop();
  thread_.join();
  server_.reset();
  events_->post({.text = "nobody hears it"});
}

TEST_F(EventStreamTest, HeadIsOnlyTheHeader) {
  start(one_status());
  Client client = connect();
  client.send("HEAD /v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n");
  const auto head = client.receive(true);
  ASSERT_TRUE(head);
  EXPECT_EQ(head->result_int(), 200u);
  EXPECT_EQ((*head)[http::field::content_type], "text/event-stream");
  EXPECT_EQ(client.get("/healthz")->result_int(), 200u);
}

TEST_F(EventStreamTest, SpeaksHttp10) {
  start(one_status());
  Client client = connect();
  client.send("GET /v1/events HTTP/1.0\r\n\r\n");
  EXPECT_THAT(client.receive_until(end_of_header), StartsWith("HTTP/1.0 200 OK\r\n"));
  EXPECT_THAT(client.receive_until(end_of_message), StartsWith("retry: "));
}

}  // namespace
}  // namespace logdist::admin
