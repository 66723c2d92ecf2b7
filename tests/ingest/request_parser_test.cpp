// The parser's own promises; what it refuses is tested over the wire.
#include "ingest/request_parser.hpp"

#include <gtest/gtest.h>

#include "ingest/input_buffer.hpp"

namespace logdist::ingest {
namespace {

using Progress = RequestParser::Progress;

TEST(RequestParser, FindsItsHeadersWhereverTheBytesMove) {
  const std::string text =
      "POST /v1/packets HTTP/1.1\r\nHost: t\r\ncontent-TYPE:  application/json \r\nContent-Length: 12\r\n"
      "idempotency-key: k\r\ntracestate: a=1\r\ntraceparent: p\r\ntracestate: b=2\r\nExpect: 100-CONTINUE\r\n\r\nbody";
  for (std::size_t split = 1; split < text.size() - 4; ++split) {
    RequestParser parser;
    const std::string part = text.substr(0, split);
    ASSERT_EQ(parser.parse_head(part), split < text.size() - 4 ? Progress::need_more : Progress::complete);
    const std::string whole = text;  // at another address
    ASSERT_EQ(parser.parse_head(whole), Progress::complete);
    ASSERT_EQ(parser.head_size(), text.size() - 4);
    const RequestHead& head = parser.head();
    EXPECT_TRUE(head.is_post && head.http_1_1 && head.keep_alive && head.expects_continue);
    EXPECT_FALSE(head.chunked || head.is_head || head.expects_else);
    EXPECT_EQ(head.target, "/v1/packets");
    EXPECT_EQ(head.content_type, "application/json");
    EXPECT_EQ(head.content_length, 12u);
    EXPECT_EQ(head.idempotency_key, "k");
    ASSERT_EQ(head.trace.size(), 3u);
    EXPECT_EQ(head.trace[1].name, "traceparent");
    EXPECT_EQ(head.trace[2].value, "b=2");
  }
}

TEST(RequestParser, Http10HasNoExpectations) {
  RequestParser parser;
  ASSERT_EQ(parser.parse_head("POST / HTTP/1.0\r\nExpect: 100-continue\r\nExpect: x\r\n\r\n"), Progress::complete);
  EXPECT_FALSE(parser.head().expects_continue || parser.head().expects_else || parser.head().keep_alive);
}

TEST(RequestParser, TakesTheLastChunkByteByByte) {
  const std::string text = "POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (const std::string chunks : {"0\r\n\r\n", "2\r\nab\r\n0\r\n\r\n", "1\r\na\r\n0\r\nTrailer: v\r\n\r\n"}) {
    packet::BufferPool pool(1 << 20);
    packet::Buffer body = pool.take(16);
    RequestParser parser;
    ASSERT_EQ(parser.parse_head(text), Progress::complete);
    std::size_t consumed = 0;
    Progress progress = Progress::need_more;
    for (std::size_t size = 1; size <= chunks.size(); ++size) {
      ASSERT_EQ(progress, Progress::need_more);
      const auto step = parser.parse_chunks(std::string_view(chunks).substr(consumed, size - consumed), body, 16);
      consumed += step.consumed;
      progress = step.progress;
    }
    EXPECT_EQ(progress, Progress::complete);
    EXPECT_EQ(consumed, chunks.size());
  }
}

TEST(InputBuffer, KeepsWhatIsUnusedThroughEveryMove) {
  InputBuffer input;
  std::string expected;
  std::size_t written = 0;
  for (int round = 0; round < 2'000; ++round) {
    if (!input.full()) {
      const auto space = input.space();
      ASSERT_FALSE(space.empty());
      const std::size_t count = std::min<std::size_t>(space.size(), static_cast<std::size_t>(round * 37 % 900) + 1);
      for (std::size_t i = 0; i < count; ++i) {
        space[i] = static_cast<char>('a' + written++ % 26);
        expected += space[i];
      }
      input.commit(count);
    }
    ASSERT_EQ(input.view(), expected);
    const std::size_t used = std::min<std::size_t>(expected.size(), static_cast<std::size_t>(round * 53 % 850));
    input.consume(used);
    expected.erase(0, used);
    if (round % 100 == 0) input.shrink();
  }
  EXPECT_GT(written, InputBuffer::max_size);
}

}  // namespace
}  // namespace logdist::ingest
