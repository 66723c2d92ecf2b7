// Between a source of packets, which may block, and coroutines, which must not.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <thread>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "logdist/base/mutex.hpp"
#include "logdist/tools/agent/packet_source.hpp"

namespace logdist::tools {

/// Reads up to `capacity` packets ahead on a thread of its own; stops reading
/// while so many wait. start(), next() and close() belong to the thread that runs
/// the io_context. The owner keeps it alive, through the `keeper` it hands to
/// start(), while handlers of the io_context may still call it.
class PrefetchQueue {
 public:
  /// At most `packets_max` packets are taken from `source`.
  PrefetchQueue(boost::asio::io_context& io, PacketSource& source, std::size_t capacity,
                std::optional<std::uint64_t> packets_max);
  ~PrefetchQueue();
  PrefetchQueue(const PrefetchQueue&) = delete;
  PrefetchQueue& operator=(const PrefetchQueue&) = delete;

  /// Begins to read. `keeper` is locked for as long as a handler is on its way.
  void start(std::weak_ptr<void> keeper);

  /// The next packet; none once the source has ended, or after close().
  boost::asio::awaitable<std::optional<OutgoingPacket>> next();

  /// Interrupts the source and drops what was read ahead. The source is not
  /// touched any more afterwards. Idempotent.
  void close();

  /// Why the source ended early; empty before its end.
  std::string failure() const;

 private:
  void read(const std::weak_ptr<void>& keeper);
  bool put(std::optional<OutgoingPacket> packet, const std::weak_ptr<void>& keeper);

  // Constant after construction.
  boost::asio::io_context& io_;
  PacketSource& source_;
  const std::size_t capacity_;
  const std::uint64_t packets_max_;

  // The io_context's thread only.
  boost::asio::steady_timer arrived_;  ///< never expires: cancelled to wake who waits in next()
  std::thread reader_;

  mutable Mutex mutex_;
  std::condition_variable_any room_;
  std::deque<OutgoingPacket> packets_ LOGDIST_GUARDED_BY(mutex_);
  bool ended_ LOGDIST_GUARDED_BY(mutex_) = false;
  bool closed_ LOGDIST_GUARDED_BY(mutex_) = false;
  bool awaited_ LOGDIST_GUARDED_BY(mutex_) = false;  ///< whether next() waits for a packet
  std::string failure_ LOGDIST_GUARDED_BY(mutex_);
};

}  // namespace logdist::tools
