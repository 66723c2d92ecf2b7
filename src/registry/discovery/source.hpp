// One source, asked by its own protocol.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/system/result.hpp>

#include "logdist/base/time.hpp"
#include "logdist/config/options.hpp"
#include "logdist/net/name_resolver.hpp"
#include "logdist/registry/discovery/answer.hpp"

namespace logdist::registry {

/// What a look at a source has found, and how long to wait before the next one.
struct Look {
  boost::system::result<Answer, std::string> answer;
  Duration wait{};
};

/// Asks a source. Confined to discovery's thread.
class Source {
 public:
  virtual ~Source() = default;

  /// Waits for a change first where the source can tell one; with `at_once` it does not. At most a few minutes.
  virtual boost::asio::awaitable<Look> look(bool at_once) = 0;
  /// Lets go of what other threads might still come back to; nothing is asked any more.
  virtual void shut_down() {}
};

/// Of what its type says. `options`, `io` and `names` outlive it.
std::unique_ptr<Source> make_source(const config::SourceOptions& options, boost::asio::io_context& io,
                                    net::NameResolver& names);

std::unique_ptr<Source> make_dns_source(const config::SourceOptions& options, boost::asio::io_context& io);
std::unique_ptr<Source> make_file_source(const config::SourceOptions& options, boost::asio::io_context& io);
std::unique_ptr<Source> make_http_source(const config::SourceOptions& options, boost::asio::io_context& io,
                                         net::NameResolver& names);
std::unique_ptr<Source> make_consul_source(const config::SourceOptions& options, boost::asio::io_context& io,
                                           net::NameResolver& names);
std::unique_ptr<Source> make_etcd_source(const config::SourceOptions& options, boost::asio::io_context& io,
                                         net::NameResolver& names);

}  // namespace logdist::registry
