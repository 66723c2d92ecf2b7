// Answers of servers that are sloppy, but can mean one thing only.
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "logdist/sink/http/answer_reader.hpp"

namespace logdist::sink {
namespace {

using Result = AnswerReader::Result;

struct Read {
  unsigned status = 0;
  bool keep_alive = false;
  std::string retry_after;
  bool ended = false;

  friend bool operator==(const Read&, const Read&) = default;
};

void PrintTo(const Read& read, std::ostream* out) {
  *out << read.status << (read.keep_alive ? " kept" : " closed") << (read.ended ? ", whole" : ", not ended");
}

/// Reads all answers in `bytes`, given in pieces that begin at random places.
std::vector<Read> read_all(const std::string& bytes, std::mt19937& random) {
  std::vector<Read> answers;
  AnswerReader reader;
  boost::beast::flat_buffer input;
  for (std::size_t start = 0; start < bytes.size();) {
    const std::size_t piece = std::min<std::size_t>(1 + random() % 40, bytes.size() - start);
    const auto room = input.prepare(piece);
    bytes.copy(static_cast<char*>(room.data()), piece, start);
    input.commit(piece);
    start += piece;
    for (Result result = reader.read(input); result != Result::need_more; result = reader.read(input)) {
      if (result == Result::broken) return answers;
      if (result == Result::head) {
        answers.push_back({reader.head().status, reader.head().keep_alive, reader.head().retry_after});
      } else {
        answers.back().ended = true;
      }
    }
  }
  return answers;
}

Read read_one(const std::string& bytes) {
  std::mt19937 random(1);
  const std::vector<Read> answers = read_all(bytes, random);
  EXPECT_EQ(answers.size(), 1u) << bytes;
  return answers.empty() ? Read{} : answers.front();
}

TEST(SloppyAnswer, TheStatusLine) {
  for (const char* line : {"HTTP/1.1 200", "HTTP/1.1 200 ", "HTTP/1.1 200  ", "HTTP/1.1  200 OK", "HTTP/1.1 200\tOK",
                           "HTTP/1.1 200.1 OK", "HTTP/1.2 200 OK", "HTTP/1.9 200 \xe4\xb8\xad"}) {
    for (const char* line_end : {"\r\n", "\n"}) {
      const std::string end = line_end;
      EXPECT_EQ(read_one(line + end + "Content-Length: 2" + end + end + "ok"), (Read{200, true, "", true})) << line;
    }
  }
}

TEST(SloppyAnswer, EmptyLinesBeforeIt) {
  EXPECT_EQ(read_one("\r\n\n\r\nHTTP/1.1 204 No Content\r\n\r\n"), (Read{204, true, "", true}));
}

TEST(SloppyAnswer, Fields) {
  const auto reads = [](const std::string& fields) { return read_one("HTTP/1.1 503 Busy\r\n" + fields + "\r\n"); };
  EXPECT_EQ(reads("Content-Length : 0\r\nRetry-After\t:3\r\n"), (Read{503, true, "3", true}));
  EXPECT_EQ(reads("content-LENGTH:0\r\nX Y(z): 1\r\n: nameless\r\n"), (Read{503, true, "", true}));
  EXPECT_EQ(reads("Content-Length: 0\r\nContent-Length: 0, 00\r\n"), (Read{503, true, "", true}));
  EXPECT_EQ(reads("Content-Length:\r\n 0\r\nRetry-After:\n\t7\n"), (Read{503, true, "7", true})) << "folded";
  EXPECT_EQ(reads("X: \x80\xff\x01\r\nContent-Length: 0\r\n"), (Read{503, true, "", true}));
  EXPECT_EQ(reads("Transfer-Encoding: identity\r\nContent-Length: 0\r\n"), (Read{503, true, "", true}));
}

TEST(SloppyAnswer, WhetherItStays) {
  const auto keeps = [](const std::string& version, const std::string& fields) {
    return read_one("HTTP/1." + version + " 200 OK\r\nContent-Length: 0\r\n" + fields + "\r\n").keep_alive;
  };
  EXPECT_TRUE(keeps("1", ""));
  EXPECT_TRUE(keeps("1", "Connection: Keep-Alive\r\nKeep-Alive: timeout=5, max=100\r\n"));
  EXPECT_TRUE(keeps("0", "connection: , Keep-Alive\r\n"));
  EXPECT_FALSE(keeps("0", ""));
  EXPECT_FALSE(keeps("1", "Connection: keep-alive, close\r\n"));
  EXPECT_FALSE(keeps("0", "Connection: keep-alive\r\nConnection: CLOSE\r\n"));
}

TEST(SloppyAnswer, Chunks) {
  for (const char* body : {"5\nhello\n0\n\n", "5  \r\nhello\r\n0 \r\n\r\n", " 5\t\r\nhello\r\n 0\r\n\n",
                           "0005;a=\"\x01\"\nhello\r\n000\nT: 1\n\r\n", "5 ;x\r\nhello\n00;y\n\n",
                           "A\r\n0123456789\r\n0\r\nbad trailer\r\n\r\n"}) {
    EXPECT_EQ(read_one(std::string("HTTP/1.1 200\nTransfer-Encoding: gzip,\tChunked\n\n") + body),
              (Read{200, true, "", true}))
        << body;
  }
  const std::string old = "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
  EXPECT_EQ(read_one(old), (Read{200, false, "", true})) << "HTTP/1.0 knows no chunks";
}

TEST(SloppyAnswer, AnUnknownCodingLastsToTheEnd) {
  EXPECT_EQ(read_one("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nabc"), (Read{200, false, "", false}));
}

/// Draws one answer as `strict` and as a sloppy server would put it.
class Writer {
 public:
  explicit Writer(std::mt19937& random) : random_(random) {}

  void add() {
    status_line();
    if (draw(3) == 0) field("Connection", "keep-alive");
    if (draw(3) == 0) field("Retry-After", std::to_string(draw(100)));
    if (draw(3) == 0) field("X-Y", "some, thing");
    if (draw(2) == 0) {
      const std::string body(draw(50), 'b');
      field("Content-Length", std::to_string(body.size()));
      line("", "");
      both(body);
      return;
    }
    field("Transfer-Encoding", "chunked");
    line("", "");
    for (std::size_t chunks = draw(4); chunks > 0; --chunks) chunk(std::string(1 + draw(30), 'c'));
    chunk_size(0);
    if (draw(3) == 0) line("T: 1", "T : 1");
    line("", "");
  }

  std::string strict;
  std::string sloppy;

 private:
  std::size_t draw(std::size_t bound) { return random_() % bound; }
  void both(const std::string& text) {
    strict += text;
    sloppy += text;
  }
  void line(const std::string& tidy, const std::string& untidy) {
    strict += tidy + "\r\n";
    sloppy += untidy + (draw(2) == 0 ? "\n" : "\r\n");
  }
  void status_line() {
    constexpr int codes[] = {200, 201, 202, 205, 299, 301, 400, 413, 429, 500, 503, 799};
    const std::string code = std::to_string(codes[draw(std::size(codes))]);
    const std::string version = "HTTP/1." + std::to_string(draw(2));
    for (std::size_t empty = draw(3); empty > 0; --empty) sloppy += draw(2) == 0 ? "\n" : "\r\n";
    line(version + " " + code + " Reason", version + std::string(1 + draw(2), ' ') + code + (draw(2) == 0 ? "" : " R"));
  }
  std::string blanks() { return std::string(draw(3), draw(2) == 0 ? ' ' : '\t'); }
  void field(std::string name, std::string value) {
    const std::string tidy = name + ": " + value;
    for (char& letter : name) letter = static_cast<char>(draw(2) == 0 ? std::toupper(letter) : std::tolower(letter));
    const std::string fold = draw(4) == 0 ? "\r\n " : "";
    line(tidy, name + blanks() + ":" + fold + blanks() + value + blanks());
  }
  void chunk_size(std::size_t size) {
    std::string digits(20, '\0');
    digits.resize(static_cast<std::size_t>(std::snprintf(digits.data(), digits.size(), "%zx", size)));
    line(digits, blanks() + std::string(draw(3), '0') + digits + blanks() + (draw(3) == 0 ? ";x=\"y\"" : ""));
  }
  void chunk(const std::string& data) {
    chunk_size(data.size());
    both(data);
    line("", "");
  }

  std::mt19937& random_;
};

TEST(SloppyAnswer, IsReadAsTheTidyOne) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  for (int round = 0; round < 2000; ++round) {
    Writer writer(random);
    const std::size_t answers = 1 + random() % 4;
    for (std::size_t count = 0; count < answers; ++count) writer.add();
    const std::vector<Read> tidy = read_all(writer.strict, random);
    ASSERT_EQ(tidy.size(), answers) << writer.strict;
    for (const Read& read : tidy) ASSERT_TRUE(read.ended) << writer.strict;
    ASSERT_EQ(read_all(writer.sloppy, random), tidy) << writer.sloppy;
  }
}

}  // namespace
}  // namespace logdist::sink
