// Any bytes from agents, in any pieces, while packets are queued or wait and are
// settled, agents leave and a drain begins: the sessions answer in whole answers
// of the contract, one 202 a queued packet, and keep nothing once closed. Acknowledgements of
// HEC are on: an ackId that was told is never taken back, and none is true before its packet is delivered.
#include <fuzzer/FuzzedDataProvider.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <boost/asio/executor_work_guard.hpp>

#include "logdist/base/check.hpp"
#include "logdist/ingest/sessions.hpp"
#include "logdist/queue/ack_registry.hpp"
#include "tests/ingest/port.hpp"
#include "tests/net/test_layer.hpp"

namespace logdist::net::test {

/// The port of the tests may have a layer; here the bytes are those of HTTP.
const TestLayer* test_layer() { return nullptr; }

}  // namespace logdist::net::test

namespace logdist::ingest {
namespace {

constexpr std::size_t max_connections = 2;

std::size_t count(std::string_view text, std::string_view what) {
  std::size_t found = 0;
  for (std::size_t at = text.find(what); at != std::string_view::npos; at = text.find(what, at + what.size())) ++found;
  return found;
}

config::ServerOptions small_limits() {
  config::ServerOptions options;
  options.max_connections = max_connections;
  options.max_body = 8 * 1024;
  options.max_buffered = 8 * 1024;
  options.acks = true;
  return options;
}

/// Answers 202 to a packet: other formats have them, too, and not one for each packet.
std::size_t count_accepted(std::string_view heard) {
  std::size_t accepted = 0;
  for (const std::string_view version : {"HTTP/1.1 202 ", "HTTP/1.0 202 "}) {
    for (std::size_t at = heard.find(version); at != heard.npos; at = heard.find(version, at + version.size())) {
      const std::size_t body = heard.find("\r\n\r\n", at);
      if (body != heard.npos && heard.substr(body + 4).starts_with(R"({"packet_id":)")) ++accepted;
    }
  }
  return accepted;
}

/// One agent's end of a connection.
class Agent {
 public:
  explicit Agent(int socket) : socket_(socket) {}
  ~Agent() { leave(); }
  Agent(const Agent&) = delete;
  Agent& operator=(const Agent&) = delete;

  void send(std::string_view bytes) {
    if (socket_ >= 0) (void)::send(socket_, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  }
  void read() {
    std::array<char, 4096> bytes;
    while (socket_ >= 0) {
      const ssize_t size = ::recv(socket_, bytes.data(), bytes.size(), MSG_DONTWAIT);
      if (size < 0 && errno == ECONNRESET) continue;  // told once, before what was said earlier
      if (size <= 0) return;
      heard_.append(bytes.data(), static_cast<std::size_t>(size));
    }
  }
  void end_sending() {
    if (socket_ >= 0) ::shutdown(socket_, SHUT_WR);
  }
  void leave() {
    if (socket_ >= 0) ::close(socket_);
    socket_ = -1;
  }

  bool left() const { return socket_ < 0; }
  const std::string& heard() const { return heard_; }

 private:
  int socket_;
  std::string heard_;
};

/// The sessions of one loop that no thread runs.
class Desk {
 public:
  Desk() : agents_{open(), open()} {}

  void serve(FuzzedDataProvider& data) {
    while (data.remaining_bytes() > 0) {
      Agent& agent = *agents_[data.ConsumeIntegralInRange<std::size_t>(0, max_connections - 1)];
      switch (data.ConsumeIntegralInRange<int>(0, 10)) {
        case 0: sink_.next_admission = data.ConsumeBool() ? queue::Admission::queued : queue::Admission::waiting; break;
        case 1: settle(data); break;
        case 2: agent.end_sending(); break;
        case 3: agent.leave(); break;
        case 4: sessions_.begin_drain(); break;
        case 5: agent.read(); break;
        case 10: deliver_queued(data); break;
        default: agent.send(data.ConsumeRandomLengthString(16 * 1024)); break;
      }
      run_loop();
    }
    while (!sink_.waiting.empty()) settle_one(queue::Settlement::delivered);
    for (auto& agent : agents_) agent->read();
  }

  void check() {
    std::size_t accepted = 0;
    std::size_t ack_ids = 0;
    bool someone_left = false;
    bool someone_is_told = false;
    for (const auto& agent : agents_) {
      someone_left = someone_left || agent->left();
      const std::string& heard = agent->heard();
      LOGDIST_CHECK(heard.empty() || heard.starts_with("HTTP/1."));
      accepted += count_accepted(heard);
      ack_ids += count(heard, R"("ackId":)");
      someone_is_told = someone_is_told || count(heard, R"(":true)") > 0;
    }
    LOGDIST_CHECK(accepted <= queued_);
    LOGDIST_CHECK(someone_left || accepted == queued_);
    const queue::AckRegistry::Counts acks = acks_.counts();
    LOGDIST_CHECK(ack_ids <= acks.pending + acks.delivered + acks.forgotten_pending);
    LOGDIST_CHECK(!someone_is_told || acks.delivered > 0);
    sessions_.close_all();
    run_loop();
    LOGDIST_CHECK(sessions_.open_count() == 0);
    LOGDIST_CHECK(sink_.out() == 0);
    LOGDIST_CHECK(memory_.held_bytes() == 0);
    LOGDIST_CHECK(slots_.taken() == 0);
  }

 private:
  std::unique_ptr<Agent> open() {
    int ends[2];
    LOGDIST_CHECK(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0);
    Socket socket(loop_.get_executor());
    socket.assign(boost::asio::ip::tcp::v4(), ends[0]);
    sessions_.open(stream_of(std::move(socket)), std::move(*slots_.try_take()));
    return std::make_unique<Agent>(ends[1]);
  }

  SessionEnvironment environment() {
    SessionEnvironment environment{
        loop_, sink_, decoder_, buffers_, ledger_, memory_, random_, options_, std::chrono::seconds(30)};
    environment.acks = &acks_;
    return environment;
  }

  void run_loop() {
    const std::size_t before = sink_.admitted.size();
    loop_.poll();
    if (sink_.next_admission != queue::Admission::queued) return;
    for (std::size_t i = before; i < sink_.admitted.size(); ++i) {
      queued_ += sink_.admitted[i].protocol == core::Protocol::packet ? 1 : 0;
    }
  }

  /// As dispatch would: the packet's request has been answered.
  void deliver_queued(FuzzedDataProvider& data) {
    if (sink_.admitted.empty()) return;
    const std::size_t i = data.ConsumeIntegralInRange<std::size_t>(0, sink_.admitted.size() - 1);
    acks_.delivered(sink_.admitted[i].receipt);
  }

  void settle(FuzzedDataProvider& data) {
    constexpr queue::Settlement settlements[] = {queue::Settlement::delivered, queue::Settlement::handed_back,
                                                 queue::Settlement::dead_lettered};
    if (!sink_.waiting.empty()) settle_one(data.PickValueInArray(settlements));
  }
  void settle_one(queue::Settlement settlement) {
    if (settlement == queue::Settlement::delivered) acks_.delivered(sink_.waiting.front()->packet.receipt);
    sink_.settle(settlement);
    run_loop();
  }

  const config::ServerOptions options_ = small_limits();
  boost::asio::io_context loop_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{loop_.get_executor()};
  test::ScriptedSink sink_;
  core::BufferPool buffers_{1 << 16};
  codec::Decoder decoder_;
  ledger::Ledger ledger_;
  queue::MemoryLimiter memory_{options_.max_buffered};
  Random random_{1};
  ConnectionSlots slots_{options_.max_connections};
  queue::AckRegistry acks_{1, 2, 4};
  Sessions sessions_{environment()};
  std::array<std::unique_ptr<Agent>, max_connections> agents_;
  std::size_t queued_ = 0;  ///< packets to be answered 202
};

}  // namespace
}  // namespace logdist::ingest

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  FuzzedDataProvider data(bytes, size);
  logdist::ingest::Desk desk;
  desk.serve(data);
  desk.check();
  return 0;
}
