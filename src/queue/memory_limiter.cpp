#include "logdist/queue/memory_limiter.hpp"

#include <algorithm>
#include <utility>

#include "logdist/base/check.hpp"

namespace logdist::queue {
namespace {

/// What a body may hold before anything of it is here. Ten thousand of them, the usual
/// bound on connections, are a third of the usual budget.
constexpr std::size_t least_step = 4 * 1024;
/// The same of a body of unknown length, while there is plenty.
constexpr std::size_t unknown_step = 16 * 1024;

}  // namespace

MemoryLimiter::Reservation::~Reservation() { LOGDIST_CHECK(held_bytes_ == 0 && !growing_); }

MemoryLimiter::MemoryLimiter(std::size_t max_bytes, std::size_t small_body_max)
    : max_bytes_(max_bytes), small_body_max_(small_body_max) {
  LOGDIST_CHECK(max_bytes < waiters_bit);
}

MemoryLimiter::~MemoryLimiter() {
  for (const Line& line : lines_) LOGDIST_CHECK(line.turns.empty() && line.growing.empty());
}

std::size_t MemoryLimiter::step(std::size_t arrived_bytes, std::size_t length) const {
  const bool plenty = held_bytes() < max_bytes_ / 2;
  const std::size_t start = !plenty ? least_step : length == length_unknown ? unknown_step : small_body_max_;
  return std::min(std::max(2 * arrived_bytes, start), length);
}

bool MemoryLimiter::reserve(Reservation& reservation, std::size_t total_bytes, std::size_t length) {
  LOGDIST_CHECK(total_bytes > reservation.held_bytes_ || length == 0);
  const std::size_t bytes = total_bytes - reservation.held_bytes_;
  const bool large = std::max(total_bytes, length == length_unknown ? 0 : length) > small_body_max_;
  const bool last_step = total_bytes == length;
  // Nobody knows a reservation that is new and needs no more; one that grows is known as such.
  const bool known_alike = last_step ? reservation.ticket_ == 0 : reservation.growing_;
  // One that was large and has shrunk is still counted as such.
  if (!large && !reservation.in_large_line_ && known_alike && try_take(bytes)) {
    reservation.held_bytes_ = total_bytes;
    return true;
  }
  const MutexLock lock(mutex_);
  if (large && !reservation.in_large_line_) change_line_locked(reservation);
  reservation.last_step_ = last_step;
  wait_locked(reservation, bytes);
  return !reservation.waiting_;
}

void MemoryLimiter::end_growth(Reservation& reservation, std::size_t total_bytes) {
  LOGDIST_CHECK(reservation.growing_ && total_bytes <= reservation.held_bytes_);
  const MutexLock lock(mutex_);
  Growing& growing = line_of(reservation).growing;
  growing.erase(growing.iterator_to(reservation));
  reservation.growing_ = false;
  give_back_locked(reservation, reservation.held_bytes_ - total_bytes);
  reservation.held_bytes_ = total_bytes;
  serve_locked(nullptr);
}

bool MemoryLimiter::release(Reservation& reservation) {
  if (reservation.ticket_ == 0) {  // never took the lock: nobody else knows it
    if (reservation.held_bytes_ != 0) give_back(reservation.held_bytes_);
    reservation.held_bytes_ = 0;
    return false;
  }
  const MutexLock lock(mutex_);
  Line& line = line_of(reservation);
  const bool was_waiting = reservation.waiting_;
  if (was_waiting) leave(line, reservation, false);
  if (reservation.growing_) line.growing.erase(line.growing.iterator_to(reservation));
  for (Line& each : lines_) {
    if (each.beyond == &reservation) each.beyond = nullptr;
    if (each.above_share == &reservation) each.above_share = nullptr;
  }
  give_back_locked(reservation, reservation.held_bytes_);
  reservation.waiting_ = reservation.growing_ = reservation.in_large_line_ = reservation.counts_as_large_ = false;
  reservation.held_bytes_ = reservation.wanted_bytes_ = 0;
  reservation.ticket_ = 0;
  serve_locked(nullptr);
  return was_waiting;
}

bool MemoryLimiter::has_room(std::size_t bytes) const {
  const MutexLock lock(mutex_);
  return has_room_locked(bytes);
}

bool MemoryLimiter::try_hold(std::size_t bytes) {
  const MutexLock lock(mutex_);
  if (!has_room_locked(bytes)) return false;
  hold_locked(bytes);
  return true;
}

void MemoryLimiter::hold(std::size_t bytes) {
  const MutexLock lock(mutex_);
  hold_locked(bytes);
}

void MemoryLimiter::let_go(std::size_t bytes) {
  const MutexLock lock(mutex_);
  LOGDIST_CHECK(bytes <= large_held_);
  large_held_ -= bytes;
  word_.fetch_sub(bytes, std::memory_order_relaxed);
  serve_locked(nullptr);
}

bool MemoryLimiter::has_room_locked(std::size_t bytes) const {
  const std::uint64_t word = word_.load(std::memory_order_relaxed);
  return (word & waiters_bit) == 0 && fits_in_all(word, bytes) && (word == 0 || large_held_ + bytes <= large_max());
}

void MemoryLimiter::hold_locked(std::size_t bytes) {
  large_held_ += bytes;
  word_.fetch_add(bytes, std::memory_order_relaxed);
}

bool MemoryLimiter::try_take(std::size_t bytes) {
  std::uint64_t word = word_.load(std::memory_order_relaxed);
  for (;;) {
    if ((word & waiters_bit) != 0 || !fits_in_all(word, bytes)) return false;
    if (word_.compare_exchange_weak(word, word + bytes, std::memory_order_relaxed)) return true;
  }
}

void MemoryLimiter::give_back(std::size_t bytes) {
  const std::uint64_t before = word_.fetch_sub(bytes, std::memory_order_relaxed);
  if ((before & waiters_bit) == 0) return;
  const MutexLock lock(mutex_);
  serve_locked(nullptr);
}

void MemoryLimiter::give_back_locked(Reservation& reservation, std::size_t bytes) {
  if (reservation.counts_as_large_) {
    large_held_ -= bytes;
    const auto held = large_held_by_.find(reservation.held_for_);
    if (held != large_held_by_.end() && (held->second -= bytes) == 0) large_held_by_.erase(held);
  }
  word_.fetch_sub(bytes, std::memory_order_relaxed);
}

/// Puts the reservation in line and serves the lines, which may serve it at once: the
/// space may have come between the caller's try and the lock.
void MemoryLimiter::wait_locked(Reservation& reservation, std::size_t bytes) {
  if (reservation.ticket_ == 0) reservation.ticket_ = ++last_ticket_;
  reservation.wanted_bytes_ = bytes;
  reservation.waiting_ = true;
  reservation.client_ = reservation.waits_for();
  enter(line_of(reservation), reservation);
  word_.fetch_or(waiters_bit, std::memory_order_relaxed);
  serve_locked(&reservation);
}

/// A body of unknown length has turned out to be a large one. What it holds counts as
/// small until it is given more; if that is beyond the bound, no other small one may be
/// until it is released: a large one may be beyond the bound already.
void MemoryLimiter::change_line_locked(Reservation& reservation) {
  if (reservation.growing_) lines_[0].growing.erase(lines_[0].growing.iterator_to(reservation));
  reservation.in_large_line_ = true;
  if (reservation.growing_) insert_by_age(lines_[1].growing, reservation);
}

void MemoryLimiter::serve_locked(const Reservation* newcomer) {
  if (held_bytes() <= max_bytes_) {
    lines_[0].beyond = nullptr;
    if (large_held_ <= large_max()) lines_[1].beyond = nullptr;
  }
  for (Line& line : lines_) help_oldest_locked(line, newcomer);
  while (Reservation* const next = next_locked()) {
    leave(line_of(*next), *next, true);
    grant_locked(*next, newcomer);
  }
  large_waits_.store(!lines_[1].turns.empty(), std::memory_order_relaxed);
  if (lines_[0].turns.empty() && lines_[1].turns.empty()) {
    word_.fetch_and(~waiters_bit, std::memory_order_relaxed);
  }
}

/// The oldest that grows gets its step; and the next oldest, if that was its last. One that
/// is beyond the bound, or above its client's share, goes on first, for an older one may have
/// come into its line since: each would wait for the other.
void MemoryLimiter::help_oldest_locked(Line& line, const Reservation* newcomer) {
  for (;;) {
    Reservation* helped = line.beyond;
    if (helped == nullptr && waits_in_locked(line, line.above_share)) helped = line.above_share;
    if (helped == nullptr && !line.growing.empty()) helped = &line.growing.front();
    if (!waits_in_locked(line, helped)) return;
    if (helped->in_large_line_ && !within_share_locked(*helped)) {
      if (line.above_share != nullptr && line.above_share != helped) return;
      line.above_share = helped;
    }
    if (!fits_locked(*helped)) line.beyond = helped;
    leave(line, *helped, false);  // out of turn
    grant_locked(*helped, newcomer);
  }
}

bool MemoryLimiter::waits_in_locked(const Line& line, const Reservation* reservation) {
  return reservation != nullptr && reservation->waiting_ && &line_of(*reservation) == &line;
}

/// Who is served now, if anybody, of the two whose turn it is: a small body from what is kept for those; else the
/// older. Small ones pass a large one only when its own kind alone is in its way.
MemoryLimiter::Reservation* MemoryLimiter::next_locked() {
  Reservation* const small = first_of(lines_[0]);
  Reservation* const large = first_large_locked();
  if (small != nullptr && fits_in_kept_part_locked(*small)) return small;
  if (large != nullptr && (small == nullptr || large->ticket_ < small->ticket_)) {
    if (fits_locked(*large)) return large;
    if (!fits_in_all(held_bytes(), large->wanted_bytes_)) return nullptr;
  }
  return small != nullptr && fits_locked(*small) ? small : nullptr;
}

/// It has left its line. A newcomer learns it from the return of its own call.
void MemoryLimiter::grant_locked(Reservation& reservation, const Reservation* newcomer) {
  Line& line = line_of(reservation);
  reservation.waiting_ = false;
  if (reservation.last_step_ && reservation.growing_) line.growing.erase(line.growing.iterator_to(reservation));
  if (!reservation.last_step_ && !reservation.growing_) insert_by_age(line.growing, reservation);
  reservation.growing_ = !reservation.last_step_;
  word_.fetch_add(reservation.wanted_bytes_, std::memory_order_relaxed);
  if (reservation.in_large_line_) {
    count_large_locked(reservation,
                       reservation.wanted_bytes_ + (reservation.counts_as_large_ ? 0 : reservation.held_bytes_));
  }
  reservation.held_bytes_ += std::exchange(reservation.wanted_bytes_, 0);
  if (&reservation != newcomer) reservation.granted();
}

bool MemoryLimiter::fits_in_all(std::uint64_t held, std::size_t bytes) const {
  return held == 0 || (bytes <= max_bytes_ && held <= max_bytes_ - bytes);
}

bool MemoryLimiter::fits_locked(const Reservation& reservation) const {
  if (!fits_in_all(held_bytes(), reservation.wanted_bytes_)) return false;
  if (!reservation.in_large_line_ || held_bytes() == 0) return true;
  return large_held_ + reservation.wanted_bytes_ + (reservation.counts_as_large_ ? 0 : reservation.held_bytes_) <=
         large_max();
}

bool MemoryLimiter::fits_in_kept_part_locked(const Reservation& reservation) const {
  return held_bytes() - large_held_ + reservation.wanted_bytes_ <= kept_for_small();
}

}  // namespace logdist::queue
