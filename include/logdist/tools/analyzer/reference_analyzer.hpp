// The reference analyzer, for tests, demonstrations and measurements.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/system/error_code.hpp>

#include "logdist/tools/analyzer/analyzer_behaviour.hpp"

namespace logdist::tools {

class AnalyzerServer;

struct ReferenceAnalyzerOptions {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;  ///< 0: any free one
  AnalyzerBehaviour behaviour;
  std::uint64_t seed = 0;  ///< draws which answers fail
};

/// Counts so far. `requests` = `packets` + `failures`.
struct AnalyzerStats {
  std::uint64_t packets = 0;  ///< answered 2xx, duplicates among them
  std::uint64_t messages = 0;
  std::uint64_t bytes = 0;       ///< of their bodies
  std::uint64_t requests = 0;    ///< packets that were read whole, whatever the answer
  std::uint64_t duplicates = 0;  ///< packets whose Idempotency-Key came before; 0 unless ids are recorded
  std::uint64_t failures = 0;    ///< answered otherwise, or not at all

  friend bool operator==(const AnalyzerStats&, const AnalyzerStats&) = default;
};

/// An HTTP server that takes packets and counts them, and misbehaves as it is told:
///
///     POST any path    a packet, answered as the behaviour says
///     GET  /stats      {"packets":…,"messages":…,"bytes":…,"requests":…,"duplicates":…,"failures":…}
///     GET  /ids        the recorded Idempotency-Keys, in order of arrival
///     GET  /health     200, or 503 when unhealthy
///     GET  /control    the behaviour; POST changes the fields it names
///
/// HTTP/1.1 with keep-alive, pipelining (answered in order) and chunked bodies. Messages
/// are counted by the Packet-Messages header, else by decoding the body, which is then
/// answered 400 if it is not a packet. At most `max_ids` ids are kept; the oldest are
/// dropped first.
///
/// Runs on the io_context, which one thread runs and which outlives the analyzer.
/// listen(), stop() and the destructor belong to that thread, or to any while it
/// does not run; all else to any thread.
class ReferenceAnalyzer {
 public:
  static constexpr std::size_t max_ids = 1'000'000;
  static constexpr std::size_t max_body_bytes = std::size_t{64} << 20;

  ReferenceAnalyzer(boost::asio::io_context& io, ReferenceAnalyzerOptions options);
  ~ReferenceAnalyzer();
  ReferenceAnalyzer(const ReferenceAnalyzer&) = delete;
  ReferenceAnalyzer& operator=(const ReferenceAnalyzer&) = delete;

  /// Opens the port and begins to accept. Once.
  boost::system::error_code listen();
  /// Closes the port and every connection, answered or not.
  void stop();

  /// Where it listens; after listen() only.
  boost::asio::ip::tcp::endpoint endpoint() const;

  AnalyzerBehaviour behaviour() const;
  /// From the next request on.
  void behave(const AnalyzerBehaviour& behaviour);

  AnalyzerStats stats() const;
  /// The recorded ids, a duplicate's once for each time, in the order they came.
  std::vector<std::string> ids() const;

 private:
  std::shared_ptr<AnalyzerServer> server_;  ///< shared with coroutines that may outlive the analyzer
};

}  // namespace logdist::tools
