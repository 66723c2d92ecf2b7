// What chance decides, in the words the scenario speaks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>

#include "logdist/base/random.hpp"
#include "logdist/base/time.hpp"

namespace logdist::sim {

/// A seeded generator with the distributions used here.
class Draws {
 public:
  explicit Draws(std::uint64_t seed) : random_(seed) {}

  bool chance(double probability) { return random_.uniform(0, 1) < probability; }

  /// A whole number from `low` to `high`, both included.
  template <typename Number>
  Number between(Number low, Number high) {
    return static_cast<Number>(low + static_cast<Number>(random_.below(static_cast<std::uint64_t>(high - low) + 1)));
  }
  Duration between(Duration low, Duration high) { return Duration(between<Duration::rep>(low.count(), high.count())); }
  /// As between(), each order of magnitude as likely as the others.
  Duration across(Duration low, Duration high);
  /// Most near `middle`, a few very much longer (a Pareto distribution).
  Duration heavy_tailed(Duration middle);

  template <typename Choice>
  Choice one_of(std::initializer_list<Choice> choices) {
    return choices.begin()[random_.below(choices.size())];
  }

  std::uint64_t seed() { return random_.next(); }

 private:
  Random random_;
};

}  // namespace logdist::sim
