// All that a seed decides before the first packet: limits, analyzers, agents,
// what will go wrong when, and how it ends.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "logdist/base/time.hpp"
#include "logdist/core/protocol.hpp"
#include "logdist/dispatch/load_balancer.hpp"
#include "logdist/retry/retry_state.hpp"
#include "tests/sim/trait.hpp"

namespace logdist::sim {

/// How an analyzer treats what it is sent.
enum class FaultMode : std::uint8_t {
  steady,
  heavy_tailed,      ///< answers, a few answers very late
  stuck,             ///< accepts and never answers
  unreachable,       ///< refuses connections
  resets_untaken,    ///< resets the connection before it took the packet
  resets_taken,      ///< and after
  slow_bytes,        ///< answers byte by byte, often too late
  throttling,        ///< 429, with and without Retry-After
  overloaded,        ///< 503 with Retry-After
  failing,           ///< 5xx without, or another status that speaks of the analyzer
  path_missing,      ///< 404
  rejecting,         ///< a 4xx that speaks of the packet
  talking_nonsense,  ///< no HTTP at all
};
inline constexpr std::size_t fault_mode_count = 13;
const char* to_string(FaultMode fault_mode);

/// A stretch of an analyzer's life.
struct Spell {
  Duration lasts{};
  FaultMode fault_mode = FaultMode::steady;
  double portion = 1;          ///< of the packets concerned; the others find it steady
  std::uint32_t capacity = 0;  ///< packets its connections take from then on; 0: as before
};

struct AnalyzerPlan {
  dispatch::AnalyzerSpec spec;
  Duration latency{};             ///< when steady
  std::uint32_t connections = 1;  ///< of one loop; what shares one breaks together
  std::vector<Spell> spells;      ///< one after the other, the last one lasts
};

/// What an operator changes while the daemon runs.
struct Change {
  enum class Kind : std::uint8_t { add, remove, set_weight, set_max_in_flight, turn_drain };

  Duration after{};  ///< from the beginning
  Kind kind = Kind::add;
  std::size_t whom = 0;  ///< of those present then, counted round
  AnalyzerPlan plan;     ///< of one that is added; else its weight or bound counts
};

/// What one client may do; 0: as much as it likes.
struct ClientPlan {
  std::uint64_t packets_per_second = 0;
  Duration burst{};
  std::uint32_t places_max = 0;  ///< of the queue
};

/// One agent with one connection.
struct AgentPlan {
  LoopId loop = 0;
  std::size_t client = 0;  ///< whose it is, counted from 1; 0: nobody's, and held to nothing
  Duration pause{};        ///< between an answer and the next packet
  std::size_t burst = 1;   ///< so many packets one after the other, then a pause for all of them
  bool in_bursts = false;  ///< all such agents begin together, every few seconds
  std::uint32_t messages_max = 1;
  std::size_t bytes_max = 1;
  double chunked = 0;                 ///< part of its bodies that come without a length
  double in_steps = 0;                ///< part of the others that reserve as they arrive
  double trickles = 0;                ///< part of all those that come slowly
  double disappears = 0;              ///< part of its requests that it leaves in the middle
  double rejected_by_all = 0;         ///< part of its packets that every analyzer refuses
  double poisonous = 0;               ///< part of its packets that fail at analyzers by themselves
  std::size_t poison_run = 1;         ///< so many of these come in a row, of one agent
  double somewhere = 0;               ///< part of those that do so at some analyzers only
  std::optional<Trait::Kind> harm{};  ///< how they do; none: in any way
  std::vector<core::Protocol> spoken{core::Protocol::packet};  ///< the formats of its packets, each as often
  std::size_t until_packets = ~std::size_t{0};                 ///< of all agents together; then it stops
};

struct Scenario {
  std::uint64_t seed = 0;
  bool calm = false;      ///< nothing fails and slots are free
  bool poisoned = false;  ///< all analyzers are well, and up to a fifth of the packets are bad
  bool mixed = false;     ///< agents speak several formats, and not all analyzers take all of them

  std::size_t loops = 1;
  std::size_t queue_packets = 1;
  std::size_t queue_bytes = 1;
  std::size_t buffered_bytes = 1;  ///< of bodies being received or waiting
  std::size_t small_body_max = 1;  ///< of those for which some of it is kept
  bool ack_delivered = false;
  retry::RetryPolicy retry;
  Duration max_age{};  ///< 0: none
  Duration caller_runs_timeout{};
  Duration delivery_timeout{};
  Duration probe_timeout{};
  dispatch::LoadBalancerOptions balancer;

  std::vector<AnalyzerPlan> analyzers;
  std::vector<AgentPlan> agents;
  std::vector<ClientPlan> clients;  ///< whose the agents are
  std::vector<Change> changes;
  std::vector<core::Protocol> spoken{core::Protocol::packet};  ///< by any agent

  Duration storm{};                ///< how long the bad time lasts
  std::uint32_t messages_max = 1;  ///< of any packet of that time
  bool ends_in_storm = false;      ///< is shut down without having healed
  Duration grace{};
};

/// The same for the same seed, for ever the same program.
Scenario draw_scenario(std::uint64_t seed);

/// Lets the agents of some scenarios speak several formats. The last to be drawn, and by itself: the rest stays as it
/// is for its seed.
void draw_formats(Scenario& scenario);

/// Divides the agents of some scenarios among clients with limits, the first of them a greedy one. Likewise.
void draw_clients(Scenario& scenario);

/// How packets are routed, beyond weights. Likewise.
void draw_routing(Scenario& scenario);

/// In a few lines, for those who read of a failure.
std::string describe(const Scenario& scenario);

}  // namespace logdist::sim
