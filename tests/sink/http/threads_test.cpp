// Two loops, one analyzer: they share its connections.
#include <gtest/gtest.h>

#include <atomic>
#include <deque>
#include <thread>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

#include "tests/sink/http/fixture.hpp"

namespace logdist::sink {
namespace {

using std::chrono::milliseconds;

constexpr std::uint32_t shared_connections = 6;
constexpr std::size_t packets_each = 120;

/// A loop of its own that delivers so many packets, and then says so.
class Sender final : public AttemptListener {
 public:
  Sender(const std::string& port, std::shared_ptr<ConnectionBudget> limits) {
    upstream_.set_listener(*this);
    upstream_.add({"127.0.0.1", port, "/", {}, std::move(limits)});
  }

  void run() { io_.run(); }
  /// From another thread.
  void send(std::size_t count) {
    boost::asio::post(io_, [this, count] {
      for (std::size_t sent = 0; sent < count; ++sent) {
        core::Packet& packet = packets_.emplace_back();
        packet.id = "id";
        core::Attempt& attempt = attempts_.emplace_back();
        attempt.packet = &packet;
        upstream_.send(attempt, Clock::now());
      }
      upstream_.flush(Clock::now());
    });
  }
  /// From another thread: the loop ends.
  void stop() {
    boost::asio::post(io_, [this] {
      upstream_.shutdown(Clock::now());
      work_.reset();
    });
  }

  void attempt_ended(core::Attempt&, const core::AttemptResult& result, TimePoint) override {
    if (result.outcome == Outcome::delivered) ++delivered;
    connections_most = std::max<std::size_t>(connections_most, upstream_.connections(0));
  }
  void capacity_changed(AnalyzerId, std::uint32_t, TimePoint) override {}
  void messages_refused(AnalyzerId, std::uint32_t) override {}

  std::atomic<std::size_t> delivered = 0;
  std::atomic<std::size_t> connections_most = 0;

 private:
  std::deque<core::Packet> packets_;
  std::deque<core::Attempt> attempts_;
  boost::asio::io_context io_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{io_.get_executor()};
  net::NameResolver names_;
  PoolUpstream upstream_{io_, names_, PoolOptions{}};
};

TEST(TwoLoops, ShareTheConnectionsOfAnAnalyzer) {
  boost::asio::io_context io(1);
  ScriptedServer server(io);
  server.on_request = [](Session& session, const ReceivedRequest&) {
    session.send_later("HTTP/1.1 204 No Content\r\n\r\n", milliseconds(25));
  };
  const auto limits = std::make_shared<ConnectionBudget>(shared_connections, 2);
  Sender first(server.port(), limits);
  Sender second(server.port(), limits);
  std::thread first_thread([&] { first.run(); });
  std::thread second_thread([&] { second.run(); });
  const auto run_until = [&](auto condition) {
    const TimePoint limit = Clock::now() + std::chrono::seconds(30);
    while (!condition() && Clock::now() < limit) io.run_one_for(milliseconds(5));
    EXPECT_LE(limits->open_connections(), shared_connections);
    return condition();
  };

  // The first has all the traffic: all but the second's own one are its.
  first.send(packets_each);
  EXPECT_TRUE(run_until([&] { return first.delivered == packets_each; }));
  EXPECT_EQ(first.connections_most, shared_connections - 1);
  // Now the second has: what the first no longer uses goes over to it.
  second.send(packets_each);
  EXPECT_TRUE(run_until([&] { return second.delivered == packets_each; }));
  second.send(packets_each);
  EXPECT_TRUE(run_until([&] { return second.delivered == 2 * packets_each; }));
  EXPECT_EQ(second.connections_most, shared_connections - 1);
  // And both.
  first.send(packets_each);
  second.send(packets_each);
  EXPECT_TRUE(run_until([&] { return first.delivered + second.delivered == 5 * packets_each; }));

  first.stop();
  second.stop();
  first_thread.join();
  second_thread.join();
  EXPECT_EQ(limits->open_connections(), 0u);
  EXPECT_LE(server.most_open(), shared_connections + 2) << "the server may hear of a close a little later";
}

}  // namespace
}  // namespace logdist::sink
