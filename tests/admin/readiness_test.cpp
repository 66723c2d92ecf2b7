// When packets are taken.
#include "logdist/admin/readiness.hpp"

#include <gmock/gmock.h>

namespace logdist::admin {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr ReadinessFacts well{};
constexpr ReadinessFacts outage{.analyzer_in_service = false};
constexpr ReadinessFacts stuck{.analyzer_in_service = false, .queue_full = true};

TEST(Readiness, IsThereWhilePacketsAreTaken) {
  ReadinessRule rule;
  const TimePoint now = TimePoint{} + 1h;
  EXPECT_TRUE(rule.look(well, now).ready());
  EXPECT_TRUE(rule.look(outage, now).ready()) << "the queue is there for that";
  EXPECT_TRUE(rule.look({.queue_full = true}, now).ready()) << "a request waits for its delivery, and gets it";
  EXPECT_THAT(rule.look(stuck, now).reasons, ElementsAre("no analyzer is in service and the queue is full"));
}

TEST(Readiness, EndsAtOnceWithTheDrain) {
  ReadinessRule rule;
  const TimePoint now = TimePoint{} + 1h;
  EXPECT_THAT(rule.look({.recovering = true, .recovered_packets = 90, .recovered_read = 7}, now).reasons,
              ElementsAre("recovering: 7 of 90 packets of the durable queue read"));
  EXPECT_TRUE(rule.look(well, now).ready()) << "at once";
  EXPECT_THAT(rule.look({.draining = true}, now).reasons, ElementsAre("the daemon is shutting down"));
  ReadinessFacts both = stuck;
  both.draining = true;
  EXPECT_EQ(rule.look(both, now).text(),
            "the daemon is shutting down; no analyzer is in service and the queue is full");
}

TEST(Readiness, DoesNotFlap) {
  ReadinessRule rule;
  const TimePoint start = TimePoint{} + 1h;
  EXPECT_FALSE(rule.look(stuck, start).ready());
  for (Duration later = 100ms; later < ReadinessRule::hold; later += 100ms) {
    const Readiness readiness = rule.look(later % 200ms == 0ms ? well : stuck, start + later);
    EXPECT_FALSE(readiness.ready()) << "an analyzer that comes and goes";
  }
  EXPECT_THAT(rule.look(well, start + ReadinessRule::hold - 1ms).text(), HasSubstr("a moment ago"));
  EXPECT_TRUE(rule.look(well, start + ReadinessRule::hold).ready());
  EXPECT_FALSE(rule.look(stuck, start + 6s).ready()) << "a new outage, a new hold";
  EXPECT_FALSE(rule.look(well, start + 10s).ready());
  EXPECT_TRUE(rule.look(well, start + 11s).ready());
}

TEST(Readiness, ALongOutageEndsWithTheFirstAnalyzer) {
  ReadinessRule rule;
  const TimePoint start = TimePoint{} + 1h;
  EXPECT_FALSE(rule.look(stuck, start).ready());
  EXPECT_FALSE(rule.look(stuck, start + 1h).ready());
  EXPECT_TRUE(rule.look(well, start + 1h + 1ms).ready()) << "five seconds are long over";
}

TEST(Readiness, IsJson) {
  EXPECT_EQ(to_json({}), "{\"ready\":true,\"reasons\":[]}\n");
  EXPECT_EQ(to_json({{"a", "b"}}), "{\"ready\":false,\"reasons\":[\"a\",\"b\"]}\n");
}

}  // namespace
}  // namespace logdist::admin
