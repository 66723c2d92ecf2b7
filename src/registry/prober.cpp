#include "logdist/registry/prober.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include <boost/asio.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include "logdist/base/version.hpp"
#include "logdist/config/text.hpp"
#include "logdist/net/as_tuple.hpp"
#include "logdist/net/dial.hpp"
#include "logdist/net/transport_stream.hpp"
#include "logdist/sink/http/answer_reader.hpp"

namespace logdist::registry {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;

/// Bytes read at once of an answer, of which the head alone is of interest.
constexpr std::size_t read_bytes = 2 * 1024;

/// How a probe ended.
struct Ending {
  health::ProbeResult result = health::ProbeResult::failed;
  core::Failure failure;
};

Ending failed(Outcome outcome, const beast::error_code& error = {}) {
  return {health::ProbeResult::failed, {outcome, 0, error, true}};
}

Ending judge(unsigned status) {
  if (status >= 200 && status < 300) return {health::ProbeResult::passed, {}};
  if (status == 404 || status == 405 || status == 501) return {health::ProbeResult::missing, {}};
  return {health::ProbeResult::failed, {Outcome::http_error, status, {}, true}};
}

/// One probe under way. Whichever comes first, its answer or its timeout, is told;
/// a look-up of the name that takes longer finds nothing to do here any more. The timer's
/// handler keeps it until then.
class Exchange : public std::enable_shared_from_this<Exchange> {
  using Socket = net::Dial::Socket;

 public:
  Exchange(asio::io_context& io, std::shared_ptr<const Target> target, std::string path, Prober::Done done)
      : target_(std::move(target)), path_(std::move(path)), done_(std::move(done)), io_(io), timer_(io) {}

  void start(net::HostAddresses& addresses, Duration timeout) {
    timer_.expires_after(timeout);
    timer_.async_wait([self = shared_from_this()](beast::error_code) { self->finish(failed(Outcome::timeout)); });
    addresses.resolve(Clock::now(),
                      [self = shared_from_this()](const beast::error_code& error, const net::Endpoints& endpoints) {
                        if (error) return self->finish(failed(Outcome::connect_error, error));
                        if (self->done_) self->connect(endpoints);
                      });
  }

 private:
  void connect(const net::Endpoints& endpoints) {
    // Not by its own dial: the two would keep each other when the loop ends in between.
    dial_.emplace(io_, endpoints, [weak = weak_from_this()](const beast::error_code& error, Socket socket) {
      const auto self = weak.lock();
      if (!self) return;
      if (error) return self->finish(failed(Outcome::connect_error, error));
      self->stream_.emplace(std::move(socket), self->target_->layer);
      asio::co_spawn(self->io_, run(self), asio::detached);
    });
  }

  static asio::awaitable<void> run(std::shared_ptr<Exchange> self) {
    const Ending ending = co_await self->ask();
    self->finish(ending);
  }

  asio::awaitable<Ending> ask() {
    const auto [handshake_error] = co_await stream_->async_handshake(net::as_tuple);
    if (handshake_error) co_return failed(Outcome::connect_error, handshake_error);
    http::request<http::empty_body> request(http::verb::get, path_, 11);
    request.set(http::field::host, config::host_header(target_->host, target_->port, target_->is_https));
    request.set(http::field::user_agent, user_agent());
    for (const auto& [name, value] : target_->headers) request.set(name, value);  // may replace ours
    request.keep_alive(false);
    const auto [write_error, written] = co_await http::async_write(*stream_, request, net::as_tuple);
    if (write_error) co_return failed(Outcome::connection_broken, write_error);

    sink::AnswerReader reader;
    beast::flat_buffer input(sink::max_answer_head_bytes + read_bytes);
    for (;;) {
      const auto [error, bytes] = co_await stream_->async_read_some(input.prepare(read_bytes), net::as_tuple);
      if (error) co_return failed(Outcome::connection_broken, error);
      input.commit(bytes);
      const sink::AnswerReader::Result result = reader.read(input);
      if (result == sink::AnswerReader::Result::head) co_return judge(reader.head().status);
      if (result == sink::AnswerReader::Result::broken) co_return failed(Outcome::protocol_error, reader.fault());
    }
  }

  void finish(const Ending& ending) {
    if (!done_) return;
    std::exchange(done_, nullptr)(ending.result, ending.failure);
    timer_.cancel();
    if (dial_) dial_->cancel();
    if (stream_) stream_->close();
  }

  const std::shared_ptr<const Target> target_;
  const std::string path_;
  Prober::Done done_;  ///< empty once called
  asio::io_context& io_;
  std::optional<net::Dial> dial_;
  std::optional<net::TransportStream> stream_;  ///< once connected
  asio::steady_timer timer_;
};

}  // namespace

Prober::Prober(asio::io_context& io, net::NameResolver& names, std::string path, Duration timeout,
               std::vector<Target> targets)
    : io_(io), path_(std::move(path)), timeout_(timeout), names_(names) {
  for (Target& target : targets) set(static_cast<AnalyzerId>(targets_.size()), std::move(target));
}

void Prober::set(AnalyzerId analyzer, Target target) {
  const std::size_t size = std::max(targets_.size(), analyzer + std::size_t{1});
  targets_.resize(size);
  addresses_.resize(size);
  addresses_[analyzer] = std::make_unique<net::HostAddresses>(io_, names_, target.host, target.port);
  targets_[analyzer] = std::make_shared<const Target>(std::move(target));
}

void Prober::set_headers(AnalyzerId analyzer, std::vector<std::pair<std::string, std::string>> headers) {
  const Target& old = *targets_[analyzer];
  targets_[analyzer] =
      std::make_shared<const Target>(Target{old.host, old.port, std::move(headers), old.layer, old.is_https});
}

void Prober::probe(AnalyzerId analyzer, Done done) {
  std::make_shared<Exchange>(io_, targets_[analyzer], path_, std::move(done))->start(*addresses_[analyzer], timeout_);
}

}  // namespace logdist::registry
