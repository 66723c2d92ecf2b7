// What is told of an outage.
#include "logdist/registry/outage_log.hpp"

#include <gmock/gmock.h>

#include <sstream>

#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include "logdist/telemetry/in_words.hpp"
#include "logdist/telemetry/log.hpp"

namespace logdist::registry {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

class OutageLogTest : public testing::Test {
 protected:
  OutageLogTest() {
    log::set_up({}, std::make_shared<spdlog::sinks::ostream_sink_mt>(written_));
    telemetry::AnalyzerFacts analyzer;
    analyzer.name = "alpha";
    scrape_.analyzers = {analyzer};
    scrape_.books.analyzers.resize(1);
  }
  ~OutageLogTest() override { log::set_up({}, std::make_shared<spdlog::sinks::stderr_sink_mt>()); }

  /// A look each second, for so long; what they told, without the time.
  std::vector<std::string> look(Duration span = 1s) {
    written_.str("");
    for (const TimePoint end = now_ + span; now_ < end;) {
      now_ += 1s;
      outages_.look(scrape_, queue_full_, now_);
    }
    std::vector<std::string> lines;
    std::istringstream text(written_.str());
    for (std::string line; std::getline(text, line);) lines.push_back(line.substr(line.find(' ') + 1));
    return lines;
  }
  std::uint64_t& attempts(Outcome outcome) {
    return scrape_.books.analyzers[0].attempts[static_cast<std::size_t>(outcome)];
  }

  std::ostringstream written_;
  admin::EventLog events_;
  OutageLog outages_{events_};
  telemetry::Scrape scrape_;
  bool queue_full_ = false;
  TimePoint now_ = TimePoint{} + 1h;
};

TEST_F(OutageLogTest, WhatOneLookHasSeenIsNotSaidToHaveTakenNoTime) {
  scrape_.analyzers[0].in_service = false;
  EXPECT_THAT(look(), ElementsAre("warn  no analyzer is in service: packets wait (0 now)"));
  scrape_.analyzers[0].in_service = true;
  EXPECT_THAT(look(), ElementsAre("info  an analyzer is in service again after about a second: 0 packets wait"));
}

TEST(InWords, ATimeIsInUnitsThatShowIt) {
  EXPECT_EQ(telemetry::in_words(Duration::zero()), "<1ms");
  EXPECT_EQ(telemetry::in_words(Duration(200us)), "<1ms");
  EXPECT_EQ(telemetry::in_words(Duration(700us)), "1ms");
  EXPECT_EQ(telemetry::in_words(Duration(61s)), "1m01s");
}

TEST_F(OutageLogTest, NoAnalyzerInServiceIsToldAtItsBeginOnceAMinuteAndAtItsEnd) {
  EXPECT_THAT(look(10s), IsEmpty());
  scrape_.analyzers[0].in_service = false;
  scrape_.books.terms.queued.packets = 7;
  EXPECT_THAT(look(), ElementsAre("warn  no analyzer is in service: packets wait (7 now)"));
  EXPECT_THAT(look(59s), IsEmpty());
  scrape_.books.terms.queued.packets = 500;
  scrape_.books.terms.waiting.packets = 20;
  EXPECT_THAT(look(), ElementsAre("warn  no analyzer has been in service for 1m00s: 520 packets wait"));
  EXPECT_THAT(look(60s), ElementsAre("warn  no analyzer has been in service for 2m00s: 520 packets wait"));
  scrape_.analyzers[0].in_service = true;
  EXPECT_THAT(look(), ElementsAre("info  an analyzer is in service again after 2m00s: 520 packets wait"));
  EXPECT_THAT(look(10min), IsEmpty());
  ASSERT_EQ(events_.events().size(), 4u) << "the dashboard tells the same";
  EXPECT_TRUE(events_.events().front().warning);
  EXPECT_FALSE(events_.events().back().warning);
}

TEST_F(OutageLogTest, AQueueThatIsFullNowAndThenIsToldOnce) {
  queue_full_ = true;
  scrape_.queue_packets = {10'000, 10'000};
  scrape_.queue_bytes = {123, 1'000};
  EXPECT_THAT(look(), ElementsAre("warn  the queue is full (10000 packets, 123 bytes): requests wait for their own "
                                  "delivery"));
  for (int i = 0; i < 20; ++i) {
    queue_full_ = !queue_full_;
    EXPECT_THAT(look(), IsEmpty());
  }
  EXPECT_THAT(look(40s), ElementsAre("warn  the queue has been full for 1m00s"));
  queue_full_ = false;
  EXPECT_THAT(look(10s), ElementsAre("info  the queue has space again, after 1m00s"));
}

TEST_F(OutageLogTest, RequestsThatAreHandedBackAreCountedOverTheEpisode) {
  scrape_.books.terms.handed_back.packets = 100;
  EXPECT_THAT(look(), ElementsAre("warn  requests are handed back with 503: no analyzer took their packets in time"));
  scrape_.books.terms.handed_back.packets = 130;
  EXPECT_THAT(look(30s), IsEmpty());
  scrape_.books.terms.handed_back.packets = 140;
  EXPECT_THAT(look(30s), ElementsAre("warn  requests are handed back with 503: 140 in 31s"));
  EXPECT_THAT(look(31s), ElementsAre("info  requests are not handed back any more: 140 were, in 31s"));
  scrape_.books.terms.handed_back.packets = 150;
  EXPECT_THAT(look(), ElementsAre("warn  requests are handed back with 503: no analyzer took their packets in time"));
  EXPECT_THAT(look(2min), ElementsAre("info  requests are not handed back any more: 10 were, in about a second"))
      << "of this episode alone";
}

TEST_F(OutageLogTest, AnAnalyzerThatFailsAPartIsToldEachMinuteUntilItDoesNot) {
  attempts(Outcome::delivered) = 1'000;
  attempts(Outcome::timeout) = 1'000;
  EXPECT_THAT(look(60s), IsEmpty()) << "what was before is not of this minute";
  attempts(Outcome::delivered) += 90;
  attempts(Outcome::http_error) += 10;
  EXPECT_THAT(look(60s), ElementsAre("warn  analyzer alpha fails 10 % of its packets: 10 of 100 in a minute"));
  attempts(Outcome::delivered) += 20;
  attempts(Outcome::connection_broken) += 20;
  EXPECT_THAT(look(60s), ElementsAre("warn  analyzer alpha fails 50 % of its packets: 20 of 40 in a minute"));
  attempts(Outcome::delivered) += 95;
  attempts(Outcome::protocol_error) += 5;
  EXPECT_THAT(look(60s),
              ElementsAre("info  analyzer alpha fails no more than 5 % of its packets: 5 of 100 in a minute"));
  EXPECT_THAT(look(5min), IsEmpty());
}

TEST_F(OutageLogTest, PausesRefusalsAndAFewFailuresAreNoErrors) {
  look(60s);
  attempts(Outcome::delivered) += 50;
  attempts(Outcome::paused) += 500;
  attempts(Outcome::unsent) += 500;
  attempts(Outcome::refused) += 50;
  EXPECT_THAT(look(60s), IsEmpty());
  attempts(Outcome::http_error) += 19;
  EXPECT_THAT(look(60s), IsEmpty()) << "too few to tell";
  attempts(Outcome::http_error) += 20;
  scrape_.analyzers[0].in_service = false;
  EXPECT_THAT(look(1s).size(), 1u) << "that it has failed is told elsewhere";
  EXPECT_THAT(look(58s), IsEmpty());
}

}  // namespace
}  // namespace logdist::registry
