// buffers: server.max_buffered is passed by at most one body of each kind, so that
// it ends some day; small bodies always find what is kept for them; nobody who waits
// is passed by a younger one of his client and kind; the oldest that has a part goes on.
#include <algorithm>
#include <array>
#include <vector>

#include "tests/sim/checker.hpp"

namespace logdist::sim {
namespace {

class Buffers final : public Checker {
 public:
  using Checker::Checker;

  void stepped() override {
    const std::vector<Agent::Body> now = world_.agents_bodies();
    check_bound(now);
    check_kept_part(now);
    check_order(now);
    before_ = now;
  }

 private:
  void check_bound(const std::vector<Agent::Body>& bodies) {
    std::size_t held = 0;
    std::array<std::size_t, 2> largest{};  // small, large
    for (const Agent::Body& body : bodies) {
      held += body.held;
      // One that is larger than the part of the large ones passes it even when it comes whole.
      if (body.large) largest[1] = std::max(largest[1], body.held);
      // One of unknown length that grew to be large may have passed it while it was small.
      const bool was_small = !body.large || body.length_unknown;
      if (body.in_steps && was_small)
        largest[0] = std::max(largest[0], std::min(body.held, world_.scenario().small_body_max));
    }
    const std::size_t limit = world_.scenario().buffered_bytes;
    if (held != world_.bodies().held_bytes()) {
      complain("server.max_buffered: {} bytes are said to be held, {} are", world_.bodies().held_bytes(), held);
    }
    if (held <= limit) return;
    checked();
    if (held > limit + largest[0] + largest[1]) {
      complain("server.max_buffered: {} bytes are held of {}, and {} and {} by the largest bodies that may pass it",
               held, limit, largest[0], largest[1]);
    }
  }

  /// Small bodies wait because what is kept is in use: when each of them would fit, so does the first in line.
  void check_kept_part(const std::vector<Agent::Body>& bodies) {
    std::size_t held = 0;
    std::size_t needed = 0;
    for (const Agent::Body& body : bodies) {
      if (body.held <= world_.scenario().small_body_max) held += body.held;  // at most so much counts as small
      if (!body.waits || body.large) continue;
      needed = std::max(needed, body.wanted - body.held);
    }
    if (needed == 0) return;
    checked();
    const std::size_t kept = world_.scenario().buffered_bytes / 8;
    if (held + needed <= kept) {
      complain("small bodies wait for {} bytes at most while small ones hold {} of the {} kept for them", needed, held,
               kept);
    }
  }

  /// Of those of a client that hold nothing yet, the older one of a kind is served first.
  void check_order(const std::vector<Agent::Body>& now) {
    for (std::size_t served = 0; served < before_.size(); ++served) {
      const Agent::Body& then = before_[served];
      if (!then.waits || then.held != 0 || now[served].waits || now[served].held == 0) continue;
      for (std::size_t other = 0; other < before_.size(); ++other) {
        const Agent::Body& older = before_[other];
        const bool still = older.waits && now[other].waits && now[other].waits_since == older.waits_since;
        if (!still || older.client != then.client || older.large != then.large || older.waits_since >= then.waits_since)
          continue;
        complain("a body that waits since {} ms before another of its kind is passed by it",
                 to_seconds(then.waits_since - older.waits_since) * 1e3);
      }
    }
  }

  std::vector<Agent::Body> before_;
};

}  // namespace

std::unique_ptr<Checker> make_buffers(const World& world, Findings& findings) {
  return std::make_unique<Buffers>("buffers", world, findings);
}

}  // namespace logdist::sim
