#include "tools/agent/prefetch_queue.hpp"

#include <boost/asio.hpp>
#include <limits>

namespace logdist::tools {

namespace asio = boost::asio;

PrefetchQueue::PrefetchQueue(asio::io_context& io, PacketSource& source, std::size_t capacity,
                             std::optional<std::uint64_t> packets_max)
    : io_(io),
      source_(source),
      capacity_(capacity),
      packets_max_(packets_max.value_or(std::numeric_limits<std::uint64_t>::max())),
      arrived_(io, TimePoint::max()) {}

PrefetchQueue::~PrefetchQueue() { close(); }

void PrefetchQueue::start(std::weak_ptr<void> keeper) {
  reader_ = std::thread([this, keeper = std::move(keeper)] { read(keeper); });
}

asio::awaitable<std::optional<OutgoingPacket>> PrefetchQueue::next() {
  for (;;) {
    {
      const MutexLock lock(mutex_);
      if (closed_) co_return std::nullopt;
      if (!packets_.empty()) {
        std::optional<OutgoingPacket> packet = std::move(packets_.front());
        packets_.pop_front();
        room_.notify_one();
        co_return packet;
      }
      if (ended_) co_return std::nullopt;
      awaited_ = true;
    }
    // What wakes us is posted to this thread, so it cannot come before we wait.
    co_await arrived_.async_wait(asio::as_tuple(asio::use_awaitable));
  }
}

void PrefetchQueue::close() {
  {
    const MutexLock lock(mutex_);
    closed_ = true;
    packets_.clear();
  }
  arrived_.cancel();
  if (!reader_.joinable()) return;
  source_.interrupt();
  room_.notify_one();
  reader_.join();
}

std::string PrefetchQueue::failure() const {
  const MutexLock lock(mutex_);
  return failure_;
}

void PrefetchQueue::read(const std::weak_ptr<void>& keeper) {
  for (std::uint64_t count = 0; count < packets_max_; ++count) {
    std::optional<OutgoingPacket> packet = source_.next();
    const bool last = !packet;
    if (!put(std::move(packet), keeper) || last) return;
  }
  put(std::nullopt, keeper);
}

/// Hands over a packet or the end; false when nobody wants any more.
bool PrefetchQueue::put(std::optional<OutgoingPacket> packet, const std::weak_ptr<void>& keeper) {
  MutexLock lock(mutex_);
  while (!closed_ && packets_.size() >= capacity_) room_.wait(lock);
  if (closed_) return false;
  if (packet) {
    packets_.push_back(std::move(*packet));
  } else {
    ended_ = true;
    failure_ = source_.failure();
  }
  if (std::exchange(awaited_, false)) {
    asio::post(io_, [this, keeper] {
      if (const auto alive = keeper.lock()) arrived_.cancel();
    });
  }
  return true;
}

}  // namespace logdist::tools
