// When each analyzer of a soak crashes and returns, drawn before it begins.
#pragma once

#include <cstdint>
#include <vector>

#include "logdist/base/time.hpp"

namespace logdist::e2e {

/// What happens to an analyzer's process, and when: counted from the start.
struct Turn {
  enum class What { kill, stop, come_back };

  Duration at{};
  What what = What::kill;
};

/// A time in which all analyzers are down.
struct Outage {
  Duration from{};
  Duration to{};
};

/// One outage in each quarter of a long run, one at the beginning of a short one.
std::vector<Outage> outages_in(Duration length);

/// The turns of analyzer `index` in the order of time, a come_back after each other
/// one. A function of its arguments: how busy the machine is changes nothing.
std::vector<Turn> draw_turns(std::uint64_t seed, std::size_t index, Duration length);

}  // namespace logdist::e2e
