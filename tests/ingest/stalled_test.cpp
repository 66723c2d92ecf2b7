// Agents that send on and do not read: answers that stay on their way.
#include <gtest/gtest.h>

#include <fmt/format.h>

#include "port.hpp"

namespace logdist::ingest::test {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view unknown_path = "GET /x HTTP/1.1\r\nHost: t\r\n\r\n";
/// Their answers are more than a NarrowConnection holds.
constexpr std::size_t too_many = 100;
/// What a session reads at once.
constexpr std::size_t one_read = 4096;

std::string repeated(std::string_view text, std::size_t times) {
  std::string all;
  for (std::size_t i = 0; i < times; ++i) all += text;
  return all;
}

std::string numbered(int number) { return post(fmt::format(R"({{"packet_id":"p-{}","messages":["a"]}})", number)); }

/// A connection of which the kernel holds little, so that its agent's not reading
/// is felt at once. What it sends first is there before the session begins.
class NarrowConnection {
 public:
  NarrowConnection(Port& port, std::string_view first_bytes) : port_(port), client_(acceptor_.local_endpoint(), 4096) {
    EXPECT_LE(first_bytes.size(), one_read);
    client_.send(first_bytes);
    Socket socket(port.sessions().executor());
    acceptor_.accept(socket);
    socket.set_option(boost::asio::socket_base::send_buffer_size(4096));
    port.on_loop([&] { port.sessions().open(stream_of(std::move(socket)), *slots_.try_take()); });
  }
  ~NarrowConnection() {
    client_.close();
    EXPECT_TRUE(port_.eventually([this] { return slots_.taken() == 0; }));
  }
  NarrowConnection(const NarrowConnection&) = delete;
  NarrowConnection& operator=(const NarrowConnection&) = delete;

  Client& client() { return client_; }

  /// Reads the answers to `count` requests for an unknown path.
  void read_not_found(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      const auto answer = client_.read();
      ASSERT_TRUE(answer) << "after " << i;
      ASSERT_EQ(answer->status, 404u) << "after " << i;
    }
  }

 private:
  Port& port_;
  ConnectionSlots slots_{1};
  boost::asio::io_context io_;
  boost::asio::ip::tcp::acceptor acceptor_{io_, {boost::asio::ip::address_v4::loopback(), 0}};
  Client client_;
};

TEST(Stalled, ASettlementMeanwhileIsAnsweredInItsTurn) {
  Port port;
  port.on_loop([&] { port.sink.next_admission = queue::Admission::waiting; });
  const std::string long_id(128, 'i');
  const std::string packet = post(fmt::format(R"({{"packet_id":"{}","messages":["a"]}})", long_id));
  // One of these leaves no room for one more answer behind those that are under way.
  for (std::size_t answers = too_many - 50; answers < too_many; ++answers) {
    NarrowConnection connection(port, repeated(unknown_path, answers) + packet + numbered(2));
    ASSERT_TRUE(port.eventually([&] { return port.sink.waiting.size() == 1; }));
    port.on_loop([&] { port.sink.settle(queue::Settlement::delivered); });
    ASSERT_TRUE(port.on_loop([&] { return port.sink.waiting.empty(); })) << "not stalled: it goes on meanwhile";

    connection.read_not_found(answers);
    const auto settled = connection.client().read();
    ASSERT_TRUE(settled);
    EXPECT_EQ(settled->status, 200u);
    EXPECT_EQ(settled->body, fmt::format(R"({{"packet_id":"{}","messages":1}})", long_id));

    ASSERT_TRUE(port.eventually([&] { return port.sink.waiting.size() == 1; })) << "the next goes on";
    port.on_loop([&] { port.sink.settle(queue::Settlement::delivered); });
    EXPECT_EQ(connection.client().read()->body, R"({"packet_id":"p-2","messages":1})");
  }
}

/// What comes behind the answers that stall is not whole, and never will be.
void expect_timeout_after_stall(Port& port, std::string_view part_of_request) {
  NarrowConnection connection(port, repeated(unknown_path, too_many) + std::string(part_of_request));
  const auto give_up_at = std::chrono::steady_clock::now() + patience;
  while (port.rejected(RejectReason::not_found) != too_many) {
    ASSERT_LT(std::chrono::steady_clock::now(), give_up_at);
    std::this_thread::yield();
  }
  connection.read_not_found(too_many);
  const auto answer = connection.client().read();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 408u);
  EXPECT_TRUE(connection.client().ends());
}

TEST(Stalled, AHeadStillHasItsTimeout) {
  Port port(with_timeouts(50ms, 1h, 1h));
  expect_timeout_after_stall(port, "POST /v1/pack");
}

TEST(Stalled, ABodyStillHasItsTimeout) {
  Port port(with_timeouts(1h, 50ms, 1h));
  const std::string request = post(small_body);
  expect_timeout_after_stall(port, std::string_view(request).substr(0, request.size() - 5));
}

TEST(Stalled, AnIdleAgentStillHasItsTimeout) {
  Port port(with_timeouts(1h, 1h, 1s));
  NarrowConnection connection(port, repeated(unknown_path, too_many));
  connection.read_not_found(too_many);
  EXPECT_TRUE(connection.client().ends());
}

TEST(Stalled, AnAgentThatSendsOnIsNotCut) {
  Port port(with_timeouts(500ms, 1h, 1h));
  port.on_loop([&] { port.sink.next_admission = queue::Admission::waiting; });
  NarrowConnection connection(port, numbered(1) + repeated(unknown_path, too_many) + numbered(2));
  ASSERT_TRUE(port.eventually([&] { return port.sink.waiting.size() == 1; }));
  port.on_loop([&] { port.sink.settle(queue::Settlement::delivered); });
  ASSERT_TRUE(port.eventually([&] { return port.sink.waiting.size() == 1; }));
  connection.client().send(numbered(3));

  Client other = port.connect();  // its timeout says that as much time has passed
  other.send("POST /v1/pack");
  EXPECT_EQ(other.read()->status, 408u);

  EXPECT_EQ(connection.client().read()->status, 200u);
  connection.read_not_found(too_many);
  for (const int number : {2, 3}) {
    ASSERT_TRUE(port.eventually([&] { return port.sink.waiting.size() == 1; }));
    port.on_loop([&] { port.sink.settle(queue::Settlement::delivered); });
    EXPECT_EQ(connection.client().read()->body, fmt::format(R"({{"packet_id":"p-{}","messages":1}})", number));
  }
}

}  // namespace
}  // namespace logdist::ingest::test
