// bounds: no queue, budget or analyzer ever holds more than its limit, and what
// they say they hold is what they hold.
#include <algorithm>

#include "tests/sim/checker.hpp"

namespace logdist::sim {
namespace {

class Bounds final : public Checker {
 public:
  using Checker::Checker;

  void sent(const Story& story, const delivery::Attempt& attempt) override {
    const std::uint32_t ramp = world_.views()[attempt.analyzer].slots;
    const std::uint32_t limit = std::min(world_.slots(attempt.analyzer), ramp);
    const std::uint32_t under_way = chronicle_.of(attempt.analyzer).under_way;
    if (under_way >= limit) {
      complain("packet {} is sent to analyzer {}, which has {} in flight of {} allowed", story.serial, attempt.analyzer,
               under_way, limit);
    }
  }

  void stepped() override {
    const Scenario& scenario = world_.scenario();
    hold("queue.max_packets", world_.bounds().packets(), scenario.queue_packets, chronicle_.held_packets());
    hold("queue.max_bytes", world_.bounds().bytes(), scenario.queue_bytes, chronicle_.held_bytes());
    std::size_t largest_body = 0;
    for (const AgentPlan& agent : scenario.agents) largest_body = std::max(largest_body, agent.bytes_max);
    if (world_.bodies().held_bytes() > scenario.buffered_bytes + largest_body) {
      complain("server.max_buffered: {} bytes are held of {}, and no body is larger than {}",
               world_.bodies().held_bytes(), scenario.buffered_bytes, largest_body);
    }
  }

 private:
  void hold(const char* bound, std::size_t held, std::size_t limit, std::size_t seen) {
    if (held > limit) complain("{}: {} are held of {}", bound, held, limit);
    if (held != seen) complain("{}: {} are said to be held, {} are", bound, held, seen);
  }
};

}  // namespace

std::unique_ptr<Checker> make_bounds(const World& world, Findings& findings) {
  return std::make_unique<Bounds>("bounds", world, findings);
}

}  // namespace logdist::sim
