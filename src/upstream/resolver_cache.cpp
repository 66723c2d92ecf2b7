#include "upstream/resolver_cache.hpp"

#include <charconv>
#include <utility>

#include <boost/asio/error.hpp>
#include <boost/asio/ip/address.hpp>

namespace logdist::upstream {

namespace asio = boost::asio;

ResolverCache::ResolverCache(asio::io_context& io, std::string host, std::string port)
    : host_(std::move(host)), port_(std::move(port)), resolver_(io) {
  boost::system::error_code error;
  const auto address = asio::ip::make_address(host_, error);
  std::uint16_t number = 0;
  const auto parsed = std::from_chars(port_.data(), port_.data() + port_.size(), number);
  if (error || parsed.ec != std::errc() || parsed.ptr != port_.data() + port_.size()) return;
  is_address_ = true;
  endpoints_.emplace_back(address, number);
}

void ResolverCache::resolve(TimePoint now, Handler handler) {
  if (is_address_ || now < fresh_until_) return handler({}, endpoints_);
  waiting_.push_back(std::move(handler));
  if (waiting_.size() > 1) return;  // shares the look-up under way
  resolver_.async_resolve(host_, port_,
                          [self = shared_from_this()](const boost::system::error_code& error, const auto& results) {
                            self->finish(error, results);
                          });
}

void ResolverCache::forget() { fresh_until_ = TimePoint::min(); }

void ResolverCache::finish(const boost::system::error_code& error, const Resolver::results_type& results) {
  endpoints_.clear();
  for (const auto& result : results) endpoints_.push_back(result.endpoint());
  const bool found = !error && !endpoints_.empty();
  fresh_until_ = found ? Clock::now() + kept_for : TimePoint::min();
  const auto verdict = error || found ? error : asio::error::make_error_code(asio::error::host_not_found);
  // A handler may ask again.
  const std::vector<Handler> handlers = std::exchange(waiting_, {});
  for (const Handler& handler : handlers) handler(verdict, endpoints_);
}

}  // namespace logdist::upstream
