// Compressed bodies to analyzers that take plain ones.
#include <gtest/gtest.h>

#include "logdist/codec/compression/content.hpp"
#include "logdist/queue/memory_limiter.hpp"
#include "tests/sink/http/fixture.hpp"
#include "tests/support/compress.hpp"

namespace logdist::sink {
namespace {

using core::ContentCoding;

std::string lines_of(std::size_t bytes) {
  std::string text;
  for (std::size_t number = 0; text.size() < bytes; ++number) {
    text += R"({"level":"info","order":)" + std::to_string(number * 7919) + "}\n";
  }
  text.resize(bytes);
  return text;
}

class DecompressTest : public UpstreamTest {
 protected:
  void begin(PoolOptions options = {}) {
    start(options);
    AnalyzerTarget target{"127.0.0.1", server.port(), "/analyze", {}, limits_of(4)};
    target.decompress = true;
    plain = upstream->add(target);
    target.native = true;
    native = upstream->add(target);
    target.decompress = false;
    as_it_comes = upstream->add(target);
  }
  Parcel& pack(AnalyzerId analyzer, ContentCoding coding, const std::string& body) {
    Parcel& parcel = make(analyzer);
    parcel.packet.coding = coding;
    parcel.packet.body = buffers.take(body.size());
    parcel.packet.body.append(body);
    parcel.packet.forwarded_headers = std::string("Content-Type: application/x-ndjson\r\nContent-Encoding: ") +
                                      to_string(coding) + "\r\nPacket-Format: packet\r\n";
    return parcel;
  }
  void hand_over(Parcel& parcel) { upstream->send(parcel.attempt, Clock::now()); }
  const ReceivedRequest& deliver(Parcel& parcel) {
    hand_over(parcel);
    upstream->flush(Clock::now());
    EXPECT_TRUE(run_until([&] { return parcel.ended(); }));
    EXPECT_EQ(parcel.outcome(), Outcome::delivered);
    return server.requests().back();
  }

  ScriptedServer server{io};
  AnalyzerId plain = 0;
  AnalyzerId native = 0;
  AnalyzerId as_it_comes = 0;
};

TEST_F(DecompressTest, OfEveryCodingTheContentGoesWithoutContentEncoding) {
  begin();
  const std::string text = lines_of(1'000'000);
  const std::vector<std::pair<ContentCoding, std::string>> bodies{
      {ContentCoding::gzip, test::gzip(text)},           {ContentCoding::deflate, test::zlib(text)},
      {ContentCoding::deflate, test::raw_deflate(text)}, {ContentCoding::zstd, test::zstd(text)},
      {ContentCoding::snappy, test::snappy_block(text)}, {ContentCoding::snappy, test::snappy_framed(text)}};
  for (const auto& [coding, body] : bodies) {
    for (const AnalyzerId analyzer : {plain, native}) {
      Parcel& parcel = pack(analyzer, coding, body);
      const ReceivedRequest& request = deliver(parcel);
      EXPECT_TRUE(request.body == text) << to_string(coding);
      EXPECT_EQ(request.header("Content-Length"), std::to_string(text.size()));
      EXPECT_EQ(request.head.find("Content-Encoding"), std::string::npos) << request.head;
      EXPECT_EQ(request.header("Content-Type"), "application/x-ndjson");
      EXPECT_EQ(request.header("Packet-Format"), "packet");
      EXPECT_EQ(request.id(), parcel.packet.id);
      EXPECT_TRUE(parcel.packet.body.view() == body) << "the packet keeps what came";
    }
    const ReceivedRequest& untouched = deliver(pack(as_it_comes, coding, body));
    EXPECT_TRUE(untouched.body == body);
    EXPECT_EQ(untouched.header("Content-Encoding"), to_string(coding));
  }
}

TEST_F(DecompressTest, AnotherAnalyzerGetsTheBytesAsTheyCame) {
  begin();
  const std::string body = test::gzip(lines_of(1000));
  server.on_request = [](Session& session, const ReceivedRequest&) {
    session.send("HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n");
  };
  Parcel& failed = pack(plain, ContentCoding::gzip, body);
  hand_over(failed);
  upstream->flush(Clock::now());
  ASSERT_TRUE(run_until([&] { return failed.ended(); }));
  EXPECT_EQ(failed.outcome(), Outcome::http_error);
  failed.results.clear();
  failed.attempt = core::Attempt();
  failed.attempt.packet = &failed.packet;
  failed.attempt.analyzer = as_it_comes;
  server.on_request = [](Session& session, const ReceivedRequest&) { session.send(no_content); };
  EXPECT_TRUE(deliver(failed).body == body);
}

TEST_F(DecompressTest, ManyTogetherKeepTheirContents) {
  begin();
  std::vector<std::string> texts;
  for (std::size_t index = 0; index < 200; ++index) {
    texts.push_back("of " + std::to_string(index) + " " + lines_of(index * 97));
    hand_over(index % 5 == 4 ? make(plain, 3000) : pack(plain, ContentCoding::zstd, test::zstd(texts.back())));
  }
  upstream->flush(Clock::now());
  ASSERT_TRUE(run_until_all_ended());
  EXPECT_EQ(outcomes(), (std::map<Outcome, std::size_t>{{Outcome::delivered, 200}}));
  std::map<std::string, std::string> by_id;
  for (const ReceivedRequest& request : server.requests()) by_id[request.id()] = request.body;
  for (std::size_t index = 0; index < 200; ++index) {
    const core::Packet& packet = parcels[index].packet;
    EXPECT_EQ(by_id[packet.id], index % 5 == 4 ? packet.body.view() : texts[index]);
  }
}

/// A long content does not hold up what others of the loop have to do.
TEST_F(DecompressTest, GoesASliceAtATime) {
  begin();
  const std::string text = lines_of(8'000'000);
  Parcel& large = pack(plain, ContentCoding::gzip, test::gzip(text));
  hand_over(large);
  Parcel& small = make(as_it_comes);
  hand_over(small);
  upstream->flush(Clock::now());
  std::size_t events = 0;
  ASSERT_TRUE(run_until([&] {
    ++events;
    return small.ended();
  }));
  EXPECT_FALSE(large.ended());
  EXPECT_LT(events, text.size() / codec::ContentBuilder::slice_max);
  ASSERT_TRUE(run_until([&] { return large.ended(); }));
  EXPECT_TRUE(server.requests().back().body == text);
}

TEST_F(DecompressTest, WhatIsSentAgainIsWhole) {
  begin();
  const std::string text = lines_of(600'000);
  const std::string body = test::gzip(text);
  deliver(pack(plain, ContentCoding::gzip, body));
  // The kept connection closes without an answer: it is stale, and the request goes on another.
  server.on_request = [](Session& session, const ReceivedRequest&) { session.close(); };
  Parcel& again = pack(plain, ContentCoding::gzip, body);
  const auto accept_again = [this](Session&) {
    server.on_request = [](Session& session, const ReceivedRequest&) { session.send(no_content); };
  };
  server.on_accept = accept_again;
  EXPECT_TRUE(deliver(again).body == text);
  EXPECT_EQ(server.accepted(), 2u);
  EXPECT_EQ(upstream->statistics().resent, 1u);
}

TEST_F(DecompressTest, ContentsHaveALimitedRoomAndOneAlwaysHas) {
  PoolOptions options;
  options.contents_held_max = 1000;
  begin(options);
  std::vector<std::shared_ptr<Session>> asked;
  server.on_request = [&](Session& session, const ReceivedRequest&) { asked.push_back(session.shared_from_this()); };
  const std::string text = lines_of(50'000);
  for (int count = 0; count < 5; ++count) hand_over(pack(plain, ContentCoding::gzip, test::gzip(text)));
  Parcel& other = make(as_it_comes);
  hand_over(other);
  upstream->flush(Clock::now());
  ASSERT_TRUE(run_until([&] { return asked.size() == 2; }));
  for (std::size_t answered = 0; answered < 6; ++answered) {
    ASSERT_TRUE(run_until([&] { return asked.size() > answered; }));
    io.poll();
    EXPECT_LE(asked.size() - answered, 2u) << "a content, and what needs none";
    asked[answered]->send(no_content);
    ASSERT_TRUE(run_until([&] { return ended == answered + 1; }));
  }
  EXPECT_EQ(outcomes(), (std::map<Outcome, std::size_t>{{Outcome::delivered, 6}}));
}

/// What the loop may hold is more than there is of server.max_buffered.
TEST_F(DecompressTest, ContentsCountAsBodiesDo) {
  constexpr std::size_t content_bytes = 300'000;
  queue::MemoryLimiter memory(2'000'000);
  PoolOptions options;
  options.memory = &memory;
  begin(options);
  std::vector<std::shared_ptr<Session>> asked;
  server.on_request = [&](Session& session, const ReceivedRequest&) { asked.push_back(session.shared_from_this()); };
  const std::string body = test::gzip(lines_of(content_bytes));
  for (int count = 0; count < 12; ++count) hand_over(pack(plain, ContentCoding::gzip, body));
  upstream->flush(Clock::now());
  std::size_t most = 0;
  for (std::size_t answered = 0; answered < 12; ++answered) {
    ASSERT_TRUE(run_until([&] {
      most = std::max(most, memory.held_bytes());
      return asked.size() > answered;
    }));
    EXPECT_GE(memory.held_bytes(), content_bytes);
    asked[answered]->send(no_content);
    ASSERT_TRUE(run_until([&] { return ended == answered + 1; }));
  }
  EXPECT_LE(most, memory.max_bytes() - memory.kept_for_small());
  EXPECT_GE(most, 3 * content_bytes) << "there is room for more than one";
  EXPECT_EQ(memory.held_bytes(), 0u);
  EXPECT_EQ(outcomes(), (std::map<Outcome, std::size_t>{{Outcome::delivered, 12}}));
}

/// The bodies may be those that wait for just these attempts.
TEST_F(DecompressTest, AContentGoesAloneWhenBodiesHoldAllMemory) {
  struct Body final : queue::MemoryLimiter::Reservation {
    void granted() override { was_granted = true; }
    bool was_granted = false;
  };
  queue::MemoryLimiter memory(1'000'000);
  Body whole;
  ASSERT_TRUE(memory.reserve(whole, 1'000'000));
  Body waits;
  ASSERT_FALSE(memory.reserve(waits, 100'000));
  PoolOptions options;
  options.memory = &memory;
  begin(options);
  const std::string text = lines_of(300'000);
  for (int count = 0; count < 3; ++count) hand_over(pack(plain, ContentCoding::gzip, test::gzip(text)));
  upstream->flush(Clock::now());
  ASSERT_TRUE(run_until_all_ended());
  EXPECT_EQ(outcomes(), (std::map<Outcome, std::size_t>{{Outcome::delivered, 3}}));
  EXPECT_EQ(memory.held_bytes(), 1'000'000u);
  EXPECT_FALSE(waits.was_granted);
  memory.release(whole);
  EXPECT_TRUE(waits.was_granted);
  memory.release(waits);
}

/// Recalled half done, shut down while it is under way, or broken: nothing stays counted.
TEST_F(DecompressTest, WhatEndsOtherwiseIsGivenBackToo) {
  queue::MemoryLimiter memory(8'000'000);
  PoolOptions options;
  options.memory = &memory;
  begin(options);
  const std::string body = test::gzip(lines_of(2'000'000));
  for (int count = 0; count < 2; ++count) hand_over(pack(plain, ContentCoding::gzip, body));
  upstream->flush(Clock::now());
  io.run_one();  // the first is half done
  EXPECT_GT(memory.held_bytes(), 0u);
  upstream->recall(plain, Clock::now());
  EXPECT_EQ(memory.held_bytes(), 0u);
  std::string broken = body;
  broken.pop_back();
  deliver(pack(plain, ContentCoding::gzip, broken));
  EXPECT_EQ(memory.held_bytes(), 0u);
  server.on_request = [](Session&, const ReceivedRequest&) {};
  const std::size_t received = server.requests().size();
  for (int count = 0; count < 3; ++count) hand_over(pack(plain, ContentCoding::gzip, body));
  upstream->flush(Clock::now());
  ASSERT_TRUE(run_until([&] { return server.requests().size() > received; }));
  EXPECT_GT(memory.held_bytes(), 2'000'000u);
  upstream->shutdown(Clock::now());
  upstream.reset();
  io.poll();
  EXPECT_EQ(memory.held_bytes(), 0u);
}

TEST_F(DecompressTest, WhatWaitsIsGivenBackUnsent) {
  begin();
  const std::string body = test::gzip(lines_of(2'000'000));
  for (int count = 0; count < 3; ++count) hand_over(pack(plain, ContentCoding::gzip, body));
  Parcel& other = pack(native, ContentCoding::gzip, body);
  hand_over(other);
  upstream->flush(Clock::now());
  io.run_one();  // the first is half done
  upstream->recall(plain, Clock::now());
  EXPECT_EQ(outcomes(), (std::map<Outcome, std::size_t>{{Outcome::unsent, 3}}));
  ASSERT_TRUE(run_until_all_ended());
  EXPECT_EQ(other.outcome(), Outcome::delivered);
  EXPECT_EQ(server.requests().size(), 1u);
}

TEST_F(DecompressTest, WhoIsRemovedHasNothingDecompressed) {
  begin();
  hand_over(pack(plain, ContentCoding::gzip, test::gzip(lines_of(2'000'000))));
  upstream->flush(Clock::now());
  upstream->remove(plain, Clock::now());
  EXPECT_EQ(outcomes(), (std::map<Outcome, std::size_t>{{Outcome::unsent, 1}}));
  hand_over(pack(plain, ContentCoding::gzip, test::gzip("a")));
  EXPECT_EQ(outcomes(), (std::map<Outcome, std::size_t>{{Outcome::unsent, 2}}));
  io.run_for(std::chrono::milliseconds(1));
  EXPECT_EQ(server.requests().size(), 0u);
}

TEST_F(DecompressTest, ShutdownEndsWhatWaits) {
  begin();
  for (int count = 0; count < 3; ++count) {
    hand_over(pack(plain, ContentCoding::gzip, test::gzip(lines_of(2'000'000))));
  }
  upstream->flush(Clock::now());
  upstream->shutdown(Clock::now());
  EXPECT_EQ(outcomes(), (std::map<Outcome, std::size_t>{{Outcome::unsent, 3}}));
}

/// It was admitted, so this is damage; the analyzer is to say so.
TEST_F(DecompressTest, WhatCannotBeDecompressedGoesAsItCame) {
  PoolOptions options;
  options.content_max = 10'000;
  begin(options);
  std::string broken = test::gzip(lines_of(1000));
  broken.pop_back();
  const std::string too_large = test::gzip(lines_of(10'001));
  for (const std::string& body : {broken, too_large}) {
    const ReceivedRequest& request = deliver(pack(plain, ContentCoding::gzip, body));
    EXPECT_TRUE(request.body == body);
    EXPECT_EQ(request.header("Content-Encoding"), "gzip");
  }
}

TEST_F(DecompressTest, ProtobufStaysSnappyForALoki) {
  begin();
  const std::string text = lines_of(1000);
  const std::string body = test::snappy_block(text);
  const auto push = [&](AnalyzerId analyzer, const std::string& type) -> const ReceivedRequest& {
    Parcel& parcel = pack(analyzer, ContentCoding::snappy, body);
    parcel.packet.protocol = core::Protocol::loki;
    parcel.packet.forwarded_headers = "Content-Type: " + type + "\r\nPacket-Format: loki\r\n";
    return deliver(parcel);
  };
  EXPECT_TRUE(push(native, "application/x-protobuf").body == body);
  EXPECT_TRUE(push(native, "application/JSON; charset=utf-8").body == text);
  EXPECT_TRUE(push(plain, "application/x-protobuf").body == text);
  Parcel& gzipped = pack(native, ContentCoding::gzip, test::gzip(text));
  gzipped.packet.protocol = core::Protocol::loki;
  EXPECT_TRUE(deliver(gzipped).body == text);
}

}  // namespace
}  // namespace logdist::sink
