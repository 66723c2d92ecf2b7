// Asks one source again and again.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "logdist/config/options.hpp"
#include "logdist/net/name_resolver.hpp"
#include "logdist/registry/discovery/source_state.hpp"
#include "registry/discovery/source.hpp"

namespace logdist::registry {

/// Confined to discovery's thread. Lives until its last look has ended.
class Runner : public std::enable_shared_from_this<Runner> {
 public:
  /// Called after each look.
  using Seen = std::function<void(const Runner&, bool changed)>;

  Runner(config::SourceOptions options, boost::asio::io_context& io, net::NameResolver& names, std::uint64_t seed,
         Seen seen);

  void restore(std::vector<config::AnalyzerOptions> analyzers) { state_.restore(std::move(analyzers)); }
  void start();
  /// Nothing is told any more.
  void stop();
  /// No more handlers run: lets go of what other threads might still come back to.
  void shut_down() { source_->shut_down(); }

  const config::SourceOptions& options() const { return options_; }
  const SourceState& state() const { return state_; }
  double last_success_seconds() const { return last_success_seconds_; }  ///< Unix time; 0: never

 private:
  static boost::asio::awaitable<void> run(std::shared_ptr<Runner> self);
  Duration take(Look look);
  void tell(const SourceNote& note) const;

  const config::SourceOptions options_;
  boost::asio::io_context& io_;
  Seen seen_;
  SourceState state_;
  const std::unique_ptr<Source> source_;
  boost::asio::steady_timer timer_;
  double last_success_seconds_ = 0;
  bool stopped_ = false;
};

}  // namespace logdist::registry
