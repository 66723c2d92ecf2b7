// Names with several addresses, and names that move.
#include <gtest/gtest.h>

#include <sys/socket.h>

#include <boost/asio/ip/tcp.hpp>

#include "logdist/net/dial.hpp"
#include "tests/sink/http/fixture.hpp"

namespace logdist::sink {
namespace {

using boost::asio::ip::make_address;
using boost::asio::ip::tcp;
using std::chrono::milliseconds;

/// Listens, and never takes part in a handshake: its queue is full.
class BlackHole {
 public:
  BlackHole(boost::asio::io_context& io, const tcp::endpoint& endpoint) : acceptor_(io) {
    acceptor_.open(endpoint.protocol());
    acceptor_.set_option(tcp::acceptor::reuse_address(true));
    acceptor_.bind(endpoint);
    ::listen(acceptor_.native_handle(), 0);
    for (int count = 0; count < 4; ++count) {
      tcp::socket& socket = waiting_.emplace_back(io, endpoint.protocol());
      socket.native_non_blocking(true);
      const tcp::endpoint here = acceptor_.local_endpoint();
      ::connect(socket.native_handle(), here.data(), static_cast<socklen_t>(here.size()));  // Asio's would wait
    }
  }
  tcp::endpoint endpoint() const { return acceptor_.local_endpoint(); }

 private:
  tcp::acceptor acceptor_;
  std::deque<tcp::socket> waiting_;
};

class AddressesTest : public UpstreamTest {
 protected:
  tcp::endpoint at(const char* address) const {
    return {make_address(address), static_cast<std::uint16_t>(std::stoul(first.port()))};
  }
  void begin(PoolOptions options = {}, std::uint32_t max_connections = 8) {
    start(std::move(options));
    analyzer = upstream->add({"analyzer", first.port(), "/", {}, limits_of(max_connections)});
  }
  void expect_all_delivered() {
    ASSERT_TRUE(run_until_all_ended());
    EXPECT_EQ(outcomes(), (std::map<Outcome, std::size_t>{{Outcome::delivered, parcels.size()}}));
  }

  ScriptedServer first{io};
  AnalyzerId analyzer = 0;
};

TEST_F(AddressesTest, AllAddressesOfANameAreUsedEvenly) {
  ScriptedServer second(io, at("127.0.0.2"));
  ScriptedServer third(io, at("127.0.0.3"));
  scripted_names.set("analyzer", {"127.0.0.1", "127.0.0.2", "127.0.0.3"});
  begin();
  for (int packet = 0; packet < 60; ++packet) deliver(analyzer);
  expect_all_delivered();
  for (const ScriptedServer* server : {&first, &second, &third}) {
    EXPECT_NEAR(static_cast<double>(server->requests().size()), 20, 3);
    EXPECT_EQ(server->accepted(), 1u);
  }
}

TEST_F(AddressesTest, AnAddressWhereNobodyListensIsNoFailure) {
  ScriptedServer third(io, at("127.0.0.3"));
  scripted_names.set("analyzer", {"127.0.0.1", "127.0.0.2", "127.0.0.3"});
  begin();
  for (int packet = 0; packet < 30; ++packet) deliver(analyzer);
  expect_all_delivered();
  EXPECT_GE(first.requests().size(), 10u);
  EXPECT_GE(third.requests().size(), 10u);
}

TEST_F(AddressesTest, ABlackHoleHidesNoOtherAddress) {
  const BlackHole hole(io, at("127.0.0.2"));
  scripted_names.set("analyzer", {"127.0.0.1", "127.0.0.2"});
  PoolOptions options;
  options.max_connection_age = milliseconds(1);  // a connection for each packet: the hole's turn comes
  begin(options);
  for (int packet = 0; packet < 6; ++packet) deliver(analyzer);
  expect_all_delivered();
}

TEST_F(AddressesTest, AnIdleConnectionClosesAtItsAgeAndTheNameIsLookedUpAgain) {
  ScriptedServer second(io, at("127.0.0.2"));
  scripted_names.set("analyzer", {"127.0.0.1"});
  PoolOptions options;
  options.max_connection_age = milliseconds(30);
  begin(options);
  deliver(analyzer);
  EXPECT_EQ(first.accepted(), 1u);
  scripted_names.set("analyzer", {"127.0.0.2"});
  names.forget("analyzer");  // it would be remembered for seconds
  ASSERT_TRUE(run_until([&] { return upstream->connections(analyzer) == 0; }));
  deliver(analyzer);
  EXPECT_EQ(second.requests().size(), 1u);
  expect_all_delivered();
}

TEST_F(AddressesTest, AConnectionThatIsNeverIdleRetiresAllTheSame) {
  scripted_names.set("analyzer", {"127.0.0.1"});
  PoolOptions options;
  options.max_connection_age = milliseconds(20);
  begin(options, 1);
  // Four at a time: as one ends, the next is sent.
  on_ended = [&](Parcel&) {
    if (first.accepted() < 4) send(analyzer);
  };
  send_many(analyzer, 4);
  ASSERT_TRUE(run_until([&] { return first.accepted() >= 4; }));
  expect_all_delivered();
  EXPECT_EQ(upstream->statistics().resent, 0u) << "what was under way was answered before";
}

TEST_F(AddressesTest, ARemovedAnalyzersPoolIsFreed) {
  start();
  const auto limits = limits_of(4);
  analyzer = upstream->add({"127.0.0.1", first.port(), "/", {}, limits});
  deliver(analyzer);
  EXPECT_GT(limits.use_count(), 1);
  upstream->remove(analyzer, Clock::now());
  ASSERT_TRUE(run_until([&] { return limits.use_count() == 1; }));
  EXPECT_EQ(upstream->connections(analyzer), 0u);
  EXPECT_EQ(deliver(analyzer).outcome(), Outcome::unsent);
  upstream->recall(analyzer, Clock::now());
  upstream->remove(analyzer, Clock::now());
}

class DialTest : public ::testing::Test {
 protected:
  struct Dialled {
    boost::system::error_code error;
    tcp::endpoint to;
  };

  net::Dial::Handler handler() {
    return [this](const boost::system::error_code& error, net::Dial::Socket socket) {
      boost::system::error_code none;
      dialled = Dialled{error, socket.remote_endpoint(none)};
    };
  }
  void run() {
    io.restart();
    const TimePoint limit = Clock::now() + std::chrono::seconds(30);
    while (!dialled && io.run_one_until(limit) > 0) {
    }
    ASSERT_TRUE(dialled);
  }
  tcp::endpoint refusing() {
    tcp::acceptor deaf(io, {make_address("127.0.0.1"), 0});
    return deaf.local_endpoint();
  }

  boost::asio::io_context io{1};
  tcp::acceptor listening{io, {make_address("127.0.0.1"), 0}};
  std::optional<Dialled> dialled;
};

TEST_F(DialTest, TheFirstThatAnswersIsTaken) {
  const BlackHole hole(io, {make_address("127.0.0.1"), 0});
  const net::Endpoints endpoints{refusing(), hole.endpoint(), listening.local_endpoint()};
  net::Dial dial(io, endpoints, handler());
  EXPECT_FALSE(dialled);
  run();
  EXPECT_FALSE(dialled->error);
  EXPECT_EQ(dialled->to, listening.local_endpoint());
  EXPECT_EQ(dial.unreached(), net::Endpoints({endpoints[0], endpoints[1]}));
}

TEST_F(DialTest, WhenAllFailTheFirstErrorIsTold) {
  net::Dial dial(io, {refusing(), refusing()}, handler());
  run();
  EXPECT_EQ(dialled->error, boost::asio::error::connection_refused);
  EXPECT_EQ(dial.unreached().size(), 2u);
}

TEST_F(DialTest, ManyBlackHolesAreNotAllTriedAtOnce) {
  const BlackHole hole(io, {make_address("127.0.0.1"), 0});
  net::Dial dial(io, net::Endpoints(100, hole.endpoint()), handler());
  const TimePoint limit = Clock::now() + net::Dial::head_start * (net::Dial::pending_max + 2);
  io.run_until(limit);
  EXPECT_EQ(dial.unreached().size(), net::Dial::pending_max);
  EXPECT_FALSE(dialled);
}

TEST_F(DialTest, ACancelledOneTellsNobody) {
  std::optional<net::Dial> dial(std::in_place, io, net::Endpoints{listening.local_endpoint()}, handler());
  dial.reset();
  io.run();
  EXPECT_FALSE(dialled);
}

}  // namespace
}  // namespace logdist::sink
