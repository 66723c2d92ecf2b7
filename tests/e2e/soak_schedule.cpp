#include "tests/e2e/soak_schedule.hpp"

#include <algorithm>

#include "logdist/base/random.hpp"

namespace logdist::e2e {
namespace {

Duration draw_seconds(Random& random, double least, double most) {
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(random.uniform(least, most)));
}

}  // namespace

std::vector<Outage> outages_in(Duration length) {
  // Long enough for the queue to fill and for callers to be sent away.
  const Duration lasts = std::min<Duration>(std::chrono::seconds(5), length / 4);
  const Duration apart = std::max<Duration>(length / 4, std::chrono::seconds(30));
  std::vector<Outage> outages;
  for (Duration from = length / 10; from + lasts < length; from += apart) outages.push_back({from, from + lasts});
  return outages;
}

std::vector<Turn> draw_turns(std::uint64_t seed, std::size_t index, Duration length) {
  Random random(seed * 1'000'003 + index);
  const std::vector<Outage> outages = outages_in(length);
  std::vector<Turn> turns;
  Duration at = draw_seconds(random, 0, 4);
  for (auto outage = outages.begin(); at < length || outage != outages.end();) {
    auto what = random.below(3) > 0 ? Turn::What::kill : Turn::What::stop;
    // At once, or after so long that everybody has noticed.
    Duration back = at + (random.below(3) == 0 ? Duration::zero() : draw_seconds(random, 0.2, 4));
    if (outage != outages.end() && back >= outage->from) {
      at = std::min(at, outage->from);
      back = outage->to;
      ++outage;
    }
    turns.push_back({at, what});
    turns.push_back({back, Turn::What::come_back});
    at = back + draw_seconds(random, 1, 8);
  }
  return turns;
}

}  // namespace logdist::e2e
