#include "logdist/tools/agent/packet_source.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "logdist/sink/dead_letters/kept_letter.hpp"
#include "tools/agent/latency_recorder.hpp"

namespace logdist::tools {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

/// A pipe: what is written comes out of a LineSource.
class Pipe {
 public:
  Pipe() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    out_ = os::FileDescriptor(ends[0]);
    in_ = os::FileDescriptor(ends[1]);
  }

  void write(std::string_view text) {
    EXPECT_EQ(::write(in_.number(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  void close() { in_.reset(); }
  os::FileDescriptor take_out() { return std::move(out_); }

 private:
  os::FileDescriptor out_;
  os::FileDescriptor in_;
};

json messages(const std::optional<OutgoingPacket>& packet) {
  return packet ? json::parse(packet->body).at("messages") : json();
}

std::unique_ptr<LineSource> lines_of(std::string_view text, const LineSourceOptions& options) {
  Pipe pipe;
  pipe.write(text);
  return std::make_unique<LineSource>(pipe.take_out(), options);
}

TEST(LineSource, MakesPacketsOfABatchOfLines) {
  const auto source = lines_of("one\ntwo\nthree\nfour\nfive\n", {.batch = 2});
  std::optional<OutgoingPacket> packet = source->next();
  ASSERT_TRUE(packet);
  EXPECT_EQ(packet->body,
            R"({"packet_id":")" + packet->id + R"(","agent_id":"log-distributor-agent","messages":["one","two"]})");
  EXPECT_EQ(packet->content_type, "application/json");
  EXPECT_EQ(packet->messages, 2u);
  const std::string first_id = packet->id;
  packet = source->next();
  ASSERT_TRUE(packet);
  EXPECT_NE(packet->id, first_id);
  EXPECT_EQ(messages(packet), json({"three", "four"}));
  packet = source->next();
  EXPECT_EQ(messages(packet), json::array({"five"}));
  EXPECT_FALSE(source->next());
  EXPECT_FALSE(source->next());
  EXPECT_EQ(source->failure(), "");
}

TEST(LineSource, TakesLineEndsAndBytesAsTheyCome) {
  const auto source = lines_of("\n\r\ncarriage\r\nin\rside\n\n\"quoted\"\tand \\\nlast \xff one", {});
  EXPECT_EQ(messages(source->next()), json({"carriage", "in\rside", "\"quoted\"\tand \\", "last \xef\xbf\xbd one"}));
  EXPECT_FALSE(source->next());
}

TEST(LineSource, CutsLongLinesAndClosesBigPackets) {
  const auto source = lines_of("0123456789\n01234567\nab\nc\n", {.line_bytes_max = 8, .packet_bytes_max = 16});
  EXPECT_EQ(messages(source->next()), json({"01234567", "01234567"}));
  EXPECT_EQ(messages(source->next()), json({"ab", "c"}));
  EXPECT_FALSE(source->next());
  EXPECT_EQ(source->lines_cut(), 1u);
}

TEST(LineSource, SendsWhatItHasWhenThePipeIsSlow) {
  Pipe pipe;
  LineSource source(pipe.take_out(), {.linger = 5ms});
  pipe.write("one\ntwo\nbeg");
  EXPECT_EQ(messages(source.next()), json({"one", "two"}));
  pipe.write("un\n");
  EXPECT_EQ(messages(source.next()), json::array({"begun"}));
  pipe.close();
  EXPECT_FALSE(source.next());
}

TEST(LineSource, IsInterruptedWhileItWaits) {
  Pipe pipe;
  LineSource source(pipe.take_out(), {});
  std::thread interrupter([&source] { source.interrupt(); });
  EXPECT_FALSE(source.next());
  interrupter.join();
  pipe.write("too late\n");
  EXPECT_FALSE(source.next());
}

TEST(LineSource, SaysWhyItCannotRead) {
  const auto missing = LineSource::open("/nowhere/at/all", {});
  ASSERT_TRUE(missing.has_error());
  EXPECT_EQ(missing.error(), boost::system::errc::no_such_file_or_directory);

  const auto directory = LineSource::open("/", {});
  ASSERT_TRUE(directory.has_error());
  EXPECT_EQ(directory.error(), boost::system::errc::is_a_directory);

  LineSource unreadable(os::FileDescriptor(::open("/dev/null", O_WRONLY | O_CLOEXEC)), {});
  EXPECT_FALSE(unreadable.next());
  EXPECT_THAT(unreadable.failure(), HasSubstr("Bad file descriptor"));
}

TEST(GeneratedSource, MakesValidPacketsOfTheAskedSize) {
  GeneratedSource source({.messages_min = 2, .messages_max = 5, .message_bytes = 200, .seed = 11});
  std::set<std::uint32_t> counts;
  std::set<std::string> ids;
  for (int i = 0; i < 200; ++i) {
    const std::optional<OutgoingPacket> packet = source.next();
    ASSERT_TRUE(packet);
    const json body = json::parse(packet->body);
    EXPECT_EQ(body.at("packet_id"), packet->id);
    EXPECT_EQ(body.at("messages").size(), packet->messages);
    EXPECT_TRUE(body.at("messages")[0].is_object());
    const double bytes = static_cast<double>(packet->body.size()) / packet->messages;
    EXPECT_NEAR(bytes, 230, 60);
    counts.insert(packet->messages);
    ids.insert(packet->id);
  }
  EXPECT_THAT(counts, ElementsAre(2u, 3u, 4u, 5u));
  EXPECT_EQ(ids.size(), 200u);
  source.interrupt();
  EXPECT_FALSE(source.next());
}

TEST(LatencyRecorder, QuantilesAreOffByAtMostThreePerCent) {
  LatencyRecorder recorder;
  EXPECT_EQ(recorder.quantile(0.5), 0us);
  for (int us = 1; us <= 100'000; ++us) recorder.observe(std::chrono::microseconds(us));
  for (const double fraction : {0.001, 0.25, 0.5, 0.95, 0.99, 1.0}) {
    const double exact = fraction * 0.1;
    EXPECT_NEAR(to_seconds(recorder.quantile(fraction)), exact, exact / 32 + 1e-6) << fraction;
  }
  recorder.observe(std::chrono::hours(1'000));
  EXPECT_GT(recorder.quantile(1), std::chrono::hours(19));
  recorder.observe(-1s);
}

TEST(LetterSource, GivesThePacketsAsTheyWere) {
  sink::KeptLetter letter;
  letter.packet_id = "p-1";
  letter.messages = 2;
  letter.content_type = "application/x-ndjson; charset=utf-8";
  letter.body = "{\"a\": \"\xc3\xa9\\u0000\"}\r\n\"\\t\"\n";
  sink::KeptLetter plain;
  plain.packet_id = "p-2";
  plain.body = "[1]";
  sink::KeptLetter coded;
  coded.packet_id = "p-3";
  coded.content_encoding = "gzip";
  coded.body = std::string("\x1f\x8b\x08\0\xff", 5);
  Pipe pipe;
  pipe.write(sink::line_of(letter) + "\n" + sink::line_of(plain) + "\n" + sink::line_of(coded) + "\n");
  pipe.close();
  LetterSource source(pipe.take_out());
  std::optional<OutgoingPacket> packet = source.next();
  ASSERT_TRUE(packet);
  EXPECT_EQ(packet->id, "p-1");
  EXPECT_EQ(packet->body, letter.body);
  EXPECT_EQ(packet->content_type, letter.content_type);
  EXPECT_EQ(packet->messages, 2u);
  packet = source.next();
  ASSERT_TRUE(packet);
  EXPECT_EQ(packet->content_type, "application/json") << "of a packet that named none";
  EXPECT_EQ(packet->content_encoding, "");
  packet = source.next();
  ASSERT_TRUE(packet);
  EXPECT_EQ(packet->body, coded.body);
  EXPECT_EQ(packet->content_encoding, "gzip");
  EXPECT_FALSE(source.next());
  EXPECT_EQ(source.failure(), "");
}

TEST(LetterSource, KeepsWhereAndWithWhatAPacketCame) {
  sink::KeptLetter letter;
  letter.packet_id = "p-4";
  letter.format = "elasticsearch";
  letter.target = "/logs/_bulk?pipeline=x";
  letter.headers = {{"X-Scope-OrgID", "t1"}, {"traceparent", "00-1-2-01"}};
  letter.body = "{}";
  Pipe pipe;
  pipe.write(sink::line_of(letter) + "\n");
  pipe.write(R"({"packet_id":"a","body":"","target":"http://elsewhere/"})"
             "\n");
  pipe.write(R"({"packet_id":"a","body":"","target":"/a b"})"
             "\n");
  pipe.write(R"({"packet_id":"a","body":"","headers":{"a b":"c"}})"
             "\n");
  pipe.write(R"({"packet_id":"a","body":"","headers":{"a":"b\r\nc: d"}})"
             "\n");
  pipe.close();
  LetterSource source(pipe.take_out());
  const std::optional<OutgoingPacket> packet = source.next();
  ASSERT_TRUE(packet);
  EXPECT_EQ(packet->target, "/logs/_bulk?pipeline=x");
  EXPECT_EQ(packet->content_type, "") << "the agent named none";
  using Headers = std::vector<std::pair<std::string, std::string>>;
  EXPECT_EQ(packet->headers, (Headers{{"X-Scope-OrgID", "t1"}})) << "the trace of the first time is over";
  EXPECT_FALSE(source.next());
  EXPECT_THAT(source.failure(), ::testing::HasSubstr("dead letters: 4"));
}

/// What the daemon takes as a header's value, and JSON does not as a string.
TEST(LetterSource, KeepsTheBytesOfHeaders) {
  sink::KeptLetter letter;
  letter.packet_id = "p-5";
  letter.content_type = "application/json; x=\"\xe4\"";
  letter.headers = {
      {"X-Scope-OrgID", "caf\xc3\xa9\there"}, {"X-Syslog-Tag", "one"}, {"Via", "1.1 a"}, {"X-Syslog-Tag", "\xe4\xff"}};
  letter.body = "[1]";
  const std::string line = sink::line_of(letter);
  ASSERT_FALSE(json::parse(line, nullptr, false).is_discarded()) << "it is UTF-8";
  EXPECT_THAT(line, ::testing::Not(HasSubstr("\xef\xbf\xbd")));
  Pipe pipe;
  pipe.write(line + "\n");
  pipe.write(R"({"packet_id":"a","body":"","headers_base64":{"X":"no base64"}})"
             "\n");
  pipe.write(R"({"packet_id":"a","body_base64":"no base64"})"
             "\n");
  pipe.write(R"({"packet_id":"a","body":"","content_type":"a/b\r\nX: y"})"
             "\n");
  pipe.close();
  LetterSource source(pipe.take_out());
  const std::optional<OutgoingPacket> packet = source.next();
  ASSERT_TRUE(packet) << source.failure();
  EXPECT_EQ(packet->content_type, letter.content_type);
  auto sorted = letter.headers;
  auto got = packet->headers;
  std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::stable_sort(got.begin(), got.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  EXPECT_EQ(got, sorted) << "those of a name in their order";
  EXPECT_FALSE(source.next());
  EXPECT_THAT(source.failure(), HasSubstr("dead letters: 3"));
}

TEST(LetterSource, PassesOverWhatIsNoDeadLetterAndSaysSo) {
  Pipe pipe;
  pipe.write(
      "{\"packet_id\": \"to\n\n{\"packet_id\": \"a\\nb\", \"body\": \"[1]\"}\n"
      "{\"packet_id\": 1, \"body\": \"[1]\"}\n[]\n{\"packet_id\": \"ok\", \"body\": \"[1]\"}");
  pipe.close();
  LetterSource source(pipe.take_out());
  const std::optional<OutgoingPacket> packet = source.next();
  ASSERT_TRUE(packet);
  EXPECT_EQ(packet->id, "ok");
  EXPECT_FALSE(source.next());
  EXPECT_EQ(source.failure(), "lines that are no dead letters: 4; the first: line 1: not JSON");
}

TEST(LetterSource, AnInterruptEndsAWait) {
  Pipe pipe;
  LetterSource source(pipe.take_out());
  std::thread waiting([&source] { EXPECT_FALSE(source.next()); });
  source.interrupt();
  waiting.join();
}

}  // namespace
}  // namespace logdist::tools
