#include "sink/http/pipeline_depth.hpp"

#include <algorithm>

namespace logdist::sink {

bool PipelineDepth::on_answer(bool keep_alive, std::uint64_t nth, TimePoint now) {
  rise();
  if (distrusted_until_ != never) {
    if (now < distrusted_until_) return false;
    distrusted_until_ = never;
  }
  if (keep_alive && nth > 1) {
    persistent_ = true;
    quick_closes_ = 0;
  }
  if (!keep_alive && nth == 1) {
    persistent_ = false;
    // It says so itself: as soon as it says otherwise it may be believed.
    answers_since_trial_ = answers_between_trials;
  }
  if (!keep_alive || persistent_) return keep_alive;
  if (++answers_since_trial_ <= answers_between_trials) return false;
  answers_since_trial_ = 0;
  return true;
}

void PipelineDepth::rise() {
  if (!broken_before_ || ++clean_answers_ < answers_to_rise_) return;
  clean_answers_ = 0;
  if (ceiling_ < pipeline_) {
    ceiling_ = std::min(ceiling_ * 2, pipeline_);
  } else {
    broken_before_ = false;  // as long at full depth without a break: forgiven
    answers_to_rise_ = answers_to_rise_min;
  }
}

void PipelineDepth::on_break(bool pipelined) {
  clean_answers_ = 0;
  if (!pipelined) return;
  if (broken_before_) answers_to_rise_ = std::min(answers_to_rise_ * 2, answers_to_rise_max);
  broken_before_ = true;
  ceiling_ = 1;
}

void PipelineDepth::on_quiet_close(std::uint64_t nth, Duration after, bool pipelined) {
  if (after > quick_close) return;  // it had been idle for long
  if (pipelined) on_break(true);
  if (nth != 1 || !persistent_) return;
  if (++quick_closes_ < quick_closes_to_distrust) return;
  persistent_ = false;
  answers_since_trial_ = 0;
}

}  // namespace logdist::sink
