// One costly request after the other.
#pragma once

#include <algorithm>
#include <optional>
#include <utility>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/intrusive/list.hpp>

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

  /// None: cancel() was called for `who` meanwhile.
  boost::asio::awaitable<std::optional<Turn>> take(const void* who) {
    if (std::exchange(taken_, true)) {
      Waiting waiting(loop_, who);
      waiting_.push_back(waiting);
      co_await waiting.over.async_wait(net::as_tuple);  // which is cancelled
      if (!waiting.granted) co_return std::nullopt;
    }
    co_return Turn(*this);
  }

  /// `who` waits no longer, if it does.
  void cancel(const void* who) {
    const auto found =
        std::find_if(waiting_.begin(), waiting_.end(), [who](const Waiting& waiting) { return waiting.who == who; });
    if (found == waiting_.end()) return;
    found->over.cancel();
    waiting_.erase(found);
  }

 private:
  using Hook = boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

  /// In the frame of who waits, and gone from the line with it: a loop may end with all its frames.
  struct Waiting : Hook {
    Waiting(const boost::asio::any_io_executor& loop, const void* its_who)
        : who(its_who), over(loop, boost::asio::steady_timer::time_point::max()) {}

    const void* who;
    boost::asio::steady_timer over;
    bool granted = false;
  };

  void pass_on() {
    if (waiting_.empty()) {
      taken_ = false;
      return;
    }
    Waiting& next = waiting_.front();
    waiting_.pop_front();
    next.granted = true;
    boost::asio::post(loop_, [&next] { next.over.cancel(); });
  }

  const boost::asio::any_io_executor loop_;
  boost::intrusive::list<Waiting, boost::intrusive::base_hook<Hook>, boost::intrusive::constant_time_size<false>>
      waiting_;
  bool taken_ = false;
};

}  // namespace logdist::admin
