#include "logdist/admin/server.hpp"

#include <algorithm>
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
      : acceptor_(loop),
        pause_(loop),
        sources_(std::make_shared<const Sources>(std::move(sources))),
        limits_(limits),
        feed_(std::make_shared<StatusFeed>(acceptor_.get_executor(), sources_, limits)) {}

  error_code open(const config::ListenAddress& address) {
    const error_code error = net::listen(acceptor_, address);
    if (!error) endpoint_ = acceptor_.local_endpoint();
    return error;
  }

  void start() { asio::co_spawn(acceptor_.get_executor(), accept_all(shared_from_this()), asio::detached); }

  void stop() {
    error_code ignored;
    acceptor_.close(ignored);
    pause_.cancel();
    feed_->stop();
    for (const auto& session : sessions_) session->close();
    sessions_.clear();  // each keeps itself until it has ended
  }

  void session_ended(Session& session) override {
    std::erase_if(sessions_, [&session](const auto& kept) { return kept.get() == &session; });
    pause_.cancel();
  }

  tcp::endpoint endpoint() const { return endpoint_; }
  std::size_t connections() const { return sessions_.size(); }

 private:
  static asio::awaitable<void> accept_all(std::shared_ptr<Listener> self) {
    while (self->acceptor_.is_open()) co_await self->accept_one();
  }

  /// Waits for a connection before it makes room for one.
  asio::awaitable<void> accept_one() {
    const auto [wait_error] = co_await acceptor_.async_wait(tcp::acceptor::wait_read, net::as_tuple);
    while (acceptor_.is_open() && sessions_.size() >= limits_.connections) {
      close_longest_waiting();
      co_await pause();
    }
    if (!acceptor_.is_open()) co_return;
    if (wait_error) co_return co_await pause();
    auto [error, socket] = co_await acceptor_.async_accept(net::as_tuple);
    if (error) co_return co_await pause();
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
  asio::awaitable<void> pause() {
    pause_.expires_after(pause_timeout);
    co_await pause_.async_wait(net::as_tuple);
  }

  tcp::acceptor acceptor_;
  asio::steady_timer pause_;
  const std::shared_ptr<const Sources> sources_;
  const Limits limits_;
  const std::shared_ptr<StatusFeed> feed_;
  tcp::endpoint endpoint_;
  std::vector<std::shared_ptr<Session>> sessions_;
};

Server::Server(asio::io_context& loop, Sources sources, const Limits& limits)
    : listener_(std::make_shared<Listener>(loop, std::move(sources), limits)) {}

Server::~Server() { stop(); }

error_code Server::open(const config::ListenAddress& address) { return listener_->open(address); }

tcp::endpoint Server::endpoint() const { return listener_->endpoint(); }

void Server::start() { listener_->start(); }

void Server::stop() { listener_->stop(); }

std::size_t Server::connections() const { return listener_->connections(); }

}  // namespace logdist::admin
