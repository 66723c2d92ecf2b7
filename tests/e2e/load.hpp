// Many agents at once, each answer recorded. Unlike `log-distributor agent` it
// never sends a packet again, so that what was answered can be told exactly.
#pragma once

#include <atomic>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "logdist/base/time.hpp"
#include "logdist/core/protocol.hpp"

namespace logdist::e2e {

struct LoadPlan {
  static constexpr std::size_t endless = std::numeric_limits<std::size_t>::max();

  std::string name = "p";        ///< begins every packet's id
  std::size_t agents = 1;        ///< each with one connection and one packet under way
  std::size_t packets_each = 1;  ///< `endless`: until stop()
  std::uint32_t messages_min = 1;
  std::uint32_t messages_max = 1;
  double packets_per_second = 0;  ///< of all agents together; 0: as fast as they are answered
  bool reconnects = false;        ///< a connection for each packet
  std::uint64_t seed = 1;         ///< of the sizes
  /// One after the other, an agent each: those that target_of() knows.
  std::vector<core::Protocol> formats{core::Protocol::packet};
};

/// One packet and what became of it.
struct Sent {
  std::string id;
  std::uint32_t messages = 0;
  unsigned status = 0;  ///< 0: no answer, the connection was refused or broke
  std::string body;     ///< of the answer
  std::string retry_after;
  TimePoint at{};      ///< when it was answered
  Duration elapsed{};  ///< until the answer
  core::Protocol format = core::Protocol::packet;

  bool accepted() const { return status >= 200 && status < 300; }
};

/// Where packets of a format go, and as what.
struct Target {
  std::string_view path;
  std::string_view content_type;
};

/// Of `packet`, `otlp` (JSON), `loki` (JSON), `hec_event` and `elasticsearch`.
Target target_of(core::Protocol format);

/// The body that a packet is sent with, in its format.
std::string body_of(const Sent& packet);

/// Runs on a thread of its own from construction on. Belongs to the test's thread.
class Load {
 public:
  Load(const std::string& packet_url, const LoadPlan& plan);
  ~Load();
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;

  /// No further packets; answers under way are awaited.
  void stop();
  /// Waits until all is answered. An agent whose connection is refused ends.
  std::vector<Sent> finish();
  /// Packets answered so far.
  std::size_t answered() const;

 private:
  struct State;

  std::unique_ptr<State> state_;
  std::thread thread_;
};

/// Runs a load to its end.
std::vector<Sent> send_all(const std::string& packet_url, const LoadPlan& plan);

}  // namespace logdist::e2e
