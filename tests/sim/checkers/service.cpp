// service: a Failed analyzer gets nothing, nor does one that was removed or drained; one in Testing its probe and, when
// that has passed, one packet; a paused one nothing before its time is over.
#include <map>
#include <set>
#include <utility>

#include "logdist/delivery/classify.hpp"
#include "tests/sim/checker.hpp"

namespace logdist::sim {
namespace {

class Service final : public Checker {
 public:
  using Checker::Checker;

  void sent(const Story& story, const delivery::Attempt& attempt) override {
    const dispatch::AnalyzerView view = world_.views()[attempt.analyzer];
    if (view.removed) complain("packet {} is sent to analyzer {}, which was removed", story.serial, attempt.analyzer);
    if (view.drained) complain("packet {} is sent to analyzer {}, which is drained", story.serial, attempt.analyzer);
    if (view.state == health::State::failed) {
      complain("packet {} is sent to analyzer {}, which has failed", story.serial, attempt.analyzer);
    }
    if (world_.now() < paused_until_[attempt.analyzer]) {
      complain("packet {} is sent to analyzer {}, which asked for a pause", story.serial, attempt.analyzer);
    }
    if (view.state != health::State::testing) return;
    const Stay stay{attempt.analyzer, attempt.health_epoch};
    if (!trials_.emplace(stay, story.serial).second) {
      complain("packet {} is sent to analyzer {}, which is being tested with packet {}", story.serial, attempt.analyzer,
               trials_[stay]);
    }
    if (world_.scenario().scheduler.health.probing && !passed_.contains(stay)) {
      complain("packet {} is sent to analyzer {} in Testing, whose probe has not passed", story.serial,
               attempt.analyzer);
    }
  }

  void result_seen(const Story& story, const delivery::AttemptResult& result) override {
    std::erase_if(trials_, [&story](const auto& trial) { return trial.second == story.serial; });
    if (result.outcome != Outcome::paused || !result.pause) return;
    if (*result.pause > delivery::max_pause) complain("analyzer {} is heard beyond the longest pause", story.analyzer);
    TimePoint& until = paused_until_[story.analyzer];
    until = std::max(until, world_.now() + *result.pause);
  }

  void probe_begun(AnalyzerId analyzer, health::Epoch epoch) override {
    if (world_.views()[analyzer].removed) complain("analyzer {} is probed, but was removed", analyzer);
    if (world_.views()[analyzer].state == health::State::failed)
      complain("analyzer {} is probed while Failed", analyzer);
    if (!probes_.insert({analyzer, epoch}).second) complain("analyzer {} has two probes under way", analyzer);
  }

  void probe_ended(AnalyzerId analyzer, health::Epoch epoch, health::ProbeResult result) override {
    probes_.erase({analyzer, epoch});
    if (result != health::ProbeResult::failed) passed_.insert({analyzer, epoch});
  }

 private:
  using Stay = std::pair<AnalyzerId, health::Epoch>;  ///< of an analyzer in one state

  std::map<Stay, std::uint64_t> trials_;  ///< under way, and with which packet
  std::set<Stay> probes_;                 ///< under way
  std::set<Stay> passed_;
  std::map<AnalyzerId, TimePoint> paused_until_;
};

}  // namespace

std::unique_ptr<Checker> make_service(const World& world, Findings& findings) {
  return std::make_unique<Service>("service", world, findings);
}

}  // namespace logdist::sim
