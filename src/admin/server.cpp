#include "logdist/admin/server.hpp"

#include <algorithm>
#include <list>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio.hpp>

#include "admin/session.hpp"
#include "admin/status_feed.hpp"
#include "logdist/net/as_tuple.hpp"
#include "logdist/net/listen.hpp"

namespace logdist::admin {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

/// How long accepting rests when it cannot go on: no file descriptor is left, or
/// no connection can be closed for a new one.
constexpr Duration pause_timeout = std::chrono::milliseconds(100);

}  // namespace

/// Accepts, and keeps the sessions. Outlives the Server for as long as a handler
/// of its own or of a session is under way.
class Server::Listener final : public SessionOwner, public std::enable_shared_from_this<Listener> {
 public:
  Listener(asio::io_context& loop, Sources sources, const Limits& limits)
      : loop_(loop.get_executor()),
        sources_(std::make_shared<const Sources>(std::move(sources))),
        limits_(limits),
        feed_(std::make_shared<StatusFeed>(loop_, sources_, limits)) {}

  error_code open(const config::ListenAddress& address, bool v6_only) {
    Port& port = ports_.emplace_back(loop_);
    error_code error = port.socket.open(address, v6_only);
    if (!error) port.socket.acceptor().non_blocking(true, error);
    if (error) ports_.pop_back();
    return error;
  }

  void start() {
    for (Port& port : ports_) asio::co_spawn(loop_, accept_all(shared_from_this(), port), asio::detached);
  }

  void stop() {
    for (Port& port : ports_) {
      port.socket.close();
      port.pause.cancel();
    }
    feed_->stop();
    for (const auto& session : sessions_) session->close();
    sessions_.clear();  // each keeps itself until it has ended
  }

  void session_ended(Session& session) override {
    std::erase_if(sessions_, [&session](const auto& kept) { return kept.get() == &session; });
    for (Port& port : ports_) port.pause.cancel();
  }

  CostlyTurns& turns() override { return turns_; }

  tcp::endpoint endpoint() const {
    const auto found =
        std::find_if(ports_.begin(), ports_.end(), [](const Port& port) { return !port.socket.is_unix(); });
    return found == ports_.end() ? tcp::endpoint() : found->socket.endpoint();
  }
  std::string urls(std::string_view scheme) const {
    std::string urls;
    for (const Port& port : ports_) urls += (urls.empty() ? "" : " ") + port.socket.url(scheme);
    return urls;
  }
  std::size_t connections() const { return sessions_.size(); }

 private:
  /// One of the addresses, and its wait when it cannot go on.
  struct Port {
    explicit Port(const tcp::acceptor::executor_type& loop) : socket(loop), pause(loop) {}

    net::ListeningSocket socket;
    asio::steady_timer pause;
  };

  static asio::awaitable<void> accept_all(std::shared_ptr<Listener> self, Port& port) {
    while (port.socket.is_open()) co_await self->accept_one(port);
  }

  /// Waits for a connection before it makes room for one.
  asio::awaitable<void> accept_one(Port& port) {
    tcp::acceptor& acceptor = port.socket.acceptor();
    const auto [wait_error] = co_await acceptor.async_wait(tcp::acceptor::wait_read, net::as_tuple);
    while (port.socket.is_open() && sessions_.size() >= limits_.connections) {
      close_longest_waiting();
      co_await pause(port);
    }
    if (!port.socket.is_open()) co_return;
    if (wait_error) co_return co_await pause(port);
    error_code error;
    tcp::socket socket = acceptor.accept(error);       // of several ports that wait, none is to exceed the bound
    if (error == asio::error::would_block) co_return;  // it has gone
    if (error) co_return co_await pause(port);
    error_code ignored;
    socket.set_option(tcp::no_delay(true), ignored);
    sessions_.push_back(std::make_shared<Session>(std::move(socket), shared_from_this(), sources_, feed_, limits_));
    sessions_.back()->start();
  }

  /// Who keeps us waiting makes room, whatever for: a peer with half a head holds no
  /// place that another one needs.
  void close_longest_waiting() {
    const auto oldest = std::min_element(sessions_.begin(), sessions_.end(), [](const auto& one, const auto& other) {
      return one->waiting_since() < other->waiting_since();
    });
    if ((*oldest)->waiting_since() != never) (*oldest)->close();
  }

  /// Until a session ends, the server stops, or a while has passed.
  static asio::awaitable<void> pause(Port& port) {
    port.pause.expires_after(pause_timeout);
    co_await port.pause.async_wait(net::as_tuple);
  }

  const tcp::acceptor::executor_type loop_;
  const std::shared_ptr<const Sources> sources_;
  const Limits limits_;
  const std::shared_ptr<StatusFeed> feed_;
  CostlyTurns turns_{loop_};
  std::list<Port> ports_;
  std::vector<std::shared_ptr<Session>> sessions_;
};

Server::Server(asio::io_context& loop, Sources sources, const Limits& limits)
    : listener_(std::make_shared<Listener>(loop, std::move(sources), limits)) {}

Server::~Server() { stop(); }

error_code Server::open(const config::ListenAddress& address, bool v6_only) {
  return listener_->open(address, v6_only);
}

tcp::endpoint Server::endpoint() const { return listener_->endpoint(); }

std::string Server::urls(std::string_view scheme) const { return listener_->urls(scheme); }

void Server::start() { listener_->start(); }

void Server::stop() { listener_->stop(); }

std::size_t Server::connections() const { return listener_->connections(); }

}  // namespace logdist::admin
