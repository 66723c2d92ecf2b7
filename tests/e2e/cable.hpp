// A bad cable: what it carries is late, in another order, or lost.
#pragma once

#include <atomic>
#include <cstdint>
#include <span>
#include <thread>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include "logdist/base/random.hpp"
#include "logdist/base/time.hpp"
#include "logdist/os/file_descriptor.hpp"

namespace logdist::e2e {

/// What happens to each packet, in either direction.
struct Impairment {
  Duration delay_min{};
  Duration delay_max{};
  double loss = 0;  ///< 0…1
  std::uint64_t seed = 1;
};

/// Carries packets between two TUN devices, on a thread of its own, until it is
/// destroyed.
class Cable {
 public:
  /// `near` and `far`: as open_tun() gives them.
  Cable(const os::FileDescriptor& near, const os::FileDescriptor& far, const Impairment& impairment);
  ~Cable();
  Cable(const Cable&) = delete;
  Cable& operator=(const Cable&) = delete;

  /// Packets so far, of both directions.
  std::uint64_t lost() const { return lost_; }

 private:
  using Device = boost::asio::posix::stream_descriptor;

  void carry(Device& from, Device& to);
  void pass_on(Device& to, std::span<const char> packet);

  boost::asio::io_context io_{1};
  const Impairment impairment_;
  Random random_;
  Device near_;
  Device far_;
  std::atomic<std::uint64_t> lost_{0};
  std::thread thread_;
};

/// The end of a new network device `name` in the present network of this thread: what
/// is routed there can be read, and what is written there arrives. Not open when that
/// is not allowed; errno says why.
os::FileDescriptor open_tun(const char* name);

}  // namespace logdist::e2e
