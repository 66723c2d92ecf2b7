// One costly request after the other.
#pragma once

#include <deque>
#include <utility>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "logdist/net/as_tuple.hpp"

namespace logdist::admin {

/// Lets one request at a time be worked on, in the order in which they came. Between two of them everything else that
/// is ready goes first, so that hundreds of scrapes do not delay a liveness probe by more than one of them. Confined to
/// its loop, which it does not outlive; its turns do not outlive it.
class CostlyTurns {
 public:
  /// Gives itself back when destroyed.
  class Turn {
   public:
    Turn(Turn&& other) noexcept : turns_(std::exchange(other.turns_, nullptr)) {}
    Turn& operator=(Turn&& other) noexcept {
      std::swap(turns_, other.turns_);
      return *this;
    }
    ~Turn() {
      if (turns_ != nullptr) turns_->pass_on();
    }

   private:
    friend class CostlyTurns;
    explicit Turn(CostlyTurns& turns) : turns_(&turns) {}
    CostlyTurns* turns_;
  };

  explicit CostlyTurns(const boost::asio::any_io_executor& loop) : loop_(loop) {}

  boost::asio::awaitable<Turn> take() {
    if (std::exchange(taken_, true)) {
      boost::asio::steady_timer arrived(loop_, boost::asio::steady_timer::time_point::max());
      waiting_.push_back(&arrived);
      co_await arrived.async_wait(net::as_tuple);  // cancelled when it is its turn
    }
    co_return Turn(*this);
  }

 private:
  void pass_on() {
    if (waiting_.empty()) {
      taken_ = false;
      return;
    }
    boost::asio::steady_timer* const next = waiting_.front();
    waiting_.pop_front();
    boost::asio::post(loop_, [next] { next->cancel(); });
  }

  const boost::asio::any_io_executor loop_;
  std::deque<boost::asio::steady_timer*> waiting_;
  bool taken_ = false;
};

}  // namespace logdist::admin
