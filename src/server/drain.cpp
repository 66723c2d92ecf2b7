#include "server/drain.hpp"

#include <algorithm>

#include <boost/asio/post.hpp>

#include "logdist/telemetry/log.hpp"

namespace logdist::server {
namespace {

/// How often the loops are asked whether they are through.
constexpr Duration look_interval = std::chrono::milliseconds(10);

/// A disk that has taken nothing for so long is not waited for.
constexpr Duration disk_wait = std::chrono::seconds(10);

}  // namespace

Drain::Drain(boost::asio::io_context& control, const std::vector<std::unique_ptr<Loop>>& loops,
             sink::DeadLetterFile& letters, storage::DiskStorage* storage, Duration grace,
             std::function<void()> settled, std::function<void(DrainResult)> done)
    : control_(control),
      loops_(loops),
      letters_(letters),
      storage_(storage),
      timer_(control),
      grace_ends_(Clock::now() + grace),
      settled_(std::move(settled)),
      done_(std::move(done)) {}

Drain::~Drain() {
  if (closer_.joinable()) closer_.join();
}

void Drain::start() {
  for (const auto& loop : loops_) {
    loop->post([](Loop& own) {
      own.sessions().begin_drain();
      own.dispatcher().begin_drain(Clock::now());
    });
  }
  look();
}

void Drain::look() {
  const auto sum = std::make_shared<Look>();
  sum->missing = loops_.size();
  for (const auto& loop : loops_) {
    loop->post([this, sum](Loop& own) {
      const bool settled = own.dispatcher().idle();
      const bool answered = own.sessions().busy_count() == 0;
      const bool has_attempts = own.dispatcher().has_attempts();
      const std::size_t given_up = own.dispatcher().given_up();
      boost::asio::post(control_, [this, sum, settled, answered, has_attempts, given_up] {
        sum->packets_settled = sum->packets_settled && settled;
        sum->answers_sent = sum->answers_sent && answered;
        sum->has_attempts = sum->has_attempts || has_attempts;
        sum->given_up += given_up;
        if (--sum->missing == 0) decide(*sum);
      });
    });
  }
}

void Drain::decide(const Look& look) {
  const bool timed_out = Clock::now() >= grace_ends_;
  const bool all_read = storage_ == nullptr || storage_->packets_on_disk_only() == 0;
  // A slow agent may keep its connection busy; it is given the grace, no more.
  if (look.packets_settled && (all_read || phase_ == Phase::giving_up) && (look.answers_sent || timed_out)) {
    return close_storage({look.given_up, {}, false, 0});
  }
  if (timed_out && phase_ == Phase::draining) {
    give_up();
  } else if (phase_ == Phase::giving_up && !look.has_attempts) {
    if (storage_ != nullptr) return close_storage({});
    phase_ = Phase::writing;
    return look_for_letters();
  }
  look_again();
}

void Drain::give_up() {
  phase_ = Phase::giving_up;
  // Of a second signal the log tells already.
  if (!hurried_) log::warn("shutdown_timeout", "shutdown.grace is over: giving up what is left");
  for (const auto& loop : loops_) {
    loop->post([](Loop& own) {
      const TimePoint now = Clock::now();
      own.dispatcher().give_up(now);
      own.upstream().shutdown(now);
    });
  }
}

void Drain::look_for_letters() {
  const auto missing = std::make_shared<std::size_t>(loops_.size());
  oldest_left_.assign(loops_.size(), never);
  for (LoopId id = 0; id < loops_.size(); ++id) {
    loops_[id]->post([this, id, missing](Loop& own) {
      boost::asio::post(control_, [this, id, missing, oldest = own.dispatcher().oldest_left()] {
        oldest_left_[id] = oldest;
        if (--*missing == 0) write_letters();
      });
    });
  }
}

/// One step: the loop with the oldest packet, up to the next oldest of the others.
void Drain::write_letters() {
  const auto first = std::min_element(oldest_left_.begin(), oldest_left_.end());
  if (*first == never) return look();
  const auto id = static_cast<LoopId>(first - oldest_left_.begin());
  *first = never;
  const TimePoint until = *std::min_element(oldest_left_.begin(), oldest_left_.end());
  loops_[id]->post([this, id, until](Loop& own) {
    own.dispatcher().dead_letter_until(until);
    boost::asio::post(control_, [this, id, oldest = own.dispatcher().oldest_left()] {
      oldest_left_[id] = oldest;
      write_letters();
    });
  });
}

/// On a thread of its own, for it waits for the disk.
void Drain::close_storage(DrainResult result) {
  settled_();
  if (storage_ == nullptr) return bring_to_disk(std::move(result));
  result_ = std::move(result);
  phase_ = Phase::closing;
  closer_ = std::thread([this] {
    storage_->close();
    boost::asio::post(control_, [this] { storage_closed(); });
  });
  wait_for_storage();
}

void Drain::wait_for_storage() {
  timer_.expires_after(disk_wait);
  timer_.async_wait([this](boost::system::error_code error) {
    if (error || phase_ != Phase::closing) return;
    result_.queue_stuck = true;
    storage_closed();
  });
}

void Drain::storage_closed() {
  if (phase_ != Phase::closing) return;  // it was not waited for
  phase_ = Phase::closed;
  timer_.cancel();
  const telemetry::StorageFacts facts = storage_->facts();
  result_.packets_left = static_cast<std::size_t>(facts.packets);
  result_.kept_in = facts.directory;
  bring_to_disk(result_);
}

void Drain::bring_to_disk(DrainResult result) {
  letters_.flush([this, result] {
    boost::asio::post(control_, [this, result] {
      if (phase_ == Phase::written) return;  // it was not waited for
      phase_ = Phase::written;
      timer_.cancel();
      done_(result);
    });
  });
  wait_for_disk(result, letters_.progress());
}

void Drain::wait_for_disk(DrainResult result, std::uint64_t progress) {
  timer_.expires_after(disk_wait);
  timer_.async_wait([this, result, progress](boost::system::error_code error) {
    if (error || phase_ == Phase::written) return;
    if (letters_.progress() != progress) return wait_for_disk(result, letters_.progress());
    phase_ = Phase::written;
    DrainResult stuck = result;
    stuck.letters_lost = letters_.waiting();
    done_(stuck);
  });
}

void Drain::look_again() {
  timer_.expires_after(look_interval);
  timer_.async_wait([this](boost::system::error_code error) {
    if (!error) look();
  });
}

}  // namespace logdist::server
