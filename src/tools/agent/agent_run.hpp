// One run of an agent: its coroutines and what they share.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "logdist/base/random.hpp"
#include "logdist/net/name_resolver.hpp"
#include "logdist/tools/agent/agent.hpp"
#include "logdist/tools/agent/agent_connection.hpp"
#include "logdist/tools/agent/retry_decision.hpp"
#include "tools/agent/agent_tally.hpp"
#include "tools/agent/prefetch_queue.hpp"

namespace logdist::tools {

/// As many coroutines as connections, each: take a packet, wait for its turn,
/// send it until it is settled. Confined to the io_context's thread, but for
/// tally(). Kept alive by its coroutines.
class Agent::Run : public std::enable_shared_from_this<Agent::Run> {
 public:
  Run(boost::asio::io_context& io, AgentOptions options, PacketSource& source);

  void on_rejected(Rejected rejected) { rejected_ = std::move(rejected); }
  void start(Done done);
  void stop();
  void abandon();

  boost::asio::io_context& io() { return io_; }
  const AgentTally& tally() const { return tally_; }

 private:
  /// A connection, and the timer of the coroutine that sends over it.
  struct Worker {
    explicit Worker(Run& run);

    AgentConnection connection;
    boost::asio::steady_timer timer;
  };

  /// How often one packet has been tried.
  struct Tries {
    std::uint32_t count = 0;
    std::uint32_t failures = 0;
    std::uint32_t pauses = 0;
    TimePoint begun{};
    TimePoint resume_at = TimePoint::min();
  };

  static boost::asio::awaitable<void> work(std::shared_ptr<Run> self, Worker& worker);
  boost::asio::awaitable<void> deliver(Worker& worker, const OutgoingPacket& packet);
  boost::asio::awaitable<void> wait_for_rate(Worker& worker);
  boost::asio::awaitable<void> wait_until(Worker& worker, TimePoint when);

  bool settle(const OutgoingPacket& packet, const Answer& answer, TimePoint begun, Tries& tries);
  void silence(const boost::system::error_code& error, Tries& tries);
  void reject(const OutgoingPacket& packet, const Answer& answer);
  void give_up(std::string why);
  void close_connections();
  void worker_ended();

  // Constant after construction.
  boost::asio::io_context& io_;
  const AgentOptions options_;

  net::NameResolver names_;
  AgentTally tally_;
  PrefetchQueue packets_;
  Random random_;
  Done done_;
  Rejected rejected_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::size_t working_ = 0;                    ///< workers that have not ended
  boost::asio::steady_timer grace_;            ///< from stop() to cutting what is under way
  TimePoint rate_slot_ = TimePoint::min();     ///< when the next packet may go
  TimePoint paused_until_ = TimePoint::min();  ///< by the target
  bool answered_ = false;                      ///< by the target, at least once
  bool stopping_ = false;
};

}  // namespace logdist::tools
