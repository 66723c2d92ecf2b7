// Room for the bodies that are being received or that wait, over all loops.
//
// A body reserves before it is read and waits its turn, oldest first, so the
// memory of bodies is bounded without dropping connections. A body of unknown
// length (chunked) reserves in steps. Two such bodies that each hold half of the
// room and each wait for more would wait for ever; so the oldest of those that
// hold bytes gets its step whatever is held. One body at a time may be beyond the
// bound so, and the next not before that one has been released or all that is
// held fits again: the bound is passed by at most one body.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>

#include <boost/intrusive/list.hpp>

namespace logdist::queue {

/// See the head of this file. Thread-safe; one atomic step and no lock while
/// nobody waits and no body grows. Must outlive its claims' use of it.
class ByteBudget {
 public:
  /// One body's share. Belongs to one thread, which alone calls the budget with
  /// it; release() it before it is destroyed.
  class Claim : public boost::intrusive::list_base_hook<boost::intrusive::tag<struct WaitingTag>>,
                public boost::intrusive::list_base_hook<boost::intrusive::tag<struct GrowingTag>> {
   public:
    virtual ~Claim();

    /// Bytes held. Not to be asked while waiting.
    std::size_t held_bytes() const { return held_bytes_; }

   protected:
    Claim() = default;
    Claim(const Claim&) = delete;
    Claim& operator=(const Claim&) = delete;

    /// What was waited for is held now. Called once a wait, on any thread and
    /// under the budget's lock: hand the news to your own thread, nothing else.
    virtual void granted() = 0;

   private:
    friend class ByteBudget;
    std::size_t held_bytes_ = 0;
    std::size_t wanted_bytes_ = 0;  ///< waited for; guarded by the budget's mutex
    std::uint64_t ticket_ = 0;      ///< age; 0 until it first waits or grows
    bool waiting_ = false;          ///< guarded by the budget's mutex
    bool growing_ = false;
  };

  explicit ByteBudget(std::size_t max_bytes);
  ~ByteBudget();
  ByteBudget(const ByteBudget&) = delete;
  ByteBudget& operator=(const ByteBudget&) = delete;

  /// Reserves `bytes` for a body of that length; the claim holds nothing yet.
  /// False: it waits, and is told. A body larger than the whole budget goes when
  /// nothing else is held.
  bool reserve(Claim& claim, std::size_t bytes);

  /// Reserves up to `total_bytes`, more than is held, for a body whose length is
  /// not known. False: it waits, and is told.
  bool grow(Claim& claim, std::size_t total_bytes);

  /// A growing body has ended with `total_bytes`, at most what is held: gives
  /// back the rest, and its place as one of those that grow.
  void end_growth(Claim& claim, std::size_t total_bytes);

  /// Gives back all that is held, or ends the wait. True when it was waiting, so
  /// that granted() has not been called and won't be.
  bool release(Claim& claim);

  /// Bytes held by all claims.
  std::size_t held_bytes() const { return word_.load(std::memory_order_relaxed) & ~waiters_bit; }
  std::size_t max_bytes() const { return max_bytes_; }

 private:
  using Waiting = boost::intrusive::list<
      Claim, boost::intrusive::base_hook<boost::intrusive::list_base_hook<boost::intrusive::tag<WaitingTag>>>>;
  using Growing = boost::intrusive::list<
      Claim, boost::intrusive::base_hook<boost::intrusive::list_base_hook<boost::intrusive::tag<GrowingTag>>>>;

  static constexpr std::uint64_t waiters_bit = std::uint64_t{1} << 63;

  bool try_take(std::size_t bytes);
  void give_back(std::size_t bytes);
  void give_back_locked(std::size_t bytes);
  void wait_locked(Claim& claim, std::size_t bytes);
  void serve_locked(const Claim* newcomer);
  void grant_locked(Claim& claim, const Claim* newcomer);
  bool fits(std::uint64_t held, std::size_t bytes) const;

  const std::size_t max_bytes_;

  /// Bytes held, and above them whether anybody waits: in one word, so that
  /// who gives back sees every waiter that did not see his bytes.
  alignas(64) std::atomic<std::uint64_t> word_{0};

  std::mutex mutex_;               ///< guards what follows
  Waiting waiting_;                ///< by ticket, the oldest first
  Growing growing_;                ///< bodies that grow and hold bytes, the oldest first
  const Claim* beyond_ = nullptr;  ///< the body that went beyond the bound, until it is released
  std::uint64_t last_ticket_ = 0;
};

}  // namespace logdist::queue
