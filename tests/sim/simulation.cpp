#include "tests/sim/simulation.hpp"

#include <algorithm>
#include <cmath>
#include <functional>

#include "logdist/retry/classify.hpp"

namespace logdist::sim {
namespace {

using namespace std::chrono_literals;

/// Drives one world through its phases, the checkers looking on.
class Life {
 public:
  Life(const Scenario& scenario, const std::string& only)
      : scenario_(scenario), world_(scenario), checkers_(make_checkers(world_, findings_)) {
    std::erase_if(checkers_, [&only](const auto& checker) { return !only.empty() && checker->name() != only; });
    for (const auto& checker : checkers_) world_.trace().add_witness(*checker);
  }

  Verdict live() {
    const TimePoint begun = world_.now();
    storm();
    if (!scenario_.ends_in_storm) heal();
    shut_down();
    Verdict verdict{findings_, {}, events_, world_.trace().histories().size(), world_.now() - begun, {}};
    for (const auto& checker : checkers_) verdict.checks[checker->name()] = checker->checks();
    if (!findings_.empty()) verdict.report = report();
    return verdict;
  }

 private:
  bool well() const { return findings_.empty(); }
  void fault(const char* name, std::string text) { findings_.push_back({name, std::move(text)}); }

  /// Lets things happen until `done`, at most for `longest`. Whether it came to that.
  bool run_until(Duration longest, const std::function<bool()>& done) {
    const TimePoint end = world_.now() + longest;
    while (well() && !done()) {
      if (world_.now() >= end || world_.nothing_to_come()) return false;
      world_.step();
      ++events_;
      for (const auto& checker : checkers_) checker->stepped();
    }
    return well();
  }

  void storm() {
    const TimePoint end = world_.now() + scenario_.storm;
    run_until(scenario_.storm + 1h, [this, end] { return world_.now() >= end || only_bad_ones_left(); });
    world_.stop_agents();
  }

  /// No packet comes any more, and those that are not settled fail everywhere: they would be
  /// tried, and fail, until the end of the storm, for nothing shows that it is their fault.
  bool only_bad_ones_left() const {
    constexpr std::uint64_t seldom = 64;  // events
    const auto& histories = world_.trace().histories();
    if (events_ % seldom != 0 || histories.size() < scenario_.agents.front().until_packets) return false;
    return std::ranges::all_of(
        histories, [](const PacketHistory& history) { return history.settled() || history.trait.is_bad_everywhere(); });
  }

  void heal();
  void compare_shares();
  void shut_down();

  /// Of one analyzer, in messages.
  struct Standing {
    double share;  ///< 0…1
    double owed;
    double charged;
  };
  std::vector<Standing> standings() const;
  static double largest_share(const std::vector<Standing>& standings) {
    double largest = 0;
    for (const Standing& each : standings) largest = std::max(largest, each.share);
    return std::min(largest, 0.99);
  }
  static double smallest_share(const std::vector<Standing>& standings) {
    double smallest = 1;
    for (const Standing& each : standings) smallest = each.share > 0 ? std::min(smallest, each.share) : smallest;
    return smallest;
  }
  double feed(double messages);

  bool everything_settled() const {
    const ledger::Terms& terms = world_.trace().terms();
    return terms.queued.packets + terms.waiting.packets + terms.in_flight.packets == 0 && world_.quiet();
  }
  bool everyone_healthy() const {
    const auto views = world_.views();
    return std::all_of(views.begin(), views.end(), [](const auto& view) {
      return view.removed || (view.state == health::State::healthy && view.in_service);
    });
  }
  Duration longest_pause() const;
  Duration longest_recovery() const;
  Duration longest_settling() const;
  std::string report() const;

  const Scenario scenario_;
  Findings findings_;
  World world_;
  Checkers checkers_;
  std::uint64_t events_ = 0;
};

/// That one of the analyzers may have asked for.
Duration Life::longest_pause() const {
  Duration longest{};
  const auto look = [&](const AnalyzerPlan& plan) {
    for (const Spell& spell : plan.spells) {
      if (spell.fault_mode == FaultMode::overloaded) longest = std::max<Duration>(longest, 3s);
      if (spell.fault_mode == FaultMode::throttling) longest = retry::max_pause;
    }
  };
  for (const AnalyzerPlan& plan : scenario_.analyzers) look(plan);
  for (const Change& change : scenario_.changes) look(change.plan);
  return longest;
}

/// Once nothing bad is under way: a back-off and a pause may just have begun, then
/// each analyzer needs a probe and a packet, which may wait with all the others.
Duration Life::longest_recovery() const {
  const auto& health = scenario_.balancer.health;
  const Duration tests = 2 * health.backoff_max + health.interval;
  const auto& outlier = scenario_.balancer.outlier;
  const Duration ejection = outlier.enabled ? Duration(5min) + outlier.interval : Duration(0);
  return tests + ejection + longest_pause() + longest_settling();
}

/// Once all analyzers are Healthy: attempts and waits between rounds may just have
/// begun, and the packets that are left go through the ramp.
Duration Life::longest_settling() const {
  const Duration waits = scenario_.caller_runs_timeout + 2 * scenario_.retry.max;
  const auto backlog = static_cast<Duration::rep>(world_.trace().held_packets()) * Duration(20ms);
  return scenario_.delivery_timeout + waits + backlog + 1s;
}

void Life::heal() {
  if (!well()) return;
  world_.heal_analyzers();
  world_.start_feeding(scenario_.messages_max);
  // What was under way then still ends as it would have.
  run_until(1s + scenario_.delivery_timeout + scenario_.probe_timeout + 2 * lateness_max, [] { return false; });
  if (!run_until(longest_recovery(), [this] { return everyone_healthy(); }) && well()) {
    fault("healing",
          fmt::format("not all analyzers are Healthy {:.0f} s after the last trouble", to_seconds(longest_recovery())));
  }
  world_.stop_feeding();
  if (!run_until(longest_settling(), [this] { return everything_settled(); }) && well()) {
    fault("healing", "the queue does not drain although all analyzers are Healthy");
  }
  if (well()) compare_shares();
}

/// From here on nobody is full and nothing fails. Over this time each analyzer
/// gets its share within two packets, once those that are ahead have been waited
/// for; where that would take too long, nobody falls back by more than what is
/// owed to all together, nor gets further ahead.
void Life::compare_shares() {
  // With a balance for each set of analyzers that takes the same formats the accounts are sums: `formats` judges those.
  if (scenario_.mixed) {
    feed(4.0 * scenario_.messages_max * static_cast<double>(world_.views().size()));
    return;
  }
  const std::vector<Standing> before = standings();
  double owed = 0;
  double wait = 0;  // messages until the last one that is ahead is due again
  for (const Standing& standing : before) {
    owed += std::max(0.0, standing.owed);
    if (standing.owed < 0) wait = std::max(wait, -standing.owed / standing.share);
  }
  const double packets = static_cast<double>(scenario_.messages_max) * static_cast<double>(before.size());
  // Catch-up is a part of the traffic only. Up to a packet of each is made up for in the
  // ordinary course, and one alone may be ahead by all of that.
  const double rate = (10.0 * scenario_.balancer.balance.catch_up_share_ppm / 1e6 - 1) / 9;
  const double catch_up = std::max(wait, owed / (1 - largest_share(before))) * (1 + rate) / rate;
  const double round = (packets + 3.0 * scenario_.messages_max) / smallest_share(before);
  const bool repaid = wait + catch_up + round < 600.0 * scenario_.messages_max;
  const double total = feed((repaid ? wait + catch_up + round : 0) + 4 * packets);
  if (!well()) return;

  const double packet = 2.0 * world_.trace().largest_sent() + 1e-3;  // the last arrears are within one
  const std::vector<Standing> after = standings();
  for (AnalyzerId id = 0; id < before.size(); ++id) {
    const double given = after[id].charged - before[id].charged;
    const double off = before[id].owed + total * before[id].share - given;
    if (off > packet + (repaid ? 0 : owed) || off < -packet + (repaid ? 0 : std::min(before[id].owed, 0.0))) {
      fault("shares", fmt::format("analyzer {} got {} of {} messages; its share is {:.1f}, it was owed {:.1f}", id,
                                  given, total, total * before[id].share, before[id].owed));
    }
  }
}

std::vector<Life::Standing> Life::standings() const {
  std::vector<Standing> standings;
  double weight = 0;
  const auto views = world_.views();
  const auto weight_of = [&](AnalyzerId id) {
    return views[id].removed ? 0 : static_cast<double>(world_.weight_units(id));
  };
  for (AnalyzerId id = 0; id < views.size(); ++id) weight += weight_of(id);
  for (AnalyzerId id = 0; id < views.size(); ++id) {
    const auto charged = static_cast<double>(world_.trace().of(id).charged_messages);
    standings.push_back({weight_of(id) / weight, views[id].account.deficit, charged});
  }
  return standings;
}

/// Sends `messages` or some more, and says how many it were.
double Life::feed(double messages) {
  const auto fed = [this, before = world_.trace().terms().admitted.messages] {
    return static_cast<double>(world_.trace().terms().admitted.messages - before);
  };
  world_.start_feeding(scenario_.messages_max);
  const bool taken = run_until(1h, [&fed, messages] { return fed() >= messages; });
  world_.stop_feeding();
  const bool settled = run_until(10s, [this] { return everything_settled(); });
  if (well() && !(taken && settled)) {
    fault("shares",
          fmt::format("of {} messages fed while all is well {} were taken, and not all are settled", messages, fed()));
  }
  return fed();
}

void Life::shut_down() {
  if (!well()) return;
  world_.begin_drain();
  const Duration grace = scenario_.ends_in_storm ? scenario_.grace : 10s;
  if (!run_until(grace, [this] { return world_.idle() && world_.quiet(); }) && well()) {
    if (!scenario_.ends_in_storm) fault("shutdown", "the drain does not end although all analyzers are Healthy");
    world_.give_up();
    run_until(1s, [this] { return world_.quiet(); });
  }
  // Agents that were still sending have noticed: one after the other, where bodies wait for room.
  run_until(100ms * (1 + scenario_.agents.size()), [] { return false; });
  run_until(4s * (1 + scenario_.agents.size()), [this] { return world_.bodies().held_bytes() == 0; });
  if (!well()) return;
  if (world_.giving_up()) world_.write_letters();
  for (const auto& checker : checkers_) checker->shut_down();
}

std::string Life::report() const {
  std::string text =
      fmt::format("seed {} fails after {} events, {} packets: scripts/simulate --first {} --seeds 1\n{}",
                  scenario_.seed, events_, world_.trace().histories().size(), scenario_.seed, describe(scenario_));
  text += "found:\n";
  for (const Finding& finding : findings_) text += fmt::format("  {}: {}\n", finding.checker, finding.text);
  text += "the last events:\n";
  for (const std::string& line : world_.journal().lines()) text += "  " + line + '\n';
  return text;
}

}  // namespace

Verdict simulate(std::uint64_t seed, const std::string& only) { return Life(draw_scenario(seed), only).live(); }

}  // namespace logdist::sim
