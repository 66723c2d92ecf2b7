#include "logdist/net/poller.hpp"

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include <boost/asio/post.hpp>

#include "logdist/base/check.hpp"

namespace logdist::net {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr std::uint32_t interest = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;

int make_epoll() {
  const int descriptor = ::epoll_create1(EPOLL_CLOEXEC);
  if (descriptor < 0) throw std::system_error(errno, std::system_category(), "epoll_create1");
  return descriptor;
}

Readiness readiness_of(std::uint32_t events) {
  const bool broken = (events & (EPOLLHUP | EPOLLERR)) != 0;
  const bool closed = broken || (events & EPOLLRDHUP) != 0;
  return {closed || (events & EPOLLIN) != 0, broken || (events & EPOLLOUT) != 0, closed, broken};
}

void forget(std::vector<Watcher*>& watchers, const Watcher& watcher) {
  std::replace(watchers.begin(), watchers.end(), const_cast<Watcher*>(&watcher), static_cast<Watcher*>(nullptr));
}

}  // namespace

asio::execution_context::id Poller::id;

Poller& Poller::of(asio::io_context& io) { return asio::use_service<Poller>(io); }

Poller::Poller(asio::execution_context& context)
    : service(context), io_(static_cast<asio::io_context&>(context)), epoll_(io_.get_executor(), make_epoll()) {}

void Poller::shutdown() {
  error_code ignored;
  epoll_.close(ignored);
}

error_code Poller::add(int socket, Watcher& watcher) {
  epoll_event event{};
  event.events = interest;
  event.data.ptr = &watcher;
  if (::epoll_ctl(epoll_.native_handle(), EPOLL_CTL_ADD, socket, &event) != 0) {
    return {errno, boost::system::system_category()};
  }
  if (watched_++ == 0) wait();
  return {};
}

void Poller::remove(int socket, Watcher& watcher) {
  if (::epoll_ctl(epoll_.native_handle(), EPOLL_CTL_DEL, socket, nullptr) != 0) return;  // was not added
  for (std::size_t index = 0; index < ready_count_; ++index) {
    if (ready_[index].data.ptr == &watcher) ready_[index].data.ptr = nullptr;
  }
  if (watcher.requeued_) {
    forget(requeued_, watcher);
    forget(telling_again_, watcher);
  }
  // An empty poller is no work that would keep the loop running.
  if (--watched_ > 0 || !waiting_) return;
  error_code ignored;
  epoll_.cancel(ignored);
}

void Poller::requeue(Watcher& watcher) {
  if (std::exchange(watcher.requeued_, true)) return;
  requeued_.push_back(&watcher);
  if (in_round_) return;
  if (!running_ && !posted_) last_poll_time_ = Clock::now();
  post_rounds();
}

void Poller::wait() {
  if (std::exchange(waiting_, true)) return;
  epoll_.async_wait(asio::posix::descriptor_base::wait_read, [this](const error_code& error) {
    waiting_ = false;
    if (!error) {
      last_poll_time_ = Clock::now();  // what wakes us has only just come
      return run_rounds();
    }
    if (error == asio::error::operation_aborted && epoll_.is_open() && watched_ > 0) wait();
  });
}

void Poller::post_rounds() {
  if (std::exchange(posted_, true)) return;
  asio::post(io_, [this] {
    posted_ = false;
    if (epoll_.is_open()) run_rounds();
  });
}

void Poller::run_rounds() {
  LOGDIST_CHECK(!in_round_);
  running_ = true;
  in_round_ = true;
  bool more = true;
  for (int rounds = 0; more && rounds < max_rounds; ++rounds) {
    more = round() > few_events || !requeued_.empty();
  }
  in_round_ = false;  // nothing comes between any more: what this gives rise to is posted
  mid_round_hook();
  running_ = false;
  if (more || !requeued_.empty()) return post_rounds();
  if (watched_ > 0) wait();
}

/// How many were told.
std::size_t Poller::round() {
  ++rounds_;
  telling_again_.swap(requeued_);
  const TimePoint looked = Clock::now();
  const int count = ::epoll_wait(epoll_.native_handle(), ready_.data(), max_events, 0);
  ready_count_ = count > 0 ? static_cast<std::size_t>(count) : 0;
  const std::size_t told = ready_count_ + telling_again_.size();
  for (const Watcher::Side side : {Watcher::Side::ingress, Watcher::Side::egress}) {
    if (side == Watcher::Side::egress) mid_round_hook();
    tell(side);
  }
  ready_count_ = 0;
  telling_again_.clear();
  last_poll_time_ = looked;
  return told;
}

void Poller::tell(Watcher::Side side) {
  for (Watcher*& watcher : telling_again_) {
    if (watcher == nullptr || watcher->side_ != side) continue;
    watcher->requeued_ = false;
    std::exchange(watcher, nullptr)->ready({});
  }
  for (std::size_t index = 0; index < ready_count_; ++index) {
    epoll_event& event = ready_[index];
    Watcher* const watcher = static_cast<Watcher*>(event.data.ptr);
    if (watcher == nullptr || watcher->side_ != side) continue;
    event.data.ptr = nullptr;
    watcher->ready(readiness_of(event.events));
  }
}

void Poller::mid_round_hook() const {
  if (mid_round_hook_) mid_round_hook_();
}

}  // namespace logdist::net
