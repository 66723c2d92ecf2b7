// Names that have an address, or an SRV record, for each analyzer.
#include <algorithm>
#include <memory>
#include <utility>

#include <fmt/format.h>
#include <boost/asio.hpp>

#include "logdist/base/mutex.hpp"
#include "logdist/net/as_tuple.hpp"
#include "logdist/net/host_addresses.hpp"
#include "registry/discovery/source.hpp"
#include "registry/discovery/srv_lookup.hpp"

namespace logdist::registry {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using Found = boost::system::result<Answer, std::string>;

constexpr Duration dns_interval = std::chrono::seconds(10);
constexpr Duration ttl_least = std::chrono::seconds(1);
constexpr Duration ttl_most = std::chrono::minutes(5);
/// For a look-up that is never answered. The resolver's thread waits longer, and nobody for it.
constexpr Duration answer_max = std::chrono::seconds(20);

/// The look-up's name exists no more, as its server says.
bool is_gone(const error_code& error) { return error == asio::error::host_not_found || error == asio::error::no_data; }

/// What the resolver's thread has found; it may outlive the source.
class SrvMailbox {
 public:
  void put(boost::system::result<SrvAnswer, std::string> found) {
    const MutexLock lock(mutex_);
    found_ = std::move(found);
  }
  boost::system::result<SrvAnswer, std::string> take() {
    const MutexLock lock(mutex_);
    return std::exchange(found_, std::string("was not looked up"));
  }

 private:
  Mutex mutex_;
  boost::system::result<SrvAnswer, std::string> found_ LOGDIST_GUARDED_BY(mutex_) = std::string("was not looked up");
};

/// Looks one name up on a thread of its own; whoever still holds the mailbox has not ended.
struct NameLookup {
  std::shared_ptr<SrvMailbox> mailbox = std::make_shared<SrvMailbox>();
  net::NameResolver names;
  net::HostAddresses addresses;

  NameLookup(const config::SourceOptions& options, asio::io_context& io)
      : names(options.record == config::DnsRecord::srv ? records(mailbox) : hosts(mailbox)),
        addresses(io, names, options.name, std::to_string(options.port)) {}

 private:
  static net::Lookup hosts(std::shared_ptr<SrvMailbox> held) {
    return [held = std::move(held)](const std::string& name, error_code& error) {
      return net::system_lookup(name, error);
    };
  }
  /// Records in place of addresses: the resolver's threads, its limits and its way back to this thread are the same.
  static net::Lookup records(std::shared_ptr<SrvMailbox> mailbox) {
    return [mailbox = std::move(mailbox)](const std::string& name, error_code& error) {
      mailbox->put(look_up_srv(name));
      error = {};
      return net::Addresses{asio::ip::address_v4::loopback()};
    };
  }
};

class DnsSource final : public Source {
 public:
  DnsSource(const config::SourceOptions& options, asio::io_context& io)
      : options_(options),
        is_srv_(options.record == config::DnsRecord::srv),
        io_(io),
        timer_(io),
        lookup_(std::make_unique<NameLookup>(options, io)) {}

  asio::awaitable<Look> look(bool) override {
    const std::uint64_t number = ++looks_;
    found_.reset();
    lookup_->addresses.forget();
    lookup_->addresses.resolve(Clock::now(), [this, number](const error_code& error, const net::Endpoints& endpoints) {
      if (number != looks_) return;
      found_.emplace(error, endpoints);
      timer_.cancel();
    });
    if (!found_) {
      timer_.expires_after(answer_max);
      co_await timer_.async_wait(net::as_tuple);
    }
    if (!found_) {
      abandon();
      co_return Look{fmt::format("is not looked up within {} s", answer_max / std::chrono::seconds(1)), wait_};
    }
    Look seen{is_srv_ ? of_records() : of_addresses(found_->first, found_->second), wait_};
    if (seen.answer) had_any_ = had_any_ || !seen.answer->analyzers.empty();
    co_return seen;
  }

  void shut_down() override { lookup_->addresses.stop(); }

 private:
  /// The system waits without end for a name server that has taken a connection of TCP and is gone; the next look is
  /// another try, as long as few threads wait so.
  void abandon() {
    std::erase_if(abandoned_, [](const auto& one) { return one.expired(); });
    if (abandoned_.size() >= abandoned_max) return;
    abandoned_.push_back(lookup_->mailbox);
    lookup_ = std::make_unique<NameLookup>(options_, io_);
  }

  Found of_addresses(const error_code& error, const net::Endpoints& endpoints) {
    wait_ = options_.interval > Duration::zero() ? options_.interval : dns_interval;
    if (error && had_any_ && is_gone(error)) return Answer{};
    if (error) return fmt::format("cannot be looked up: {}", error.message());
    AnswerBuilder builder(options_);
    for (const auto& endpoint : endpoints) {
      builder.add({.what = endpoint.address().to_string(),
                   .url = {},
                   .host = endpoint.address().to_string(),
                   .port = std::to_string(options_.port),
                   .scheme = {},
                   .path = {},
                   .weight = {},
                   .zone = {}});
    }
    return builder.finish();
  }

  Found of_records() {
    auto found = lookup_->mailbox->take();
    wait_ = options_.interval > Duration::zero() ? options_.interval : dns_interval;
    if (!found) return found.error();
    if (found->name_is_gone && !had_any_) return std::string("cannot be looked up: there is no such name");
    if (options_.interval == Duration::zero() && !found->records.empty()) {
      wait_ = std::clamp(found->ttl, ttl_least, ttl_most);
    }
    return answer_of(found->records, options_);
  }

  static constexpr std::size_t abandoned_max = 4;

  const config::SourceOptions& options_;
  const bool is_srv_;
  asio::io_context& io_;
  asio::steady_timer timer_;
  std::unique_ptr<NameLookup> lookup_;
  std::vector<std::weak_ptr<SrvMailbox>> abandoned_;            ///< of look-ups that have not ended
  std::optional<std::pair<error_code, net::Endpoints>> found_;  ///< by the look under way
  std::uint64_t looks_ = 0;
  bool had_any_ = false;
  Duration wait_ = dns_interval;
};

}  // namespace

std::unique_ptr<Source> make_dns_source(const config::SourceOptions& options, asio::io_context& io) {
  return std::make_unique<DnsSource>(options, io);
}

}  // namespace logdist::registry
