// Acknowledgements of HEC: which packets of a channel have been delivered.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <boost/intrusive/list.hpp>

#include "logdist/base/ip_address.hpp"
#include "logdist/base/mutex.hpp"
#include "logdist/core/receipt.hpp"

namespace logdist::queue {

/// A packet whose agent names a channel gets the channel's next number, its ackId, and that becomes true when the
/// packet is delivered; never when it ends otherwise. An id is answered as false before that, when it is not known, and
/// when it was forgotten: the agent sends the packet again, so nothing is lost.
///
/// Bounded: a full channel forgets its oldest id. When there are too many channels, one is forgotten of a client that
/// has more than its share of them (all, by the number of clients): of the one that brings the new one, if it has its
/// share already, else of the others; the one that was neither given an id nor asked about for longest. Numbers of a
/// channel begin at `first_number`; those of one that comes when others have been forgotten begin behind all of theirs,
/// so no old number speaks of a new packet.
///
/// Thread-safe: requests of a channel come over several loops. No call fails, or waits but for the mutex.
class AckRegistry {
 public:
  static constexpr std::size_t default_channels_max = 1000;
  static constexpr std::size_t default_ids_max = 1000;
  static constexpr std::size_t name_bytes_max = 128;

  /// `channels` and `pending` are now, the others since the start. Canceled ids are none.
  struct Counts {
    std::uint64_t channels = 0;
    std::uint64_t pending = 0;            ///< ids that are false, those of dead letters among them
    std::uint64_t delivered = 0;          ///< ids that have become true
    std::uint64_t forgotten_pending = 0;  ///< ids that made room while they were false: their agents send again
    std::uint64_t forgotten_delivered = 0;
  };

  /// `first_channel`: a random number, so that receipts which a durable queue keeps from an earlier process fit no
  /// channel of this one. `first_number`: likewise, so that agents which ask for ids of an earlier process are not told
  /// of packets of this one. At most `ids_max` ids a channel.
  explicit AckRegistry(std::uint64_t first_channel, std::size_t channels_max = default_channels_max,
                       std::size_t ids_max = default_ids_max, std::uint64_t first_number = 0);

  /// 1 to name_bytes_max visible ASCII characters.
  static bool is_valid_name(std::string_view channel);

  /// The next number of the channel, which is made if need be, and is then one of `client`. For a packet that is yet to
  /// be admitted.
  core::Receipt issue(std::string_view channel, const IpAddress& client = {});
  /// The packet was not accepted, so its number is told to nobody: it takes no space any more, nor is it used again.
  void cancel(const core::Receipt& receipt);
  /// The packet was delivered. Of a number that was forgotten, or canceled: nothing happens.
  void delivered(const core::Receipt& receipt);

  /// Whether the packets of these numbers were delivered, in the order of `ids`.
  std::vector<bool> query(std::string_view channel, const std::vector<std::uint64_t>& ids);

  Counts counts();

 private:
  /// In one word: a million of them may be kept.
  class Ack {
   public:
    explicit Ack(std::uint64_t number) : bits_(number << 1) {}

    std::uint64_t number() const { return bits_ >> 1; }
    bool is_delivered() const { return (bits_ & 1) != 0; }
    void set_delivered() { bits_ |= 1; }

   private:
    std::uint64_t bits_;
  };
  struct Channel : boost::intrusive::list_base_hook<> {
    std::string name;
    std::uint64_t serial = 0;
    std::uint64_t next_number = 0;
    IpAddress client{};
    std::vector<Ack> acks{};  ///< by number; a ring would have no order once numbers are canceled
  };
  using Channels = std::list<Channel>;

  using ChannelsOfClient = boost::intrusive::list<Channel>;

  Channel& channel_of(std::string_view name, const IpAddress& client) LOGDIST_REQUIRES(mutex_);
  Channel& idlest(const IpAddress& client) LOGDIST_REQUIRES(mutex_);
  void forget(Channel& channel) LOGDIST_REQUIRES(mutex_);
  Channel* find(std::string_view name) LOGDIST_REQUIRES(mutex_);
  static std::vector<Ack>::iterator find(Channel& channel, std::uint64_t number);
  void count_forgotten(const Ack& ack) LOGDIST_REQUIRES(mutex_);

  const std::size_t channels_max_;
  const std::size_t ids_max_;
  Mutex mutex_;
  Channels channels_ LOGDIST_GUARDED_BY(mutex_);                                ///< the latest used first
  std::map<IpAddress, ChannelsOfClient> by_client_ LOGDIST_GUARDED_BY(mutex_);  ///< those with any; likewise
  /// Keys are the channels' own names.
  std::unordered_map<std::string_view, Channels::iterator> by_name_ LOGDIST_GUARDED_BY(mutex_);
  std::unordered_map<std::uint64_t, Channels::iterator> by_serial_ LOGDIST_GUARDED_BY(mutex_);
  std::uint64_t next_serial_ LOGDIST_GUARDED_BY(mutex_);
  std::uint64_t first_number_ LOGDIST_GUARDED_BY(mutex_);  ///< of a new channel
  Counts counts_ LOGDIST_GUARDED_BY(mutex_);               ///< but for `channels`
};

}  // namespace logdist::queue
