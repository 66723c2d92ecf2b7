// A world whose analyzers take different formats, and what its tests look at.
#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <string>

#include "tests/dispatch/world.hpp"

namespace logdist::dispatch {

inline core::ProtocolSet just(core::Protocol protocol) {
  core::ProtocolSet set;
  set.add(protocol);
  return set;
}

inline std::deque<core::Attempt*>& attempts_of(World& world, LoopId loop = 0) {
  return world.loops[loop]->upstream.under_way;
}

/// Under way at `analyzer`, of the packets whose ids begin so.
inline std::ptrdiff_t count_at(World& world, AnalyzerId analyzer, const std::string& prefix) {
  std::ptrdiff_t count = 0;
  for (const auto& loop : world.loops) {
    count += std::ranges::count_if(loop->upstream.under_way, [&](const core::Attempt* attempt) {
      return attempt->analyzer == analyzer && attempt->packet->id.starts_with(prefix);
    });
  }
  return count;
}

/// Ends the oldest attempt of `loop` at `analyzer`; false: there is none.
inline bool deliver_one(World& world, LoopId loop, AnalyzerId analyzer) {
  auto& attempts = attempts_of(world, loop);
  const auto found = std::ranges::find(attempts, analyzer, &core::Attempt::analyzer);
  if (found == attempts.end()) return false;
  core::Attempt* const attempt = *found;
  attempts.erase(found);
  attempts.push_front(attempt);
  world.end(Outcome::delivered, 200, loop);
  return true;
}

/// `suspects` packets of `protocol` on `loop` that wait for a slot again, all others delivered.
inline void make_suspects(World& world, core::Protocol protocol, int suspects, LoopId loop = 0) {
  for (int i = 0; i < suspects; ++i) {
    world.admit_as(protocol, "bad" + std::to_string(i), 1, loop);
    world.run();
    world.end_all(Outcome::http_error, 500);
    world.admit_as(protocol, "good", 1, loop);  // or they would fail the analyzer
    world.run();
    world.end_all(Outcome::http_error, 500);
  }
}

/// Two analyzers: one takes packets, the other OTLP.
inline WorldOptions two_kinds(std::uint32_t slots, std::size_t loops) {
  WorldOptions options;
  options.weights = {1, 1};
  options.formats = {just(core::Protocol::packet), just(core::Protocol::otlp)};
  options.slots = slots;
  options.loops = loops;
  options.queue_packets = 10'000;
  options.max_rounds = 1'000;
  return options;
}

}  // namespace logdist::dispatch
