// Buffer space for bodies, over all loops.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <unordered_map>

#include <boost/intrusive/list.hpp>

#include "logdist/base/mutex.hpp"

namespace logdist::queue {

/// Buffer space for the bodies that are being received or that wait, over all loops.
///
/// A body reserves space before it is read and waits its turn, so the memory of bodies is limited without dropping
/// connections. Those that wait are served by client, one body each in turn, and of a client the oldest first: many
/// bodies of one client take no more than a turn from another. It reserves in steps as it
/// arrives: a body that is announced and does not arrive holds next to nothing.
///
/// A turn alone would not do where bodies hold their space for long. So the large bodies of a client together hold at
/// most eight times what is left for large ones (dynamic thresholds: Choudhury and Hahne, 1998): however much one
/// client sends, a ninth is free for others, and with two of that kind a seventeenth. Who holds nothing is not held to
/// that.
///
/// Small bodies and large ones wait in separate lines. An eighth of the space is kept
/// for small ones (at most `small_body_max` bytes), so they never wait for large ones.
/// The rest is for both: of the two whose turn it is, the older first.
///
/// Two bodies that each hold half of the space and wait for more would wait for ever.
/// Therefore the oldest of its kind that holds bytes gets its step whatever is held. The
/// next one may do so only when that one has been released, or when all that is held
/// fits again. So the limit is exceeded by at most one body of each kind, and by what
/// hold() takes. The same holds for clients' shares: one body at a time goes above.
///
/// Thread-safe. While none waits, a small body that is reserved whole costs one atomic
/// step and no lock. Must outlive its reservations' use of it. When it is full, bodies
/// wait; the limiter has no timeout of its own.
class MemoryLimiter {
 public:
  /// Of a body whose length is not announced.
  static constexpr std::size_t length_unknown = std::numeric_limits<std::size_t>::max();
  /// No client in particular.
  static constexpr std::uint64_t nobody = 0;
  /// The largest body that is small, where nothing else is said.
  static constexpr std::size_t default_small_body_max = 64 * 1024;

  /// The space of one body. Belongs to one thread, and only that thread passes it to the
  /// limiter; release() it before it is destroyed.
  class Reservation : public boost::intrusive::list_base_hook<boost::intrusive::tag<struct WaitingTag>>,
                      public boost::intrusive::list_base_hook<boost::intrusive::tag<struct GrowingTag>> {
   public:
    virtual ~Reservation();

    /// Bytes held. Not to be called while it waits.
    std::size_t held_bytes() const { return held_bytes_; }

   protected:
    Reservation() = default;
    Reservation(const Reservation&) = delete;
    Reservation& operator=(const Reservation&) = delete;

    /// The space that it waited for is held now. Called once per wait, on any thread and
    /// under the limiter's lock: it may only notify its own thread.
    virtual void granted() = 0;
    /// Whose body it is: those of one number are one client's, and those of `nobody` are not held to a client's share.
    /// Asked on its own thread, each time that it waits.
    virtual std::uint64_t waits_for() const { return nobody; }

   private:
    friend class MemoryLimiter;
    std::size_t held_bytes_ = 0;
    std::size_t wanted_bytes_ = 0;  ///< waited for; guarded by the limiter's mutex
    std::uint64_t ticket_ = 0;      ///< age; 0 until it first takes the lock
    std::uint64_t client_ = 0;      ///< of its last wait; guarded by the limiter's mutex
    std::uint64_t held_for_ = 0;    ///< the client whose large bytes it holds; guarded by the limiter's mutex
    bool waiting_ = false;          ///< guarded by the limiter's mutex
    bool growing_ = false;          ///< more steps are to come
    bool last_step_ = false;        ///< the step waited for is the last
    bool in_large_line_ = false;    ///< where it waits and grows
    bool counts_as_large_ = false;  ///< what it holds; guarded by the limiter's mutex
  };

  explicit MemoryLimiter(std::size_t max_bytes, std::size_t small_body_max = default_small_body_max);
  ~MemoryLimiter();
  MemoryLimiter(const MemoryLimiter&) = delete;
  MemoryLimiter& operator=(const MemoryLimiter&) = delete;

  /// What a body of `length` bytes, of which `arrived_bytes` are here, is to reserve
  /// up to: its length, if it is small and half of the space is free; else twice what
  /// is here, and a little for a start. More than `arrived_bytes` unless it is whole.
  std::size_t step(std::size_t arrived_bytes, std::size_t length) const;

  /// Reserves up to `total_bytes`, more than is held, for a body of `length` bytes; it
  /// is whole, or grows by further steps. False: it waits, and granted() is called. A
  /// body larger than the limit gets its space when nothing else is held.
  bool reserve(Reservation& reservation, std::size_t total_bytes, std::size_t length);
  /// The same for the whole of a body.
  bool reserve(Reservation& reservation, std::size_t length) { return reserve(reservation, length, length); }

  /// A body of unknown length has ended with `total_bytes`, at most what is held:
  /// gives back the rest, and its place as one of those that grow. It may reserve more
  /// after that, as one of its kind.
  void end_growth(Reservation& reservation, std::size_t total_bytes);

  /// Gives back all that is held, or ends the wait. True when it was waiting, so
  /// that granted() has not been called and won't be.
  bool release(Reservation& reservation);

  // What is made of bodies that are held already, such as their contents on the way to an analyzer, counts as a large
  // body, and never waits in line: a body that waits may wait for just that.

  /// Whether `bytes` more fit, and no body waits.
  bool has_room(std::size_t bytes) const;
  /// Takes them if they do.
  bool try_hold(std::size_t bytes);
  /// Takes them, beyond the limit if need be: then bodies wait until that is over.
  void hold(std::size_t bytes);
  /// Gives back what one of the two has taken, or a part of it.
  void let_go(std::size_t bytes);

  /// Whether a large body waits for space.
  bool large_waits() const { return large_waits_.load(std::memory_order_relaxed); }
  /// Bytes held by all.
  std::size_t held_bytes() const { return word_.load(std::memory_order_relaxed) & ~waiters_bit; }
  std::size_t max_bytes() const { return max_bytes_; }
  /// The largest body that is small.
  std::size_t small_body_max() const { return small_body_max_; }
  /// What is kept for small bodies.
  std::size_t kept_for_small() const { return max_bytes_ / 8; }

 private:
  using Waiting = boost::intrusive::list<
      Reservation, boost::intrusive::base_hook<boost::intrusive::list_base_hook<boost::intrusive::tag<WaitingTag>>>>;
  using Growing = boost::intrusive::list<
      Reservation, boost::intrusive::base_hook<boost::intrusive::list_base_hook<boost::intrusive::tag<GrowingTag>>>>;

  /// The bodies of one client that wait, by age, the oldest first. In the order of turns while there are any.
  struct Client : boost::intrusive::list_base_hook<> {
    Waiting waiting;
  };
  using Turns = boost::intrusive::list<Client>;

  /// The bodies of one kind.
  struct Line {
    std::unordered_map<std::uint64_t, Client> clients;  ///< that wait
    Turns turns;                                        ///< of them: the first is served next
    Growing growing;                                    ///< hold bytes, by age, and more steps are to come
    Reservation* beyond = nullptr;                      ///< went beyond the bound from this line, until it is released
    Reservation* above_share = nullptr;                 ///< got a step above its client's share, the same
  };

  static constexpr std::uint64_t waiters_bit = std::uint64_t{1} << 63;

  static Reservation* first_of(const Line& line);
  static void enter(Line& line, Reservation& reservation);
  static void leave(Line& line, Reservation& reservation, bool served);
  bool waits_in_locked(const Line& line, const Reservation* reservation) LOGDIST_REQUIRES(mutex_);
  Reservation* first_large_locked() LOGDIST_REQUIRES(mutex_);
  bool within_share_locked(const Reservation& reservation) const LOGDIST_REQUIRES(mutex_);
  void count_large_locked(Reservation& reservation, std::size_t bytes) LOGDIST_REQUIRES(mutex_);

  /// Most are the youngest; of those that waited before, most are among the oldest.
  template <typename List>
  static void insert_by_age(List& list, Reservation& reservation) {
    if (list.empty() || list.back().ticket_ < reservation.ticket_) return list.push_back(reservation);
    auto at = list.begin();
    while (at->ticket_ < reservation.ticket_) ++at;
    list.insert(at, reservation);
  }

  bool try_take(std::size_t bytes);
  void give_back(std::size_t bytes);
  void give_back_locked(Reservation& reservation, std::size_t bytes) LOGDIST_REQUIRES(mutex_);
  void wait_locked(Reservation& reservation, std::size_t bytes) LOGDIST_REQUIRES(mutex_);
  void change_line_locked(Reservation& reservation) LOGDIST_REQUIRES(mutex_);
  void serve_locked(const Reservation* newcomer) LOGDIST_REQUIRES(mutex_);
  void help_oldest_locked(Line& line, const Reservation* newcomer) LOGDIST_REQUIRES(mutex_);
  Reservation* next_locked() LOGDIST_REQUIRES(mutex_);
  void grant_locked(Reservation& reservation, const Reservation* newcomer) LOGDIST_REQUIRES(mutex_);
  bool has_room_locked(std::size_t bytes) const LOGDIST_REQUIRES(mutex_);
  void hold_locked(std::size_t bytes) LOGDIST_REQUIRES(mutex_);
  bool fits_in_all(std::uint64_t held, std::size_t bytes) const;
  bool fits_locked(const Reservation& reservation) const LOGDIST_REQUIRES(mutex_);
  bool fits_in_kept_part_locked(const Reservation& reservation) const LOGDIST_REQUIRES(mutex_);
  Line& line_of(const Reservation& reservation) LOGDIST_REQUIRES(mutex_) {
    return lines_[reservation.in_large_line_ ? 1 : 0];
  }
  std::size_t large_max() const { return max_bytes_ - kept_for_small(); }

  const std::size_t max_bytes_;
  const std::size_t small_body_max_;

  /// Bytes held, and above them whether any body waits: in one word, so that a release
  /// sees every waiter that did not see its bytes.
  alignas(64) std::atomic<std::uint64_t> word_{0};

  mutable Mutex mutex_;
  std::array<Line, 2> lines_ LOGDIST_GUARDED_BY(mutex_);  ///< of small bodies, and of large ones
  std::atomic<bool> large_waits_{false};
  std::size_t large_held_ LOGDIST_GUARDED_BY(mutex_) = 0;
  std::unordered_map<std::uint64_t, std::size_t> large_held_by_ LOGDIST_GUARDED_BY(mutex_);  ///< of it, by client
  std::uint64_t last_ticket_ LOGDIST_GUARDED_BY(mutex_) = 0;
};

}  // namespace logdist::queue
