// Agents that disappear, and agents that never read what they are told.
#include <gmock/gmock.h>

#include <array>
#include <boost/asio.hpp>
#include <memory>

#include "tests/e2e/checks.hpp"
#include "tests/e2e/delivered.hpp"
#include "tests/e2e/ledger_watch.hpp"
#include "tests/e2e/raw_analyzer.hpp"
#include "tests/support/temporary_folder.hpp"

namespace logdist::e2e {
namespace {

namespace asio = boost::asio;

constexpr std::size_t agents = 40;
constexpr std::size_t quiet = 100;  ///< packets
/// More than a buffer pool keeps of one body, and all together far more than the memory may grow by.
constexpr std::size_t body_bytes = 1'500'000;

std::string request(const std::string& id, const std::string& body) {
  return "POST /v1/packets HTTP/1.1\r\nHost: t\r\nContent-Type: application/json\r\nIdempotency-Key: " + id +
         "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

/// An agent whose end is sudden: a reset, with all that the kernel still holds.
class SuddenAgent {
 public:
  explicit SuddenAgent(const std::string& packet_url) {
    const auto url = *config::parse_http_url(packet_url);
    socket_.open(asio::ip::tcp::v4());
    socket_.set_option(asio::socket_base::receive_buffer_size(4096));  // it fills when nothing is read
    socket_.set_option(asio::socket_base::linger(true, 0));
    socket_.connect({asio::ip::make_address(url.host), static_cast<std::uint16_t>(std::stoul(url.port))});
  }

  void send(const std::string& bytes) { asio::write(socket_, asio::buffer(bytes)); }

  /// Until the peer takes no more; how many bytes it took.
  std::size_t send_without_end(const std::string& bytes) {
    socket_.non_blocking(true);
    std::size_t taken = 0;
    const auto more = [&] {
      boost::system::error_code error;
      const std::size_t at = taken % bytes.size();
      taken += socket_.write_some(asio::buffer(bytes.data() + at, bytes.size() - at), error);
      return !error;
    };
    // Full for a while, not just for the moment it takes the peer to read.
    for (int full = 0; full < 40; ++full) {
      while (more()) full = 0;
      breathe();
    }
    return taken;
  }

 private:
  asio::io_context io_{1};
  asio::ip::tcp::socket socket_{io_};
};

class AgentFaults : public testing::Test {
 protected:
  Settings settings(Settings settings = {}) const {
    settings.insert({{"ANALYZERS", "a=" + a_.url() + "/ weight=1"},
                     {"DELIVERY__TIMEOUT", "500ms"},
                     {"DELIVERY__RETRY__INITIAL", "20ms"},
                     {"DELIVERY__RETRY__MAX", "100ms"},
                     {"HEALTH__INTERVAL", "200ms"},
                     {"HEALTH__TIMEOUT", "500ms"},
                     {"HEALTH__BACKOFF__INITIAL", "100ms"},
                     {"HEALTH__BACKOFF__MAX", "300ms"},
                     {"HEALTH__SLOW_START", "0"}});
    return settings;
  }

  /// Packets while all is well, and what the daemon needs for them.
  void live_quietly(DaemonProcess& daemon) {
    for (std::size_t sent = 0; sent < quiet; sent += 10) {  // one queue full, if it is a small one
      const LoadPlan plan{.name = "quiet-" + std::to_string(sent), .agents = 2, .packets_each = 5};
      expect_answers(send_all(daemon.packet_url(), plan), 202);
      ASSERT_TRUE(daemon.await_delivered(sent + 10));
    }
    quiet_bytes_ = resident_bytes(daemon);
  }

  std::vector<Entry> entries() const { return read_journal(folder_.file("journal")); }

  /// Other agents are served as ever, and nothing is left of the ones that have gone.
  void expect_all_well(DaemonProcess& daemon) {
    ASSERT_TRUE(daemon.await([](const auto& status) {
      return status["connections"] == 0 && status["buffered_bytes"] == 0 && status["queue"]["packets"] == 0;
    }));
    LedgerWatch watch(daemon.admin_url());
    const std::vector<Sent> sent = send_all(daemon.packet_url(), {.name = "after", .agents = 4, .packets_each = 10});
    for (const Sent& packet : sent) EXPECT_TRUE(packet.accepted()) << packet.id << ": " << packet.status;
    ASSERT_TRUE(daemon.await([](const auto& status) { return status["queue"]["packets"] == 0; }));
    watch.expect_balanced();
    std::vector<Entry> after = entries();
    std::erase_if(after, [](const Entry& entry) { return !entry.id.starts_with("after"); });
    const Delivered delivered = compare(sent, after);
    EXPECT_EQ(delivered.taken, sent.size());
    EXPECT_THAT(delivered.altered, testing::IsEmpty());
    EXPECT_LE(static_cast<double>(delivered.duplicates), explained_duplicates(daemon.metrics(), {"a"}));
    EXPECT_EQ(daemon.metrics().packets("dead_lettered"), 0) << "the analyzer came back";
    expect_memory_back(daemon, quiet_bytes_);
    daemon.expect_clean_end();
  }

  const test::TemporaryFolder folder_;
  RawAnalyzer a_{folder_.file("journal")};
  double quiet_bytes_ = 0;
};

TEST_F(AgentFaults, GoneInTheMiddleOfABody) {
  DaemonProcess daemon(settings());
  live_quietly(daemon);
  const std::string whole = request("half", "[\"" + std::string(body_bytes, 'x') + "\"]");
  std::vector<std::unique_ptr<SuddenAgent>> half;
  for (std::size_t i = 0; i < agents; ++i) {
    half.push_back(std::make_unique<SuddenAgent>(daemon.packet_url()));
    half.back()->send(whole.substr(0, whole.size() / 2));
  }
  ASSERT_TRUE(daemon.await([](const auto& status) {
    return status["connections"] == agents &&
           status["buffered_bytes"].template get<std::size_t>() > agents * body_bytes / 2;
  }));
  // Those that stay do not feel the others.
  expect_answers(send_all(daemon.packet_url(), {.name = "beside", .agents = 4, .packets_each = 10}), 202);
  half.clear();
  expect_all_well(daemon);
  for (const Entry& entry : entries()) EXPECT_NE(entry.id, "half");
}

TEST_F(AgentFaults, GoneWhileWaitingForItsDelivery) {
  DaemonProcess daemon(settings({{"QUEUE__MAX_PACKETS", "10"}, {"DELIVERY__CALLER_RUNS_TIMEOUT", "60s"}}));
  live_quietly(daemon);
  a_.behave({.answer = "", .then = Manner::Then::hold, .takes = false});
  const std::vector<Sent> queued = send_all(daemon.packet_url(), {.name = "queued", .agents = 10});
  expect_answers(queued, 202);
  std::vector<std::unique_ptr<SuddenAgent>> waiting;
  for (std::size_t i = 0; i < agents; ++i) {
    waiting.push_back(std::make_unique<SuddenAgent>(daemon.packet_url()));
    waiting.back()->send(request("waiting-" + std::to_string(i), R"(["a"])"));
  }
  ASSERT_TRUE(daemon.await([](const auto& status) { return status["totals"]["caller_runs"] == agents; }));
  ASSERT_TRUE(daemon.await_state("a", "failed"));
  waiting.clear();
  ASSERT_TRUE(daemon.await([](const auto& status) { return status["ledger"]["handed_back"]["packets"] == agents; }));
  EXPECT_EQ(daemon.metrics().value("logdist_packets_handed_back_total"), static_cast<double>(agents));

  a_.behave({});
  ASSERT_TRUE(daemon.await_delivered(quiet + queued.size()));
  std::size_t taken = 0;
  for (const Entry& entry : entries()) {
    if (!entry.taken || entry.id.starts_with("quiet")) continue;
    EXPECT_TRUE(entry.id.starts_with("queued")) << entry.id << " was sent for an agent that had gone";
    ++taken;
  }
  EXPECT_EQ(taken, queued.size());
  expect_all_well(daemon);
}

TEST_F(AgentFaults, AnswersThatNobodyReads) {
  DaemonProcess daemon(settings({{"SERVER__IDLE_TIMEOUT", "500ms"}, {"QUEUE__MAX_PACKETS", "1000"}}));
  live_quietly(daemon);
  const std::string one = request(std::string(120, 'u'), R"(["a"])");
  std::string many;
  for (int i = 0; i < 1000; ++i) many += one;
  std::array<double, 2> bytes_after{};  // an agent
  double sent_bytes = 0;
  for (double& bytes : bytes_after) {
    SuddenAgent deaf(daemon.packet_url());
    sent_bytes += static_cast<double>(deaf.send_without_end(many));
    // The daemon has stopped to read, and in the end closes; what it took is delivered.
    ASSERT_TRUE(daemon.await([](const auto& status) {
      return status["connections"] == 0 && status["queue"]["packets"] == 0 &&
             status["totals"]["packets_received"].template get<std::size_t>() > quiet;
    }));
    bytes = resident_bytes(daemon);
  }
  const Samples samples = daemon.metrics();
  EXPECT_EQ(samples.packets("delivered"), samples.admitted_packets());
  EXPECT_LE(samples.admitted_packets() - quiet, sent_bytes / static_cast<double>(one.size()));
  EXPECT_GE(static_cast<double>(entries().size()), samples.admitted_packets());
  // A full queue is more than the quiet time needed: the second such agent costs nothing more than the first.
  quiet_bytes_ = bytes_after[0];
  expect_all_well(daemon);
}

}  // namespace
}  // namespace logdist::e2e
