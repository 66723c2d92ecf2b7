// TLS of a port that listens.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "logdist/base/time.hpp"
#include "logdist/config/options.hpp"
#include "logdist/net/tls/tls_problem.hpp"
#include "logdist/net/transport.hpp"

namespace logdist::net {

/// How a handshake ended.
enum class HandshakeResult : std::uint8_t {
  ok,
  certificate,  ///< a side did not accept the other's certificate, or lack of one
  protocol,     ///< no common version or cipher, not TLS at all, broken
  closed,       ///< the peer went away
  unfinished,   ///< it was given up before its end: it took too long, or its connection made room for another
  refused,      ///< too many were under way
};
inline constexpr std::size_t handshake_result_count = 6;
std::string_view to_string(HandshakeResult result);

/// What was counted of a port since its start.
struct TlsCounts {
  std::array<std::uint64_t, handshake_result_count> handshakes{};
  std::uint64_t resumed = 0;  ///< of those that are ok
};

/// The files and settings of a port at one time, read and found good. Immutable.
class ServerContexts;

/// Speaks TLS on the connections of one port, with the contexts of the moment: each new connection uses the latest,
/// and keeps them. Without any it leaves connections plain.
///
/// A handshake is one of `max_handshakes` from its connection's first moment to its end. For one more, the one of the
/// same loop that is under way for longest is given up, if it has stalled; else the new one is. So
/// connections that send nothing take no place from agents for long, and connected agents are served meanwhile.
/// Each failure is one line of the log (`tls_handshake_failed`).
///
/// Thread-safe. What factory() returns is a loop's own, and outlives the ServerTls if need be.
class ServerTls {
 public:
  /// `port` names it in the log and in metrics: "packet". A handshake that is under way for longer than
  /// `stalled_after`, which is long for two exchanges, may be given up for another.
  explicit ServerTls(std::string port, Duration stalled_after = std::chrono::milliseconds(500));
  ~ServerTls();
  ServerTls(const ServerTls&) = delete;
  ServerTls& operator=(const ServerTls&) = delete;

  /// Reads the files, for so many loops; nothing, if TLS is off. May block. `doubts` gets what is hardly meant.
  static TlsResult<std::shared_ptr<const ServerContexts>> prepare(const config::PortTlsOptions& options,
                                                                  std::size_t loops,
                                                                  std::vector<TlsProblem>* doubts = nullptr);

  /// From now on new connections use these; without them they are plain.
  void use(std::shared_ptr<const ServerContexts> contexts);
  bool is_on() const;

  /// Puts the layer on connections of loop `loop`, which is below the number that prepare() was told.
  TransportFactory factory(std::size_t loop);

  const std::string& port() const;
  TlsCounts counts() const;
  /// When the first certificate of the chain expires, since the Unix epoch; 0 while TLS is off.
  std::time_t expiry() const;

 private:
  class Port;
  class Watch;
  struct Handshakes;

  const std::shared_ptr<Port> shared_;
};

}  // namespace logdist::net
