// Handshakes of many connections at once, beside connections that have theirs behind them.
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <boost/asio/error.hpp>

#include "logdist/ingest/sessions.hpp"
#include "port.hpp"
#include "tests/net/record_transport.hpp"

namespace logdist::ingest::test {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using net::test::RecordTransport;

/// Notes in which rounds of the loop's poller handshakes go on.
class NotingTransport final : public RecordTransport {
 public:
  NotingTransport(net::Stream stream, std::string_view received, const net::Poller& poller,
                  std::vector<std::uint64_t>& rounds)
      : RecordTransport(std::move(stream), Role::server, received), poller_(poller), rounds_(rounds) {}

  error_code handshake() override {
    rounds_.push_back(poller_.rounds());
    return RecordTransport::handshake();
  }

 private:
  const net::Poller& poller_;
  std::vector<std::uint64_t>& rounds_;
};

class HandshakeTurns : public testing::Test {
 protected:
  ~HandshakeTurns() override {
    sessions_.close_all();
    run_loop();
  }

  /// A connection whose agent has said what it says first.
  net::Transport& connect() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends.data()), 0);
    Socket socket(loop_.get_executor());
    socket.assign(asio::ip::tcp::v4(), ends[0]);
    agents_.push_back(std::make_unique<RecordTransport>(net::Stream(ends[1]), RecordTransport::Role::client));
    EXPECT_EQ(agents_.back()->handshake(), asio::error::would_block);
    sessions_.open(stream_of(std::move(socket)), std::move(*slots_.try_take()));
    return *agents_.back();
  }

  void run_loop() {
    while (loop_.poll() > 0) {
    }
  }

  const std::string request_ = post(R"({"messages":["x"]})");
  std::vector<std::uint64_t> rounds_;
  asio::io_context loop_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_{loop_.get_executor()};

 private:
  SessionEnvironment environment() {
    SessionEnvironment environment{
        loop_, sink_, decoder_, buffers_, ledger_, memory_, session_random_, options_, std::chrono::seconds(30)};
    environment.make_transport = [this](net::Stream stream, std::string_view received) {
      return std::make_unique<NotingTransport>(std::move(stream), received, net::Poller::of(loop_), rounds_);
    };
    return environment;
  }

  const config::ServerOptions options_{};
  ScriptedSink sink_;
  core::BufferPool buffers_{1 << 16};
  codec::Decoder decoder_;
  ledger::Ledger ledger_;
  queue::MemoryLimiter memory_{options_.max_buffered};
  Random session_random_{1};
  ConnectionSlots slots_{100};
  Sessions sessions_{environment()};
  std::vector<std::unique_ptr<net::Transport>> agents_;
};

TEST_F(HandshakeTurns, OneGoesOnInARound) {
  for (int i = 0; i < 50; ++i) connect();
  run_loop();
  ASSERT_GE(rounds_.size(), 50u);
  EXPECT_EQ(std::ranges::adjacent_find(rounds_), rounds_.end()) << "two in one round";
}

TEST_F(HandshakeTurns, AllAreFinished) {
  std::vector<net::Transport*> agents;
  for (int i = 0; i < 50; ++i) agents.push_back(&connect());
  run_loop();
  for (net::Transport* const agent : agents) EXPECT_FALSE(agent->handshake());
  for (net::Transport* const agent : agents) {
    error_code error;
    agent->write_some(std::string_view(request_), error);
    run_loop();
    std::array<char, 4096> space;
    const std::size_t size = agent->read_some(space, error);
    EXPECT_TRUE(std::string_view(space.data(), size).starts_with("HTTP/1.1 202"));
  }
}

TEST_F(HandshakeTurns, AnAgentThatIsConnectedIsAnsweredBetweenThem) {
  net::Transport& agent = connect();
  run_loop();
  ASSERT_FALSE(agent.handshake());
  for (int i = 0; i < 50; ++i) connect();
  const std::size_t before = rounds_.size();
  error_code error;
  agent.write_some(std::string_view(request_), error);
  std::array<char, 4096> space;
  while (agent.read_some(space, error) == 0 && loop_.poll_one() > 0) {
  }
  EXPECT_FALSE(error);
  EXPECT_LE(rounds_.size() - before, 10u) << "a round, and those that follow before the loop's other handlers";
  run_loop();
}

}  // namespace
}  // namespace logdist::ingest::test
