// clients: none is above its rate by more than a burst, or holds more of the queue than its share, and what it holds is
// given back; where bodies wait for space, none has two turns while another waits for one.
#include <algorithm>
#include <deque>
#include <map>
#include <utility>
#include <vector>

#include "tests/sim/checker.hpp"

namespace logdist::sim {
namespace {

class Clients final : public Checker {
 public:
  using Checker::Checker;

  /// By another rule than the product's: what is in the bucket.
  void let_through(std::size_t client, TimePoint now) override {
    const ClientPlan& plan = plan_of(client);
    if (plan.packets_per_second == 0) return;
    checked();
    const auto rate = static_cast<double>(plan.packets_per_second);
    Level& level = levels_[client];
    level.packets = std::max(0.0, level.packets - rate * to_seconds(now - level.at)) + 1;
    level.at = now;
    // One packet is let through even where a burst is none.
    const double allowed = std::max(1.0, rate * to_seconds(plan.burst));
    if (level.packets > allowed + 1e-3) {
      complain("client {} has sent {} packets more than its rate of {}/s, its burst is {}", client, level.packets, rate,
               allowed);
    }
  }

  void admitted(const PacketHistory& history) override {
    if (history.client == 0 || plan_of(history.client).places_max == 0) return;
    checked();
    std::vector<std::uint64_t>& held = held_[history.client];
    std::erase_if(held, [this](std::uint64_t serial) { return trace_.histories()[serial].settled(); });
    held.push_back(history.serial);
    if (held.size() > plan_of(history.client).places_max) {
      complain("client {} holds {} places of the queue, its share is {}", history.client, held.size(),
               plan_of(history.client).places_max);
    }
  }

  void stepped() override {
    std::vector<Agent::Body> now = world_.agents_bodies();
    check_turns(now);
    before_ = std::move(now);
  }

  void shut_down() override {
    for (std::size_t client = 1; client <= world_.scenario().clients.size(); ++client) {
      if (const std::uint32_t places = world_.places_of(client); places != 0) {
        complain("client {} is said to hold {} places of the queue, which is empty", client, places);
      }
    }
  }

 private:
  struct Level {
    double packets = 0;
    TimePoint at{};
  };
  /// Turns of others, by client, while a body was the next of its own.
  struct Wait {
    std::map<std::size_t, int> turns;
  };

  const ClientPlan& plan_of(std::size_t client) const { return world_.scenario().clients[client - 1]; }

  /// Whether it is served before any other of its client and kind.
  static bool is_next(const std::vector<Agent::Body>& bodies, std::size_t index) {
    const Agent::Body& body = bodies[index];
    if (!body.waits || body.held != 0) return false;
    for (std::size_t i = 0; i < bodies.size(); ++i) {
      const Agent::Body& other = bodies[i];
      if (i == index || !other.waits || other.client != body.client || other.large != body.large) continue;
      if (other.held != 0 || other.waits_since <= body.waits_since) return false;
    }
    return true;
  }

  /// Whether another body of its client and kind was given something, maybe at once.
  bool had_turn(const std::vector<Agent::Body>& now, std::size_t index) const {
    for (std::size_t i = 0; i < before_.size(); ++i) {
      const bool is_alike = i != index && now[i].client == now[index].client && now[i].large == now[index].large;
      if (is_alike && now[i].held > before_[i].held) return true;
    }
    return false;
  }

  bool holds_large(std::uint64_t client) const {
    return std::ranges::any_of(
        before_, [client](const Agent::Body& body) { return body.client == client && body.large && body.held > 0; });
  }

  void check_turns(const std::vector<Agent::Body>& now) {
    for (std::size_t i = 0; i < before_.size(); ++i) {
      const bool goes_on = is_next(before_, i) && is_next(now, i) && before_[i].waits_since == now[i].waits_since;
      if (!goes_on) {
        waits_.erase(i);
        continue;
      }
      if (had_turn(now, i)) {
        waits_.erase(i);
        continue;
      }
      Wait& wait = waits_[i];
      for (std::size_t other = 0; other < before_.size(); ++other) {
        const Agent::Body& then = before_[other];
        const bool served = then.waits && then.held == 0 && !now[other].waits && now[other].held != 0;
        if (!served || then.client == now[i].client || then.large != now[i].large) continue;
        if (now[i].large && holds_large(now[i].client)) continue;  // it may hold its share
        checked();
        if (++wait.turns[then.client] > 1) {
          complain("client {} has had {} turns for a body while the next of client {} waits", then.client,
                   wait.turns[then.client], now[i].client);
        }
      }
    }
  }

  std::map<std::size_t, Level> levels_;
  std::map<std::size_t, std::vector<std::uint64_t>> held_;  ///< serials that may not be settled
  std::map<std::size_t, Wait> waits_;                       ///< by agent
  std::vector<Agent::Body> before_;
};

}  // namespace

std::unique_ptr<Checker> make_clients(const World& world, Findings& findings) {
  return std::make_unique<Clients>("clients", world, findings);
}

}  // namespace logdist::sim
