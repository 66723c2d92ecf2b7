// Readiness of thousands of sockets, reported in rounds.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include <sys/epoll.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <boost/system/error_code.hpp>

#include "logdist/base/time.hpp"

namespace logdist::net {

class Poller;

/// What happened to a socket since it was last reported. `closed`: the peer sends no
/// more, or the connection is broken; what it sent before can still be read. `broken`:
/// nothing reaches the peer any more, either.
struct Readiness {
  bool readable = false;
  bool writable = false;
  bool closed = false;
  bool broken = false;
};

/// The owner of a socket that a Poller watches. Leaves the poller before it ends.
class Watcher {
 public:
  /// Which half of a round it belongs to.
  enum class Side : std::uint8_t { ingress, egress };

 protected:
  explicit Watcher(Side side) : side_(side) {}
  virtual ~Watcher() = default;
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;

  /// Called on the loop, in a round. May add and remove any watcher, itself included.
  virtual void ready(Readiness readiness) = 0;

 private:
  friend class Poller;
  const Side side_;
  bool requeued_ = false;  ///< is in the poller's list of those
};

/// The sockets of one loop. A service of its io_context (`of()`), driven by it, and
/// confined to its thread.
///
/// Asio reports readiness one socket at a time, and finds out that a socket is empty by a
/// read that fails, which costs a system call per packet. Here a socket is registered
/// once, edge-triggered; its owner reads until a read is short, and is called when there
/// is more, as in nginx and HAProxy.
///
/// What is ready is handled in rounds: the ingress side (agents, which bring packets);
/// then the mid-round hook (the loop's turn, which writes to the analyzers); then the
/// egress side (analyzers, whose answers are read). So a round's packets leave together
/// and early, and analyzers work while the loop reads.
///
/// At most `max_rounds` rounds follow each other while the loop's other handlers wait.
/// Errors: add() returns one; a socket's own errors show when its owner reads it.
class Poller final : public boost::asio::execution_context::service {
 public:
  using key_type = Poller;
  static boost::asio::execution_context::id id;

  /// The poller of `io`; made on the first call.
  static Poller& of(boost::asio::io_context& io);

  explicit Poller(boost::asio::execution_context& context);

  /// Calls `watcher` for `socket`, which is non-blocking, from now on; first with its
  /// current readiness. The error is that of epoll, when it is out of resources.
  boost::system::error_code add(int socket, Watcher& watcher);
  /// Does not call `watcher` any more. To be called before `socket` is closed.
  void remove(int socket, Watcher& watcher);
  /// Calls `watcher` in a later round without a new event, because it stopped before the
  /// end to give others their turn, or because of something else that happened.
  void requeue(Watcher& watcher);

  /// `work` is called between the ingress side and the egress side, and at the end of
  /// the last round.
  void set_mid_round_hook(std::function<void()> work) { mid_round_hook_ = std::move(work); }
  /// Whether the mid-round hook will be called before the loop's other handlers; false
  /// within the last call of it.
  bool in_round() const { return in_round_; }

  /// How many rounds there were, this one included. For who may do only so much in one.
  std::uint64_t rounds() const { return rounds_; }

  /// The time up to which all events have been reported, as far as is known at `now`. To
  /// measure how long a peer takes: what a round reports came after this, and the time
  /// since then may be the loop's own.
  TimePoint last_poll_time(TimePoint now) const { return running_ || posted_ ? last_poll_time_ : now; }

 private:
  static constexpr std::size_t max_events = 256;
  static constexpr int max_rounds = 8;
  /// After a round with at most so many events the loop sleeps instead of polling again.
  static constexpr std::size_t few_events = 4;

  void shutdown() override;
  void wait();
  void post_rounds();
  void run_rounds();
  std::size_t round();
  void tell(Watcher::Side side);
  void mid_round_hook() const;

  boost::asio::io_context& io_;
  boost::asio::posix::basic_stream_descriptor<boost::asio::io_context::executor_type> epoll_;
  std::size_t watched_ = 0;
  std::uint64_t rounds_ = 0;
  bool waiting_ = false;
  bool posted_ = false;
  bool running_ = false;  ///< rounds, or what comes after the last
  bool in_round_ = false;
  TimePoint last_poll_time_{};
  std::function<void()> mid_round_hook_;
  std::array<epoll_event, max_events> ready_;
  std::size_t ready_count_ = 0;
  std::vector<Watcher*> requeued_;
  std::vector<Watcher*> telling_again_;
};

}  // namespace logdist::net
