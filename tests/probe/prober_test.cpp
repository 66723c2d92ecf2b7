// Probes against the reference analyzer over loopback.
#include "logdist/probe/prober.hpp"

#include <gtest/gtest.h>

#include "logdist/app/reference_analyzer.hpp"

namespace logdist::probe {
namespace {

using namespace std::chrono_literals;
using health::ProbeResult;

class ProberTest : public testing::Test {
 protected:
  ProberTest() : analyzer(io, {}) { EXPECT_FALSE(analyzer.listen()); }

  /// Probes 127.0.0.1:`port` and runs the loop until the result is there.
  ProbeResult probe(std::uint16_t port, const std::string& path, Duration timeout = 5s) {
    Prober prober(io, path, timeout, {{"127.0.0.1", std::to_string(port), {{"X-Key", "secret"}}}});
    std::optional<ProbeResult> result;
    int told = 0;
    prober.probe(0, [&](ProbeResult value) {
      result = value;
      ++told;
    });
    while (!result) io.run_one();
    io.poll();
    EXPECT_EQ(told, 1);
    return *result;
  }
  std::uint16_t port() const { return analyzer.endpoint().port(); }

  boost::asio::io_context io{1};
  app::ReferenceAnalyzer analyzer;
};

TEST_F(ProberTest, PassesOn2xx) { EXPECT_EQ(probe(port(), "/health"), ProbeResult::passed); }

TEST_F(ProberTest, AMissingPathIsToldApart) { EXPECT_EQ(probe(port(), "/nowhere"), ProbeResult::missing); }

TEST_F(ProberTest, FailsOn503) {
  analyzer.behave({.unhealthy = true});
  EXPECT_EQ(probe(port(), "/health"), ProbeResult::failed);
}

TEST_F(ProberTest, FailsOnSilenceAfterTheTimeout) {
  analyzer.behave({.hang = true});
  const TimePoint begun = Clock::now();
  EXPECT_EQ(probe(port(), "/health", 50ms), ProbeResult::failed);
  EXPECT_GE(Clock::now() - begun, 50ms);
}

TEST_F(ProberTest, FailsOnGarbageAndReset) {
  analyzer.behave({.garbage = true});
  EXPECT_EQ(probe(port(), "/health"), ProbeResult::failed);
  analyzer.behave({.reset = true});
  EXPECT_EQ(probe(port(), "/health"), ProbeResult::failed);
}

TEST_F(ProberTest, FailsWhereNobodyListens) {
  const std::uint16_t closed = port();
  analyzer.stop();
  EXPECT_EQ(probe(closed, "/health"), ProbeResult::failed);
}

}  // namespace
}  // namespace logdist::probe
