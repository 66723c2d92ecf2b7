// The addresses of one analyzer.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/system/error_code.hpp>

#include "logdist/base/time.hpp"

namespace logdist::upstream {

using Endpoints = std::vector<boost::asio::ip::tcp::endpoint>;

/// Resolves one host and port, and remembers the answer for a few seconds. An
/// address needs no resolving and is remembered for good. Those who ask while a
/// look-up is under way share it. Confined to its loop's thread.
class ResolverCache : public std::enable_shared_from_this<ResolverCache> {
 public:
  static constexpr Duration kept_for = std::chrono::seconds(5);
  /// Told the addresses, at least one, or why there are none.
  using Handler = std::function<void(const boost::system::error_code&, const Endpoints&)>;

  ResolverCache(boost::asio::io_context& io, std::string host, std::string port);

  /// Calls `handler` once: at once when the addresses are known, else later.
  void resolve(TimePoint now, Handler handler);
  /// The addresses were of no use: the next resolve() looks anew.
  void forget();

 private:
  using Executor = boost::asio::io_context::executor_type;
  using Resolver = boost::asio::ip::basic_resolver<boost::asio::ip::tcp, Executor>;

  void finish(const boost::system::error_code& error, const Resolver::results_type& results);

  const std::string host_;
  const std::string port_;
  Resolver resolver_;
  bool is_address_ = false;
  Endpoints endpoints_;
  TimePoint fresh_until_ = TimePoint::min();
  std::vector<Handler> waiting_;
};

}  // namespace logdist::upstream
