// Every row of the table of formats against every way to be answered: success, nothing in it, each refusal, no room.
#include <deque>
#include <set>

#include "logdist/ingest/dialects/route_table.hpp"
#include "matrix_rows.hpp"

namespace logdist::ingest::test {
namespace {

using queue::Admission;
using queue::Settlement;
using ::testing::MatchesRegex;

class Matrix : public Bodies, public ::testing::WithParamInterface<Row> {
 protected:
  explicit Matrix(const config::ServerOptions& options = {}) : Bodies(options) {}

  const Row& row() const { return GetParam(); }

  void expect_success(const Answer& answer) {
    EXPECT_EQ(answer.status, row().success) << answer.body;
    EXPECT_EQ(answer.header("content-type"), row().answer_type);
    EXPECT_THAT(answer.body, MatchesRegex(row().answer));
    expect_product(answer);
  }
  void expect_refusal(const Answer& answer, unsigned status) {
    EXPECT_EQ(answer.status, status) << answer.body;
    EXPECT_EQ(answer.header("content-type"), row().error_type) << answer.body;
    EXPECT_THAT(answer.body, MatchesRegex(row().error));
    expect_product(answer);
  }
  void expect_product(const Answer& answer) {
    EXPECT_EQ(answer.header("x-elastic-product"), row().protocol == Protocol::elasticsearch ? "Elasticsearch" : "");
  }
  /// The refusal of `bytes`, on a connection of its own, for it may be closed.
  Answer refuse(const std::string& bytes, unsigned status) {
    const std::size_t before = admitted();
    Client client = port_.connect();
    client.send(bytes);
    const auto answer = client.read();
    EXPECT_EQ(admitted(), before);
    if (!answer) {
      ADD_FAILURE() << "no answer";
      return {};
    }
    expect_refusal(*answer, status);
    return *answer;
  }
};

TEST_P(Matrix, Succeeds) {
  const auto taken = take(row().request(row().good));
  expect_success(taken.answer);
  EXPECT_EQ(taken.seen.protocol, row().protocol);
  EXPECT_EQ(taken.seen.messages, row().messages);
  EXPECT_EQ(taken.seen.body, row().good) << "byte for byte";
  const auto counts = port_.counts();
  const auto of_row = static_cast<std::size_t>(row().protocol);
  EXPECT_EQ(counts.received[of_row].packets, 1u);
  EXPECT_EQ(counts.received[of_row].messages, row().messages);
}

TEST_P(Matrix, SucceedsCompressed) {
  for (const ContentCoding coding : {ContentCoding::gzip, ContentCoding::deflate, ContentCoding::zstd}) {
    const bool is_snappy = row().protocol == Protocol::loki && row().headers.find("json") == std::string::npos;
    const std::string content = is_snappy ? loki_push(2) : row().good;
    const std::string body = compress(coding, content);
    const auto taken = take(row().request(body, fmt::format("Content-Encoding: {}\r\n", to_string(coding))));
    expect_success(taken.answer);
    EXPECT_EQ(taken.seen.messages, row().messages);
    EXPECT_EQ(taken.seen.body, body) << "as it came";
  }
}

TEST_P(Matrix, SaysWhatNothingIs) {
  if (row().empty == row().success) {
    const std::size_t before = admitted();
    expect_success(ask(row().request(row().nothing)));
    EXPECT_EQ(admitted(), before) << "there is no packet";
  } else {
    refuse(row().request(row().nothing), row().empty);
  }
}

TEST_P(Matrix, RefusesWhatItIsNot) {
  refuse(row().request(row().bad), 400);
  EXPECT_EQ(port_.counts().rejected[static_cast<std::size_t>(row().protocol)]
                                   [static_cast<std::size_t>(RejectReason::invalid_body)],
            1u);
}

TEST_P(Matrix, RefusesAMethodAndNamesThoseThatThereAre) {
  Row other = row();
  other.method = "DELETE";
  const Answer answer = refuse(other.request(row().good), 405);
  EXPECT_THAT(answer.header("allow"), HasSubstr("POST"));
}

TEST_P(Matrix, RefusesCodingsAndNamesThoseThatThereAre) {
  for (const char* coding : {"br", "gzip, gzip"}) {
    const Answer answer = refuse(row().request(row().good, fmt::format("Content-Encoding: {}\r\n", coding)), 415);
    EXPECT_EQ(answer.header("accept-encoding"), "gzip, deflate, zstd, snappy");
  }
}

TEST_P(Matrix, RefusesAnotherType) {
  Row other = row();
  other.headers = "Content-Type: image/png\r\n";
  if (row().protocol == Protocol::otlp) {
    // Which of its encodings is meant nobody knows.
    EXPECT_EQ(refused(other.request(row().good), 415).header("content-type"), "application/x-protobuf");
  } else if (row().is_typed) {
    refuse(other.request(row().good), 415);
  } else {
    EXPECT_EQ(ask(other.request(row().good)).status, row().success);
  }
}

TEST_P(Matrix, RefusesABodyThatIsCut) {
  const std::string whole = compress(ContentCoding::gzip, row().good);
  refuse(row().request(whole.substr(0, whole.size() - 3), "Content-Encoding: gzip\r\n"), 400);
  refuse(row().request(whole + "x", "Content-Encoding: gzip\r\n"), 400);
}

TEST_P(Matrix, RefusesHeadersThatAreTooMany) {
  const std::string many = "ce-a: " + std::string(3000, 'x') + "\r\nce-b: " + std::string(3000, 'x') + "\r\n";
  Client client = port_.connect();
  client.send(row().request(row().good, many));
  const auto answer = client.read();
  ASSERT_TRUE(answer);
  // Nothing goes along with our own packets.
  const bool goes_along = row().path != "/v1/packets" || row().headers.find("cloudevents") != std::string::npos;
  if (goes_along) {
    expect_refusal(*answer, 431);
  } else {
    EXPECT_EQ(answer->status, row().success);
  }
}

TEST_P(Matrix, RefusesARequestWithoutALength) {
  refuse(fmt::format("{} {} HTTP/1.1\r\nHost: t\r\n{}\r\n", row().method, row().path, row().headers), 411);
}

TEST_P(Matrix, SaysThatItWaitedInVain) {
  set_admission(Admission::waiting);
  const auto settled = [this](Settlement settlement) {
    client_.send(row().request(row().good));
    settle(settlement);
    return client_.read();
  };
  if (row().is_upload) {
    // Its client gives up at a 503: it waits on, and is admitted again.
    client_.send(row().request(row().good));
    settle(Settlement::handed_back);
    settle(Settlement::delivered);
    const auto answer = client_.read();
    ASSERT_TRUE(answer);
    expect_success(*answer);
    return;
  }
  const auto handed_back = settled(Settlement::handed_back);
  ASSERT_TRUE(handed_back);
  expect_refusal(*handed_back, 503);
  EXPECT_EQ(handed_back->header("retry-after"), "7");
  const auto dead_lettered = settled(Settlement::dead_lettered);
  ASSERT_TRUE(dead_lettered);
  expect_refusal(*dead_lettered, row().dead_lettered);
  const auto delivered = settled(Settlement::delivered);
  ASSERT_TRUE(delivered);
  EXPECT_EQ(delivered->status / 100, 2u);
}

TEST_P(Matrix, SaysThatItShutsDown) {
  const std::string request = row().request(row().good);
  client_.send(request.substr(0, 10));
  ASSERT_TRUE(port_.eventually([this] { return port_.sessions().busy_count() == 1; }));
  port_.on_loop([this] { port_.sessions().begin_drain(); });
  client_.send(request.substr(10));
  const auto answer = client_.read();
  ASSERT_TRUE(answer);
  expect_refusal(*answer, 503);
  EXPECT_NE(answer->header("retry-after"), "");
}

TEST_P(Matrix, IsNotThereWhenItIsTurnedOff) {
  config::ServerOptions options;
  options.formats = core::ProtocolSet();
  for (std::size_t i = 0; i < core::protocol_count; ++i) {
    if (static_cast<Protocol>(i) != row().protocol) options.formats.add(static_cast<Protocol>(i));
  }
  Port port(options);
  Client client = port.connect();
  client.send(row().request(row().good));
  const auto answer = client.read();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 404u);
  EXPECT_THAT(answer->body, HasSubstr("/healthz")) << "it names the paths that there are";
}

/// With little of everything.
class NarrowMatrix : public Matrix {
 protected:
  static config::ServerOptions narrow() {
    config::ServerOptions options;
    options.max_body = 5;
    options.body_timeout = std::chrono::milliseconds(50);
    return options;
  }
  NarrowMatrix() : Matrix(narrow()) {}
};

TEST_P(NarrowMatrix, RefusesWhatIsTooLarge) {
  // One entry of a journal has the size of a body.
  refuse(row().request(row().is_upload ? "M=" + std::string(100, 'x') + "\n\n" : row().good), 413);
  config::ServerOptions options;
  options.max_decoded = 5;
  Port port(options);
  Client client = port.connect();
  client.send(row().request(compress(ContentCoding::gzip, row().good), "Content-Encoding: gzip\r\n"));
  const auto answer = client.read();
  ASSERT_TRUE(answer);
  expect_refusal(*answer, 413);
}

TEST_P(NarrowMatrix, RefusesWhatComesTooSlowly) {
  Client client = port_.connect();
  client.send(fmt::format("{} {} HTTP/1.1\r\nHost: t\r\n{}Content-Length: 5\r\n\r\nM", row().method, row().path,
                          row().headers));
  const auto answer = client.read();
  ASSERT_TRUE(answer);
  expect_refusal(*answer, 408);
}

/// Takes all of the memory for bodies; what comes later waits behind it.
class Others {
 public:
  explicit Others(queue::MemoryLimiter& memory) : memory_(memory) {
    do held_.emplace_back();
    while (memory_.reserve(held_.back(), memory_.small_body_max()));
  }
  ~Others() { go(); }
  void go() {
    for (Body& body : held_) memory_.release(body);
  }

 private:
  struct Body final : queue::MemoryLimiter::Reservation {
    void granted() override {}
  };

  queue::MemoryLimiter& memory_;
  std::deque<Body> held_;
};

TEST_P(Matrix, SaysThatThereIsNoRoom) {
  const auto memory = std::make_shared<queue::MemoryLimiter>(1 << 20);
  Others others(*memory);
  Port port({}, std::chrono::milliseconds(50), memory);
  Client client = port.connect();
  client.send(row().request(row().good));
  if (row().is_upload) {  // it stops reading meanwhile
    ASSERT_TRUE(port.eventually([&] { return port.sessions().busy_count() == 1; }));
    others.go();
    const auto answer = client.read();
    ASSERT_TRUE(answer);
    expect_success(*answer);
  } else {
    const auto answer = client.read();
    ASSERT_TRUE(answer);
    expect_refusal(*answer, 503);
    EXPECT_EQ(answer->header("retry-after"), "7");
  }
  EXPECT_EQ(port.on_loop([&] { return port.sink.admitted.size(); }), row().is_upload ? 1u : 0u);
}

std::string name_of_row(const ::testing::TestParamInfo<Row>& one) {
  std::string name = std::to_string(one.index) + "_";
  for (const char byte : one.param.name()) name += std::isalnum(static_cast<unsigned char>(byte)) != 0 ? byte : '_';
  return name;
}

INSTANTIATE_TEST_SUITE_P(Rows, Matrix, ::testing::ValuesIn(all_rows()), name_of_row);
INSTANTIATE_TEST_SUITE_P(Rows, NarrowMatrix, ::testing::ValuesIn(all_rows()), name_of_row);

/// A new row of the port's table is to be in the matrix, too.
TEST(MatrixRows, AreAllThatThereAre) {
  const RouteTable table(core::ProtocolSet::all());
  const std::vector<Row> rows = all_rows();
  std::set<std::string> paths;
  for (const Row& row : rows) paths.insert(row.path == "/logs/_bulk" ? "/*/_bulk" : row.path);
  std::size_t named = 0;
  for (const std::string& path : paths) {
    EXPECT_THAT(table.paths_text(), HasSubstr(" " + path + ","));
  }
  for (const char byte : table.paths_text()) named += byte == ',' ? 1 : 0;
  EXPECT_EQ(named, paths.size()) << table.paths_text();
}

}  // namespace
}  // namespace logdist::ingest::test
