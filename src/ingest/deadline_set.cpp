#include "logdist/ingest/deadline_set.hpp"

#include "logdist/base/check.hpp"

namespace logdist::ingest {
namespace {

/// The next point of the grid of `precision`: deadlines close together share one
/// shot of the timer.
TimePoint round_up(TimePoint at) {
  const Duration since_epoch = at.time_since_epoch();
  const Duration past = since_epoch % DeadlineSet::precision;
  return past == Duration::zero() ? at : at + (DeadlineSet::precision - past);
}

}  // namespace

DeadlineSet::DeadlineSet(boost::asio::io_context& loop) : timer_(loop.get_executor()) {}

DeadlineSet::~DeadlineSet() { LOGDIST_CHECK(filed_.empty()); }

void DeadlineSet::remove(Deadline& deadline) {
  if (deadline.filed_at_ != never) filed_.erase(filed_.iterator_to(deadline));
  deadline.at_ = deadline.filed_at_ = never;
}

void DeadlineSet::file(Deadline& deadline) {
  if (deadline.filed_at_ != never) filed_.erase(filed_.iterator_to(deadline));
  deadline.filed_at_ = deadline.at_;
  filed_.insert(deadline);
  if (deadline.filed_at_ < armed_for_) arm();
}

void DeadlineSet::arm() {
  const TimePoint due = filed_.empty() ? never : round_up(filed_.begin()->filed_at_);
  if (due >= armed_for_) return;
  armed_for_ = due;
  timer_.expires_at(due);
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) fire(Clock::now());
  });
}

void DeadlineSet::fire(TimePoint now) {
  while (!filed_.empty() && filed_.begin()->filed_at_ <= now) {
    Deadline& deadline = *filed_.begin();
    filed_.erase(filed_.begin());
    deadline.filed_at_ = never;
    if (deadline.at_ <= now) {
      deadline.at_ = never;
      deadline.expired(now);
    } else if (deadline.at_ != never) {
      deadline.filed_at_ = deadline.at_;
      filed_.insert(deadline);
    }
  }
  armed_for_ = never;
  arm();
}

}  // namespace logdist::ingest
