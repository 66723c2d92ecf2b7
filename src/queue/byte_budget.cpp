#include "logdist/queue/byte_budget.hpp"

#include <algorithm>
#include <utility>

#include "logdist/base/check.hpp"

namespace logdist::queue {

ByteBudget::Claim::~Claim() { LOGDIST_CHECK(held_bytes_ == 0 && !growing_); }

ByteBudget::ByteBudget(std::size_t max_bytes) : max_bytes_(max_bytes) { LOGDIST_CHECK(max_bytes < waiters_bit); }

ByteBudget::~ByteBudget() { LOGDIST_CHECK(waiting_.empty() && growing_.empty()); }

bool ByteBudget::reserve(Claim& claim, std::size_t bytes) {
  LOGDIST_CHECK(claim.held_bytes_ == 0);
  if (try_take(bytes)) {
    claim.held_bytes_ = bytes;
    return true;
  }
  const std::lock_guard lock(mutex_);
  wait_locked(claim, bytes);
  return !claim.waiting_;
}

bool ByteBudget::grow(Claim& claim, std::size_t total_bytes) {
  LOGDIST_CHECK(total_bytes > claim.held_bytes_);
  const std::size_t step = total_bytes - claim.held_bytes_;
  if (claim.growing_ && try_take(step)) {
    claim.held_bytes_ = total_bytes;
    return true;
  }
  const std::lock_guard lock(mutex_);
  claim.growing_ = true;
  wait_locked(claim, step);
  return !claim.waiting_;
}

void ByteBudget::end_growth(Claim& claim, std::size_t total_bytes) {
  LOGDIST_CHECK(claim.growing_ && total_bytes <= claim.held_bytes_);
  const std::lock_guard lock(mutex_);
  if (claim.held_bytes_ != 0) growing_.erase(growing_.iterator_to(claim));
  claim.growing_ = false;
  const std::size_t surplus = claim.held_bytes_ - total_bytes;
  claim.held_bytes_ = total_bytes;
  give_back_locked(surplus);
}

bool ByteBudget::release(Claim& claim) {
  if (claim.ticket_ == 0) {  // never waited, never grew: nobody else knows it
    if (claim.held_bytes_ != 0) give_back(claim.held_bytes_);
    claim.held_bytes_ = 0;
    return false;
  }
  const std::lock_guard lock(mutex_);
  const bool was_waiting = claim.waiting_;
  if (was_waiting) waiting_.erase(waiting_.iterator_to(claim));
  if (claim.growing_ && claim.held_bytes_ != 0) growing_.erase(growing_.iterator_to(claim));
  if (beyond_ == &claim) beyond_ = nullptr;
  const std::size_t held = claim.held_bytes_;
  claim.waiting_ = claim.growing_ = false;
  claim.held_bytes_ = claim.wanted_bytes_ = 0;
  claim.ticket_ = 0;
  give_back_locked(held);
  return was_waiting;
}

bool ByteBudget::try_take(std::size_t bytes) {
  std::uint64_t word = word_.load(std::memory_order_relaxed);
  for (;;) {
    if ((word & waiters_bit) != 0 || !fits(word, bytes)) return false;
    if (word_.compare_exchange_weak(word, word + bytes, std::memory_order_relaxed)) return true;
  }
}

void ByteBudget::give_back(std::size_t bytes) {
  const std::uint64_t before = word_.fetch_sub(bytes, std::memory_order_relaxed);
  if ((before & waiters_bit) == 0) return;
  const std::lock_guard lock(mutex_);
  serve_locked(nullptr);
}

void ByteBudget::give_back_locked(std::size_t bytes) {
  word_.fetch_sub(bytes, std::memory_order_relaxed);
  serve_locked(nullptr);
}

/// Puts the claim in line and serves the line, which may serve it at once: the
/// room may have come between the caller's try and the lock.
void ByteBudget::wait_locked(Claim& claim, std::size_t bytes) {
  if (claim.ticket_ == 0) claim.ticket_ = ++last_ticket_;
  claim.wanted_bytes_ = bytes;
  claim.waiting_ = true;
  // From the front: who waits again is older than all who wait for the first time.
  const auto younger = claim.ticket_ == last_ticket_
                           ? waiting_.end()
                           : std::find_if(waiting_.begin(), waiting_.end(),
                                          [&](const Claim& other) { return other.ticket_ > claim.ticket_; });
  waiting_.insert(younger, claim);
  word_.fetch_or(waiters_bit, std::memory_order_relaxed);
  serve_locked(&claim);
}

void ByteBudget::serve_locked(const Claim* newcomer) {
  if (held_bytes() <= max_bytes_) beyond_ = nullptr;
  if (!growing_.empty() && growing_.front().waiting_ && (beyond_ == nullptr || beyond_ == &growing_.front())) {
    Claim& oldest = growing_.front();
    if (!fits(held_bytes(), oldest.wanted_bytes_)) beyond_ = &oldest;
    grant_locked(oldest, newcomer);
  }
  while (!waiting_.empty() && fits(held_bytes(), waiting_.front().wanted_bytes_))
    grant_locked(waiting_.front(), newcomer);
  if (waiting_.empty()) word_.fetch_and(~waiters_bit, std::memory_order_relaxed);
}

/// A newcomer learns it from the return of its own call.
void ByteBudget::grant_locked(Claim& claim, const Claim* newcomer) {
  waiting_.erase(waiting_.iterator_to(claim));
  claim.waiting_ = false;
  if (claim.growing_ && claim.held_bytes_ == 0) growing_.push_back(claim);
  word_.fetch_add(claim.wanted_bytes_, std::memory_order_relaxed);
  claim.held_bytes_ += std::exchange(claim.wanted_bytes_, 0);
  if (&claim != newcomer) claim.granted();
}

bool ByteBudget::fits(std::uint64_t held, std::size_t bytes) const {
  return held == 0 || (bytes <= max_bytes_ && held <= max_bytes_ - bytes);
}

}  // namespace logdist::queue
