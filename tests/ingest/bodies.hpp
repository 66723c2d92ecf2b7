// What the tests of the protocols send, and the port that they send it to.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <thread>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "port.hpp"
#include "tests/support/compress.hpp"

namespace logdist::ingest::test {

using core::ContentCoding;
using core::Protocol;
using logdist::test::compress;
using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

inline constexpr std::string_view as_json = "Content-Type: application/json\r\n";
inline constexpr std::string_view as_protobuf = "Content-Type: application/x-protobuf\r\n";
inline constexpr std::string_view as_form = "Content-Type: application/x-www-form-urlencoded\r\n";

inline std::string sent_to(std::string_view path, std::string_view headers, std::string_view body,
                           std::string_view method = "POST") {
  return fmt::format("{} {} HTTP/1.1\r\nHost: t\r\n{}Content-Length: {}\r\n\r\n{}", method, path, headers, body.size(),
                     body);
}

/// A field of protobuf whose content has a length.
inline std::string field(int number, std::string_view content) {
  std::string out(1, static_cast<char>(number << 3 | 2));
  out += static_cast<char>(content.size());  // below 128
  return out.append(content);
}

/// An ExportLogsServiceRequest with so many records.
inline std::string otlp_logs(int records) {
  std::string scope_logs;
  for (int i = 0; i < records; ++i) scope_logs += field(2, field(5, field(1, "line")));
  return field(1, field(2, scope_logs));
}

/// A PushRequest of one stream.
inline std::string loki_push(int entries) {
  std::string stream = field(1, R"({app="a"})");
  for (int i = 0; i < entries; ++i) stream += field(2, field(2, "line"));
  return field(1, stream);
}

class Bodies : public ::testing::Test {
 protected:
  explicit Bodies(const config::ServerOptions& options = {}) : port_(options) {}

  Answer ask(const std::string& bytes) {
    client_.send(bytes);
    auto answer = client_.read();
    if (!answer) throw std::runtime_error("no answer to " + bytes.substr(0, 100));
    return *std::move(answer);
  }
  /// What the packet of this request became.
  struct Taken {
    Answer answer;
    ScriptedSink::Seen seen;
  };
  Taken take(const std::string& bytes) {
    const std::size_t before = admitted();
    Taken taken{ask(bytes), {}};
    EXPECT_EQ(admitted(), before + 1) << bytes.substr(0, 200) << taken.answer.body;
    if (admitted() > before) taken.seen = port_.on_loop([this] { return port_.sink.admitted.back(); });
    return taken;
  }
  Answer refused(const std::string& bytes, unsigned status) {
    const std::size_t before = admitted();
    Answer answer = ask(bytes);
    EXPECT_EQ(answer.status, status) << bytes.substr(0, 200) << answer.body;
    EXPECT_EQ(admitted(), before);
    return answer;
  }
  std::size_t admitted() {
    return port_.on_loop([this] { return port_.sink.admitted.size(); });
  }
  bool is_held(std::size_t bytes) const { return port_.memory().held_bytes() >= bytes && !port_.sink.admitted.empty(); }
  void set_admission(queue::Admission admission) {
    port_.on_loop([&] { port_.sink.next_admission = admission; });
  }
  void settle(queue::Settlement settlement) {
    ASSERT_TRUE(port_.eventually([this] { return !port_.sink.waiting.empty(); }));
    port_.on_loop([&] { port_.sink.settle(settlement); });
  }
  void TearDown() override {
    EXPECT_TRUE(port_.eventually([this] { return port_.memory().held_bytes() == 0 && port_.sink.out() == 0; }));
  }

  Port port_;
  Client client_ = port_.connect();
};

}  // namespace logdist::ingest::test
