// Analyzers that do everything wrong, at random: every attempt ends once, and
// what is called delivered has arrived.
#include <gtest/gtest.h>

#include <iostream>
#include <random>
#include <set>

#include "logdist/base/random.hpp"
#include "tests/sink/http/fixture.hpp"

namespace logdist::sink {
namespace {

using std::chrono::milliseconds;

constexpr std::uint32_t soak_connections = 5;
constexpr std::size_t parcels_in_all = 4000;

class SoakTest : public UpstreamTest {
 protected:
  /// An answer, well or badly behaved; badly with the probability `faults`.
  void answer(Session& session, double faults) {
    if (random->uniform(0, 1) >= faults) return answer_well(session);
    switch (random->below(12)) {
      case 0: return session.reset();
      case 1: return session.close();
      case 2: return session.send("garbage\r\n");
      case 3: return session.pause();  // never an answer: times out
      case 4: return session.send("HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n");
      case 5: return session.send("HTTP/1.1 503 Busy\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n");
      case 6: session.send("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"); return session.close();
      case 7: session.send("HTTP/1.1 200 OK\r\n\r\nup to the end"); return session.close();
      case 8: session.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ncut"); return session.close();
      case 9: session.send("HTTP/1.1 204 No Content\r\n\r\n"); return session.close();
      case 10: return session.send("HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n");
      default: return session.send_later("HTTP/1.1 204 No Content\r\n\r\n", milliseconds(random->below(40)));
    }
  }

  void answer_well(Session& session) {
    switch (random->below(4)) {
      case 0: return session.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n");
      case 1: return session.send("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n");
      default: return session.send("HTTP/1.1 204 No Content\r\n\r\n");
    }
  }

  void send_some() {
    const std::size_t count = random->below(30);
    for (std::size_t sent = 0; sent < count && parcels.size() < parcels_in_all; ++sent) {
      const bool big = random->below(50) == 0;
      send(static_cast<AnalyzerId>(random->below(servers.size())), big ? random->below(2'000'000) : 200);
    }
    if (random->below(20) == 0) upstream->recall(static_cast<AnalyzerId>(random->below(servers.size())), Clock::now());
    upstream->flush(Clock::now());
  }

  void soak(std::uint64_t seed) {
    std::cout << "seed " << seed << "\n";
    random.emplace(seed);
    PoolOptions options;
    options.timeout = milliseconds(400);
    options.pipeline = 8;
    start(options);
    for (const double faults : {0.0, 0.02, 0.3}) {
      servers.push_back(std::make_unique<ScriptedServer>(io));
      servers.back()->on_request = [this, faults](Session& session, const ReceivedRequest&) {
        answer(session, faults);
      };
      add(*servers.back(), soak_connections);
    }
    while (parcels.size() < parcels_in_all) {
      send_some();
      const std::size_t enough = parcels.size() - std::min<std::size_t>(parcels.size(), random->below(100));
      ASSERT_TRUE(run_until([&] { return ended >= enough; })) << "seed " << seed;
      for (AnalyzerId analyzer = 0; analyzer < servers.size(); ++analyzer) {
        ASSERT_LE(upstream->connections(analyzer), soak_connections);
      }
    }
    ASSERT_TRUE(run_until_all_ended()) << "seed " << seed;
  }

  void check() {
    std::vector<std::set<std::string>> arrived(servers.size());
    for (std::size_t index = 0; index < servers.size(); ++index) {
      for (const ReceivedRequest& request : servers[index]->requests()) {
        EXPECT_EQ(request.body.rfind("body of " + request.id() + " ", 0), 0u);
        arrived[index].insert(request.id());
      }
    }
    for (const Parcel& parcel : parcels) {
      ASSERT_EQ(parcel.results.size(), 1u) << parcel.packet.id;
      if (parcel.outcome() == Outcome::delivered) {
        EXPECT_TRUE(arrived[parcel.attempt.analyzer].contains(parcel.packet.id));
      }
      if (parcel.outcome() == Outcome::unsent) {
        EXPECT_FALSE(arrived[parcel.attempt.analyzer].contains(parcel.packet.id));
      }
      if (parcel.attempt.analyzer == 0 && parcel.counted()) {
        // A stalled machine can make even it late.
        EXPECT_TRUE(parcel.outcome() == Outcome::delivered || parcel.outcome() == Outcome::timeout)
            << to_string(parcel.outcome()) << " of one that does nothing wrong";
      }
    }
    EXPECT_GT(outcomes()[Outcome::delivered], parcels_in_all / 2);
    for (const Outcome outcome : {Outcome::timeout, Outcome::connection_broken, Outcome::protocol_error}) {
      EXPECT_GT(outcomes()[outcome], 0u) << to_string(outcome);
    }
  }

  std::optional<Random> random;
  std::vector<std::unique_ptr<ScriptedServer>> servers;
};

TEST_F(SoakTest, EveryAttemptEndsOnce) {
  soak(std::random_device{}());
  check();
}

}  // namespace
}  // namespace logdist::sink
