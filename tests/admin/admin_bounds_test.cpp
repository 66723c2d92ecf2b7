// What the admin port does when a bound is met.
#include <gmock/gmock.h>
#include <unistd.h>

#include <algorithm>
#include <deque>
#include <string>
#include <thread>

#include <boost/asio.hpp>

#include "tests/admin/admin_fixture.hpp"

namespace logdist::admin {
namespace {

using namespace std::chrono_literals;

class AdminBounds : public AdminTest {};

constexpr std::string_view post = "POST /metrics HTTP/1.1\r\nHost: localhost\r\n";

TEST_F(AdminBounds, ABodyOfTheLimitIsRead) {
  start();
  Client client = connect();
  client.send(std::string(post) + "Content-Length: 65536\r\n\r\n" + std::string(65'536, 'x'));
  EXPECT_EQ(client.receive()->result_int(), 405u);
  EXPECT_EQ(client.get("/healthz")->result_int(), 200u);
}

TEST_F(AdminBounds, ABodyOverTheLimitIsTooLarge) {
  start();
  Client declared = connect();
  declared.send(std::string(post) + "Content-Length: 65537\r\n\r\n" + std::string(65'537, 'x'));
  const auto reply = declared.receive();
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->result_int(), 413u);
  EXPECT_TRUE(declared.sees_close());

  Client chunked = connect();
  std::string body;
  for (int i = 0; i < 5; ++i) body += "4000\r\n" + std::string(0x4000, 'x') + "\r\n";
  chunked.send(std::string(post) + "Transfer-Encoding: chunked\r\n\r\n" + body);
  const auto chunked_reply = chunked.receive();
  ASSERT_TRUE(chunked_reply);
  EXPECT_EQ(chunked_reply->result_int(), 413u);
}

TEST_F(AdminBounds, AHeaderOverTheLimitIsTooLarge) {
  start();
  Client client = connect();
  client.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: " + std::string(20'000, 'x') + "\r\n\r\n");
  const auto reply = client.receive();
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->result_int(), 431u);
  EXPECT_TRUE(client.sees_close());
}

TEST_F(AdminBounds, ASlowRequestTimesOut) {
  Limits limits;
  limits.request_timeout = 30ms;
  start(limits);
  Client header = connect();
  header.send("GET /healthz HTTP/1.1\r\nHo");
  const auto reply = header.receive();
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->result_int(), 408u);
  EXPECT_TRUE(header.sees_close());

  Client body = connect();
  body.send(std::string(post) + "Content-Length: 2\r\n\r\n{");
  EXPECT_EQ(body.receive()->result_int(), 408u);
}

TEST_F(AdminBounds, AnIdleConnectionIsClosedWithoutAWord) {
  Limits limits;
  limits.idle_timeout = 30ms;
  start(limits);
  Client fresh = connect();
  EXPECT_TRUE(fresh.sees_close());
  Client used = connect();
  EXPECT_EQ(used.get("/healthz")->result_int(), 200u);
  EXPECT_TRUE(used.sees_close());
}

TEST_F(AdminBounds, TheLongestIdleConnectionGivesWay) {
  Limits limits;
  limits.connections = 2;
  start(limits);
  Client first = connect();
  EXPECT_EQ(first.get("/healthz")->result_int(), 200u);
  Client second = connect();
  EXPECT_EQ(second.get("/healthz")->result_int(), 200u);
  EXPECT_EQ(first.get("/healthz")->result_int(), 200u) << "now the second is idle for longer";
  Client third = connect();
  EXPECT_EQ(third.get("/healthz")->result_int(), 200u);
  EXPECT_TRUE(second.sees_close());
  EXPECT_EQ(first.get("/healthz")->result_int(), 200u);
}

TEST_F(AdminBounds, HalfRequestsGiveWayOldestFirst) {
  start();
  const Limits limits;
  std::deque<Client> half;
  for (std::size_t i = 0; i < limits.connections + 44; ++i) {
    half.emplace_back(server_->endpoint());
    half.back().send(i % 2 == 0 ? "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: "
                                : "GET /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{");
  }
  // Its whole time is but one of many that a request may take: it waits for no timeout.
  Client fresh = connect();
  EXPECT_EQ(fresh.get("/healthz")->result_int(), 200u);
  EXPECT_LE(on_loop([this] { return server_->connections(); }), limits.connections);
  for (std::size_t i = 0; i < 45; ++i) EXPECT_TRUE(half[i].sees_close()) << i;
  half.back().send("12345678");
  EXPECT_EQ(half.back().receive()->result_int(), 200u) << "the newest is still there";
  EXPECT_EQ(fresh.get("/healthz")->result_int(), 200u);
}

TEST_F(AdminBounds, EmptyLinesAreNoSignOfLife) {
  Limits limits;
  limits.connections = 2;
  start(limits);
  Client lines = connect();
  lines.send("\r\n");
  Client idle = connect();
  EXPECT_EQ(idle.get("/healthz")->result_int(), 200u);
  lines.send("\r\n\r\n\r");
  Client third = connect();
  EXPECT_EQ(third.get("/healthz")->result_int(), 200u);
  EXPECT_TRUE(lines.sees_close());
  EXPECT_EQ(idle.get("/healthz")->result_int(), 200u);
}

TEST_F(AdminBounds, WhoDoesNotReadItsAnswersGivesWay) {
  Limits limits;
  limits.connections = 1;
  start(limits);
  Client deaf = connect();
  std::string requests;
  for (int i = 0; i < 2'000; ++i) requests += "GET /dashboard.css HTTP/1.1\r\nHost: localhost\r\n\r\n";
  deaf.send(requests);
  Client fresh = connect();
  EXPECT_EQ(fresh.get("/healthz")->result_int(), 200u);
}

/// However many scrapes are asked for, a liveness probe waits for one of them at most.
TEST_F(AdminBounds, OneScrapeIsWorkedOnAtATime) {
  std::deque<ScrapeReceiver> asked;
  request_scrape_ = [&asked](ScrapeReceiver receive) { asked.push_back(std::move(receive)); };
  start();
  constexpr std::size_t scrapers = 5;
  std::deque<Client> clients;
  for (std::size_t i = 0; i < scrapers; ++i) {
    clients.emplace_back(server_->endpoint());
    clients.back().send("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
    EXPECT_EQ(connect().get("/readyz")->result_int(), 200u);
  }
  for (std::size_t i = 0; i < scrapers; ++i) {
    EXPECT_EQ(on_loop([&asked] { return asked.size(); }), 1u);
    EXPECT_EQ(connect().get("/healthz")->result_int(), 200u);
    on_loop([&asked] {
      const ScrapeReceiver receive = std::move(asked.front());
      asked.pop_front();
      receive(telemetry::sample_scrape());
    });
    EXPECT_EQ(clients[i].receive()->result_int(), 200u) << "in the order in which they asked";
    EXPECT_EQ(connect().get("/healthz")->result_int(), 200u);
  }
  stop();
}

TEST_F(AdminBounds, WhoWaitsForItsTurnMakesRoom) {
  std::deque<ScrapeReceiver> asked;
  request_scrape_ = [&asked](ScrapeReceiver receive) { asked.push_back(std::move(receive)); };
  Limits limits;
  limits.connections = 3;
  start(limits);
  std::deque<Client> clients;
  for (std::size_t i = 0; i < limits.connections; ++i) {
    clients.emplace_back(server_->endpoint());
    clients.back().send(std::string("GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    EXPECT_EQ(clients.back().receive()->result_int(), 200u);
  }
  for (Client& client : clients) {
    client.send("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\nGET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n");
    while (on_loop([&asked] { return asked.empty(); })) std::this_thread::yield();
  }
  EXPECT_EQ(connect().get("/healthz")->result_int(), 200u);
  EXPECT_TRUE(clients[1].sees_close()) << "it has waited for longest of those that are not worked on";
  on_loop([&asked] { std::exchange(asked, {}).front()(telemetry::sample_scrape()); });
  EXPECT_EQ(clients[0].receive()->result_int(), 200u);
  stop();
}

TEST_F(AdminBounds, WhenAllAreBusyTheNextWaits) {
  std::promise<ScrapeReceiver> asked;
  request_scrape_ = [&asked](ScrapeReceiver receive) { asked.set_value(std::move(receive)); };
  Limits limits;
  limits.connections = 1;
  start(limits);
  Client busy = connect();
  busy.send("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
  const ScrapeReceiver receive = asked.get_future().get();
  Client next = connect();
  next.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(on_loop([this] { return server_->connections(); }), 1u);
  receive(telemetry::sample_scrape());
  EXPECT_EQ(busy.receive()->result_int(), 200u);
  EXPECT_EQ(next.receive()->result_int(), 200u);
  EXPECT_TRUE(busy.sees_close()) << "it was idle, and gave way";
  stop();
}

TEST_F(AdminBounds, StopClosesThePortAndEveryConnection) {
  std::promise<ScrapeReceiver> asked;
  request_scrape_ = [&asked](ScrapeReceiver receive) { asked.set_value(std::move(receive)); };
  start();
  Client idle = connect();
  EXPECT_EQ(idle.get("/healthz")->result_int(), 200u);
  Client busy = connect();
  busy.send("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
  const ScrapeReceiver receive = asked.get_future().get();
  const tcp::endpoint endpoint = server_->endpoint();
  on_loop([this] { server_->stop(); });
  EXPECT_TRUE(idle.sees_close());
  EXPECT_TRUE(busy.sees_close());
  EXPECT_THROW(Client late(endpoint), boost::system::system_error);
  receive(telemetry::sample_scrape());
  stop();
}

TEST_F(AdminBounds, TheLoopMayEndWhileARequestIsUnderWay) {
  std::promise<void> asked;
  request_scrape_ = [&asked](const ScrapeReceiver&) { asked.set_value(); };
  start();
  Client busy = connect();
  busy.send("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
  asked.get_future().get();
  loop_.stop();
  thread_.join();
  server_.reset();
  EXPECT_TRUE(busy.sees_close());
}

/// The first line of the answer to a request for /healthz.
template <typename Socket, typename Endpoint>
std::string health_line(const Endpoint& endpoint) {
  asio::io_context io;
  Socket socket(io);
  socket.connect(endpoint);
  asio::write(socket, asio::buffer(std::string_view("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")));
  std::string line(12, ' ');
  asio::read(socket, asio::buffer(line));
  return line;
}

TEST(AdminServer, ListensOnSeveralAddressesAndAUnixSocket) {
  asio::io_context loop;
  const std::string path = "/tmp/admin_test." + std::to_string(::getpid()) + ".sock";
  Server server(loop, {});
  for (const char* host : {"127.0.0.1", "::1"}) ASSERT_FALSE(server.open({host, 0}));
  ASSERT_FALSE(server.open({"", 0, path}));
  EXPECT_TRUE(server.urls().ends_with(" unix:" + path)) << server.urls();
  EXPECT_EQ(std::ranges::count(server.urls(), ' '), 2);
  server.start();
  std::thread thread([&loop] { loop.run(); });
  using Unix = asio::local::stream_protocol;
  EXPECT_EQ(health_line<asio::ip::tcp::socket>(server.endpoint()), "HTTP/1.1 200");
  EXPECT_EQ(health_line<Unix::socket>(Unix::endpoint(path)), "HTTP/1.1 200");
  asio::post(loop, [&server] { server.stop(); });
  thread.join();
  EXPECT_NE(::access(path.c_str(), F_OK), 0);
}

TEST(AdminServer, SaysWhyAPortCannotBeHad) {
  asio::io_context loop;
  Server first(loop, {});
  ASSERT_FALSE(first.open({"127.0.0.1", 0}));
  EXPECT_NE(first.endpoint().port(), 0);
  Server second(loop, {});
  EXPECT_EQ(second.open({"127.0.0.1", first.endpoint().port()}), asio::error::address_in_use);
  Server named(loop, {});
  EXPECT_FALSE(named.open({"localhost", 0}));
  Server nowhere(loop, {});
  EXPECT_TRUE(nowhere.open({"192.0.2.1", 0})) << "an address that no machine has";
}

}  // namespace
}  // namespace logdist::admin
