// An agent: sends packets to the packet port over keep-alive connections, and
// does what the daemon's answers ask of it.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/io_context.hpp>

#include "logdist/base/backoff.hpp"
#include "logdist/base/time.hpp"
#include "logdist/config/text.hpp"
#include "logdist/net/name_resolver.hpp"
#include "logdist/net/transport.hpp"
#include "logdist/tools/agent/packet_source.hpp"

namespace logdist::tools {

struct AgentOptions {
  config::HttpUrl target;         ///< where packets are POSTed
  net::TransportFactory layer{};  ///< TLS, of an https target
  std::size_t connections = 8;    ///< at most so many packets under way
  double packets_per_second = 0;  ///< over all connections; 0: as fast as they are taken
  std::optional<std::uint64_t> packets_max;

  /// For one answer: above the daemon's delivery.caller_runs_timeout, which a
  /// request may wait when the queue is full.
  Duration timeout = std::chrono::seconds(40);
  Duration connect_timeout = std::chrono::seconds(5);  ///< and for the look-up of its name

  /// Waits between the attempts to send a packet that got no answer, 408 or a 5xx.
  Backoff backoff{std::chrono::milliseconds(100), std::chrono::seconds(5), 2, 0.2};
  /// Such attempts for one packet. If the last one had no answer, the run ends; if it had
  /// one, the packet counts as rejected.
  std::uint32_t failures_max = 10;
  /// The run ends when a packet was told to wait (429, 503) for longer than this.
  Duration patience = std::chrono::minutes(10);
  /// After stop(): how long answers under way are awaited.
  Duration stop_grace = std::chrono::seconds(2);

  std::uint64_t seed = 0;  ///< spreads the back-off

  net::Lookup lookup = net::system_lookup;  ///< of the target's name
};

/// A packet that was answered with an error and would be again.
struct Rejection {
  std::string packet_id;
  unsigned status = 0;
  std::string detail;  ///< the problem's `detail`, else what the answer says
};

/// How far a run is, or how it ended.
struct AgentResult {
  std::uint64_t packets_accepted = 0;  ///< answered 2xx
  std::uint64_t messages_accepted = 0;
  std::uint64_t packets_rejected = 0;
  std::uint64_t messages_rejected = 0;
  std::uint64_t packets_unsettled = 0;  ///< sent, but neither accepted nor rejected when the run ended
  std::uint64_t retries = 0;            ///< packets sent once more
  Duration elapsed{};                   ///< since the start
  Duration latency_p50{};               ///< request to answer, of accepted packets; off by at most 3 %
  Duration latency_p95{};
  Duration latency_p99{};
  std::string trouble;  ///< why a packet had to be sent once more, the last time
  std::string failure;  ///< why the run ended early; empty: the packets ended, or stop() did it

  bool all_accepted() const { return packets_rejected == 0 && packets_unsettled == 0 && failure.empty(); }
};

/// One run: from start() until the source ends, packets_max are settled, the
/// target is given up or stop() is called.
///
/// 429 and 503 with Retry-After (RFC 9110, 10.2.3; at most a minute counts) pause
/// all connections; the packet is then sent again with the same id. A target whose
/// name is not found before its first answer is given up at once.
///
/// The source is read ahead on a thread of the agent's own, so that a slow pipe
/// holds nothing up. All else happens on the io_context, which one thread runs.
/// start() and the destructor belong to that thread, or to any while it does not
/// run; stop() and progress() to any thread. The io_context and the source
/// outlive the agent. Destroying it ends the run without calling `done`.
class Agent {
 public:
  using Done = std::function<void(const AgentResult&)>;
  using Rejected = std::function<void(const Rejection&)>;

  Agent(boost::asio::io_context& io, AgentOptions options, PacketSource& source);
  ~Agent();
  Agent(const Agent&) = delete;
  Agent& operator=(const Agent&) = delete;

  /// Called for each rejected packet, on the io_context. To be set before start().
  void on_rejected(Rejected rejected);

  /// Begins. Once, `done` is called on the io_context when the run has ended.
  void start(Done done);

  /// Sends no further packet, gives answers under way a moment, then ends the run.
  void stop();

  AgentResult progress() const;

 private:
  class Run;
  std::shared_ptr<Run> run_;  ///< shared with the coroutines that may outlive the agent
};

}  // namespace logdist::tools
