#include "logdist/net/host_addresses.hpp"
#include "logdist/base/mutex.hpp"

#include <charconv>
#include <utility>

#include <boost/asio/post.hpp>

namespace logdist::net {

namespace asio = boost::asio;
using boost::system::error_code;

/// Stands between the resolver's threads and an asker that may end at any time.
/// The handlers stay with the asker: what they own belongs to its thread.
class HostAddresses::Mailbox : public std::enable_shared_from_this<Mailbox> {
 public:
  explicit Mailbox(HostAddresses& asker) : asker_(&asker) {}

  /// On any thread.
  void put(const error_code& error, const Addresses& addresses) {
    const MutexLock lock(mutex_);
    if (asker_ == nullptr) return;
    asio::post(asker_->io_, [self = shared_from_this(), error, addresses] {
      // Only this thread ever closes: what it reads cannot change under it.
      if (self->asker_ != nullptr) self->asker_->finish(error, addresses);
    });
  }

  /// On the asker's thread. put() touches neither the asker nor its io_context afterwards.
  void close() {
    const MutexLock lock(mutex_);
    asker_ = nullptr;
  }

 private:
  Mutex mutex_;
  HostAddresses* asker_;  ///< none when it has ended
};

HostAddresses::HostAddresses(asio::io_context& io, NameResolver& names, std::string host, const std::string& port)
    : io_(io), names_(names), host_(std::move(host)), mailbox_(std::make_shared<Mailbox>(*this)) {
  std::from_chars(port.data(), port.data() + port.size(), port_);
  error_code error;
  const auto address = asio::ip::make_address(host_, error);
  if (!error) address_ = address;
}

HostAddresses::~HostAddresses() { stop(); }

void HostAddresses::resolve(TimePoint now, Handler handler) {
  if (address_) return handler({}, endpoints({*address_}));
  if (waiting_.empty()) {
    const auto known = names_.find(host_, now, [mailbox = mailbox_](const error_code& error, const Addresses& found) {
      mailbox->put(error, found);
    });
    if (known) return handler({}, endpoints(*known));
  }
  waiting_.push_back(std::move(handler));
}

void HostAddresses::forget() {
  if (!address_) names_.forget(host_);
}

void HostAddresses::stop() {
  mailbox_->close();
  waiting_.clear();
}

void HostAddresses::finish(const error_code& error, const Addresses& addresses) {
  // A handler may ask again.
  const std::vector<Handler> handlers = std::exchange(waiting_, {});
  const Endpoints found = endpoints(addresses);
  for (const Handler& handler : handlers) handler(error, found);
}

Endpoints HostAddresses::endpoints(const Addresses& addresses) const {
  Endpoints result;
  for (const asio::ip::address& address : addresses) result.emplace_back(address, port_);
  return result;
}

}  // namespace logdist::net
