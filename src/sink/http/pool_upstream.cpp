#include "logdist/sink/http/pool_upstream.hpp"

#include <utility>

#include "sink/http/pool.hpp"
#include "sink/http/pool_manager.hpp"

namespace logdist::sink {

PoolUpstream::PoolUpstream(boost::asio::io_context& io, net::NameResolver& names, PoolOptions options)
    : manager_(std::make_shared<PoolManager>(io, names, std::move(options))) {}

PoolUpstream::~PoolUpstream() { manager_->stop(); }

void PoolUpstream::set_listener(AttemptListener& listener) { manager_->set_listener(listener); }

AnalyzerId PoolUpstream::add(const AnalyzerTarget& target, std::optional<AnalyzerId> reused) {
  return manager_->add_pool(target, reused);
}

void PoolUpstream::remove(AnalyzerId analyzer, TimePoint now) {
  if (Pool* pool = manager_->pool(analyzer)) {
    if (pool->is_native()) --manager_->native_pools;
    pool->remove(now);
  }
  manager_->after_call(now);
}

void PoolUpstream::set_headers(AnalyzerId analyzer, const AnalyzerTarget& target) {
  if (Pool* pool = manager_->pool(analyzer)) pool->set_headers(target);
}

void PoolUpstream::send(core::Attempt& attempt, TimePoint now) {
  if (Pool* pool = manager_->pool(attempt.analyzer)) {
    pool->send(attempt, now);
  } else {
    manager_->attempt_ended(attempt, {Outcome::unsent, 0, std::nullopt, false, {}});
  }
  manager_->after_call(now);
}

void PoolUpstream::flush(TimePoint now) { manager_->flush(now); }

void PoolUpstream::recall(AnalyzerId analyzer, TimePoint now) {
  if (Pool* pool = manager_->pool(analyzer)) pool->recall(now);
  manager_->after_call(now);
}

void PoolUpstream::shutdown(TimePoint now) { manager_->shutdown(now); }

std::size_t PoolUpstream::connections(AnalyzerId analyzer) const {
  const Pool* pool = manager_->pool(analyzer);
  return pool != nullptr ? pool->connections() : 0;
}

bool PoolUpstream::has_native() const { return manager_->native_pools > 0; }

const PoolStatistics& PoolUpstream::statistics() const { return manager_->statistics; }

}  // namespace logdist::sink
