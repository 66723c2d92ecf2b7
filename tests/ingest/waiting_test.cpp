// Requests that wait: for their delivery, or for room for their body.
#include <gtest/gtest.h>

#include <fmt/format.h>

#include "port.hpp"

namespace logdist::ingest::test {
namespace {

std::string json_of_size(std::string_view id, std::size_t size) {
  const std::string frame = fmt::format(R"({{"packet_id":"{}","messages":[""]}})", id);
  return fmt::format(R"({{"packet_id":"{}","messages":["{}"]}})", id, std::string(size - frame.size(), 'x'));
}

/// A port whose sink lets every packet wait.
struct WaitingPort : Port {
  WaitingPort() {
    on_loop([this] { sink.next_admission = queue::Admission::waiting; });
  }
  bool has_waiting(std::size_t count) {
    return eventually([this, count] { return sink.waiting.size() == count; });
  }
  void settle(queue::Settlement settlement) {
    on_loop([this, settlement] { sink.settle(settlement); });
  }
};

TEST(Waiting, TheSettlementIsTheAnswer) {
  WaitingPort port;
  Client client = port.connect();
  client.send(post(small_body));
  ASSERT_TRUE(port.has_waiting(1));
  EXPECT_EQ(port.memory().held_bytes(), small_body.size()) << "a body that waits keeps its room";
  port.settle(queue::Settlement::delivered);
  const auto delivered = client.read();
  EXPECT_EQ(delivered->status, 200u);
  EXPECT_EQ(delivered->body, R"({"packet_id":"p-1","messages":2})");

  client.send(post(small_body));
  ASSERT_TRUE(port.has_waiting(1));
  port.settle(queue::Settlement::handed_back);
  const auto handed_back = client.read();
  EXPECT_EQ(handed_back->status, 503u);
  EXPECT_EQ(handed_back->header("retry-after"), "7") << "as the sink says";

  client.send(post(small_body));
  ASSERT_TRUE(port.has_waiting(1));
  port.settle(queue::Settlement::dead_lettered);
  const auto dead_lettered = client.read();
  EXPECT_EQ(dead_lettered->status, 422u);
  EXPECT_EQ(dead_lettered->header("content-type"), "application/problem+json");
  EXPECT_EQ(port.memory().held_bytes(), 0u);
}

/// A port whose sink stores every packet before it answers.
struct StoringPort : WaitingPort {
  StoringPort() {
    on_loop([this] { sink.next_admission = queue::Admission::pending; });
  }
  void store() {
    on_loop([this] { sink.store(); });
  }
};

TEST(Storing, TheAnswerComesWhenThePacketIsStored) {
  StoringPort port;
  Client client = port.connect();
  client.send(post(small_body) + post(small_body));
  ASSERT_TRUE(port.has_waiting(1));
  EXPECT_EQ(port.memory().held_bytes(), small_body.size()) << "its bytes are still here";
  port.store();
  const auto stored = client.read();
  EXPECT_EQ(stored->status, 202u);
  EXPECT_EQ(stored->body, R"({"packet_id":"p-1","messages":2})");
  ASSERT_TRUE(port.has_waiting(1)) << "the next request of the connection";
  port.store();
  EXPECT_EQ(client.read()->status, 202u);
  EXPECT_EQ(port.memory().held_bytes(), 0u);
}

TEST(Storing, WhatIsNotStoredIsTheAgentsAgain) {
  StoringPort port;
  Client client = port.connect();
  client.send(post(small_body));
  ASSERT_TRUE(port.has_waiting(1));
  port.settle(queue::Settlement::not_stored);
  const auto reply = client.read();
  EXPECT_EQ(reply->status, 503u);
  EXPECT_EQ(reply->header("retry-after"), "7");
  client.send(post(small_body));
  ASSERT_TRUE(port.has_waiting(1));
  port.store();
  EXPECT_EQ(client.read()->status, 202u) << "the connection goes on";
}

TEST(Storing, AnAgentThatSendsNoMoreHasItsAnswerAllTheSame) {
  StoringPort port;
  Client client = port.connect();
  client.send(post(small_body));
  client.shutdown_send();
  ASSERT_TRUE(port.has_waiting(1));
  port.store();
  EXPECT_EQ(client.read()->status, 202u);
  EXPECT_TRUE(client.ends());
}

TEST(Waiting, WhoIsSentAwayAtTheDrainIsToldSo) {
  WaitingPort port;
  Client client = port.connect();
  client.send(post(small_body));
  ASSERT_TRUE(port.has_waiting(1));
  port.on_loop([&port] { port.sessions().begin_drain(); });
  port.settle(queue::Settlement::handed_back);
  const auto answer = client.read();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 503u);
  EXPECT_NE(answer->body.find("shutting down"), std::string::npos) << answer->body;
  EXPECT_TRUE(client.ends());
}

TEST(Waiting, TheNextRequestIsNotReadMeanwhile) {
  WaitingPort port;
  Client client = port.connect();
  client.send(post(small_body) + post(small_body) + post(small_body));
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(port.has_waiting(1));
    EXPECT_EQ(port.on_loop([&] { return port.sink.admitted.size(); }), static_cast<std::size_t>(i + 1));
    port.settle(queue::Settlement::delivered);
    EXPECT_EQ(client.read()->status, 200u);
  }
}

TEST(Waiting, AnAgentThatGoesAbandonsItsPacket) {
  WaitingPort port;
  int expected = 0;
  for (const bool next_request_sent : {false, true}) {
    for (const bool hard : {false, true}) {
      Client client = port.connect();
      client.send(post(small_body));
      ASSERT_TRUE(port.has_waiting(1));
      if (next_request_sent) client.send(post(small_body));
      if (hard) {
        client.reset();
      } else {
        client.close();
      }
      expected += 1;
      ASSERT_TRUE(port.eventually([&] { return port.sink.abandoned == expected; }));
      ASSERT_TRUE(port.eventually([&] { return port.sessions().open_count() == 0; }));
      EXPECT_EQ(port.memory().held_bytes(), 0u);
    }
  }
}

TEST(Waiting, AnAgentThatSendsNoMoreHasItsAnswerAllTheSame) {
  for (const bool next_request_sent : {false, true}) {
    WaitingPort port;
    Client client = port.connect();
    client.send(post(small_body) + (next_request_sent ? post(small_body) : std::string()));
    ASSERT_TRUE(port.has_waiting(1));
    client.shutdown_send();
    const auto interim = client.read();
    ASSERT_TRUE(interim);
    EXPECT_EQ(interim->status, 100u) << "which asks whether somebody reads";
    for (int request = 0; request < (next_request_sent ? 2 : 1); ++request) {
      ASSERT_TRUE(port.has_waiting(1));
      port.settle(queue::Settlement::delivered);
      EXPECT_EQ(client.read()->status, 200u);
    }
    EXPECT_TRUE(client.ends());
    EXPECT_EQ(port.sink.abandoned, 0);
  }
}

TEST(Waiting, AnAgentOfHttp10ThatSendsNoMoreIsGone) {
  WaitingPort port;
  Client client = port.connect();
  client.send("POST /v1/packets HTTP/1.0\r\nContent-Type: application/json\r\nContent-Length: " +
              std::to_string(small_body.size()) + "\r\n\r\n" + std::string(small_body));
  ASSERT_TRUE(port.has_waiting(1));
  client.shutdown_send();
  EXPECT_TRUE(client.ends()) << "it knows no interim answers";
  EXPECT_TRUE(port.eventually([&] { return port.sink.abandoned == 1; }));
}

TEST(Waiting, DrainLetsThemFinishAndCloses) {
  WaitingPort port;
  Client client = port.connect();
  client.send(post(small_body));
  ASSERT_TRUE(port.has_waiting(1));
  port.on_loop([&] { port.sessions().begin_drain(); });
  port.settle(queue::Settlement::delivered);
  const auto answer = client.read();
  EXPECT_EQ(answer->status, 200u);
  EXPECT_EQ(answer->header("connection"), "close");
  EXPECT_TRUE(client.ends());
}

TEST(Waiting, CloseAllAbandons) {
  WaitingPort port;
  Client client = port.connect();
  client.send(post(small_body));
  ASSERT_TRUE(port.has_waiting(1));
  port.on_loop([&] { port.sessions().close_all(); });
  EXPECT_TRUE(client.ends());
  EXPECT_EQ(port.on_loop([&] { return port.sink.abandoned; }), 1);
}

config::ServerOptions small_budget() {
  config::ServerOptions options;
  options.max_buffered = 10'000;
  return options;
}

TEST(Room, BodiesWaitTheirTurn) {
  Port port(small_budget());
  Client first = port.connect(), second = port.connect(), third = port.connect();
  const std::string large = post(json_of_size("1", 8'000));
  first.send(std::string_view(large).substr(0, 5'000));
  ASSERT_TRUE(port.eventually([&] { return port.memory().held_bytes() == 8'000; }));
  second.send(post(json_of_size("2", 9'000)));
  ASSERT_TRUE(port.eventually([&] { return port.sessions().busy_count() == 2; }));
  third.send(post(json_of_size("3", 2'000)));  // would fit, but is not the oldest
  ASSERT_TRUE(port.eventually([&] { return port.sessions().busy_count() == 3; }));
  EXPECT_EQ(port.memory().held_bytes(), 8'000u);

  first.send(std::string_view(large).substr(5'000));
  for (Client* client : {&first, &second, &third}) EXPECT_EQ(client->read()->status, 202u);
  const auto admitted = port.on_loop([&] { return port.sink.admitted; });
  EXPECT_EQ(admitted.at(0).id, "1");
  EXPECT_EQ(admitted.at(1).id, "2");
  EXPECT_EQ(admitted.at(2).id, "3");
  EXPECT_EQ(port.memory().held_bytes(), 0u);
}

TEST(Room, ABodyLargerThanAllRoomGoesAlone) {
  Port port(small_budget());
  Client client = port.connect();
  client.send(post(json_of_size("1", 50'000)));
  EXPECT_EQ(client.read()->status, 202u);
}

TEST(Room, ChunkedBodiesThatGrowTogetherAllArrive) {
  config::ServerOptions options;
  options.max_buffered = 100'000;
  Port port(options);
  constexpr int agents = 6;
  std::vector<Client> clients;
  for (int i = 0; i < agents; ++i) {
    clients.push_back(port.connect());
    clients.back().send(
        "POST /v1/packets HTTP/1.1\r\nHost: t\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n");
  }
  const std::string body = json_of_size("c", 90'000);
  std::vector<std::jthread> senders;  // a sender whose body waits blocks
  for (Client& client : clients) {
    senders.emplace_back([&client, &body] {
      for (std::size_t at = 0; at < body.size(); at += 9'000) {
        const std::string_view piece = std::string_view(body).substr(at, 9'000);
        client.send(fmt::format("{:x}\r\n{}\r\n", piece.size(), piece));
      }
      client.send("0\r\n\r\n");
    });
  }
  senders.clear();
  for (Client& client : clients) EXPECT_EQ(client.read()->status, 202u);
  EXPECT_EQ(port.memory().held_bytes(), 0u);
}

TEST(Room, LoopsGiveEachOtherTheirTurn) {
  const auto memory = std::make_shared<queue::MemoryLimiter>(20'000);
  Port one({}, std::chrono::seconds(30), memory), two({}, std::chrono::seconds(30), memory);
  constexpr int packets = 200;
  std::vector<std::jthread> agents;
  for (int i = 0; i < 8; ++i) {
    agents.emplace_back([&port = i % 2 == 0 ? one : two, i] {
      Client client = port.connect();
      const std::string body = json_of_size("x", 3'000 + static_cast<std::size_t>(i) * 1'500);
      for (int packet = 0; packet < packets; ++packet) {
        const std::string request = post(body);
        client.send(std::string_view(request).substr(0, 2'000));  // holds its room while the rest is on its way
        client.send(std::string_view(request).substr(2'000));
        const auto answer = client.read();
        ASSERT_TRUE(answer && answer->status == 202);
      }
    });
  }
  agents.clear();
  EXPECT_EQ(one.counts().received_in_all().packets + two.counts().received_in_all().packets, 8u * packets);
  EXPECT_EQ(memory->held_bytes(), 0u);
}

TEST(Room, WhoWaitsTooLongIs503) {
  Port port(small_budget(), std::chrono::milliseconds(50));
  Client holder = port.connect(), waiter = port.connect();
  holder.send(post(json_of_size("1", 10'000)).substr(0, 5'000));
  ASSERT_TRUE(port.eventually([&] { return port.memory().held_bytes() == 10'000; }));
  waiter.send(post(json_of_size("2", 5'000)));
  const auto answer = waiter.read();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 503u);
  EXPECT_FALSE(answer->header("retry-after").empty());
  EXPECT_TRUE(waiter.ends());
  EXPECT_EQ(port.rejected(RejectReason::buffers_full), 1u);
  EXPECT_EQ(port.memory().held_bytes(), 10'000u);
}

TEST(Room, WhoLeavesTheLineIsForgotten) {
  Port port(small_budget());
  Client holder = port.connect();
  holder.send(post(json_of_size("1", 10'000)).substr(0, 5'000));
  ASSERT_TRUE(port.eventually([&] { return port.memory().held_bytes() == 10'000; }));
  {
    Client waiter = port.connect();
    waiter.send(post(json_of_size("2", 50)).substr(0, 120));
    ASSERT_TRUE(port.eventually([&] { return port.sessions().busy_count() == 2; }));
  }
  ASSERT_TRUE(port.eventually([&] { return port.sessions().open_count() == 1; }));
  holder.close();
  ASSERT_TRUE(port.eventually([&] { return port.sessions().open_count() == 0; }));
  EXPECT_EQ(port.memory().held_bytes(), 0u);
  EXPECT_EQ(port.on_loop([&] { return port.sink.out(); }), 0u);
}

}  // namespace
}  // namespace logdist::ingest::test
