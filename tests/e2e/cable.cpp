#include "tests/e2e/cable.hpp"

#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/ioctl.h>

#include <array>
#include <boost/asio.hpp>
#include <memory>
#include <string_view>
#include <vector>

namespace logdist::e2e {

namespace asio = boost::asio;

namespace {

constexpr std::size_t packet_bytes_max = 65'536;

}  // namespace

Cable::Cable(const os::FileDescriptor& near, const os::FileDescriptor& far, const Impairment& impairment)
    : impairment_(impairment),
      random_(impairment.seed),
      near_(io_, ::fcntl(near.number(), F_DUPFD_CLOEXEC, 0)),  // closes its own
      far_(io_, ::fcntl(far.number(), F_DUPFD_CLOEXEC, 0)) {
  carry(near_, far_);
  carry(far_, near_);
  thread_ = std::thread([this] { io_.run(); });
}

Cable::~Cable() {
  io_.stop();
  thread_.join();
}

void Cable::carry(Device& from, Device& to) {
  from.async_wait(Device::wait_read, [this, &from, &to](boost::system::error_code error) {
    if (error) return;
    std::array<char, packet_bytes_max> packet;
    from.non_blocking(true);
    for (;;) {
      const std::size_t size = from.read_some(asio::buffer(packet), error);
      if (error) break;
      if (random_.uniform(0, 1) < impairment_.loss) {
        ++lost_;
        continue;
      }
      pass_on(to, {packet.data(), size});
    }
    carry(from, to);
  });
}

void Cable::pass_on(Device& to, std::span<const char> packet) {
  const auto kept = std::make_shared<const std::vector<char>>(packet.begin(), packet.end());
  const auto spread = static_cast<std::uint64_t>((impairment_.delay_max - impairment_.delay_min).count());
  const auto timer = std::make_shared<asio::steady_timer>(io_);
  timer->expires_after(impairment_.delay_min + Duration(static_cast<Duration::rep>(random_.below(spread + 1))));
  timer->async_wait([&to, kept, timer](boost::system::error_code) {
    boost::system::error_code lost;
    to.write_some(asio::buffer(*kept), lost);
  });
}

os::FileDescriptor open_tun(const char* name) {
  os::FileDescriptor device(::open("/dev/net/tun", O_RDWR | O_CLOEXEC));
  if (!device.is_open()) return device;
  ifreq request{};
  std::string_view(name).copy(request.ifr_name, IFNAMSIZ - 1);
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  if (::ioctl(device.number(), TUNSETIFF, &request) != 0) device.reset();
  return device;
}

}  // namespace logdist::e2e
