// The simulated way to the analyzers, of one loop: connections that open slowly,
// break under several packets at once, and time out.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "logdist/sink/upstream.hpp"
#include "tests/sim/stage.hpp"

namespace logdist::sim {

/// Simulated connections of one loop. What becomes of an attempt is decided by the
/// analyzer when it is sent, and happens when its time has come.
class Upstream final : public sink::Upstream {
 public:
  explicit Upstream(Stage& stage) : stage_(stage) {}

  /// Before the first send().
  void set_listener(sink::AttemptListener& listener) { listener_ = &listener; }

  void send(core::Attempt& attempt, TimePoint now) override;
  void flush(TimePoint now) override;
  void recall(AnalyzerId analyzer, TimePoint now) override;
  /// Ends all that is under way, as PoolUpstream::shutdown() does.
  void shutdown(TimePoint now);
  /// The daemon is no more: analyzers may have taken what was written. Nothing happens here afterwards.
  void cut();

 private:
  using Ticket = std::uint64_t;  ///< in the order of sending

  struct UnderWay {
    core::Attempt* attempt;
    std::uint64_t connection;
    Reply reply;
    bool written = false;
  };

  void write(Ticket ticket);
  void expire(Ticket ticket);
  void finish(Ticket ticket);
  void break_connection(AnalyzerId analyzer, std::uint64_t connection);
  void end(Ticket ticket, const core::AttemptResult& result);
  core::AttemptResult judge(const Reply& reply) const;

  Stage& stage_;
  sink::AttemptListener* listener_ = nullptr;
  std::map<Ticket, UnderWay> under_way_;
  std::vector<Ticket> gathered_;  ///< until flush()
  Ticket last_ticket_ = 0;
};

}  // namespace logdist::sim
