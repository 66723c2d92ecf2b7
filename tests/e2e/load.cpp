#include "tests/e2e/load.hpp"

#include <fmt/format.h>

#include <boost/asio.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <optional>

#include "logdist/base/random.hpp"
#include "logdist/config/text.hpp"
#include "logdist/net/as_tuple.hpp"
#include "tests/e2e/wait.hpp"

namespace logdist::e2e {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;

/// One agent's connection.
struct Link {
  std::optional<beast::tcp_stream> stream;
  beast::flat_buffer buffer;
};

asio::awaitable<bool> connect(Link& link, const config::HttpUrl& url) {
  link.buffer.clear();
  link.stream.emplace(co_await asio::this_coro::executor);
  link.stream->expires_after(patience);
  const asio::ip::tcp::endpoint endpoint(asio::ip::make_address(url.host),
                                         static_cast<std::uint16_t>(std::stoul(url.port)));
  const auto [error] = co_await link.stream->async_connect(endpoint, net::as_tuple);
  if (error) link.stream.reset();
  co_return !error;
}

/// Sends the packet and notes the answer; the link is gone when it cannot be kept.
asio::awaitable<void> exchange(Link& link, const config::HttpUrl& url, Sent& packet) {
  const Target target = target_of(packet.format);
  http::request<http::string_body> request(http::verb::post, target.path, 11);
  request.set(http::field::host, url.host + ":" + url.port);
  request.set(http::field::content_type, target.content_type);
  // Only our own format has a place for it in the body.
  if (packet.format != core::Protocol::packet) request.set("Idempotency-Key", packet.id);
  request.body() = body_of(packet);
  request.prepare_payload();
  link.stream->expires_after(patience);
  // An answer may come although not all could be written, so that error says nothing.
  co_await http::async_write(*link.stream, request, net::as_tuple);
  http::response<http::string_body> response;
  const auto [error, bytes] = co_await http::async_read(*link.stream, link.buffer, response, net::as_tuple);
  if (!error) {
    packet.status = response.result_int();
    packet.body = response.body();
    packet.retry_after = std::string(response[http::field::retry_after]);
  }
  if (error || !response.keep_alive()) link.stream.reset();
}

}  // namespace

struct Load::State {
  State(const std::string& packet_url, const LoadPlan& load_plan)
      : url(*config::parse_http_url(packet_url)), plan(load_plan), start(Clock::now()) {}

  /// When packet `number` of agent `agent` is due.
  TimePoint due(std::size_t agent, std::size_t number) const {
    if (plan.packets_per_second == 0) return start;
    const double earlier = static_cast<double>(number) * static_cast<double>(plan.agents) + static_cast<double>(agent);
    return start +
           std::chrono::duration_cast<Duration>(std::chrono::duration<double>(earlier / plan.packets_per_second));
  }

  asio::awaitable<void> run_agent(std::size_t agent);

  const config::HttpUrl url;
  const LoadPlan plan;
  const TimePoint start;
  asio::io_context io{1};
  std::atomic<bool> stopping{false};
  std::atomic<std::size_t> answered{0};
  std::vector<Sent> sent;  ///< the load's thread's
};

asio::awaitable<void> Load::State::run_agent(std::size_t agent) {
  Random random(plan.seed * 1'000'003 + agent);
  Link link;
  asio::steady_timer pace(io);
  for (std::size_t number = 0; number < plan.packets_each; ++number) {
    pace.expires_at(due(agent, number));
    co_await pace.async_wait(net::as_tuple);
    if (stopping) co_return;
    Sent packet;
    packet.format = plan.formats[agent % plan.formats.size()];
    packet.id = fmt::format("{}-{}-{}", plan.name, agent, number);
    packet.messages = plan.messages_min + static_cast<std::uint32_t>(
                                              random.below(plan.messages_max - plan.messages_min + std::uint64_t{1}));
    const TimePoint begun = Clock::now();
    if (!link.stream) {
      const bool connected = co_await connect(link, url);
      if (!connected) {
        sent.push_back(packet);
        co_return;
      }
    }
    co_await exchange(link, url, packet);
    packet.at = Clock::now();
    packet.elapsed = packet.at - begun;
    if (plan.reconnects) link.stream.reset();
    if (packet.status != 0) ++answered;
    sent.push_back(std::move(packet));
  }
}

Load::Load(const std::string& packet_url, const LoadPlan& plan) : state_(std::make_unique<State>(packet_url, plan)) {
  for (std::size_t agent = 0; agent < plan.agents; ++agent) {
    asio::co_spawn(state_->io, state_->run_agent(agent), asio::detached);
  }
  thread_ = std::thread([this] { state_->io.run(); });
}

Load::~Load() {
  state_->io.stop();
  if (thread_.joinable()) thread_.join();
}

void Load::stop() { state_->stopping = true; }

std::vector<Sent> Load::finish() {
  thread_.join();
  return std::move(state_->sent);
}

std::size_t Load::answered() const { return state_->answered; }

std::vector<Sent> send_all(const std::string& packet_url, const LoadPlan& plan) {
  return Load(packet_url, plan).finish();
}

}  // namespace logdist::e2e
