#include "logdist/tools/analyzer/reference_analyzer.hpp"

#include <gmock/gmock.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <string>
#include <thread>

#include <boost/asio.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <nlohmann/json.hpp>

#include "logdist/tools/analyzer/analyzer_command.hpp"
#include "tools/analyzer/analyzer_tally.hpp"

namespace logdist::tools {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;
using Answer = http::response<http::string_body>;
using Json = nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::string_view plain_packet = R"({"messages":["a","b","c"]})";

std::string request(std::string_view method, std::string_view target, std::string_view body,
                    std::string_view more_headers = {}) {
  std::string text(method);
  text.append(" ").append(target).append(" HTTP/1.1\r\nHost: test\r\n").append(more_headers);
  text.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n\r\n").append(body);
  return text;
}

std::string packet(std::string_view more_headers = {}) {
  return request("POST", "/analyze", plain_packet, more_headers);
}

/// A blocking connection to the analyzer.
class Client {
 public:
  explicit Client(const asio::ip::tcp::endpoint& endpoint) : socket_(io_) { socket_.connect(endpoint); }

  void send(std::string_view bytes) { asio::write(socket_, asio::buffer(bytes.data(), bytes.size())); }

  /// The next answer; its status is 0 when there is none, and `error()` says why.
  Answer receive() {
    Answer answer;
    answer.result(0);
    http::read(socket_, buffer_, answer, error_);
    return answer;
  }
  Answer ask(std::string_view bytes) {
    send(bytes);
    return receive();
  }
  const error_code& error() const { return error_; }

  /// Everything up to the end of the connection, as it comes.
  std::string receive_rest() {
    std::string rest(static_cast<const char*>(buffer_.data().data()), buffer_.size());
    asio::read(socket_, asio::dynamic_buffer(rest), error_);
    return rest;
  }
  std::size_t bytes_here() { return socket_.available(); }

 private:
  asio::io_context io_;
  asio::ip::tcp::socket socket_;
  boost::beast::flat_buffer buffer_;
  error_code error_;
};

class ReferenceAnalyzerTest : public ::testing::Test {
 protected:
  ReferenceAnalyzerTest() : analyzer_(io_, ReferenceAnalyzerOptions{}) {
    EXPECT_FALSE(analyzer_.listen());
    thread_ = std::thread([this] { io_.run(); });
  }
  ~ReferenceAnalyzerTest() override {
    asio::post(io_, [this] { analyzer_.stop(); });
    thread_.join();
  }

  Client connect() { return Client(analyzer_.endpoint()); }
  Answer ask(std::string_view bytes) { return connect().ask(bytes); }

  /// Behaves as `change` says, over HTTP.
  Answer control(const Json& change) { return ask(request("POST", "/control", change.dump())); }

  asio::io_context io_{1};
  ReferenceAnalyzer analyzer_;
  std::thread thread_;
};

TEST_F(ReferenceAnalyzerTest, CountsWhatItTakes) {
  Client client = connect();
  EXPECT_EQ(client.ask(packet()).result_int(), 200u);
  EXPECT_EQ(client.ask(packet("Packet-Messages: 7\r\n")).result_int(), 200u) << "the header is believed";
  EXPECT_EQ(client.ask(request("POST", "/other", "{}\n1\n", "Content-Type: application/x-ndjson\r\n")).result_int(),
            200u);
  const Json stats = Json::parse(client.ask(request("GET", "/stats", "")).body());
  EXPECT_EQ(stats, Json({{"packets", 3},
                         {"messages", 12},
                         {"bytes", 2 * plain_packet.size() + 5},
                         {"requests", 3},
                         {"duplicates", 0},
                         {"failures", 0}}));
  EXPECT_EQ(stats.size(), 6u);
}

TEST_F(ReferenceAnalyzerTest, RefusesWhatItCannotCount) {
  Client client = connect();
  const Answer no_packet = client.ask(request("POST", "/", "[1]"));
  EXPECT_EQ(no_packet.result_int(), 400u);
  EXPECT_THAT(no_packet.body(), HasSubstr("element 0 is a number"));
  EXPECT_EQ(client.ask(packet("Packet-Messages: many\r\n")).result_int(), 400u);
  EXPECT_EQ(analyzer_.stats(), (AnalyzerStats{.requests = 2, .failures = 2}));
}

TEST_F(ReferenceAnalyzerTest, AnswersPipelinedRequestsInOrder) {
  Client client = connect();
  std::string requests;
  for (int i = 0; i < 100; ++i) requests += packet() + request("GET", "/stats", "");
  client.send(requests);
  for (std::uint64_t i = 1; i <= 100; ++i) {
    EXPECT_EQ(client.receive().result_int(), 200u);
    EXPECT_EQ(Json::parse(client.receive().body())["packets"], i);
  }
}

TEST_F(ReferenceAnalyzerTest, TakesARequestInPieces) {
  Client client = connect();
  const std::string whole = packet();
  for (const char byte : whole) client.send({&byte, 1});
  EXPECT_EQ(client.receive().result_int(), 200u);
  client.send("POST / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n[\"a\r\n2\r\n\"]\r\n0\r\n\r\n");
  EXPECT_EQ(client.receive().result_int(), 200u);
  EXPECT_EQ(analyzer_.stats().messages, 4u);
}

TEST_F(ReferenceAnalyzerTest, AsksForABodyThatWaits) {
  Client client = connect();
  client.send("POST / HTTP/1.1\r\nHost: test\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
  EXPECT_EQ(client.receive().result_int(), 100u);
  EXPECT_EQ(client.ask(R"(["a"])").result_int(), 200u);
}

TEST_F(ReferenceAnalyzerTest, AnswersBrokenHttpAndCloses) {
  Client client = connect();
  EXPECT_EQ(client.ask("NONSENSE\r\n\r\n").result_int(), 400u);
  EXPECT_EQ(client.receive_rest(), "");
  EXPECT_EQ(ask(request("GET", "/nowhere", "")).result_int(), 404u);
  EXPECT_EQ(ask(request("PUT", "/stats", "")).result_int(), 405u);
}

TEST_F(ReferenceAnalyzerTest, RecordsIdsAndCountsDuplicatesWhenTold) {
  Client client = connect();
  client.ask(packet("Idempotency-Key: before\r\n"));
  AnalyzerBehaviour behaviour;
  behaviour.record_ids = true;
  analyzer_.behave(behaviour);
  for (const char* id : {"a", "b", "a"}) client.ask(packet("Idempotency-Key: " + std::string(id) + "\r\n"));
  EXPECT_EQ(Json::parse(client.ask(request("GET", "/ids", "")).body()), Json({"a", "b", "a"}));
  EXPECT_EQ(analyzer_.stats().packets, 4u);
  EXPECT_EQ(analyzer_.stats().duplicates, 1u);
}

TEST_F(ReferenceAnalyzerTest, AnswersTheStatusItIsTold) {
  Client client = connect();
  EXPECT_EQ(client.ask(request("POST", "/control", R"({"status":429,"retry_after":3})")).result_int(), 200u);
  const Answer answer = client.ask(packet());
  EXPECT_EQ(answer.result_int(), 429u);
  EXPECT_EQ(answer[http::field::retry_after], "3");
  EXPECT_EQ(analyzer_.stats(), (AnalyzerStats{.requests = 1, .failures = 1}));
  control({{"status", 204}});
  EXPECT_EQ(client.ask(packet()).result_int(), 204u);
  EXPECT_EQ(client.ask(packet()).result_int(), 204u) << "the connection goes on";
}

TEST_F(ReferenceAnalyzerTest, FailsTheShareItIsTold) {
  control({{"fail_rate", 0.25}});
  Client client = connect();
  constexpr std::uint64_t asked = 4000;
  std::uint64_t failed = 0;
  for (std::uint64_t i = 0; i < asked; ++i) failed += client.ask(packet()).result_int() == 500 ? 1u : 0u;
  EXPECT_NEAR(static_cast<double>(failed) / asked, 0.25, 0.04) << "four deviations and more, seed 0";
  EXPECT_EQ(analyzer_.stats().failures, failed);
  EXPECT_EQ(analyzer_.stats().packets, asked - failed);
}

TEST_F(ReferenceAnalyzerTest, WaitsForItsLatency) {
  control({{"latency_ms", 30.5}});
  EXPECT_EQ(analyzer_.behaviour().latency, std::chrono::microseconds(30'500));
  const TimePoint start = Clock::now();
  EXPECT_EQ(ask(packet()).result_int(), 200u);
  EXPECT_GE(Clock::now() - start, std::chrono::microseconds(30'500));
}

TEST_F(ReferenceAnalyzerTest, ResetsTheConnection) {
  control({{"reset", true}});
  Client client = connect();
  client.ask(packet());
  EXPECT_EQ(client.error(), asio::error::connection_reset);
  Client prober = connect();
  prober.ask(request("GET", "/health", ""));
  EXPECT_EQ(prober.error(), asio::error::connection_reset);
  EXPECT_EQ(analyzer_.stats(), (AnalyzerStats{.requests = 1, .failures = 1}));
}

TEST_F(ReferenceAnalyzerTest, HangsOverAPacketAndStillObeys) {
  control({{"hang", true}});
  Client hung = connect();
  hung.send(packet());
  // The request has been read once it is counted; then nothing more may come.
  while (analyzer_.stats().failures == 0) std::this_thread::yield();
  EXPECT_EQ(control({{"hang", false}}).result_int(), 200u);
  EXPECT_EQ(ask(packet()).result_int(), 200u);
  EXPECT_EQ(hung.bytes_here(), 0u);
}

TEST_F(ReferenceAnalyzerTest, AnswersGarbage) {
  control({{"garbage", true}});
  Client client = connect();
  client.send(packet());
  EXPECT_EQ(client.receive_rest(), "this is not HTTP\r\n\r\n");
  EXPECT_EQ(analyzer_.stats().failures, 1u);
}

TEST_F(ReferenceAnalyzerTest, ClosesAfterAnAnswerWithOrWithoutAWord) {
  control({{"close_after_answer", true}});
  Client told = connect();
  told.send(packet() + packet());
  const std::string announced = told.receive_rest();
  EXPECT_EQ(announced, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n") << "one answer, no reset";
  control({{"close_after_answer", false}, {"close_silently", true}});
  Client untold = connect();
  untold.send(packet() + packet());
  EXPECT_EQ(untold.receive_rest(), "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
}

TEST_F(ReferenceAnalyzerTest, SpeaksHttp10) {
  control({{"http10", true}});
  Client client = connect();
  client.send(packet());
  EXPECT_EQ(client.receive_rest(), "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n");
}

TEST_F(ReferenceAnalyzerTest, TellsItsHealth) {
  EXPECT_EQ(ask(request("GET", "/health", "")).result_int(), 200u);
  control({{"unhealthy", true}});
  EXPECT_EQ(ask(request("GET", "/health", "")).result_int(), 503u);
  EXPECT_EQ(ask(packet()).result_int(), 200u) << "packets are not touched";
}

TEST_F(ReferenceAnalyzerTest, ChangesAllFieldsOrNone) {
  const AnalyzerBehaviour before = analyzer_.behaviour();
  for (const char* bad : {R"({"status":500,"fail_rate":1.5})", R"({"hang":1})", R"({"unknown":true})",
                          R"({"status":99})", R"({"latency_ms":-1})", R"({"retry_after":1.5})", "[]", "{", ""}) {
    const Answer answer = ask(request("POST", "/control", bad));
    EXPECT_EQ(answer.result_int(), 400u) << bad;
    EXPECT_FALSE(Json::parse(answer.body())["detail"].get<std::string>().empty());
  }
  EXPECT_EQ(analyzer_.behaviour(), before);
  control({{"status", 503}, {"latency_ms", 2}, {"http10", true}});
  const Json shown = Json::parse(ask(request("GET", "/control", "")).body());
  EXPECT_EQ(shown["status"], 503);
  EXPECT_EQ(shown["latency_ms"], 2.0);
  EXPECT_EQ(shown["http10"], true);
  EXPECT_EQ(shown["hang"], false);
}

TEST_F(ReferenceAnalyzerTest, CannotListenOnAPortInUse) {
  asio::io_context io;
  ReferenceAnalyzer second(io, {.port = analyzer_.endpoint().port(), .behaviour = {}});
  EXPECT_EQ(second.listen(), asio::error::address_in_use);
}

TEST(AnalyzerTally, ForgetsTheOldestId) {
  AnalyzerTally tally(2);
  for (const char* id : {"a", "b", "a", "c", "b"}) tally.record(id);
  EXPECT_THAT(tally.ids(), ElementsAre("c", "b"));
  EXPECT_EQ(tally.stats().duplicates, 1u) << "a came again while it was kept, b when it was not";
}

TEST(AnalyzerCommand, SaysWhyItCannotListen) {
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(run_analyzer({.listen = "nonsense"}), 1);
  EXPECT_THAT(::testing::internal::GetCapturedStderr(), HasSubstr("log-distributor analyzer: --listen"));
}

TEST(AnalyzerCommand, ListensUntilItIsTerminated) {
  std::array<int, 2> pipe_ends{};
  ASSERT_EQ(::pipe(pipe_ends.data()), 0);
  std::fflush(stdout);
  const int real_stdout = ::dup(STDOUT_FILENO);
  ::dup2(pipe_ends[1], STDOUT_FILENO);
  int code = -1;
  std::thread command([&code] { code = run_analyzer({.listen = "127.0.0.1:0", .status = 201}); });

  std::string line;
  char byte = 0;
  while (::read(pipe_ends[0], &byte, 1) == 1 && byte != '\n') line += byte;
  const auto port = static_cast<std::uint16_t>(std::stoul(line.substr(line.rfind(':') + 1)));
  const unsigned status = Client({asio::ip::make_address("127.0.0.1"), port}).ask(packet()).result_int();
  ::kill(::getpid(), SIGTERM);
  command.join();

  ::dup2(real_stdout, STDOUT_FILENO);
  ::close(real_stdout);
  ::close(pipe_ends[1]);
  std::string last_line;
  while (::read(pipe_ends[0], &byte, 1) == 1) last_line += byte;
  ::close(pipe_ends[0]);
  EXPECT_THAT(line, HasSubstr("analyzer listens on http://127.0.0.1:"));
  EXPECT_EQ(status, 201u);
  EXPECT_EQ(code, 0);
  EXPECT_EQ(last_line, "analyzer took 1 packet, 3 messages, 26 bytes; 0 requests failed\n");
}

}  // namespace
}  // namespace logdist::tools
