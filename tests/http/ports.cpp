#include "ports.hpp"

#include <algorithm>
#include <utility>

#include <gmock/gmock.h>
#include <boost/algorithm/string/case_conv.hpp>
#include <boost/algorithm/string/predicate.hpp>

#include "dialogue.hpp"
#include "tests/admin/admin_fixture.hpp"
#include "tests/ingest/port.hpp"

namespace logdist::http_cases {

using ingest::test::Answer;

/// The admin port of the tests of `admin`, kept for all cases.
class Ports::Admin final : public admin::AdminTest {
 public:
  Admin() { start(); }
  boost::asio::ip::tcp::endpoint endpoint() { return server_->endpoint(); }

 private:
  void TestBody() override {}
};

struct Ports::Packets {
  ingest::test::Port port;
};

namespace {

void expect_header_lines(const Case& one, const Answer& answer) {
  for (const std::string& line : one.header_lines) {
    const std::size_t colon = line.find(':');
    const std::string name = boost::algorithm::to_lower_copy(line.substr(0, colon));
    if (!answer.headers.contains(name)) {
      ADD_FAILURE() << "the answer has no " << name;
    } else if (colon != line.npos) {
      EXPECT_EQ(answer.header(name), line.substr(line.find_first_not_of(' ', colon + 1)));
    }
  }
  for (const std::string& name : one.absent_headers) {
    EXPECT_FALSE(answer.headers.contains(boost::algorithm::to_lower_copy(name))) << name;
  }
}

void expect_last_answer(const Case& one, const std::vector<Answer>& answers) {
  if (one.header_lines.empty() && one.absent_headers.empty() && one.texts.empty()) return;
  ASSERT_FALSE(answers.empty());
  expect_header_lines(one, answers.back());
  for (const std::string& text : one.texts) EXPECT_THAT(answers.back().body, ::testing::HasSubstr(text));
}

void expect_admitted(const Case& one, const std::vector<Answer>& answers, ingest::test::Port& port) {
  const auto admitted = port.on_loop([&port] { return std::exchange(port.sink.admitted, {}); });
  const auto accepted = std::count_if(answers.begin(), answers.end(), [](const Answer& a) { return a.status == 202; });
  EXPECT_EQ(admitted.size(), static_cast<std::size_t>(accepted)) << "packets are admitted that no 202 tells of";
  if (!one.bodies.empty() && accepted != 0) {
    std::vector<std::string> bodies;
    for (const auto& packet : admitted) bodies.push_back(packet.body);
    EXPECT_EQ(bodies, one.bodies);
  }
  if (one.forwarded.empty() && one.not_forwarded.empty()) return;
  ASSERT_FALSE(admitted.empty());
  const std::string& headers = admitted.back().headers;
  for (const std::string& line : one.forwarded) EXPECT_THAT(headers, ::testing::HasSubstr(line + "\r\n"));
  for (const std::string& name : one.not_forwarded) {
    EXPECT_FALSE(boost::algorithm::icontains(headers, name + ":")) << headers;
  }
}

}  // namespace

Ports::Ports() : packets_(std::make_unique<Packets>()), admin_(std::make_unique<Admin>()) {}

Ports::~Ports() = default;

void Ports::play(const Case& one, Case::Port port, Writes writes) {
  const bool packet = port == Case::Port::packet;
  Dialogue dialogue(one, ingest::test::Client(packet ? packets_->port.endpoint() : admin_->endpoint()),
                    writes == Writes::byte_by_byte);
  const bool played = dialogue.play();
  if (played) expect_last_answer(one, dialogue.answers());
  if (packet && played) expect_admitted(one, dialogue.answers(), packets_->port);
  if (packet && !played) {
    packets_->port.on_loop([this] { packets_->port.sink.admitted.clear(); });
  }
}

}  // namespace logdist::http_cases
