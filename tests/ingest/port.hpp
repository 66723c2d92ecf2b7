// A packet port on a free loopback port, with a scripted sink behind it, and raw
// clients to talk to it.
#pragma once

#include <condition_variable>
#include <functional>
#include <future>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/verb.hpp>

#include "logdist/ingest/listener.hpp"
#include "logdist/ingest/sessions.hpp"
#include "tests/net/record_transport.hpp"

namespace logdist::ingest::test {

/// Nothing here takes that long; a test that waits for it in vain fails.
inline constexpr std::chrono::seconds patience{20};

/// Takes packets as the script says and remembers them.
class ScriptedSink final : public queue::PacketSink {
 public:
  struct Seen {
    std::string body;
    std::string id;
    std::string headers;
    std::uint32_t messages = 0;
    core::Protocol protocol = core::Protocol::packet;
    core::Receipt receipt{};
  };

  queue::Delivery& make() override;
  void discard(queue::Delivery& delivery) override;
  queue::Admission admit(queue::Delivery& delivery, queue::Waiter& waiter, TimePoint now) override;
  void abandon(queue::Delivery& delivery, TimePoint now) override;
  bool takes_packets() const override { return ready; }
  std::chrono::seconds retry_after(TimePoint) const override { return next_retry_after; }

  /// On the loop: settles the packet that waits longest.
  void settle(queue::Settlement settlement);
  /// The same as delivered, with the analyzer's answer.
  void answer(core::AnalyzerAnswer answer);
  /// The oldest one that waits is stored.
  void store();

  std::chrono::seconds next_retry_after{7};
  queue::Admission next_admission = queue::Admission::queued;
  bool ready = true;
  bool remember = true;
  std::vector<Seen> admitted;
  int discarded = 0;
  int abandoned = 0;
  std::vector<queue::Delivery*> waiting;
  std::size_t out() const { return made_ - free_.size(); }  ///< deliveries in others' hands

 private:
  void recycle(queue::Delivery& delivery);

  std::list<queue::Delivery> all_;
  std::vector<queue::Delivery*> free_;
  std::size_t made_ = 0;
};

/// An answer as it came.
struct Answer {
  unsigned status = 0;
  std::map<std::string, std::string> headers;  ///< names in lower case
  std::string body;

  std::string header(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? "" : found->second;
  }
};

/// A raw connection to the port. Reads fail, by timeout, rather than hang.
class Client {
 public:
  /// `receive_buffer_bytes`: what the kernel is to hold of what it does not read; 0 leaves that to it.
  explicit Client(const boost::asio::ip::tcp::endpoint& endpoint, int receive_buffer_bytes = 0);

  void send(std::string_view bytes);
  /// Sends what the connection takes; false once the peer has closed it.
  bool try_send(std::string_view bytes);
  void shutdown_send();
  /// A reset instead of an orderly close.
  void reset();
  void close();

  /// The next answer, interim ones included; none when the connection ends first.
  std::optional<Answer> read(bool to_head = false);
  /// Whether the connection ends, cleanly or not, with nothing more said.
  bool ends();

 private:
  void run();

  std::unique_ptr<boost::asio::io_context> io_ = std::make_unique<boost::asio::io_context>();
  boost::asio::ip::tcp::socket socket_{*io_};
  boost::beast::flat_buffer buffer_;
};

/// Times of a SessionEnvironment, by default such that they play no part.
struct PortTimes {
  Duration rate_window = std::chrono::seconds(5);
  Duration kept_after_packet = std::chrono::seconds(0);
  Duration stalled_after = std::chrono::hours(1);
};

/// The port, its loop on a thread of its own. With LOGDIST_TEST_TRANSPORT its sessions talk through a
/// layer (net::test::test_layer()), and what the tests see is to be the same.
class Port {
 public:
  /// Its own name in Via.
  static constexpr std::string_view via_name = "log-distributor-0123456789abcdef";

  /// Ports that share a `budget` are loops of one daemon; without, it has its own.
  explicit Port(const config::ServerOptions& options = {}, Duration buffer_timeout = std::chrono::seconds(30),
                std::shared_ptr<queue::MemoryLimiter> memory = nullptr, const PortTimes& times = {});
  ~Port();
  Port(const Port&) = delete;
  Port& operator=(const Port&) = delete;

  Client connect() { return Client(endpoint()); }
  boost::asio::ip::tcp::endpoint endpoint() const { return relay_ ? relay_->endpoint() : listener_->endpoint(); }

  /// Runs `work` on the loop and returns what it returns.
  template <typename Work>
  auto on_loop(Work work) {
    std::packaged_task<decltype(work())()> task(std::move(work));
    auto result = task.get_future();
    boost::asio::post(loop_, [&task] { task(); });
    return result.get();
  }
  /// Waits until `condition`, asked on the loop, holds; false when it never does.
  bool eventually(const std::function<bool()>& condition);

  std::uint64_t rejected(RejectReason reason);
  Sessions& sessions() { return *sessions_; }
  Listener& listener() { return *listener_; }
  const ConnectionSlots& slots() const { return slots_; }
  const queue::MemoryLimiter& memory() const { return *memory_; }
  ledger::IngestCounts counts();
  /// On the loop.
  const ledger::Ledger& ledger() const { return ledger_; }

  ScriptedSink sink;
  std::optional<bool> daemon_ready;    ///< of the loop; none: as the sink says
  bool relays = false;                 ///< of the loop; agents get the analyzers' answers
  ClientDirectory clients;             ///< by any thread
  queue::AckRegistry acks{1, 4, 100};  ///< in use with server.acks

 private:
  const config::ServerOptions options_;
  boost::asio::io_context loop_{1};
  core::BufferPool buffers_{1 << 20};
  codec::Decoder decoder_;
  ledger::Ledger ledger_;
  std::shared_ptr<queue::MemoryLimiter> memory_;
  Random random_{1};
  ConnectionSlots slots_;
  std::unique_ptr<Sessions> sessions_;
  std::unique_ptr<Listener> listener_;
  std::thread thread_;
  std::unique_ptr<net::test::RecordRelay> relay_;  ///< between clients that know only sockets and us
};

/// The defaults, but for these.
config::ServerOptions with_timeouts(Duration head, Duration body, Duration idle);

/// A POST of `body`; `headers` are whole lines, put before the body's length.
std::string post(std::string_view body, std::string_view headers = "Content-Type: application/json\r\n");

inline constexpr std::string_view small_body = R"({"packet_id":"p-1","messages":["a","b"]})";

}  // namespace logdist::ingest::test
