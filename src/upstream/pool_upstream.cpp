#include "logdist/upstream/pool_upstream.hpp"

#include <utility>

#include "upstream/loop.hpp"
#include "upstream/pool.hpp"

namespace logdist::upstream {

PoolUpstream::PoolUpstream(boost::asio::io_context& io, NameResolver& names, PoolOptions options)
    : loop_(std::make_shared<Loop>(io, names, std::move(options))) {}

PoolUpstream::~PoolUpstream() { loop_->stop(); }

void PoolUpstream::set_listener(AttemptListener& listener) { loop_->set_listener(listener); }

AnalyzerId PoolUpstream::add(const AnalyzerTarget& target) { return loop_->add_pool(target); }

void PoolUpstream::remove(AnalyzerId analyzer, TimePoint now) {
  if (Pool* pool = loop_->pool(analyzer)) pool->remove(now);
  loop_->after_call(now);
}

void PoolUpstream::set_headers(AnalyzerId analyzer, const AnalyzerTarget& target) {
  if (Pool* pool = loop_->pool(analyzer)) pool->set_headers(target);
}

void PoolUpstream::send(delivery::Attempt& attempt, TimePoint now) {
  if (Pool* pool = loop_->pool(attempt.analyzer)) {
    pool->send(attempt, now);
  } else {
    loop_->attempt_ended(attempt, {Outcome::unsent, 0, std::nullopt, false, {}});
  }
  loop_->after_call(now);
}

void PoolUpstream::flush(TimePoint now) { loop_->flush(now); }

void PoolUpstream::recall(AnalyzerId analyzer, TimePoint now) {
  if (Pool* pool = loop_->pool(analyzer)) pool->recall(now);
  loop_->after_call(now);
}

void PoolUpstream::shutdown(TimePoint now) { loop_->shutdown(now); }

std::size_t PoolUpstream::connections(AnalyzerId analyzer) const {
  const Pool* pool = loop_->pool(analyzer);
  return pool != nullptr ? pool->connections() : 0;
}

const PoolStatistics& PoolUpstream::statistics() const { return loop_->statistics; }

}  // namespace logdist::upstream
