// Sessions over a layer whose reads may have to wait until the socket takes something, as TLS has it: simulated in
// turns of one thread, drawn from a seed. When the agent reads and sends again, all that it has sent is answered.
#include <sys/socket.h>

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <gtest/gtest.h>
#include <boost/asio/error.hpp>

#include "logdist/ingest/sessions.hpp"
#include "port.hpp"
#include "tests/support/seed.hpp"

namespace logdist::ingest::test {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using net::test::RecordTransport;

/// A planted defect: who is told of the socket's readiness alone does not read when it can again.
class DeafTransport final : public RecordTransport {
 public:
  using RecordTransport::RecordTransport;
  net::Readiness translate(net::Readiness of_socket) const override { return of_socket; }
};

template <typename Made>
std::unique_ptr<net::Transport> make(net::Stream stream, std::string_view received) {
  return std::make_unique<Made>(std::move(stream), RecordTransport::Role::server, received);
}

class Stage {
 public:
  static constexpr int buffer_bytes = 4096;
  static constexpr std::size_t requests_max = 60;

  Stage(std::uint64_t seed, net::TransportFactory layer)
      : random_(seed), layer_(std::move(layer)), sessions_(environment()) {
    std::array<int, 2> ends{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends.data()), 0);
    for (const int end : ends) ::setsockopt(end, SOL_SOCKET, SO_SNDBUF, &buffer_bytes, sizeof(buffer_bytes));
    Socket socket(loop_.get_executor());
    socket.assign(asio::ip::tcp::v4(), ends[0]);
    auto agent = std::make_unique<RecordTransport>(net::Stream(ends[1]), RecordTransport::Role::client);
    asks_ = agent.get();
    agent_ = std::move(agent);
    sessions_.open(stream_of(std::move(socket)), std::move(*slots_.try_take()));
  }
  ~Stage() {
    sessions_.close_all();
    run_loop();
  }
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;

  /// Faults, then a phase without any; how many requests have no answer.
  std::size_t unanswered() {
    for (std::uint64_t turns = random_.below(300); turns > 0; --turns) do_something();
    if (random_.below(2) == 0) fill_to_the_brim();
    for (int quiet = 0; quiet < 5;) {
      const std::size_t before = heard_.size() + rest_.size();
      send();
      settle();
      run_loop();
      hear();
      quiet = heard_.size() + rest_.size() == before ? quiet + 1 : 0;
    }
    std::size_t answers = 0;
    constexpr std::string_view answer = "HTTP/1.1 20";  // 202, or 200 for a packet whose delivery was waited for
    for (std::size_t at = heard_.find(answer); at != heard_.npos; at = heard_.find(answer, at + 1)) ++answers;
    return requests_ - answers;
  }

 private:
  SessionEnvironment environment() {
    SessionEnvironment environment{
        loop_, sink_, decoder_, buffers_, ledger_, memory_, session_random_, options_, std::chrono::seconds(30)};
    environment.make_transport = layer_;
    return environment;
  }

  void do_something() {
    switch (random_.below(8)) {
      case 0:
      case 1: ask_for_more(); break;
      case 2:
      case 3: send(1 + random_.below(600)); break;
      case 4: ask(random_.below(30)); break;
      case 5:
        if (random_.below(4) == 0) hear();  // an agent that is slow to read
        break;
      case 6:
        sink_.next_admission = random_.below(3) == 0 ? queue::Admission::waiting : queue::Admission::queued;
        break;
      default: settle(); break;
    }
    if (random_.below(3) != 0) run_loop();
  }

  /// What answers questions fills the session's socket while the agent does not read.
  void ask(std::uint64_t count) {
    error_code error;
    for (; count > 0 && is_connected() && agent_->flushed(); --count) {
      asks_->ask(error);
      run_loop();
    }
  }

  /// The session's socket takes no more, and nothing waits for it; then a question comes with a request behind it, and
  /// no news of the socket but that it takes something again.
  void fill_to_the_brim() {
    const auto clear = [this] {
      for (int turn = 0; turn < 3; ++turn) {
        send();
        settle();
        run_loop();
        hear();
      }
    };
    clear();
    std::uint64_t questions = 0;
    for (std::size_t unread = 0; questions < 100; ++questions) {
      ask(1);
      if (agent_->available() == std::exchange(unread, agent_->available())) break;
    }
    clear();
    ask(questions);
    error_code error;
    if (is_connected()) asks_->ask(error);
    ask_for_more();
    send();
    run_loop();
  }

  bool is_connected() { return !agent_->handshake(); }

  void ask_for_more() {
    if (requests_ == requests_max) return;
    ++requests_;
    rest_ += post(R"({"messages":[")" + std::string(random_.below(300), 'x') + "\"]}");
  }
  void send(std::size_t bytes_max = std::string::npos) {
    if (!is_connected()) return;
    error_code error;
    while (!error && bytes_max > 0 && !rest_.empty()) {
      const std::size_t sent = agent_->write_some(std::string_view(rest_).substr(0, bytes_max), error);
      rest_.erase(0, sent);
      bytes_max -= sent;
    }
    agent_->write_some(std::string_view(), error);
  }
  void hear() {
    if (!is_connected()) return;
    std::array<char, 4096> space;
    error_code error;
    while (!error) heard_.append(space.data(), agent_->read_some(space, error));
    EXPECT_EQ(error, asio::error::would_block) << "the connection stays";
  }
  void settle() {
    while (!sink_.waiting.empty()) sink_.settle(queue::Settlement::delivered);
  }
  void run_loop() {
    while (loop_.poll() > 0) {
    }
  }

  Random random_;
  const net::TransportFactory layer_;
  const config::ServerOptions options_;
  asio::io_context loop_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_{loop_.get_executor()};
  ScriptedSink sink_;
  core::BufferPool buffers_{1 << 16};
  codec::Decoder decoder_;
  ledger::Ledger ledger_;
  queue::MemoryLimiter memory_{options_.max_buffered};
  Random session_random_{1};
  ConnectionSlots slots_{2};
  Sessions sessions_;
  std::unique_ptr<net::Transport> agent_;
  RecordTransport* asks_ = nullptr;  ///< the same
  std::string rest_;                 ///< of the requests, to be sent
  std::string heard_;
  std::size_t requests_ = 0;
};

TEST(LayerReadiness, AllIsAnsweredOnceTheAgentReads) {
  const std::uint64_t seed = logdist::test::draw_seed();
  for (std::uint64_t i = 0; i < 300; ++i) {
    Stage stage(seed * 1000 + i, make<RecordTransport>);
    ASSERT_EQ(stage.unanswered(), 0u) << "round " << i;
  }
}

TEST(LayerReadiness, WhoIgnoresItIsFound) {
  int found = 0;
  for (std::uint64_t i = 0; i < 100; ++i) {
    Stage stage(1000 + i, make<DeafTransport>);
    if (stage.unanswered() > 0) ++found;
  }
  EXPECT_GT(found, 5);
}

}  // namespace
}  // namespace logdist::ingest::test
