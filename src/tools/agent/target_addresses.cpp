#include "logdist/tools/agent/target_addresses.hpp"

#include <memory>
#include <optional>

#include <boost/asio.hpp>

namespace logdist::tools {

namespace asio = boost::asio;
using boost::system::error_code;
using boost::system::result;

TargetAddresses::TargetAddresses(asio::io_context& io, net::NameResolver& names, const config::HttpUrl& target)
    : addresses_(io, names, target.host, target.port), limit_(io) {}

asio::awaitable<result<net::Endpoints>> TargetAddresses::find(Duration limit) {
  if (stopped_) co_return error_code(asio::error::operation_aborted);
  // Shared with the handler, which may be told after the limit.
  const auto found = std::make_shared<std::optional<result<net::Endpoints>>>();
  limit_.expires_after(limit);
  addresses_.resolve(Clock::now(), [this, found](const error_code& error, const net::Endpoints& endpoints) {
    if (error) {
      found->emplace(error);
    } else {
      found->emplace(endpoints);
    }
    limit_.cancel();
  });
  if (!*found) co_await limit_.async_wait(asio::as_tuple(asio::use_awaitable));
  if (stopped_) co_return error_code(asio::error::operation_aborted);
  if (!*found) co_return error_code(asio::error::host_not_found_try_again);
  co_return **found;
}

void TargetAddresses::stop() {
  stopped_ = true;
  limit_.cancel();
  addresses_.stop();
}

}  // namespace logdist::tools
