#include "logdist/sink/http/answer_reader.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace logdist::sink {
namespace {

using Result = AnswerReader::Result;

void put(boost::beast::flat_buffer& input, std::string_view bytes) {
  const auto room = input.prepare(bytes.size());
  std::copy(bytes.begin(), bytes.end(), static_cast<char*>(room.data()));
  input.commit(bytes.size());
}

struct Reading {
  std::vector<unsigned> statuses;
  std::vector<bool> keep_alive;
  std::string retry_after;  ///< of the last
  std::size_t ended = 0;    ///< answers that came with their whole body
  Result end = Result::need_more;
};

/// Reads `bytes`, given in pieces of `piece` bytes.
Reading read(const std::string& bytes, std::size_t piece) {
  Reading reading;
  AnswerReader reader;
  boost::beast::flat_buffer input;
  for (std::size_t start = 0; start < bytes.size(); start += piece) {
    put(input, std::string_view(bytes).substr(start, piece));
    for (;;) {
      reading.end = reader.read(input);
      if (reading.end == Result::broken) return reading;
      if (reading.end == Result::need_more) break;
      if (reading.end == Result::end) {
        ++reading.ended;
        continue;
      }
      reading.statuses.push_back(reader.head().status);
      reading.keep_alive.push_back(reader.head().keep_alive);
      reading.retry_after = reader.head().retry_after;
    }
  }
  return reading;
}

std::string chunk(std::size_t size) {
  std::string text(16, '\0');
  text.resize(static_cast<std::size_t>(std::snprintf(text.data(), text.size(), "%zx\r\n", size)));
  return text + std::string(size, 'x') + "\r\n";
}

const std::vector<std::string> good_answers = {
    "HTTP/1.1 204 No Content\r\n\r\n",
    "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n",  // has no body whatever it says
    "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 202 \r\nContent-Length: 11\r\nServer: s\r\n\r\nHTTP/1.1 50",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nServer: s\r\n\r\n" + chunk(1) + chunk(300) + chunk(17) +
        "0\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;name=value\r\nhello\r\n0\r\nRetry-After: 7\r\n\r\n",
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: "
    "2\r\n\r\nok",
};
const std::vector<unsigned> good_statuses = {204, 204, 304, 200, 202, 200, 200, 200, 200};

TEST(AnswerReader, ReadsAnswersHoweverTheyAreSplit) {
  std::string all;
  for (const std::string& answer : good_answers) all += answer;
  for (std::size_t piece = 1; piece <= all.size(); ++piece) {
    const Reading reading = read(all, piece);
    ASSERT_EQ(reading.statuses, good_statuses) << "in pieces of " << piece;
    ASSERT_EQ(reading.keep_alive, std::vector<bool>(good_statuses.size(), true)) << "in pieces of " << piece;
    ASSERT_EQ(reading.retry_after, "") << "a trailer is not a header";
    ASSERT_EQ(reading.ended, good_statuses.size()) << "in pieces of " << piece;
  }
}

TEST(AnswerReader, SplitsOnceAtEveryPlace) {
  for (std::size_t index = 0; index < good_answers.size(); ++index) {
    const std::string& bytes = good_answers[index];
    for (std::size_t cut = 1; cut < bytes.size(); ++cut) {
      AnswerReader reader;
      boost::beast::flat_buffer input;
      put(input, bytes.substr(0, cut));
      Result result = reader.read(input);
      const bool has_head = result == Result::head;
      if (has_head) result = reader.read(input);
      ASSERT_EQ(result, Result::need_more) << bytes << " cut at " << cut;
      put(input, bytes.substr(cut));
      if (!has_head) {
        ASSERT_EQ(reader.read(input), Result::head) << bytes << " cut at " << cut;
      }
      ASSERT_EQ(reader.head().status, good_statuses[index]);
      ASSERT_EQ(reader.read(input), Result::end) << bytes << " cut at " << cut;
      ASSERT_EQ(input.size(), 0u);
    }
  }
}

TEST(AnswerReader, ReadsHeadsThatAreLikeTheLastAndThoseThatAreNot) {
  const std::string good = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n";
  const std::string paused = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nRetry-After: 7\r\n\r\n";
  const std::string interim = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
  const std::string failed = "HTTP/1.1 500 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
  const std::string all = good + "ab" + good + "cd" + interim + good + "ef" + interim + interim + good + "gh\r\n" +
                          good + "ij" + failed + failed + paused + "kl";
  for (std::size_t piece = 1; piece <= all.size(); ++piece) {
    const Reading reading = read(all, piece);
    ASSERT_EQ(reading.statuses, (std::vector<unsigned>{200, 200, 200, 200, 200, 500, 500, 200})) << piece;
    ASSERT_EQ(reading.keep_alive, (std::vector<bool>{true, true, true, true, true, false, false, true})) << piece;
    ASSERT_EQ(reading.retry_after, "7") << piece;
    ASSERT_EQ(reading.ended, 8u) << piece;
  }
}

TEST(AnswerReader, SaysWhetherTheConnectionStays) {
  const auto keeps = [](const std::string& bytes) -> bool { return read(bytes, bytes.size()).keep_alive.at(0); };
  EXPECT_FALSE(keeps("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"));
  EXPECT_FALSE(keeps("HTTP/1.1 204 No Content\r\nConnection: x, Close\r\n\r\n"));
  EXPECT_FALSE(keeps("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n"));
  EXPECT_TRUE(keeps("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n"));
  EXPECT_TRUE(keeps("HTTP/1.1 204 No Content\r\n\r\n"));
}

TEST(AnswerReader, GivesRetryAfterAsSent) {
  const std::string text = "HTTP/1.1 503 Busy\r\nRETRY-AFTER: 120\r\nContent-Length: 0\r\n\r\n";
  EXPECT_EQ(read(text, text.size()).retry_after, "120");
  const std::string absurd =
      "HTTP/1.1 503 Busy\r\nRetry-After: " + std::string(65, '1') + "\r\nContent-Length: 0\r\n\r\n";
  EXPECT_EQ(read(absurd, absurd.size()).retry_after, "");
  const std::string both = text + "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n";
  EXPECT_EQ(read(both, both.size()).retry_after, "") << "not that of the answer before";
}

TEST(AnswerReader, ABodyWithoutLengthLastsToTheEnd) {
  AnswerReader reader;
  boost::beast::flat_buffer input;
  put(input, "HTTP/1.1 200 OK\r\n\r\nsome");
  EXPECT_EQ(reader.read(input), Result::head);
  EXPECT_EQ(reader.head().status, 200u);
  EXPECT_FALSE(reader.head().keep_alive);
  EXPECT_EQ(reader.read(input), Result::need_more);
  put(input, " more");
  EXPECT_EQ(reader.read(input), Result::need_more);
  EXPECT_TRUE(reader.in_body());
  EXPECT_EQ(reader.end_of_stream(), Result::end);
  EXPECT_FALSE(reader.in_body());
}

TEST(AnswerReader, AnEndInTheMiddleOfAHeadIsNoAnswer) {
  const std::vector<std::string> starts = {"", "\r", "\r\n", "HTTP/1.1 200 O", "HTTP/1.1 204 No Content\r\n"};
  for (const std::string& start : starts) {
    AnswerReader reader;
    boost::beast::flat_buffer input;
    put(input, start);
    if (!start.empty()) {
      ASSERT_EQ(reader.read(input), Result::need_more) << start;
    }
    EXPECT_EQ(reader.end_of_stream(), Result::need_more) << start;
  }
  AnswerReader reader;
  boost::beast::flat_buffer input;
  put(input, "HTTP/1.1 204 No Content\r\n\r\n");
  ASSERT_EQ(reader.read(input), Result::head);
  ASSERT_EQ(reader.read(input), Result::end);
  EXPECT_EQ(reader.end_of_stream(), Result::need_more) << "the answer before is not a second one";
}

TEST(AnswerReader, AnEndInTheMiddleOfABodyComesAfterTheHead) {
  for (const std::string& framing :
       {std::string("Content-Length: 3\r\n\r\nab"), std::string("Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")}) {
    AnswerReader reader;
    boost::beast::flat_buffer input;
    put(input, "HTTP/1.1 200 OK\r\n" + framing);
    ASSERT_EQ(reader.read(input), Result::head) << framing;
    EXPECT_EQ(reader.read(input), Result::need_more) << framing;
    EXPECT_EQ(reader.end_of_stream(), Result::need_more) << framing;
    EXPECT_TRUE(reader.in_body()) << framing;
  }
}

TEST(AnswerReader, RefusesWhatIsNoAnswer) {
  const std::vector<std::string> bad = {
      "SSH-2.0-OpenSSH_9.2\r\n",
      "HTTP/2.0 200 OK\r\n\r\n",
      "http/1.1 200 OK\r\n\r\n",
      "HTTP/1.1200 OK\r\n\r\n",
      "HTTP/1.1 20 OK\r\n\r\n",
      "HTTP/1.1 200OK\r\n\r\n",
      "HTTP/1.1 200 O\rK\r\n\r\n",
      "HTTP/1.1 2000 OK\r\n\r\n",
      "HTTP/1.1 abc OK\r\n\r\n",
      "HTTP/1.1 050 OK\r\n\r\n",
      "HTTP/1.1 200 OK\r\nbad header\r\n\r\n",
      "HTTP/1.1 200 OK\r\n folded: from nothing\r\n\r\n",
      "HTTP/1.1 200 OK\r\nX: a" + std::string(1, '\0') + "b\r\n\r\n",
      "HTTP/1.1 200 OK\r\nX: a\rContent-Length: 5\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding\v: chunked\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\na",
      "HTTP/1.1 200 OK\r\nContent-Length: 1, 2\r\n\r\nab",
      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n 2\r\n\r\nab",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 1x\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
  };
  for (const std::string& bytes : bad) {
    for (const std::size_t piece : {std::size_t{1}, bytes.size()}) {
      const Reading reading = read(bytes, piece);
      EXPECT_EQ(reading.end, Result::broken) << bytes << " in pieces of " << piece;
      EXPECT_TRUE(reading.statuses.empty()) << bytes;
    }
  }
}

TEST(AnswerReader, ABrokenBodyComesAfterItsHead) {
  for (const std::string& body :
       {std::string("xyz\r\n\r\n"), std::string("\r\n"), std::string("1\r\nab\r\n0\r\n\r\n"), std::string("1x\r\n"),
        std::string("1\rx"), std::string("1;\rx"), std::string("1\r\na\rx"), std::string("0\r\n\rx"),
        std::string("fffffffffffffffff\r\n"), std::string("0x1\r\n")}) {
    const std::string bytes = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + body;
    for (const std::size_t piece : {std::size_t{1}, bytes.size()}) {
      const Reading reading = read(bytes, piece);
      EXPECT_EQ(reading.end, Result::broken) << body << " in pieces of " << piece;
      EXPECT_EQ(reading.statuses, std::vector<unsigned>{200}) << body;
    }
  }
}

TEST(AnswerReader, HoldsItsLimits) {
  const std::string ok = "HTTP/1.1 200 OK\r\n";
  const std::string head = ok + "X: " + std::string(max_answer_head_bytes, 'x');
  const std::string huge = ok + "Content-Length: 99999999999999999999999999\r\n\r\n";
  const std::string body = ok + "Content-Length: " + std::to_string(max_answer_body_bytes + 1) + "\r\n\r\n";
  std::string chunks = ok + "Transfer-Encoding: chunked\r\n\r\n";
  for (std::uint64_t sent = 0; sent <= max_answer_body_bytes; sent += 4096) chunks += chunk(4096);
  const std::string line = ok + "Transfer-Encoding: chunked\r\n\r\n1;" + std::string(max_answer_body_bytes, 'x');
  const std::string endless = ok + "\r\n" + std::string(max_answer_body_bytes + 1, 'x');
  std::string interim;
  for (unsigned count = 0; count <= max_interim_answers; ++count) interim += "HTTP/1.1 100 Continue\r\n\r\n";
  for (const std::string& bytes : {head, head + "\r\n\r\n", body, huge, chunks, line, endless, interim}) {
    EXPECT_EQ(read(bytes, 1000).end, Result::broken) << bytes.substr(0, 60);
    EXPECT_EQ(read(bytes, bytes.size()).end, Result::broken) << bytes.substr(0, 60);
  }
}

TEST(AnswerReader, TakesWhatIsJustWithinItsLimits) {
  const std::string ok = "HTTP/1.1 200 OK\r\n";
  const std::string body = ok + "Content-Length: " + std::to_string(max_answer_body_bytes) + "\r\n\r\n" +
                           std::string(max_answer_body_bytes, 'x');
  std::string interim;
  for (unsigned count = 0; count < max_interim_answers; ++count) interim += "HTTP/1.1 100 Continue\r\n\r\n";
  interim += ok + "Content-Length: 0\r\n\r\n";
  for (const std::string& bytes : {body, interim + interim}) {
    const Reading reading = read(bytes, 4096);
    EXPECT_EQ(reading.end, Result::need_more);
    EXPECT_FALSE(reading.statuses.empty());
  }
}

}  // namespace
}  // namespace logdist::sink
