// Probes against the reference analyzer over loopback.
#include "logdist/registry/prober.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <optional>

#include "logdist/base/version.hpp"
#include "logdist/tools/analyzer/reference_analyzer.hpp"
#include "tests/net/record_transport.hpp"
#include "tests/net/scripted_names.hpp"
#include "tests/sink/http/scripted_server.hpp"

namespace logdist::registry {
namespace {

using namespace std::chrono_literals;
using health::ProbeResult;

class ProberTest : public testing::Test {
 protected:
  ProberTest() : analyzer(io, {}) { EXPECT_FALSE(analyzer.listen()); }

  /// Probes 127.0.0.1:`port` and runs the loop until the result is there.
  ProbeResult probe(std::uint16_t port, const std::string& path, Duration timeout = 5s) {
    Prober prober(io, names, path, timeout, {{"127.0.0.1", std::to_string(port), {{"X-Key", "secret"}}}});
    std::optional<ProbeResult> result;
    int told = 0;
    prober.probe(0, [&](ProbeResult value, const core::Failure& why) {
      result = value;
      failure = why;
      ++told;
    });
    while (!result) io.run_one();
    io.poll();
    EXPECT_EQ(told, 1);
    return *result;
  }
  std::uint16_t port() const { return analyzer.endpoint().port(); }

  boost::asio::io_context io{1};
  net::ScriptedNames scripted_names;
  net::NameResolver names{scripted_names.lookup()};
  tools::ReferenceAnalyzer analyzer;
  core::Failure failure;  ///< of the last probe
};

TEST_F(ProberTest, PassesOn2xx) { EXPECT_EQ(probe(port(), "/health"), ProbeResult::passed); }

TEST_F(ProberTest, AMissingPathIsToldApart) { EXPECT_EQ(probe(port(), "/nowhere"), ProbeResult::missing); }

TEST_F(ProberTest, FailsOn503) {
  analyzer.behave({.unhealthy = true});
  EXPECT_EQ(probe(port(), "/health"), ProbeResult::failed);
  EXPECT_EQ(failure.outcome, Outcome::http_error);
  EXPECT_EQ(failure.status, 503u);
  EXPECT_TRUE(failure.of_probe);
}

TEST_F(ProberTest, OneUnderWayIsFreedWithItsLoop) {
  const auto held = std::make_shared<int>();
  {
    boost::asio::io_context loop{1};
    Prober prober(loop, names, "/health", 5s, {{"127.0.0.1", std::to_string(port()), {}}});
    prober.probe(0, [held](ProbeResult, const core::Failure&) { FAIL() << "the loop never ran"; });
    EXPECT_EQ(held.use_count(), 2);
  }
  EXPECT_EQ(held.use_count(), 1);
}

TEST_F(ProberTest, FailsOnSilenceAfterTheTimeout) {
  analyzer.behave({.hang = true});
  const TimePoint begun = Clock::now();
  EXPECT_EQ(probe(port(), "/health", 50ms), ProbeResult::failed);
  EXPECT_GE(Clock::now() - begun, 50ms);
  EXPECT_EQ(failure.outcome, Outcome::timeout);
}

TEST_F(ProberTest, FailsOnGarbageAndReset) {
  analyzer.behave({.garbage = true});
  EXPECT_EQ(probe(port(), "/health"), ProbeResult::failed);
  EXPECT_EQ(failure.outcome, Outcome::protocol_error);
  EXPECT_TRUE(failure.error);
  analyzer.behave({.reset = true});
  EXPECT_EQ(probe(port(), "/health"), ProbeResult::failed);
  EXPECT_EQ(failure.outcome, Outcome::connection_broken);
  EXPECT_EQ(failure.error, boost::asio::error::connection_reset);
}

TEST_F(ProberTest, FailsWhereNobodyListens) {
  const std::uint16_t closed = port();
  analyzer.stop();
  EXPECT_EQ(probe(closed, "/health"), ProbeResult::failed);
  EXPECT_EQ(failure.outcome, Outcome::connect_error);
  EXPECT_EQ(failure.error, boost::asio::error::connection_refused);
}

TEST_F(ProberTest, ASloppyHeadIsUnderstoodAndItsBodyNotWaitedFor) {
  sink::ScriptedServer server(io);
  for (const std::string answer : {"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\n", "HTTP/1.1 204\n\n",
                                   "HTTP/1.1 100\n\nHTTP/1.0 200 OK\nTransfer-Encoding: chunked\n\n"}) {
    server.on_request = [&](sink::Session& session, const auto&) { session.send(answer); };
    EXPECT_EQ(probe(static_cast<std::uint16_t>(std::stoul(server.port())), "/health"), ProbeResult::passed) << answer;
  }
}

TEST_F(ProberTest, SaysWhatPacketsSay) {
  sink::ScriptedServer server(io);
  EXPECT_EQ(probe(static_cast<std::uint16_t>(std::stoul(server.port())), "/health?deep=1"), ProbeResult::passed);
  ASSERT_EQ(server.requests().size(), 1u);
  EXPECT_TRUE(server.requests()[0].head.starts_with("GET /health?deep=1 HTTP/1.1\r\n"));
  EXPECT_EQ(server.requests()[0].header("Host"), "127.0.0.1:" + server.port());
  EXPECT_EQ(server.requests()[0].header("X-Key"), "secret");
  EXPECT_EQ(server.requests()[0].header("User-Agent"), std::string("log-distributor/") + version());
}

TEST_F(ProberTest, AConfiguredHostReplacesOurs) {
  sink::ScriptedServer server(io);
  Prober prober(io, names, "/", 5s, {{"127.0.0.1", server.port(), {{"Host", "virtual"}, {"User-Agent", "mine"}}}});
  std::optional<ProbeResult> result;
  prober.probe(0, [&](ProbeResult value, const core::Failure& why) {
    result = value;
    failure = why;
  });
  while (!result) io.run_one();
  ASSERT_EQ(server.requests().size(), 1u);
  EXPECT_EQ(server.requests()[0].header("Host"), "virtual");
  EXPECT_EQ(server.requests()[0].header("User-Agent"), "mine");
}

TEST_F(ProberTest, AnalyzersComeAndChangeTheirHeaders) {
  sink::ScriptedServer server(io);
  Prober prober(io, names, "/", 5s, {});
  prober.set(0, {"nowhere", "1", {}});
  prober.set(1, {"nowhere", "1", {}});
  prober.set(1, {"127.0.0.1", server.port(), {{"X-Key", "old"}}});
  for (const std::string key : {"old", "new"}) {
    std::optional<ProbeResult> result;
    prober.probe(1, [&](ProbeResult value, const auto&...) { result = value; });
    prober.set_headers(1, {{"X-Key", "new"}});  // the probe under way keeps what it has
    while (!result) io.run_one();
    EXPECT_EQ(result, ProbeResult::passed);
    EXPECT_EQ(server.requests().back().header("X-Key"), key);
  }
}

TEST_F(ProberTest, ALayerIsOnItsConnectionsToo) {
  sink::ScriptedServer server(io);
  const boost::asio::ip::tcp::endpoint endpoint(boost::asio::ip::address_v4::loopback(),
                                                static_cast<std::uint16_t>(std::stoul(server.port())));
  using net::test::RecordTransport;
  net::test::RecordRelay relay(endpoint, net::test::RecordRelay::Side::front,
                               RecordTransport::factory(RecordTransport::Role::server));
  Target target{"127.0.0.1", std::to_string(relay.endpoint().port()), {}};
  for (const bool layered : {true, false}) {
    target.layer = layered ? RecordTransport::factory(RecordTransport::Role::client) : net::TransportFactory();
    Prober prober(io, names, "/health", layered ? 30s : 100ms, {target});
    std::optional<ProbeResult> result;
    prober.probe(0, [&](ProbeResult value, const core::Failure& why) {
      result = value;
      failure = why;
    });
    while (!result) io.run_one();
    EXPECT_EQ(result, layered ? ProbeResult::passed : ProbeResult::failed);
  }
  EXPECT_EQ(server.requests().size(), 1u);
}

TEST_F(ProberTest, FailsOnAnUnknownName) {
  Prober prober(io, names, "/health", 5s, {{"nowhere", std::to_string(port()), {}}});
  std::optional<ProbeResult> result;
  prober.probe(0, [&](ProbeResult value, const core::Failure& why) {
    result = value;
    failure = why;
  });
  while (!result) io.run_one();
  EXPECT_EQ(result, ProbeResult::failed);
  EXPECT_EQ(failure.outcome, Outcome::connect_error);
  EXPECT_EQ(failure.error, boost::asio::error::host_not_found);
}

TEST_F(ProberTest, ASilentNameFailsAloneAndComesBack) {
  const std::string at = std::to_string(port());
  for (const char* host : {"silent", "named"}) scripted_names.set(host, {"127.0.0.1"});
  Prober hasty(io, names, "/health", 50ms, {{"silent", at, {}}});
  Prober patient(io, names, "/health", 30s, {{"named", at, {}}, {"127.0.0.1", at, {}}, {"silent", at, {}}});
  const auto result_of = [&](Prober& prober, AnalyzerId target) {
    std::optional<ProbeResult> result;
    prober.probe(target, [&](ProbeResult value, const core::Failure& why) {
      result = value;
      failure = why;
    });
    while (!result) io.run_one();
    return *result;
  };
  {
    const net::ScriptedNames::Silence silence(scripted_names, "silent");
    for (int round = 0; round < 3; ++round) {
      EXPECT_EQ(result_of(hasty, 0), ProbeResult::failed);
      EXPECT_EQ(result_of(patient, 0), ProbeResult::passed) << "a name";
      EXPECT_EQ(result_of(patient, 1), ProbeResult::passed) << "an address";
    }
    EXPECT_EQ(scripted_names.asked("silent"), 1u) << "all its probes share the look-up";
    EXPECT_EQ(scripted_names.asked("127.0.0.1"), 0u);
  }
  EXPECT_EQ(result_of(patient, 2), ProbeResult::passed);
}

TEST_F(ProberTest, AProbeLeftBehindByItsProberIsHarmless) {
  net::NameAnswer told_next;
  int told = 0;
  {
    const net::ScriptedNames::Silence silence(scripted_names, "silent");
    {
      Prober prober(io, names, "/health", 5s, {{"silent", "1", {}}});
      prober.probe(0, [&](ProbeResult, const core::Failure&) { ++told; });
      names.find("silent", Clock::now(), told_next.handler());
    }
  }
  EXPECT_TRUE(told_next.get().first);
  EXPECT_EQ(told, 0);
}

}  // namespace
}  // namespace logdist::registry
