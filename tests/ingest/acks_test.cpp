// Acknowledgements of HEC, over a real connection.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "port.hpp"
#include "tests/support/compress.hpp"

namespace logdist::ingest::test {
namespace {

using logdist::test::compress;
using nlohmann::json;
using ::testing::HasSubstr;

constexpr std::string_view hec_event_path = "/services/collector/event";
constexpr std::string_view hec_ack_path = "/services/collector/ack";
constexpr std::string_view hec_event = R"({"event":"a"})";
constexpr std::string_view hec_channel_header = "X-Splunk-Request-Channel: c\r\n";

std::string hec_request(std::string_view path, std::string_view headers, std::string_view body) {
  return fmt::format("POST {} HTTP/1.1\r\nHost: t\r\n{}Content-Length: {}\r\n\r\n{}", path, headers, body.size(), body);
}

config::ServerOptions with_acks() {
  config::ServerOptions options;
  options.acks = true;
  return options;
}

class AcksPort : public ::testing::Test {
 protected:
  Answer ask(const std::string& bytes) { return ask(client_, bytes); }
  static Answer ask(Client& client, const std::string& bytes) {
    client.send(bytes);
    const auto answer = client.read();
    if (!answer) throw std::runtime_error("no answer to " + bytes.substr(0, 100));
    return *answer;
  }
  /// Sends an event over the channel; its answer.
  Answer send(std::string_view path = hec_event_path) { return ask(hec_request(path, hec_channel_header, hec_event)); }
  core::Receipt receipt_of_last() {
    return port_.on_loop([this] { return port_.sink.admitted.back().receipt; });
  }
  /// Its admissions wait from now on.
  void let_wait(queue::Admission admission = queue::Admission::waiting) {
    port_.on_loop([this, admission] { port_.sink.next_admission = admission; });
  }
  bool one_waits() {
    return port_.eventually([this] { return port_.sink.waiting.size() == 1; });
  }
  void settle(queue::Settlement settlement) {
    port_.on_loop([this, settlement] { port_.sink.settle(settlement); });
  }
  std::string acks_of(std::string_view ids) {
    const Answer answer = ask(hec_request(hec_ack_path, hec_channel_header, fmt::format(R"({{"acks":[{}]}})", ids)));
    EXPECT_EQ(answer.status, 200u);
    EXPECT_EQ(answer.header("content-type"), "application/json");
    return answer.body;
  }
  /// Asks with that body; the code of the refusal.
  int code_of(const std::string& bytes, unsigned status = 400) {
    const Answer answer = ask(bytes);
    EXPECT_EQ(answer.status, status);
    return json::parse(answer.body)["code"];
  }
  void expect_nothing_held() {
    EXPECT_TRUE(port_.eventually([this] { return port_.memory().held_bytes() == 0 && port_.sink.out() == 0; }));
  }

  Port port_{with_acks()};
  Client client_ = port_.connect();
};

TEST_F(AcksPort, AnEventOfAChannelHasAnId) {
  EXPECT_EQ(send().body, R"({"text":"Success","code":0,"ackId":0})");
  EXPECT_EQ(send("/services/collector").body, R"({"text":"Success","code":0,"ackId":1})");
  EXPECT_EQ(ask(hec_request("/services/collector/raw?channel=c", "", "a\nb\n")).body,
            R"({"text":"Success","code":0,"ackId":2})");
  EXPECT_EQ(receipt_of_last().number, 2u);
  EXPECT_EQ(ask(hec_request("/services/collector/raw?channel=d", "", "a\n")).body,
            R"({"text":"Success","code":0,"ackId":0})");
  EXPECT_EQ(ask(hec_request(hec_event_path, "", hec_event)).body, R"({"text":"Success","code":0})")
      << "it names no channel";
  EXPECT_FALSE(receipt_of_last().is_set());
  EXPECT_EQ(ask(post(small_body, "Content-Type: application/json\r\nX-Splunk-Request-Channel: c\r\n")).status, 202u);
  EXPECT_FALSE(receipt_of_last().is_set()) << "another protocol";
  expect_nothing_held();
}

TEST_F(AcksPort, TellWhatIsDelivered) {
  for (int i = 0; i < 3; ++i) send();
  port_.acks.delivered(receipt_of_last());
  EXPECT_EQ(acks_of("0,1,2,9"), R"({"acks":{"0":false,"1":false,"2":true,"9":false}})");
  Client other = port_.connect();
  const std::string question = hec_request("/services/collector/ack/1.0?channel=c", "", R"({"acks":[2]})");
  EXPECT_EQ(ask(other, question).body, R"({"acks":{"2":true}})");
  EXPECT_EQ(ask(other, hec_request("/services/collector/ack?channel=unknown", "", R"({"acks":[2]})")).body,
            R"({"acks":{"2":false}})");
  EXPECT_EQ(port_.counts().received_in_all().packets, 3u) << "a question is no packet";
  EXPECT_EQ(send().body, R"({"text":"Success","code":0,"ackId":3})") << "on the same connection";
  expect_nothing_held();
}

TEST_F(AcksPort, ARequestThatWaitsHasItsIdWhenItIsSettled) {
  let_wait();
  client_.send(hec_request(hec_event_path, hec_channel_header, hec_event));
  ASSERT_TRUE(one_waits());
  settle(queue::Settlement::delivered);
  EXPECT_EQ(client_.read()->body, R"({"text":"Success","code":0,"ackId":0})");
  let_wait(queue::Admission::pending);
  client_.send(hec_request(hec_event_path, hec_channel_header, hec_event));
  ASSERT_TRUE(one_waits());
  port_.on_loop([this] { port_.sink.store(); });
  EXPECT_EQ(client_.read()->body, R"({"text":"Success","code":0,"ackId":1})");
}

TEST_F(AcksPort, WhatIsNotAcceptedHasNoId) {
  let_wait();
  for (const auto settlement :
       {queue::Settlement::handed_back, queue::Settlement::dead_lettered, queue::Settlement::not_stored}) {
    client_.send(hec_request(hec_event_path, hec_channel_header, hec_event));
    ASSERT_TRUE(one_waits());
    port_.acks.delivered(receipt_of_last());
    settle(settlement);
    EXPECT_THAT(client_.read()->body, ::testing::Not(HasSubstr("ackId")));
  }
  EXPECT_EQ(code_of(hec_request(hec_event_path, hec_channel_header, "{")), 6);
  {
    Client gone = port_.connect();
    gone.send(hec_request(hec_event_path, hec_channel_header, hec_event));
    ASSERT_TRUE(one_waits());
    gone.reset();
    ASSERT_TRUE(port_.eventually([this] { return port_.sink.abandoned == 1; }));
  }
  EXPECT_EQ(acks_of("0,1,2,3,4"), R"({"acks":{"0":false,"1":false,"2":false,"3":false,"4":false}})");
  let_wait(queue::Admission::queued);
  EXPECT_EQ(send().body, R"({"text":"Success","code":0,"ackId":5})");
  expect_nothing_held();
}

TEST_F(AcksPort, QuestionsMayComeInPiecesAndCompressed) {
  send();
  port_.acks.delivered(receipt_of_last());
  const std::string body = R"({"acks":[0]})";
  const std::string yes = R"({"acks":{"0":true}})";
  client_.send(fmt::format("POST {} HTTP/1.1\r\nHost: t\r\n{}Transfer-Encoding: chunked\r\n\r\n", hec_ack_path,
                           hec_channel_header));
  client_.send("5\r\n" + body.substr(0, 5) + "\r\n");
  EXPECT_EQ(ask(fmt::format("{:x}\r\n{}\r\n0\r\n\r\n", body.size() - 5, body.substr(5))).body, yes);
  const std::string gzip = fmt::format("{}Content-Encoding: gzip\r\n", hec_channel_header);
  EXPECT_EQ(ask(hec_request(hec_ack_path, gzip, compress(core::ContentCoding::gzip, body))).body, yes);
  EXPECT_EQ(ask(hec_request(hec_ack_path, gzip, body)).body, yes) << "Vector says gzip, and does not compress";
  const std::string expects = fmt::format("{}Expect: 100-continue\r\n", hec_channel_header);
  client_.send(
      fmt::format("POST {} HTTP/1.1\r\nHost: t\r\n{}Content-Length: {}\r\n\r\n", hec_ack_path, expects, body.size()));
  EXPECT_EQ(client_.read()->status, 100u);
  EXPECT_EQ(ask(body).body, yes);
  expect_nothing_held();
}

TEST_F(AcksPort, BadQuestionsAreRefused) {
  EXPECT_EQ(code_of(hec_request(hec_ack_path, "", R"({"acks":[0]})")), 10) << "no channel";
  EXPECT_EQ(code_of(hec_request(hec_ack_path, hec_channel_header, "")), 5);
  EXPECT_EQ(code_of(hec_request(hec_ack_path, hec_channel_header, R"({"acks":["a"]})")), 6);
  const std::string gzip = fmt::format("{}Content-Encoding: gzip\r\n", hec_channel_header);
  EXPECT_EQ(code_of(hec_request(hec_ack_path, gzip, "rubbish")), 6);
  EXPECT_EQ(code_of(hec_request(hec_ack_path, gzip, compress(core::ContentCoding::gzip, std::string(17'000, ' ')))), 6);
  EXPECT_EQ(ask(hec_request(hec_ack_path, hec_channel_header, std::string(17'000, ' '))).status, 413u);
  EXPECT_EQ(ask(fmt::format("GET {} HTTP/1.1\r\nHost: t\r\n\r\n", hec_ack_path)).status, 405u);
  EXPECT_EQ(ask(hec_request(hec_ack_path, fmt::format("{}Content-Encoding: br\r\n", hec_channel_header), "x")).status,
            415u);
  EXPECT_EQ(acks_of("0"), R"({"acks":{"0":false}})") << "the connection is as before";
  expect_nothing_held();
}

TEST_F(AcksPort, AChannelIsShort) {
  const std::string long_name = fmt::format("X-Splunk-Request-Channel: {}\r\n", std::string(129, 'c'));
  EXPECT_EQ(code_of(hec_request(hec_event_path, long_name, hec_event)), 11);
  EXPECT_EQ(code_of(hec_request("/services/collector/raw?channel=a%20b", "", "x")), 11);
  EXPECT_EQ(port_.counts().received_in_all().packets, 0u);
  EXPECT_EQ(send().status, 200u);
  expect_nothing_held();
}

TEST(AcksOff, AreRefusedAsSplunkDoes) {
  Port port;
  Client client = port.connect();
  client.send(hec_request(hec_event_path, hec_channel_header, hec_event));
  EXPECT_EQ(client.read()->body, R"({"text":"Success","code":0})");
  client.send(hec_request(hec_ack_path, hec_channel_header, R"({"acks":[0]})"));
  EXPECT_EQ(client.read()->body, R"({"text":"ACK is disabled","code":14})");
}

}  // namespace
}  // namespace logdist::ingest::test
