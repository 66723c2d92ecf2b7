#include "sink/http/pool_manager.hpp"

#include <algorithm>
#include <utility>

#include <boost/asio/post.hpp>

#include "logdist/base/check.hpp"
#include "sink/http/pool.hpp"

namespace logdist::sink {
namespace {

/// How often pools look after what no event brings up: idle connections that
/// could go, a backlog that could have more connections.
constexpr Duration tick_interval = std::chrono::milliseconds(100);
/// What a step of decompressing counts for at least: one that only reads takes time, too.
constexpr std::size_t least_step_bytes = std::size_t{8} << 10;

}  // namespace

PoolManager::PoolManager(boost::asio::io_context& io, net::NameResolver& names, PoolOptions options)
    : io_(io),
      poller_(net::Poller::of(io)),
      names_(names),
      options_(std::move(options)),
      plain_bodies_({options_.content_max, options_.contents_held_max, options_.memory}),
      timer_(io),
      random_(options_.seed) {}

PoolManager::~PoolManager() { stop(); }

void PoolManager::stop() {
  if (std::exchange(stopped_, true)) return;
  for (const auto& pool : pools_) {
    if (pool) pool->shutdown();
  }
  notices_.clear();
  timer_.cancel();
}

AnalyzerId PoolManager::add_pool(const AnalyzerTarget& target, std::optional<AnalyzerId> reused) {
  if (reused) {
    std::unique_ptr<Pool>& pool = pools_[*reused];
    if (pool) {
      // Of a late body, or a connection that is closing.
      pool->shutdown();
      LOGDIST_CHECK(pool->is_over());
      replaced_.push_back(std::move(pool));
      end_pools_soon();
    }
    pool = std::make_unique<Pool>(*this, *reused, target);
    return *reused;
  }
  const auto analyzer = static_cast<AnalyzerId>(pools_.size());
  pools_.push_back(std::make_unique<Pool>(*this, analyzer, target));
  if (target.native) ++native_pools;
  return analyzer;
}

void PoolManager::shutdown(TimePoint now) {
  for (const auto& pool : pools_) {
    if (pool) pool->shutdown();
  }
  // No connection is left that could grow too old: the timer must not keep the io_context at work.
  tick_at_ = never;
  armed_for_ = never;
  timer_.cancel();
  after_call(now);
}

void PoolManager::flush(TimePoint now) {
  while (!to_write_.empty()) {
    Connection& connection = to_write_.front();
    to_write_.pop_front();
    connection.pool().written(connection);
    connection.write();
  }
  after_call(now);
}

void PoolManager::after_call(TimePoint now) {
  tell(now);
  arm_timer();
  if (plain_bodies_.can_step()) decompress_soon();
}

void PoolManager::after_event(TimePoint now) {
  after_call(now);
  if (!to_write_.empty()) flush_soon();
}

void PoolManager::flush_soon() {
  if (std::exchange(flush_posted_, true)) return;
  boost::asio::post(io_, [self = shared_from_this()] {
    self->flush_posted_ = false;
    if (!self->stopped_) self->flush(Clock::now());
  });
}

void PoolManager::decompress_soon() {
  if (stopped_ || std::exchange(decompression_posted_, true)) return;
  boost::asio::post(io_, [self = shared_from_this()] {
    self->decompression_posted_ = false;
    if (!self->stopped_) self->decompress_slice(Clock::now());
  });
}

/// Small bodies, or a part of a large one: others of the loop have their turn in between.
void PoolManager::decompress_slice(TimePoint now) {
  for (std::size_t done = 0; done < codec::ContentBuilder::slice_max && plain_bodies_.can_step();) {
    const PlainBodies::Step step = plain_bodies_.step();
    done += std::max(step.bytes, least_step_bytes);
    if (step.ready != nullptr) pools_[step.ready->analyzer]->decompressed(*step.ready, now);
  }
  after_event(now);
}

void PoolManager::attempt_ended(core::Attempt& attempt, const core::AttemptResult& result) {
  plain_bodies_.forget(attempt);
  notices_.push_back({&attempt, result, attempt.analyzer});
}

void PoolManager::capacity_changed(AnalyzerId analyzer) { notices_.push_back({nullptr, {}, analyzer}); }

// The listener may call back, and more may end meanwhile: the outermost call
// tells that too.
void PoolManager::tell(TimePoint now) {
  if (telling_ || notices_.empty()) return;
  telling_ = true;
  for (std::size_t next = 0; next < notices_.size(); ++next) {
    const Notice notice = notices_[next];
    if (notice.attempt != nullptr) {
      listener_->attempt_ended(*notice.attempt, notice.result, now);
    } else if (pools_[notice.analyzer]) {
      tell_capacity(notice.analyzer, now);
    }
  }
  notices_.clear();
  telling_ = false;
}

// Two loops may change the same capacity at once. What is told last must be what
// it is: who has told an older value sees it afterwards, and tells the newer.
void PoolManager::tell_capacity(AnalyzerId analyzer, TimePoint now) {
  std::uint32_t told = 0;
  do {
    told = pools_[analyzer]->capacity();
    listener_->capacity_changed(analyzer, told, now);
  } while (told != pools_[analyzer]->capacity());
}

void PoolManager::write_later(Connection& connection) {
  if (!connection.write_hook.is_linked()) to_write_.push_back(connection);
}

void PoolManager::forget_write(Connection& connection) {
  if (connection.write_hook.is_linked()) to_write_.erase(to_write_.iterator_to(connection));
}

void PoolManager::start_clock(InFlightRequest& request, TimePoint now) {
  request.deadline = now + options_.timeout;
  clocks_.push_back(request);
}

void PoolManager::stop_clock(InFlightRequest& request) { clocks_.erase(clocks_.iterator_to(request)); }

bool PoolManager::start_body_clock(Connection& connection, TimePoint now) {
  if (connection.body_hook.is_linked()) return false;
  connection.notes.body_since = now;
  bodies_.push_back(connection);
  return true;
}

void PoolManager::stop_body_clock(Connection& connection) {
  if (connection.body_hook.is_linked()) bodies_.erase(bodies_.iterator_to(connection));
}

void PoolManager::tick_soon(TimePoint now) { tick_by(now + tick_interval); }

void PoolManager::end_pools_soon() {
  if (stopped_ || std::exchange(ending_posted_, true)) return;
  boost::asio::post(io_, [self = shared_from_this()] {
    self->ending_posted_ = false;
    if (self->stopped_) return;
    for (auto& pool : self->pools_) {
      if (pool && pool->is_over()) pool.reset();
    }
    self->replaced_.clear();
  });
}

Duration PoolManager::draw_connection_age() {
  const Duration age = options_.max_connection_age;
  return std::chrono::duration_cast<Duration>(age * random_.uniform(0.9, 1.1));
}

// Set again only for something earlier: an answer that comes in time costs the
// timer nothing, and a wakeup for a deadline that is gone finds the next one.
void PoolManager::arm_timer() {
  if (stopped_) return;
  const TimePoint body_due = bodies_.empty() ? never : bodies_.front().notes.body_since + body_time_max();
  const TimePoint due = std::min({tick_at_, body_due, clocks_.empty() ? never : clocks_.front().deadline});
  if (due >= armed_for_) return;
  armed_for_ = due;
  timer_.expires_at(due);
  timer_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
    if (!error && !self->stopped_) self->on_timer();
  });
}

void PoolManager::on_timer() {
  const TimePoint now = Clock::now();
  armed_for_ = never;
  end_late(now);
  if (tick_at_ <= now) tick(now);
  after_event(now);
}

void PoolManager::end_late(TimePoint now) {
  // Bodies first: what stands behind one is not late by itself.
  while (!bodies_.empty() && bodies_.front().notes.body_since + body_time_max() <= now) {
    Connection& connection = bodies_.front();
    connection.pool().ended(connection, End::cut_body, boost::asio::error::timed_out, now);
  }
  while (!clocks_.empty() && clocks_.front().deadline <= now) {
    Connection& connection = *clocks_.front().connection;
    connection.pool().ended(connection, End::timed_out, boost::asio::error::timed_out, now);
  }
}

void PoolManager::tick(TimePoint now) {
  tick_at_ = never;
  for (const auto& pool : pools_) {
    if (pool) pool->tick(now);
  }
}

}  // namespace logdist::sink
