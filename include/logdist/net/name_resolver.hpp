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

/// Looks names up on threads of its own, one a name as long as there are no more
/// than threads_max of them, so a name whose server is silent holds up no other.
/// (Asio's own resolver has one thread an io_context for all names.) One look-up
/// a name is under way at a time, whoever asks meanwhile shares it, and what was
/// found is remembered for a few seconds; a failure is not.
///
/// Thread-safe. Askers that live on an io_context use HostAddresses.
class NameResolver {
 public:
  static constexpr Duration kept_for = std::chrono::seconds(5);
  /// Names beyond so many wait for a thread.
  static constexpr std::size_t threads_max = 64;

  /// Told the addresses, at least one, or why there are none.
  using Handler = std::function<void(const boost::system::error_code&, const Addresses&)>;

  /// Starts no thread before the first name is looked up.
  explicit NameResolver(Lookup lookup = system_lookup);
  /// Tells nobody any more and begins no look-up. Does not wait for those under
  /// way, which cannot be cancelled: their threads end by themselves, and touch
  /// nothing but the lookup and what it owns.
  ~NameResolver();
  NameResolver(const NameResolver&) = delete;
  NameResolver& operator=(const NameResolver&) = delete;

  /// The addresses of `host`, when they are remembered at `now`. Otherwise looks
  /// them up, and calls `handler` once, on a thread of the resolver, where it
  /// must neither block nor call back; not at all when the resolver ends before.
  std::optional<Addresses> find(const std::string& host, TimePoint now, Handler handler);

  /// What is remembered of `host` was of no use: the next find() looks anew.
  void forget(const std::string& host);

 private:
  class Work;
  const std::shared_ptr<Work> work_;  ///< shared with the threads, which may outlive this
};

}  // namespace logdist::net
