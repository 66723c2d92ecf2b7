// A simulated analyzer: what it does with what it is sent.
#pragma once

#include <cstdint>
#include <string>

#include "logdist/base/ids.hpp"
#include "logdist/health/health.hpp"
#include "tests/sim/draws.hpp"
#include "tests/sim/scenario.hpp"
#include "tests/sim/trait.hpp"

namespace logdist::sim {

/// What will become of one attempt.
struct Reply {
  enum class Kind : std::uint8_t { answer, silence, no_connection, reset, nonsense };

  Kind kind = Kind::answer;
  Duration written_after{};  ///< until then not a byte has been sent
  Duration ends_after{};     ///< from then on; the time limit may come first
  unsigned status = 200;     ///< of an answer
  std::string retry_after;   ///< its header
  bool takes = true;         ///< whether the analyzer has the packet at the end
};

struct ProbeReply {
  Duration after{};
  health::ProbeResult result = health::ProbeResult::passed;
};

/// What the packets of one agent bring on: bad ones come in runs of the same kind.
class TraitSequence {
 public:
  Trait next(Draws& draws, const AgentPlan& plan);

 private:
  Trait bad_;
  std::size_t left_ = 0;  ///< of a run
};

/// A simulated analyzer: what it does with what it is sent.
class Analyzer {
 public:
  Analyzer(const AnalyzerPlan& plan, std::uint64_t seed);

  /// To a packet of `trait`; it is analyzer `self`.
  Reply reply(const Trait& trait, AnalyzerId self);
  ProbeReply probe();

  /// From now on in the fault mode of `spell`.
  void begin(const Spell& spell);
  /// From now on steady and quick, whatever is brought.
  void heal();

  const AnalyzerPlan& plan() const { return plan_; }

 private:
  Reply moody_reply();
  void befall(Reply& reply, const Trait& trait);
  Reply with_status(unsigned status, std::string retry_after = {});

  const AnalyzerPlan plan_;
  Draws draws_;
  Spell spell_;
  bool healed_ = false;
};

}  // namespace logdist::sim
