// Analyzers that come and go: the sources of `discovery`, asked all the time.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "logdist/base/time.hpp"
#include "logdist/config/options.hpp"
#include "logdist/registry/discovery/answer.hpp"
#include "logdist/telemetry/scrape.hpp"

namespace logdist::registry {

/// Asks the sources on a thread of its own, where answers of any size delay nobody; keeps what they gave last, also in
/// the file discovery.cache. What it has found is told on the control thread, to which all its functions belong.
class Discovery {
 public:
  /// Called with a source's name whenever complete() would give something else because of it.
  using Changed = std::function<void(const std::string& source)>;

  /// Reads the cache. `seed` is of what spreads retries.
  Discovery(boost::asio::io_context& control, const config::Options& options, std::uint64_t seed);
  /// Waits for no answer. Its last set is in the cache.
  ~Discovery();
  Discovery(const Discovery&) = delete;
  Discovery& operator=(const Discovery&) = delete;

  void start(Changed changed);
  /// These sources from now on. Those that stay as they were are not disturbed, and one of a known name and type keeps
  /// its analyzers until it has answered.
  void configure(const config::DiscoveryOptions& options);
  /// Adds to the analyzers of `wanted` what its sources have given.
  void complete(config::Options& wanted);

  std::vector<telemetry::SourceFacts> facts() const;

 private:
  class Impl;
  const std::unique_ptr<Impl> impl_;
};

/// What one source gives now.
struct SourceSample {
  std::string source;
  Answer answer;
  std::string error;  ///< empty: there is an answer
};

/// Asks each source once, all together, and waits at most `timeout`.
std::vector<SourceSample> sample_sources(const config::Options& options, Duration timeout);

/// Its name in the configuration.
std::string_view to_string(config::SourceType type);

}  // namespace logdist::registry
