#include "admin/status_feed.hpp"

#include <algorithm>
#include <utility>

#include <boost/asio/post.hpp>

#include "admin/status.hpp"

namespace logdist::admin {

namespace asio = boost::asio;

StatusFeed::StatusFeed(asio::any_io_executor loop, std::shared_ptr<const Sources> sources, const Limits& limits)
    : loop_(std::move(loop)), sources_(std::move(sources)), limits_(limits), timer_(loop_) {}

bool StatusFeed::join(Watcher& watcher) {
  if (watchers_.size() >= limits_.event_streams) return false;
  if (watchers_.empty()) {
    sources_->events->observe([weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->tell();
    });
  }
  watchers_.push_back(&watcher);
  if (!std::exchange(ticking_, true)) tick();
  return true;
}

void StatusFeed::leave(Watcher& watcher) {
  std::erase(watchers_, &watcher);
  if (watchers_.empty()) sources_->events->observe({});
}

void StatusFeed::stop() {
  stopped_ = true;
  timer_.cancel();
  tell();
}

void StatusFeed::tick() {
  if (watchers_.empty() || stopped_) {
    ticking_ = false;
    status_.reset();  // who comes later wants a newer one
    return;
  }
  ask();
  timer_.expires_after(limits_.status_interval);
  timer_.async_wait([weak = weak_from_this()](boost::system::error_code error) {
    const auto self = weak.lock();
    if (self && !error) self->tick();
  });
}

void StatusFeed::ask() {
  const TimePoint now = Clock::now();
  // A loop that does not answer is not asked over and over.
  if (asked_at_ && now < *asked_at_ + limits_.request_timeout) return;
  if (asked_at_) status_.reset();
  asked_at_ = now;
  sources_->request_scrape([weak = weak_from_this(), loop = loop_](telemetry::Scrape scrape) {
    asio::post(loop, [weak, scrape = std::move(scrape)] {
      if (const auto self = weak.lock()) self->take(scrape);
    });
  });
}

void StatusFeed::take(const telemetry::Scrape& scrape) {
  asked_at_.reset();
  if (!ticking_) return;
  status_ = std::make_shared<const std::string>(to_status_line(scrape, facts_of(*sources_)));
  ++status_number_;
  tell();
}

void StatusFeed::tell() {
  for (Watcher* watcher : watchers_) watcher->news();
}

}  // namespace logdist::admin
