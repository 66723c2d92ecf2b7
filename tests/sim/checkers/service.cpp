// service: a Failed analyzer gets nothing, nor does one that was removed or drained, nor any a format that it does not
// take; one in Testing its probe and, when
// that has passed, one packet; a paused one nothing before its time is over, be it the one that it named or, after a
// 429 that named none, the retry back-off; for a packet that another analyzer has answered so, too, no longer than
// health.interval, and not at all when it has taken others since it was asked before.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>
#include <set>
#include <utility>

#include "logdist/retry/classify.hpp"
#include "tests/sim/checker.hpp"

namespace logdist::sim {
namespace {

/// Of one answer: when it began, when it may and when it has to be over.
struct Wish {
  TimePoint begun{};
  TimePoint not_before{};
  TimePoint not_after{};
};

struct Pause {
  std::map<std::uint64_t, Wish> wishes;  ///< by serial
  std::uint64_t last_serial = 0;
  std::uint64_t taken = 0;    ///< packets
  std::uint32_t unnamed = 0;  ///< one after the other
  std::uint32_t unheard = 0;  ///< likewise

  TimePoint not_before() const { return latest(&Wish::not_before); }
  TimePoint not_after() const { return latest(&Wish::not_after); }
  TimePoint latest(TimePoint Wish::*end) const {
    TimePoint latest{};
    for (const auto& [serial, wish] : wishes) latest = std::max(latest, wish.*end);
    return latest;
  }
};

/// Of a packet, at one analyzer: its last pause, and what it had taken then.
struct Asked {
  std::uint64_t serial = 0;
  std::uint64_t taken = 0;
};

class Service final : public Checker {
 public:
  using Checker::Checker;

  void sent(const PacketHistory& history, const core::Attempt& attempt) override {
    const dispatch::AnalyzerView view = world_.views()[attempt.analyzer];
    if (!world_.takes(attempt.analyzer, history.format)) {
      complain("packet {} is sent to analyzer {}, which does not take {}", history.serial, attempt.analyzer,
               to_string(history.format));
    }
    if (view.removed) complain("packet {} is sent to analyzer {}, which was removed", history.serial, attempt.analyzer);
    if (world_.drained(attempt.analyzer))
      complain("packet {} is sent to analyzer {}, which is drained", history.serial, attempt.analyzer);
    if (view.state == health::State::failed) {
      complain("packet {} is sent to analyzer {}, which has failed", history.serial, attempt.analyzer);
    }
    if (world_.now() < pauses_[attempt.analyzer].not_before()) {
      complain("packet {} is sent to analyzer {}, which asked for a pause", history.serial, attempt.analyzer);
    }
    if (view.state != health::State::testing) return;
    const Stay stay{attempt.analyzer, attempt.health_epoch};
    if (!trials_.emplace(stay, history.serial).second) {
      complain("packet {} is sent to analyzer {}, which is being tested with packet {}", history.serial,
               attempt.analyzer, trials_[stay]);
    }
    const bool probing = world_.scenario().balancer.health.probing;
    if (probing && history.suspect()) {
      complain("analyzer {} is tested with packet {}, which has failed before", attempt.analyzer, history.serial);
    }
    // A probe that passed while it was Failed, with nobody in service, counts for the test that follows.
    const Stay failed{attempt.analyzer, attempt.health_epoch - 1};
    if (probing && !passed_.contains(stay) && !passed_.contains(failed)) {
      complain("packet {} is sent to analyzer {} in Testing, whose probe has not passed", history.serial,
               attempt.analyzer);
    }
  }

  void result_seen(const PacketHistory& history, const core::AttemptResult& result) override {
    std::erase_if(trials_, [&history](const auto& trial) { return trial.second == history.serial; });
    Pause& pause = pauses_[history.analyzer];
    if (result.outcome == Outcome::delivered) {
      pause.unnamed = pause.unheard = 0;
      ++pause.taken;
    }
    if (result.outcome == Outcome::paused) asked_for(pause, history, result);
  }

  void stepped() override {
    const std::vector<dispatch::AnalyzerView>& views = world_.views_after_event();
    for (AnalyzerId id = 0; id < views.size(); ++id) {
      const Pause& pause = pauses_[id];
      if (views[id].removed) continue;
      if (views[id].in_service &&
          (views[id].state != health::State::healthy || views[id].paused || world_.drained(id))) {
        complain("analyzer {} is said to be in service, and is {}{}{}", id, health::to_string(views[id].state),
                 views[id].paused ? ", paused" : "", world_.drained(id) ? ", drained" : "");
      }
      if (!views[id].paused && world_.now() < pause.not_before() - rounding) {
        complain("analyzer {} is not left alone, and ought to be for {:.3f} s more", id,
                 to_seconds(pause.not_before() - world_.now()));
      }
      if (views[id].paused && world_.now() > pause.not_after() + rounding) {
        complain("analyzer {} is left alone {:.3f} s too long", id, to_seconds(world_.now() - pause.not_after()));
      }
    }
  }

  void probe_begun(AnalyzerId analyzer, health::Epoch epoch) override {
    if (world_.views()[analyzer].removed) complain("analyzer {} is probed, but was removed", analyzer);
    const auto views = world_.views();
    if (views[analyzer].state == health::State::failed && !world_.all_out_for(analyzer, views))
      complain("analyzer {} is probed while Failed, and others are in service for all that it takes", analyzer);
    if (!probes_.insert({analyzer, epoch}).second) complain("analyzer {} has two probes under way", analyzer);
  }

  void probe_ended(AnalyzerId analyzer, health::Epoch epoch, health::ProbeResult result) override {
    probes_.erase({analyzer, epoch});
    if (result != health::ProbeResult::failed) passed_.insert({analyzer, epoch});
  }

 private:
  /// One packet's word counts for less when a second analyzer has answered it so.
  void asked_for(Pause& pause, const PacketHistory& history, const core::AttemptResult& result) {
    std::map<AnalyzerId, Asked>& asked = asked_[history.serial];
    const auto here = asked.find(history.analyzer);
    const bool again = here != asked.end();
    const bool takes_others = again && pause.taken > here->second.taken;
    const bool by_another = asked.size() > (again ? 1u : 0u);
    asked[history.analyzer].taken = pause.taken;
    for (const auto& [analyzer, at] : asked) {
      if (analyzer != history.analyzer) shorten(pauses_[analyzer], at.serial);
    }
    if (by_another && takes_others && ++pause.unheard < world_.scenario().balancer.health.failure_threshold) return;
    asked[history.analyzer].serial = begin_pause(pause, history, result, by_another);
  }

  /// Its serial.
  std::uint64_t begin_pause(Pause& pause, const PacketHistory& history, const core::AttemptResult& result,
                            bool doubtful) {
    const double most = doubtful ? to_seconds(world_.scenario().balancer.health.interval) : 1e9;
    if (!result.pause || *result.pause <= Duration(0)) {  // no time, or one that is over
      // What was under way when the first 429 came says nothing new.
      if (world_.now() < pause.not_before() || world_.views()[history.analyzer].paused) return pause.last_serial;
      const Backoff& promised = world_.scenario().balancer.pause;
      const double seconds = std::min(to_seconds(promised.initial) * std::pow(promised.multiplier, pause.unnamed++),
                                      to_seconds(promised.max));
      checked();
      return lengthen(pause, std::min(most, seconds * (1 - promised.jitter)),
                      std::min(most, seconds * (1 + promised.jitter)));
    }
    if (*result.pause > retry::max_pause) complain("analyzer {} is heard beyond the longest pause", history.analyzer);
    const double seconds = std::min(most, to_seconds(*result.pause));
    return lengthen(pause, seconds, seconds);
  }

  static constexpr Duration rounding = std::chrono::microseconds(1);

  std::uint64_t lengthen(Pause& pause, double least, double most) const {
    const auto after = [this](double seconds) {
      return world_.now() + std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
    };
    std::erase_if(pause.wishes, [this](const auto& entry) { return entry.second.not_after + rounding < world_.now(); });
    pause.wishes[++pause.last_serial] = {world_.now(), after(least), after(most)};
    return pause.last_serial;
  }

  void shorten(Pause& pause, std::uint64_t serial) const {
    const auto found = pause.wishes.find(serial);
    if (found == pause.wishes.end()) return;
    Wish& wish = found->second;
    const TimePoint latest = wish.begun + world_.scenario().balancer.health.interval;
    wish.not_before = std::min(wish.not_before, latest);
    wish.not_after = std::min(wish.not_after, latest);
  }

  using Stay = std::pair<AnalyzerId, health::Epoch>;  ///< of an analyzer in one state

  std::map<Stay, std::uint64_t> trials_;  ///< under way, and with which packet
  std::set<Stay> probes_;                 ///< under way
  std::set<Stay> passed_;
  std::map<AnalyzerId, Pause> pauses_;
  std::map<std::uint64_t, std::map<AnalyzerId, Asked>> asked_;  ///< by packet
};

}  // namespace

std::unique_ptr<Checker> make_service(const World& world, Findings& findings) {
  return std::make_unique<Service>("service", world, findings);
}

}  // namespace logdist::sim
