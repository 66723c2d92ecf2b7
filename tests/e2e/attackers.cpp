#include "tests/e2e/attackers.hpp"

#include <array>
#include <boost/asio.hpp>

#include "logdist/config/text.hpp"
#include "logdist/net/as_tuple.hpp"

namespace logdist::e2e {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

/// Of who reads slowly or never: it is full soon.
constexpr int small_buffer_bytes = 4096;

tcp::endpoint endpoint_of(const std::string& http_url) {
  const auto url = *config::parse_http_url(http_url);
  return {asio::ip::make_address(url.host), static_cast<std::uint16_t>(std::stoul(url.port))};
}

}  // namespace

Attackers::Attackers(const std::string& packet_url, const std::string& admin_url)
    : packet_port_(endpoint_of(packet_url)), admin_port_(endpoint_of(admin_url)) {
  thread_ = std::thread([this] { io_.run(); });
}

Attackers::~Attackers() {
  io_.stop();
  thread_.join();
}

void Attackers::begin(const Attack& attack) {
  attacks_.push_back(attack);
  const Attack& kept = attacks_.back();
  wanted_ += kept.connections;
  for (std::size_t i = 0; i < kept.connections; ++i) asio::co_spawn(io_, this->attack(kept), asio::detached);
}

asio::awaitable<void> Attackers::attack(const Attack& attack) {
  asio::steady_timer rest(io_);
  for (bool first = true;;) {
    const auto socket = std::make_shared<tcp::socket>(io_);
    const bool connected = co_await connect(socket, attack);
    if (connected) {
      ++connections_;
      if (first) ++begun_;
      first = false;
      co_await converse(socket, attack);
      boost::system::error_code ignored;
      if (attack.end == Attack::End::reset) socket->set_option(asio::socket_base::linger(true, 0), ignored);
      socket->close(ignored);
    }
    rest.expires_after(attack.rest);
    co_await rest.async_wait(net::as_tuple);
  }
}

asio::awaitable<bool> Attackers::connect(Socket socket, const Attack& attack) {
  boost::system::error_code error;
  socket->open(tcp::v4(), error);
  const bool small = !attack.reads || attack.read_pause > Duration::zero();
  if (!error && small) socket->set_option(asio::socket_base::receive_buffer_size(small_buffer_bytes), error);
  if (error) co_return false;
  const tcp::endpoint& port = attack.port == Attack::Port::packet ? packet_port_ : admin_port_;
  const auto [failure] = co_await socket->async_connect(port, net::as_tuple);
  socket->set_option(tcp::no_delay(true), error);
  co_return !failure;
}

asio::awaitable<void> Attackers::converse(Socket socket, const Attack& attack) {
  const bool reads_beside = attack.reads && !attack.again.empty();
  if (reads_beside) asio::co_spawn(io_, read(socket, attack.read_pause), asio::detached);
  const auto [opening_error, opening_count] =
      co_await asio::async_write(*socket, asio::buffer(attack.opening), net::as_tuple);
  if (opening_error) co_return;
  asio::steady_timer pause(io_);
  while (!attack.again.empty()) {
    pause.expires_after(attack.pause);
    co_await pause.async_wait(net::as_tuple);
    const auto [error, count] = co_await asio::async_write(*socket, asio::buffer(attack.again), net::as_tuple);
    if (error) co_return;
  }
  if (attack.end == Attack::End::close || attack.end == Attack::End::reset) co_return;
  boost::system::error_code ignored;
  if (attack.end == Attack::End::close_sending) socket->shutdown(tcp::socket::shutdown_send, ignored);
  if (attack.reads) {
    co_await read(socket, attack.read_pause);
  } else {
    co_await socket->async_wait(tcp::socket::wait_error, net::as_tuple);
  }
}

asio::awaitable<void> Attackers::read(Socket socket, Duration pause) {
  std::array<char, 16384> bytes{};
  const std::size_t at_once = pause > Duration::zero() ? 1 : bytes.size();
  asio::steady_timer wait(socket->get_executor());
  for (;;) {
    if (pause > Duration::zero()) {
      wait.expires_after(pause);
      co_await wait.async_wait(net::as_tuple);
    }
    const auto [error, count] = co_await socket->async_read_some(asio::buffer(bytes.data(), at_once), net::as_tuple);
    if (error) co_return;
  }
}

}  // namespace logdist::e2e
