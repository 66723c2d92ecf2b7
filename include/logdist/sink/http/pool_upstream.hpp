// The Upstream over sockets: HTTP/1.1 with kept, pipelined connections.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "logdist/base/time.hpp"
#include "logdist/net/name_resolver.hpp"
#include "logdist/net/transport.hpp"
#include "logdist/sink/http/connection_budget.hpp"
#include "logdist/sink/upstream.hpp"

namespace logdist::queue {
class MemoryLimiter;
}

namespace logdist::sink {

class PoolManager;

/// What all pools go by.
struct PoolOptions {
  Duration timeout = std::chrono::seconds(5);        ///< of one attempt, connect included
  std::uint32_t pipeline = 16;                       ///< most requests under way on one connection, ≥ 1
  Duration idle_timeout = std::chrono::seconds(60);  ///< a loop's connections beyond its first close after it
  /// ± a tenth: a connection of this age takes no more requests, and closes when it has nothing under way.
  Duration max_connection_age = std::chrono::minutes(5);
  std::string user_agent = "log-distributor";
  std::string via;  ///< our name in Via, a token; empty: no such header
  /// The most that a body has decompressed, for an analyzer that takes plain ones; another goes as it came.
  std::size_t content_max = std::size_t{256} << 20;
  /// What all contents of the loop may hold. There is always room for one.
  std::size_t contents_held_max = std::size_t{64} << 20;
  queue::MemoryLimiter* memory = nullptr;  ///< where contents count, which outlives the upstream; none: nowhere
  std::uint64_t seed = 0;                  ///< of what differs from connection to connection
};

/// Where an analyzer is, and what every request to it says. The strings are
/// trusted to be valid in HTTP: the configuration has checked them.
struct AnalyzerTarget {
  std::string host;    ///< name or address; an IPv6 address without brackets
  std::string port;    ///< decimal
  std::string target;  ///< path and query
  std::vector<std::pair<std::string, std::string>> headers;
  std::shared_ptr<ConnectionBudget> limits;  ///< the same for the pools of all loops
  net::TransportFactory layer = {};          ///< on each connection; empty: none. Used on every loop
  bool native = false;  ///< packets go to the path and query of their own request, and its answers are read as theirs
  bool decompress = false;  ///< it takes plain bodies
  bool is_https = false;    ///< what its port is by default
};

/// What was done since the start.
struct PoolStatistics {
  std::uint64_t connects = 0;  ///< connections begun
  std::uint64_t resent = 0;    ///< attempts sent again after a kept connection had closed idle
  std::uint64_t writes = 0;    ///< gathered writes
  std::uint64_t reads = 0;     ///< reads that brought bytes
};

/// One PoolUpstream a loop, with one pool of connections an analyzer. What the
/// loops share about an analyzer is its ConnectionBudget. See docs/upstream.md.
///
/// Confined to the thread that runs `io`. `io` and `names` must outlive it, and so
/// must the listener. An attempt given to send() is told to the listener exactly
/// once, also by shutdown(). The listener may call send(), flush() and recall()
/// from within, but must not destroy the PoolUpstream there.
///
/// Attempts that find no room on a connection wait in a backlog, first in, first
/// out; its bound is the number of attempts the owner has under way. The time
/// an attempt may take counts from when it leaves the backlog. Before that, a body that an
/// analyzer takes plain only is decompressed, a slice at a time, in the order of send().
class PoolUpstream final : public Upstream {
 public:
  PoolUpstream(boost::asio::io_context& io, net::NameResolver& names, PoolOptions options);
  /// Closes everything and tells nobody: call shutdown() first if attempts are under way.
  ~PoolUpstream() override;
  PoolUpstream(const PoolUpstream&) = delete;
  PoolUpstream& operator=(const PoolUpstream&) = delete;

  /// Before the first send().
  void set_listener(AttemptListener& listener);

  /// A new analyzer. Ids are given in order: 0, 1, 2, …, unless it gets `reused`, the id of a removed one with
  /// nothing under way. Its listener should start from a capacity of `limits->max_open() * pipeline` packets.
  AnalyzerId add(const AnalyzerTarget& target, std::optional<AnalyzerId> reused = {});
  /// The analyzer has left the configuration: recalls what is unsent, lets the
  /// rest end, closes its connections and frees what it took. What is sent to it afterwards is unsent.
  void remove(AnalyzerId analyzer, TimePoint now);
  /// From now on every request to it has these headers; what is on a connection
  /// already keeps those it has. `target` is otherwise as it was added.
  void set_headers(AnalyzerId analyzer, const AnalyzerTarget& target);

  void send(core::Attempt& attempt, TimePoint now) override;
  void flush(TimePoint now) override;
  void recall(AnalyzerId analyzer, TimePoint now) override;

  /// Closes every connection. What is under way ends as connection_broken, or
  /// as unsent when no byte of it was written; neither counts for health.
  void shutdown(TimePoint now);

  /// Connections of this loop to `analyzer`, open or opening.
  std::size_t connections(AnalyzerId analyzer) const;
  const PoolStatistics& statistics() const;
  /// Whether an analyzer that was not removed is native: one whose answers agents may get.
  bool has_native() const;

 private:
  std::shared_ptr<PoolManager> manager_;
};

}  // namespace logdist::sink
