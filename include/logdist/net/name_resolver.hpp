// The addresses of names, for the whole daemon.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/ip/address.hpp>
#include <boost/system/error_code.hpp>

#include "logdist/base/time.hpp"

namespace logdist::net {

using Addresses = std::vector<boost::asio::ip::address>;

/// Finds the addresses of `host` and may block meanwhile: for as long as a
/// silent name server is waited for. Called on several threads at once, and may
/// outlive the resolver it was given to.
using Lookup = std::function<Addresses(const std::string& host, boost::system::error_code& error)>;

/// The system's own look-up (getaddrinfo).
Addresses system_lookup(const std::string& host, boost::system::error_code& error);

/// Looks names up on its own threads, one per name up to threads_max of them, so a name
/// whose server is silent delays no other. (Asio's own resolver has one thread per
/// io_context for all names.) One look-up per name is in progress at a time, and further
/// requests share it. What was found is remembered for a few seconds; a failure is not.
///
/// Thread-safe. Code that lives on an io_context uses HostAddresses.
class NameResolver {
 public:
  static constexpr Duration kept_for = std::chrono::seconds(5);
  /// Names beyond so many wait for a thread.
  static constexpr std::size_t threads_max = 64;

  /// Called with the addresses, at least one, or with why there are none.
  using Handler = std::function<void(const boost::system::error_code&, const Addresses&)>;

  /// Starts no thread before the first name is looked up.
  explicit NameResolver(Lookup lookup = system_lookup);
  /// Calls no handler any more and begins no look-up. Does not wait for those in
  /// progress, which cannot be cancelled: their threads end by themselves, and use
  /// nothing but the lookup and what it owns.
  ~NameResolver();
  NameResolver(const NameResolver&) = delete;
  NameResolver& operator=(const NameResolver&) = delete;

  /// The addresses of `host`, if they are remembered at `now`. Otherwise looks them up,
  /// and calls `handler` once, on a thread of the resolver, where it must neither block
  /// nor call the resolver; not at all if the resolver is destroyed before.
  std::optional<Addresses> find(const std::string& host, TimePoint now, Handler handler);

  /// What is remembered for `host` was of no use: the next find() looks it up again.
  void forget(const std::string& host);
  /// Names that are known or being looked up: at most twice as many as are of use, or 64.
  std::size_t size() const;

 private:
  class Work;
  const std::shared_ptr<Work> work_;  ///< shared with the threads, which may outlive this
};

}  // namespace logdist::net
