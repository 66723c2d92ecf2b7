#include "logdist/net/dial.hpp"

#include <utility>
#include <vector>

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/post.hpp>

namespace logdist::net {

namespace asio = boost::asio;
using boost::system::error_code;

class Dial::State : public std::enable_shared_from_this<State> {
 public:
  State(asio::io_context& io, Endpoints endpoints, Handler handler)
      : io_(io), endpoints_(std::move(endpoints)), handler_(std::move(handler)), timer_(io) {}

  void try_next() {
    if (sockets_.size() == endpoints_.size() || pending_ == pending_max) return;
    const std::size_t index = sockets_.size();
    Socket& socket = *sockets_.emplace_back(std::make_unique<Socket>(io_));
    ++pending_;
    socket.async_connect(endpoints_[index],
                         [self = shared_from_this(), index](const error_code& error) { self->tried(index, error); });
    if (sockets_.size() < endpoints_.size()) wait();
  }

  void cancel() {
    handler_ = nullptr;
    error_code ignored;
    for (const auto& socket : sockets_) socket->close(ignored);
    timer_.cancel();
  }

  Endpoints unreached() const {
    Endpoints result;
    for (std::size_t index = 0; index < sockets_.size(); ++index) {
      if (index != reached_) result.push_back(endpoints_[index]);
    }
    return result;
  }

 private:
  using Timer = asio::basic_waitable_timer<Clock, asio::wait_traits<Clock>, asio::io_context::executor_type>;
  static constexpr std::size_t none = static_cast<std::size_t>(-1);

  /// A timer that is set again calls nobody for the time before.
  void wait() {
    timer_.expires_after(head_start);
    timer_.async_wait([self = shared_from_this()](const error_code& error) {
      if (!error && self->handler_) self->try_next();
    });
  }

  void tried(std::size_t index, const error_code& error) {
    if (!handler_) return;
    --pending_;
    if (!error) return finish(index);
    if (!first_error_) first_error_ = error;
    error_code ignored;
    sockets_[index]->close(ignored);
    if (sockets_.size() == endpoints_.size() && pending_ == 0) return finish(none);
    try_next();
  }

  void finish(std::size_t index) {
    reached_ = index;
    Socket socket = index == none ? Socket(io_) : std::move(*sockets_[index]);
    const error_code error = index == none ? first_error_ : error_code();
    const Handler handler = std::exchange(handler_, nullptr);
    cancel();
    handler(error, std::move(socket));
  }

  asio::io_context& io_;
  const Endpoints endpoints_;
  Handler handler_;  ///< empty when it was called, or cancelled
  Timer timer_;
  std::vector<std::unique_ptr<Socket>> sockets_;  ///< by endpoint, of those that were tried
  std::size_t pending_ = 0;
  std::size_t reached_ = none;
  error_code first_error_;
};

Dial::Dial(asio::io_context& io, Endpoints endpoints, Handler handler)
    : state_(std::make_shared<State>(io, std::move(endpoints), std::move(handler))) {
  state_->try_next();
}

Dial::~Dial() { cancel(); }

void Dial::cancel() { state_->cancel(); }

Endpoints Dial::unreached() const { return state_->unreached(); }

}  // namespace logdist::net
