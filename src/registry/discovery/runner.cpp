#include "registry/discovery/runner.hpp"

#include <chrono>
#include <utility>

#include <fmt/format.h>
#include <boost/asio.hpp>

#include "logdist/net/as_tuple.hpp"
#include "logdist/registry/discovery/discovery.hpp"
#include "logdist/telemetry/log.hpp"

namespace logdist::registry {
namespace {

/// However little a source or its interval asks for.
constexpr Duration wait_least = std::chrono::milliseconds(20);

}  // namespace

Runner::Runner(config::SourceOptions options, boost::asio::io_context& io, net::NameResolver& names, std::uint64_t seed,
               Seen seen)
    : options_(std::move(options)),
      io_(io),
      seen_(std::move(seen)),
      state_(options_.source, options_.allow_empty, seed),
      source_(make_source(options_, io, names)),
      timer_(io) {}

void Runner::start() { boost::asio::co_spawn(io_, run(shared_from_this()), boost::asio::detached); }

void Runner::stop() {
  stopped_ = true;
  timer_.cancel();
}

boost::asio::awaitable<void> Runner::run(std::shared_ptr<Runner> self) {
  while (!self->stopped_) {
    Look look = co_await self->source_->look(self->state_.needs_answer());
    if (self->stopped_) co_return;
    self->timer_.expires_after(self->take(std::move(look)));
    co_await self->timer_.async_wait(net::as_tuple);
  }
}

/// How long to wait then.
Duration Runner::take(Look look) {
  const bool is_answer = look.answer.has_value();
  const SourceState::Reaction reaction =
      is_answer ? state_.answered(std::move(*look.answer)) : state_.failed(look.answer.error());
  if (state_.reachable()) {
    last_success_seconds_ = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  }
  for (const SourceNote& note : reaction.notes) tell(note);
  seen_(*this, reaction.changed);
  // One that tells changes is not to be waited for when its answer is in doubt; another has its interval.
  const bool has_interval = is_answer && look.wait > Duration::zero();
  return std::max(has_interval ? look.wait : reaction.wait.value_or(look.wait), wait_least);
}

void Runner::tell(const SourceNote& note) const {
  const std::string text = fmt::format("discovery {}: {}", options_.source, note.text);
  const log::Fields fields{{"source", options_.source}};
  switch (note.type) {
    case SourceNote::Type::failed: return log::record(log::Level::warn, "discovery_failed", text, fields);
    case SourceNote::Type::recovered: return log::record(log::Level::info, "discovery_recovered", text, fields);
    case SourceNote::Type::skipped: return log::warn("discovery_skipped", text, fields);
    case SourceNote::Type::empty: return log::warn("discovery_empty", text, fields);
  }
}

std::string_view to_string(config::SourceType type) {
  switch (type) {
    case config::SourceType::dns: return "dns";
    case config::SourceType::consul: return "consul";
    case config::SourceType::etcd: return "etcd";
    case config::SourceType::file: return "file";
    case config::SourceType::http: return "http";
  }
  return "";
}

std::unique_ptr<Source> make_source(const config::SourceOptions& options, boost::asio::io_context& io,
                                    net::NameResolver& names) {
  switch (options.type) {
    case config::SourceType::dns: return make_dns_source(options, io);
    case config::SourceType::consul: return make_consul_source(options, io, names);
    case config::SourceType::etcd: return make_etcd_source(options, io, names);
    case config::SourceType::file: return make_file_source(options, io);
    case config::SourceType::http: return make_http_source(options, io, names);
  }
  return nullptr;
}

}  // namespace logdist::registry
