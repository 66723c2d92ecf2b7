#include <gtest/gtest.h>

#include "sink/http/latency_ewma.hpp"
#include "sink/http/pipeline_depth.hpp"
#include "sink/http/request_head.hpp"

namespace logdist::sink {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(PipelineDepth, AnAnnouncedCloseMeansOneRequestAConnection) {
  PipelineDepth policy(16);
  EXPECT_EQ(policy.ceiling(), 16u);
  EXPECT_FALSE(policy.on_answer(false, 1, TimePoint{}));
  EXPECT_EQ(policy.ceiling(), 1u);
  EXPECT_TRUE(policy.on_answer(true, 1, TimePoint{})) << "it says now that it stays: tried at once";
  EXPECT_EQ(policy.ceiling(), 1u) << "not believed before a second answer";
  EXPECT_TRUE(policy.on_answer(true, 2, TimePoint{}));
  EXPECT_EQ(policy.ceiling(), 16u);
}

TEST(PipelineDepth, TheEndOfALongLifeChangesNothing) {
  PipelineDepth policy(16);
  EXPECT_FALSE(policy.on_answer(false, 1000, TimePoint{}));
  EXPECT_EQ(policy.ceiling(), 16u);
}

TEST(PipelineDepth, QuickQuietClosesMeanOneRequestAConnection) {
  PipelineDepth policy(16);
  for (std::uint32_t close = 0; close < PipelineDepth::quick_closes_to_distrust; ++close) {
    EXPECT_TRUE(policy.persistent());
    EXPECT_TRUE(policy.on_answer(true, 1, TimePoint{}));
    policy.on_quiet_close(1, milliseconds(1), false);
  }
  EXPECT_FALSE(policy.persistent());
  std::uint32_t kept = 0;
  for (std::uint32_t answer = 0; answer < 4 * (PipelineDepth::answers_between_trials + 1); ++answer) {
    if (policy.on_answer(true, 1, TimePoint{})) ++kept;
  }
  EXPECT_EQ(kept, 4u) << "one on trial now and then";
  EXPECT_TRUE(policy.on_answer(true, 2, TimePoint{}));
  EXPECT_TRUE(policy.persistent());
}

TEST(PipelineDepth, ASurplusAnswerMeansOneRequestAConnectionForAnHour) {
  PipelineDepth policy(16);
  const TimePoint now{};
  EXPECT_TRUE(policy.on_answer(true, 2, now));
  policy.on_surplus(now);
  EXPECT_EQ(policy.ceiling(), 1u);
  EXPECT_FALSE(policy.persistent());
  EXPECT_FALSE(policy.on_answer(true, 1, now + std::chrono::minutes(59)));
  EXPECT_FALSE(policy.on_answer(true, 2, now + std::chrono::minutes(59)));
  EXPECT_TRUE(policy.on_answer(true, 1, now + std::chrono::minutes(61)));
  EXPECT_EQ(policy.ceiling(), 16u);
}

TEST(PipelineDepth, SlowClosesOfIdleConnectionsAreNormal) {
  PipelineDepth policy(16);
  for (int close = 0; close < 100; ++close) {
    EXPECT_TRUE(policy.on_answer(true, 1, TimePoint{}));
    policy.on_quiet_close(1, seconds(5), false);
  }
  EXPECT_EQ(policy.ceiling(), 16u);
}

TEST(PipelineDepth, ABreakUnderPipeliningLowersTheCeilingForLongerEachTime) {
  PipelineDepth policy(8);
  const auto answers_to = [&](std::uint32_t ceiling) {
    std::uint32_t answers = 0;
    while (policy.ceiling() < ceiling) {
      policy.on_answer(true, 10, TimePoint{});
      ++answers;
    }
    return answers;
  };
  policy.on_break(false);
  EXPECT_EQ(policy.ceiling(), 8u) << "not the pipelining's fault";
  policy.on_break(true);
  EXPECT_EQ(policy.ceiling(), 1u);
  EXPECT_EQ(answers_to(8), 3 * PipelineDepth::answers_to_rise_min);
  policy.on_break(true);
  EXPECT_EQ(answers_to(2), 2 * PipelineDepth::answers_to_rise_min);
  for (int repeat = 0; repeat < 40; ++repeat) policy.on_break(true);
  EXPECT_EQ(answers_to(2), PipelineDepth::answers_to_rise_max);
}

TEST(PipelineDepth, ForgivesABreakAfterAsLongAtFullDepth) {
  PipelineDepth policy(2);
  policy.on_break(true);
  for (std::uint32_t answer = 0; answer < 2 * PipelineDepth::answers_to_rise_min; ++answer)
    policy.on_answer(true, 10, TimePoint{});
  policy.on_break(true);
  for (std::uint32_t answer = 0; answer < PipelineDepth::answers_to_rise_min; ++answer)
    policy.on_answer(true, 10, TimePoint{});
  EXPECT_EQ(policy.ceiling(), 2u);
}

TEST(LatencyEwma, IsSlowByItsAnswersOrByItsSilence) {
  LatencyEwma pace;
  TimePoint now{seconds(100)};
  EXPECT_FALSE(pace.is_slow(now)) << "unknown";
  pace.begin(now);
  EXPECT_TRUE(pace.is_slow(now + milliseconds(21)));
  for (int answer = 0; answer < 100; ++answer) pace.on_answer(milliseconds(1), now);
  EXPECT_FALSE(pace.is_slow(now));
  for (int answer = 0; answer < 100; ++answer) pace.on_answer(milliseconds(50), now);
  EXPECT_TRUE(pace.is_slow(now));
  EXPECT_NEAR(to_seconds(pace.answer_time()), 0.05, 0.001);
  for (int answer = 0; answer < 100; ++answer) pace.on_answer(milliseconds(0), now);
  EXPECT_FALSE(pace.is_slow(now));
  pace.end();
  EXPECT_FALSE(pace.is_slow(now + seconds(60))) << "nothing was asked";
}

core::Packet small_packet() {
  core::Packet packet;
  packet.id = "abc";
  packet.forwarded_headers = "Content-Type: application/json\r\ntraceparent: 00-1-2-01\r\n";
  packet.messages = 12;
  return packet;
}

TEST(RequestHead, IsExactlyThis) {
  PoolOptions options;
  options.user_agent = "log-distributor/1";
  options.via = "log-distributor-0011223344556677";
  const RequestHead head({"logs.example", "9101", "/analyze?x=1", {{"X-Team", "blue"}, {"via", "1.0 a"}}, nullptr},
                         options);
  std::string text = "what was there before";
  head.write(text, small_packet());
  EXPECT_EQ(text,
            "POST /analyze?x=1 HTTP/1.1\r\nHost: logs.example:9101\r\nUser-Agent: log-distributor/1\r\nX-Team: blue\r\n"
            "via: 1.0 a\r\nContent-Type: application/json\r\ntraceparent: 00-1-2-01\r\n"
            "Via: 1.1 log-distributor-0011223344556677\r\n"
            "Idempotency-Key: abc\r\nPacket-Messages: 12\r\nContent-Length: 0\r\n\r\n");
}

TEST(RequestHead, OfANativeTargetHasThePacketsOwnPath) {
  AnalyzerTarget target{"logs.example", "9200", "/ignored", {{"Authorization", "ApiKey x"}}, nullptr};
  target.native = true;
  const RequestHead head(target, {});
  core::Packet packet = small_packet();
  packet.forwarded_headers += "Packet-Target: /logs/_bulk?pipeline=x\r\n";
  std::string text;
  head.write(text, packet);
  EXPECT_TRUE(text.starts_with("POST /logs/_bulk?pipeline=x HTTP/1.1\r\nHost: logs.example:9200\r\n")) << text;
  EXPECT_NE(text.find("\r\nAuthorization: ApiKey x\r\n"), text.npos);
  head.write(text, small_packet());
  EXPECT_TRUE(text.starts_with("POST /v1/packets HTTP/1.1\r\n")) << "a packet's is known";
}

TEST(RequestHead, WritesTheHostAsTheUrlDoes) {
  const auto host_line = [](AnalyzerTarget target) {
    std::string text;
    RequestHead(target, {}).write(text, small_packet());
    const std::size_t start = text.find("\r\n") + 2;
    return text.substr(start, text.find("\r\n", start) - start);
  };
  EXPECT_EQ(host_line({"h", "80", "/", {}, nullptr}), "Host: h");
  EXPECT_EQ(host_line({"::1", "80", "/", {}, nullptr}), "Host: [::1]");
  EXPECT_EQ(host_line({"::1", "81", "/", {}, nullptr}), "Host: [::1]:81");
  EXPECT_EQ(host_line({"h", "80", "/", {{"user-agent", "mine"}, {"host", "other"}}, nullptr}), "user-agent: mine");
}

}  // namespace
}  // namespace logdist::sink
