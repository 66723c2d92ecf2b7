#include "tools/agent/agent_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio.hpp>

#include "logdist/base/counted.hpp"
#include "logdist/config/text.hpp"
#include "logdist/net/tls/tls_error.hpp"

namespace logdist::tools {
namespace {

namespace asio = boost::asio;

/// How much of a held-up rate is made good at once.
constexpr Duration rate_catch_up_max = std::chrono::milliseconds(50);

std::int64_t unix_seconds() {
  const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::seconds>(since_epoch).count();
}

}  // namespace

Agent::Run::Worker::Worker(Run& run)
    : connection(run.io_, run.names_, run.options_.target, run.options_.layer, run.options_.connect_timeout,
                 run.options_.timeout),
      timer(run.io_) {}

Agent::Run::Run(asio::io_context& io, AgentOptions options, PacketSource& source)
    : io_(io),
      options_(std::move(options)),
      names_(options_.lookup),
      packets_(io, source, 2 * options_.connections + 8, options_.packets_max),
      random_(options_.seed),
      grace_(io) {}

void Agent::Run::start(Done done) {
  done_ = std::move(done);
  const TimePoint now = Clock::now();
  rate_slot_ = now;
  tally_.begin(now);
  packets_.start(weak_from_this());
  working_ = std::max<std::size_t>(options_.connections, 1);
  for (std::size_t i = 0; i < working_; ++i) {
    workers_.push_back(std::make_unique<Worker>(*this));
    asio::co_spawn(io_, work(shared_from_this(), *workers_.back()), asio::detached);
  }
}

void Agent::Run::stop() {
  if (std::exchange(stopping_, true)) return;
  packets_.close();
  for (const auto& worker : workers_) worker->timer.cancel();
  if (working_ == 0) return;
  grace_.expires_after(options_.stop_grace);
  grace_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
    if (!error) self->close_connections();
  });
}

void Agent::Run::abandon() {
  done_ = nullptr;
  rejected_ = nullptr;
  stop();
  close_connections();
}

void Agent::Run::close_connections() {
  for (const auto& worker : workers_) worker->connection.close();
}

asio::awaitable<void> Agent::Run::work(std::shared_ptr<Run> self, Worker& worker) {
  for (;;) {
    const std::optional<OutgoingPacket> packet = co_await self->packets_.next();
    if (!packet) break;
    co_await self->wait_for_rate(worker);
    co_await self->deliver(worker, *packet);
  }
  worker.connection.close();  // a target with few places may have kept others waiting for this one
  self->worker_ended();
}

void Agent::Run::worker_ended() {
  if (--working_ > 0) return;
  if (const std::string failure = packets_.failure(); !failure.empty()) tally_.failed(failure);
  tally_.end(Clock::now());
  packets_.close();
  grace_.cancel();
  if (const Done done = std::exchange(done_, nullptr)) done(tally_.result());
}

asio::awaitable<void> Agent::Run::deliver(Worker& worker, const OutgoingPacket& packet) {
  Tries tries;
  for (;;) {
    while (!stopping_ && Clock::now() < std::max(tries.resume_at, paused_until_)) {
      co_await wait_until(worker, std::max(tries.resume_at, paused_until_));
    }
    if (stopping_) break;
    const TimePoint begun = Clock::now();
    if (++tries.count == 1) tries.begun = begun;
    if (tries.count > 1) tally_.retried();

    const boost::system::result<Answer> answer = co_await worker.connection.exchange(packet);
    if (answer.has_error()) {
      silence(answer.error(), tries);
    } else if (settle(packet, *answer, begun, tries)) {
      co_return;
    }
  }
  if (tries.count > 0) tally_.unsettled();
}

/// False when the packet has to be sent again.
bool Agent::Run::settle(const OutgoingPacket& packet, const Answer& answer, TimePoint begun, Tries& tries) {
  answered_ = true;
  const TimePoint now = Clock::now();
  const RetryDecision decision = decide(answer, unix_seconds());
  const std::string what =
      decision.advice == Advice::accepted ? std::string() : fmt::format("{}: {}", answer.status, explain(answer));
  switch (decision.advice) {
    case Advice::accepted: tally_.accepted(packet, now - begun); return true;
    case Advice::rejected: reject(packet, answer); return true;
    case Advice::later:
      tally_.troubled(what);
      if (now - tries.begun > options_.patience) give_up(what);
      // "Retry-After: 0" must not make us turn as fast as we can.
      paused_until_ = std::max(paused_until_,
                               now + std::max(decision.pause.value_or(options_.backoff.wait(tries.pauses++, random_)),
                                              options_.backoff.base(0)));
      return false;
    case Advice::again:
      tally_.troubled(what);
      if (++tries.failures >= options_.failures_max) {
        reject(packet, answer);
        return true;
      }
      tries.resume_at = now + options_.backoff.wait(tries.failures - 1, random_);
      return false;
  }
  return false;
}

/// No answer, or no whole one.
void Agent::Run::silence(const boost::system::error_code& error, Tries& tries) {
  if (stopping_) return;
  // A name that leads nowhere at the very beginning is a slip of the pen.
  if (!answered_ && error.category() == asio::error::get_netdb_category()) {
    return give_up(fmt::format("cannot find the address of {}: {}", options_.target.host, error.message()));
  }
  const config::HttpUrl& target = options_.target;
  const std::string what = fmt::format("http{}://{}: {}", target.is_tls ? "s" : "",
                                       config::host_header(target.host, target.port, target.is_tls), error.message());
  // A certificate that is not accepted will not be at the next try.
  if (!answered_ && net::is_certificate_error(error)) return give_up(what);
  tally_.troubled(what);
  if (++tries.failures >= options_.failures_max) {
    give_up(fmt::format("{} (after {})", what, counted(tries.failures, "try", "tries")));
  }
  tries.resume_at = Clock::now() + options_.backoff.wait(tries.failures - 1, random_);
}

void Agent::Run::reject(const OutgoingPacket& packet, const Answer& answer) {
  tally_.rejected(packet);
  if (rejected_) rejected_({packet.id, answer.status, explain(answer)});
}

void Agent::Run::give_up(std::string why) {
  tally_.failed(std::move(why));
  stop();
}

asio::awaitable<void> Agent::Run::wait_for_rate(Worker& worker) {
  if (options_.packets_per_second <= 0) co_return;
  const TimePoint slot = std::max(rate_slot_, Clock::now() - rate_catch_up_max);
  const std::chrono::duration<double> interval(1 / options_.packets_per_second);
  rate_slot_ = slot + std::chrono::duration_cast<Duration>(interval);
  co_await wait_until(worker, slot);
}

asio::awaitable<void> Agent::Run::wait_until(Worker& worker, TimePoint when) {
  if (stopping_ || Clock::now() >= when) co_return;
  worker.timer.expires_at(when);
  co_await worker.timer.async_wait(asio::as_tuple(asio::use_awaitable));
}

}  // namespace logdist::tools
