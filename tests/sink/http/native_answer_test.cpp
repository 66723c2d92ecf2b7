// The answer of a native analyzer, for an agent that wants it: read whole, or not at all.
#include <gtest/gtest.h>

#include "tests/sink/http/fixture.hpp"

namespace logdist::sink {
namespace {

using std::chrono::milliseconds;

constexpr std::string_view json_head = "HTTP/1.1 201 Created\r\nContent-Type: application/json\r\n";

class NativeAnswerTest : public UpstreamTest {
 protected:
  void begin(Duration timeout = std::chrono::seconds(20)) {
    PoolOptions options;
    options.timeout = timeout;
    start(options);
    AnalyzerTarget target{"127.0.0.1", server_.port(), "/", {}, limits_of(1)};
    target.native = true;
    analyzer_ = upstream->add(target);
  }
  void answer_with(std::string bytes, bool then_close = false) {
    server_.on_request = [this, bytes = std::move(bytes), then_close](Session& session, const ReceivedRequest&) {
      answering_ = session.shared_from_this();
      session.send(bytes);
      if (then_close) session.close();
    };
  }
  Parcel& send_wanting(std::uint32_t answer_bytes_max) {
    Parcel& parcel = make(analyzer_);
    parcel.packet.answer_bytes_max = answer_bytes_max;
    upstream->send(parcel.attempt, Clock::now());
    upstream->flush(Clock::now());
    return parcel;
  }
  /// Delivered by its head, whatever follows.
  Parcel& deliver_wanting(std::uint32_t answer_bytes_max) {
    Parcel& parcel = send_wanting(answer_bytes_max);
    EXPECT_TRUE(run_until([&] { return parcel.ended(); }));
    EXPECT_EQ(parcel.outcome(), Outcome::delivered);
    EXPECT_EQ(parcel.results.size(), 1u);
    return parcel;
  }

  ScriptedServer server_{io};
  AnalyzerId analyzer_ = 0;
  std::shared_ptr<Session> answering_;
};

TEST_F(NativeAnswerTest, ComesWhole) {
  begin();
  EXPECT_TRUE(upstream->has_native());
  answer_with(std::string(json_head) + "Content-Encoding: x\r\nContent-Length: 5\r\n\r\nhello");
  const Parcel& of_length = deliver_wanting(5);
  ASSERT_TRUE(of_length.attempt.answer);
  EXPECT_EQ(of_length.attempt.answer->status, 201u);
  EXPECT_EQ(of_length.attempt.answer->content_type, "application/json");
  EXPECT_EQ(of_length.attempt.answer->content_encoding, "x");
  EXPECT_EQ(of_length.attempt.answer->body, "hello");
  answer_with(std::string(json_head) + "Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n");
  const Parcel& in_chunks = deliver_wanting(5);
  ASSERT_TRUE(in_chunks.attempt.answer);
  EXPECT_EQ(in_chunks.attempt.answer->body, "hello");
  EXPECT_EQ(in_chunks.attempt.answer->content_encoding, "");
  answer_with("HTTP/1.1 204 No Content\r\nContent-Type: text/plain\x01\r\n\r\n");
  const Parcel& empty = deliver_wanting(5);
  ASSERT_TRUE(empty.attempt.answer);
  EXPECT_EQ(empty.attempt.answer->status, 204u);
  EXPECT_EQ(empty.attempt.answer->content_type, "") << "it cannot be passed on";
  EXPECT_EQ(server_.accepted(), 1u);
  answer_with("HTTP/1.1 200 OK\r\n\r\nhello", true);
  const Parcel& to_end = deliver_wanting(5);
  ASSERT_TRUE(to_end.attempt.answer);
  EXPECT_EQ(to_end.attempt.answer->body, "hello");
}

TEST_F(NativeAnswerTest, SettlesAtItsEndAndNotBefore) {
  begin();
  answer_with(std::string(json_head) + "Content-Length: 5\r\n\r\nhel");
  Parcel& parcel = send_wanting(100);
  ASSERT_TRUE(run_until([&] { return answering_ != nullptr; }));
  Parcel& unwanted = send_wanting(0);
  answering_->send("lo");
  ASSERT_TRUE(run_until([&] { return parcel.ended(); }));
  EXPECT_FALSE(unwanted.ended()) << "answers come in order";
  ASSERT_TRUE(parcel.attempt.answer);
  EXPECT_EQ(parcel.attempt.answer->body, "hello");
  ASSERT_TRUE(run_until([&] { return unwanted.ended(); })) << "settled by its head";
  EXPECT_FALSE(unwanted.attempt.answer);
}

TEST_F(NativeAnswerTest, IsDroppedWhenItIsTooLong) {
  begin();
  answer_with(std::string(json_head) + "Content-Length: 5\r\n\r\nhello");
  EXPECT_FALSE(deliver_wanting(4).attempt.answer);
  answer_with(std::string(json_head) + "Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n");
  EXPECT_FALSE(deliver_wanting(4).attempt.answer);
  EXPECT_EQ(server_.accepted(), 1u) << "the connection is kept";
  EXPECT_EQ(counted_failures(), 0u);
}

TEST_F(NativeAnswerTest, IsDroppedWhenItBreaks) {
  begin();
  const std::string chunked_head = std::string(json_head) + "Transfer-Encoding: chunked\r\n\r\n";
  for (const std::string& answer :
       {std::string(json_head) + "Content-Length: 5\r\n\r\nhel", chunked_head + "2\r\nhe\r\n"}) {
    answer_with(answer, true);
    EXPECT_FALSE(deliver_wanting(100).attempt.answer) << answer;
  }
  answer_with(chunked_head + "2\r\nhe\r\nno size\r\n");
  EXPECT_FALSE(deliver_wanting(100).attempt.answer);
  EXPECT_EQ(counted_failures(), 0u);
  EXPECT_EQ(outcomes(), (std::map<Outcome, std::size_t>{{Outcome::delivered, parcels.size()}}));
}

TEST_F(NativeAnswerTest, IsNotWaitedForForEver) {
  begin(milliseconds(200));
  answer_with(std::string(json_head) + "Content-Length: 5\r\n\r\nhel");
  EXPECT_FALSE(deliver_wanting(100).attempt.answer);
  EXPECT_EQ(counted_failures(), 0u);
}

TEST_F(NativeAnswerTest, IsOfSuccessOnly) {
  begin();
  answer_with("HTTP/1.1 400 Bad Request\r\nContent-Length: 5\r\n\r\nhel");
  Parcel& parcel = send_wanting(100);
  ASSERT_TRUE(run_until([&] { return parcel.ended(); })) << "settled by its head";
  EXPECT_EQ(parcel.outcome(), Outcome::refused);
  EXPECT_FALSE(parcel.attempt.answer);
}

TEST_F(NativeAnswerTest, IsGivenUpAtTheEnd) {
  begin();
  answer_with(std::string(json_head) + "Content-Length: 5\r\n\r\nhel");
  Parcel& parcel = send_wanting(100);
  ASSERT_TRUE(run_until([&] { return answering_ != nullptr && upstream->statistics().reads > 0; }));
  EXPECT_FALSE(parcel.ended());
  upstream->shutdown(Clock::now());
  ASSERT_TRUE(parcel.ended());
  EXPECT_EQ(parcel.outcome(), Outcome::delivered);
  EXPECT_FALSE(parcel.attempt.answer);
}

TEST_F(NativeAnswerTest, NeedsANativeAnalyzer) {
  start();
  const AnalyzerId other = add(server_, 1);
  EXPECT_FALSE(upstream->has_native());
  answer_with("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
  Parcel& parcel = make(other);
  parcel.packet.answer_bytes_max = 100;
  upstream->send(parcel.attempt, Clock::now());
  upstream->flush(Clock::now());
  ASSERT_TRUE(run_until([&] { return parcel.ended(); }));
  EXPECT_FALSE(parcel.attempt.answer);
  AnalyzerTarget target{"127.0.0.1", server_.port(), "/", {}, limits_of(1)};
  target.native = true;
  const AnalyzerId native = upstream->add(target);
  EXPECT_TRUE(upstream->has_native());
  upstream->remove(native, Clock::now());
  EXPECT_FALSE(upstream->has_native());
}

}  // namespace
}  // namespace logdist::sink
