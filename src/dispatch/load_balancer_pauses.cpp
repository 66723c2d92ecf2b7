// Pauses that analyzers ask for, and whose word is how much worth. An analyzer that wants to be left alone is; but one
// packet that is answered so wherever it comes must not stop everything: it may be the packet that they mean.
#include <algorithm>

#include "dispatch/load_balancer_state.hpp"

namespace logdist::dispatch {

std::uint64_t LoadBalancer::State::pause(AnalyzerId id, const core::AttemptResult& result,
                                         std::span<const retry::AskedPause> before, TimePoint now) {
  Analyzer& analyzer = analyzers[id];
  bool is_doubtful = false;
  const retry::AskedPause* here = nullptr;
  for (const retry::AskedPause& asked : before) {
    if (asked.analyzer == id) {
      here = &asked;
    } else {
      is_doubtful = true;
      doubt(asked, now);
    }
  }
  // It has been left alone for this packet's sake, and has taken others since: it is the packet, unless
  // one after the other is answered so.
  const bool takes_others = here != nullptr && analyzer.delivered > here->taken;
  if (is_doubtful && takes_others && ++analyzer.unheard_pauses < options.health.failure_threshold) return here->serial;
  // What was under way when the first 429 came says nothing new.
  const bool is_paused = analyzer.paused_until > now;
  // Who asks for no time at all, or for one that is over, would be asked first for each packet.
  const bool is_named = result.pause && *result.pause > Duration::zero();
  if (!is_named && is_paused) return analyzer.last_pause;
  Duration length = is_named ? *result.pause : options.pause.wait(analyzer.unnamed_pauses++, random);
  if (is_doubtful) length = std::min(length, options.health.interval);
  if (!is_paused) {
    PauseNotice& unseen = analyzer.unseen_pauses;
    unseen = {0, unseen.pauses + 1, result.status, length};
    analyzer.pauses.clear();
  }
  analyzer.pauses.push_back({++analyzer.last_pause, now, now + length});
  analyzer.paused_until = std::max(analyzer.paused_until, now + length);
  control_due = true;
  return analyzer.last_pause;
}

void LoadBalancer::State::doubt(const retry::AskedPause& asked, TimePoint now) {
  Analyzer& analyzer = analyzers[asked.analyzer];
  if (analyzer.removed || analyzer.paused_until <= now) return;
  const auto found = std::ranges::find(analyzer.pauses, asked.serial, &Pause::serial);
  if (found == analyzer.pauses.end()) return;
  found->until = std::min(found->until, found->begun + options.health.interval);
  analyzer.paused_until = std::ranges::max_element(analyzer.pauses, {}, &Pause::until)->until;
  refresh(asked.analyzer, now);
  control_due = true;
}

}  // namespace logdist::dispatch
