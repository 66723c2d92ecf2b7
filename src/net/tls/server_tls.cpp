#include "logdist/net/tls/server_tls.hpp"

#include <sys/socket.h>

#include <atomic>
#include <utility>

#include <fmt/format.h>
#include <boost/asio/error.hpp>
#include <boost/intrusive/list.hpp>

#include "logdist/base/check.hpp"
#include "logdist/base/mutex.hpp"
#include "logdist/net/listen.hpp"
#include "logdist/net/tls/tls_error.hpp"
#include "logdist/net/tls/tls_transport.hpp"
#include "logdist/telemetry/log.hpp"
#include "net/tls/server_contexts.hpp"
#include "net/tls/ticket_keys.hpp"

namespace logdist::net {
namespace {

using boost::system::error_code;

HandshakeResult result_of(const error_code& error) {
  if (!error) return HandshakeResult::ok;
  if (error == TlsError::too_many_handshakes || error == TlsError::made_room) return HandshakeResult::refused;
  if (is_certificate_error(error)) return HandshakeResult::certificate;
  const bool gone = error == TlsError::closed || error.category() == boost::system::system_category();
  return gone ? HandshakeResult::closed : HandshakeResult::protocol;
}

}  // namespace

std::string_view to_string(HandshakeResult result) {
  switch (result) {
    case HandshakeResult::ok: return "ok";
    case HandshakeResult::certificate: return "certificate";
    case HandshakeResult::protocol: return "protocol";
    case HandshakeResult::closed: return "closed";
    case HandshakeResult::unfinished: return "unfinished";
    case HandshakeResult::refused: return "refused";
  }
  return "unknown";
}

/// What all loops share. Lives as long as a connection that refers to it.
class ServerTls::Port {
 public:
  Port(std::string name, Duration stalled_after) : name_(std::move(name)), stalled_after_(stalled_after) {}

  const std::string& name() const { return name_; }
  Duration stalled_after() const { return stalled_after_; }

  void use(std::shared_ptr<const ServerContexts> contexts) {
    for (std::size_t loop = 0; contexts && loop < contexts->loops(); ++loop) tickets_.use_in(contexts->of_loop(loop));
    tell_certificate(contexts.get());
    const MutexLock lock(mutex_);
    contexts_.swap(contexts);
    is_on_.store(contexts_ != nullptr, std::memory_order_release);
  }
  bool is_on() const { return is_on_.load(std::memory_order_acquire); }
  std::shared_ptr<const ServerContexts> contexts() {
    const MutexLock lock(mutex_);
    return contexts_;
  }

  /// Takes a place among the handshakes. False when all are taken.
  bool try_take(std::size_t places) {
    if (under_way_.fetch_add(1, std::memory_order_relaxed) < places) return true;
    give_back();
    return false;
  }
  void give_back() { under_way_.fetch_sub(1, std::memory_order_relaxed); }

  void count(HandshakeResult result, bool resumed) {
    handshakes_[static_cast<std::size_t>(result)].fetch_add(1, std::memory_order_relaxed);
    if (resumed) resumed_.fetch_add(1, std::memory_order_relaxed);
  }
  TlsCounts counts() const {
    TlsCounts counts;
    for (std::size_t i = 0; i < handshake_result_count; ++i) {
      counts.handshakes[i] = handshakes_[i].load(std::memory_order_relaxed);
    }
    counts.resumed = resumed_.load(std::memory_order_relaxed);
    return counts;
  }

 private:
  /// Where it is another than before: a file may be new under its old name.
  void tell_certificate(const ServerContexts* contexts) {
    const auto before = this->contexts();
    if (contexts == nullptr || (before && before->fingerprint() == contexts->fingerprint())) return;
    const std::string expiry = text_of_time(contexts->expiry());
    log::record(log::Level::info, "tls_certificate",
                fmt::format("{} port: TLS with the certificate of {}, which expires on {}", name_,
                            contexts->certificate(), expiry),
                {{"port", name_},
                 {"file", contexts->certificate()},
                 {"expires", expiry},
                 {"fingerprint", contexts->fingerprint()}});
  }

  const std::string name_;
  const Duration stalled_after_;
  TicketKeys tickets_;
  Mutex mutex_;
  std::shared_ptr<const ServerContexts> contexts_ LOGDIST_GUARDED_BY(mutex_);
  std::atomic<bool> is_on_{false};  ///< for those that need no contexts
  std::atomic<std::size_t> under_way_{0};
  std::array<std::atomic<std::uint64_t>, handshake_result_count> handshakes_{};
  std::atomic<std::uint64_t> resumed_{0};
};

/// One handshake, with its place.
class ServerTls::Watch final : public HandshakeWatch, public boost::intrusive::list_base_hook<> {
 public:
  Watch(std::shared_ptr<Port> port, std::shared_ptr<Handshakes> loop, int socket, std::size_t places);
  ~Watch() override;

  error_code refused() const override { return refused_; }
  void ended(ssl_st& ssl, const error_code& error) override;

  TimePoint since() const { return since_; }
  /// Its place is another's: the poller is about to tell its owner.
  void make_room();

 private:
  void leave();
  void tell(HandshakeResult result, const std::string& why) const;

  const std::shared_ptr<Port> port_;
  const std::shared_ptr<Handshakes> loop_;
  const int socket_;
  const IpAddress peer_;
  const TimePoint since_ = Clock::now();
  error_code refused_;
  bool has_place_ = false;
  bool is_over_ = false;
};

/// Those under way on one loop, oldest first.
struct ServerTls::Handshakes {
  boost::intrusive::list<Watch> all;
};

ServerTls::Watch::Watch(std::shared_ptr<Port> port, std::shared_ptr<Handshakes> loop, int socket, std::size_t places)
    : port_(std::move(port)), loop_(std::move(loop)), socket_(socket), peer_(peer_of(socket)) {
  has_place_ = port_->try_take(places);
  if (!has_place_ && !loop_->all.empty() && since_ - loop_->all.front().since() >= port_->stalled_after()) {
    loop_->all.front().make_room();
    has_place_ = port_->try_take(places);
  }
  if (has_place_) {
    loop_->all.push_back(*this);
  } else {
    refused_ = TlsError::too_many_handshakes;
  }
}

ServerTls::Watch::~Watch() {
  leave();
  if (is_over_) return;
  port_->count(HandshakeResult::unfinished, false);
  tell(HandshakeResult::unfinished,
       fmt::format("given up after {:.1f} s, it was not over", to_seconds(Clock::now() - since_)));
}

void ServerTls::Watch::leave() {
  if (!std::exchange(has_place_, false)) return;
  loop_->all.erase(loop_->all.iterator_to(*this));
  port_->give_back();
}

void ServerTls::Watch::make_room() {
  leave();
  refused_ = TlsError::made_room;
  ::shutdown(socket_, SHUT_RDWR);
}

void ServerTls::Watch::ended(ssl_st& ssl, const error_code& error) {
  is_over_ = true;
  leave();
  const HandshakeResult result = result_of(error);
  port_->count(result, !error && SSL_session_reused(&ssl) == 1);
  if (error) tell(result, error.message());
}

/// A peer that only looks whether the port is open is no news.
void ServerTls::Watch::tell(HandshakeResult result, const std::string& why) const {
  const std::string peer = peer_.is_set() ? peer_.to_string() : "a unix socket";
  log::write(result == HandshakeResult::closed ? log::Level::debug : log::Level::warn, "tls_handshake_failed",
             fmt::format("{} port: TLS handshake with {} failed: {}", port_->name(), peer, why),
             {{"port", port_->name()}, {"peer", peer}, {"result", to_string(result)}, {"cause", why}});
}

ServerTls::ServerTls(std::string port, Duration stalled_after)
    : shared_(std::make_shared<Port>(std::move(port), stalled_after)) {}

ServerTls::~ServerTls() = default;

void ServerTls::use(std::shared_ptr<const ServerContexts> contexts) { shared_->use(std::move(contexts)); }

bool ServerTls::is_on() const { return shared_->is_on(); }

TransportFactory ServerTls::factory(std::size_t loop) {
  return [port = shared_, loop, handshakes = std::make_shared<Handshakes>()](
             Stream stream, std::string_view received) -> std::unique_ptr<Transport> {
    const std::shared_ptr<const ServerContexts> contexts = port->is_on() ? port->contexts() : nullptr;
    if (!contexts) return std::make_unique<PlainTransport>(std::move(stream));
    SslHandle ssl(SSL_new(&contexts->of_loop(loop)));
    LOGDIST_CHECK(ssl != nullptr);
    SSL_set_accept_state(ssl.get());
    auto watch = std::make_unique<Watch>(port, handshakes, stream.native_handle(), contexts->max_handshakes());
    return std::make_unique<TlsTransport>(std::move(stream), std::move(ssl), received, std::move(watch));
  };
}

const std::string& ServerTls::port() const { return shared_->name(); }

TlsCounts ServerTls::counts() const { return shared_->counts(); }

std::time_t ServerTls::expiry() const {
  const auto contexts = shared_->contexts();
  return contexts ? contexts->expiry() : 0;
}

}  // namespace logdist::net
