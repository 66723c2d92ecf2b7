#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <list>
#include <stdexcept>
#include <utility>
#include <vector>

#include <boost/asio/error.hpp>

#include "tests/net/record_transport.hpp"

namespace logdist::net::test {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr int look_again_ms = 20;

int require(int result, const char* what) {
  if (result < 0) throw std::runtime_error(what);
  return result;
}

/// What goes one way, and how far it has come.
struct Direction {
  Transport* from;
  Transport* to;
  std::array<char, 16 * 1024> bytes{};
  std::size_t begin = 0;
  std::size_t end = 0;
  bool ended = false;   ///< it sends no more
  bool closed = false;  ///< and that was passed on

  bool empty() const { return begin == end; }
};

class Relayed {
 public:
  Relayed(std::unique_ptr<Transport> front, std::unique_ptr<Transport> back)
      : front_(std::move(front)),
        back_(std::move(back)),
        ways_{{{front_.get(), back_.get()}, {back_.get(), front_.get()}}} {}

  /// Does what can be done now. False when the connection is over.
  bool advance() {
    for (Transport* side : {front_.get(), back_.get()}) {
      const error_code error = side->handshake();
      if (error == asio::error::would_block) return true;
      if (error) return broken();
    }
    for (const Direction& way : ways_) {
      if (way.ended && has_failed(*way.from)) return broken();  // nothing more is read there, which would say so
    }
    for (bool progress = true; progress;) {
      progress = false;
      for (Direction& way : ways_) {
        error_code error;
        progress = pump(way, error) || progress;
        if (error && error != asio::error::would_block) return broken();
      }
    }
    return !(ways_[0].closed && ways_[1].closed);
  }

  /// What poll() is to look for.
  void append_to(std::vector<pollfd>& list) const {
    for (std::size_t side = 0; side < ways_.size(); ++side) {
      const Direction& out = ways_[1 - side];
      const bool unsent = !out.closed && (!out.empty() || !out.to->flushed());
      const int events = (ways_[side].ended || !ways_[side].empty() ? 0 : POLLIN) | (unsent ? POLLOUT : 0);
      list.push_back({ways_[side].from->native_handle(), static_cast<short>(events), 0});
    }
  }

 private:
  static bool has_failed(const Transport& side) {
    int error = 0;
    socklen_t size = sizeof(error);
    ::getsockopt(side.native_handle(), SOL_SOCKET, SO_ERROR, &error, &size);
    return error != 0;
  }

  static bool pump(Direction& way, error_code& error) {
    if (way.closed) return false;
    if (!way.empty() || !way.to->flushed()) {
      const asio::const_buffer piece(way.bytes.data() + way.begin, way.end - way.begin);
      const std::size_t count = way.to->write_some({&piece, way.empty() ? 0u : 1u}, error);
      way.begin += count;
      if (!error || error == asio::error::would_block) return count > 0;
      way.ended = way.closed = true;  // what comes the other way may still be read
      error.clear();
      return true;
    }
    if (way.ended) {
      way.closed = true;
      way.to->shutdown_send(error);
      error.clear();  // it may be gone already
      return true;
    }
    way.begin = 0;
    way.end = way.from->read_some(way.bytes, error);
    way.ended = error == asio::error::eof;
    if (way.ended) error.clear();
    return way.end > 0 || way.ended;
  }

  /// A reset on one side is one on the other.
  bool broken() {
    const linger at_once{1, 0};
    for (const Direction& way : ways_) {
      ::setsockopt(way.from->native_handle(), SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    }
    return false;
  }

  std::unique_ptr<Transport> front_;
  std::unique_ptr<Transport> back_;
  std::array<Direction, 2> ways_;
};

/// Without Nagle's algorithm, which may hold the last answer until a close loses it.
void send_at_once(const Stream& stream) {
  const int at_once = 1;
  ::setsockopt(stream.native_handle(), IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof(at_once));
}

/// A connection to `target`, non-blocking; closed when there is none.
Stream connect(const tcp::endpoint& target) {
  Stream stream(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int socket = stream.native_handle();
  if (::connect(socket, target.data(), static_cast<socklen_t>(target.size())) != 0) return {};
  send_at_once(stream);
  ::fcntl(socket, F_SETFL, O_NONBLOCK);
  return stream;
}

}  // namespace

RecordRelay::RecordRelay(const tcp::endpoint& target, Side layered, TransportFactory layer)
    : target_(target), layered_(layered), layer_(std::move(layer)) {
  listener_ = require(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), "socket");
  tcp::endpoint any(asio::ip::address_v4::loopback(), 0);
  require(::bind(listener_, any.data(), static_cast<socklen_t>(any.size())), "bind");
  require(::listen(listener_, SOMAXCONN), "listen");
  auto size = static_cast<socklen_t>(any.capacity());
  require(::getsockname(listener_, any.data(), &size), "getsockname");
  endpoint_ = any;
  thread_ = std::thread([this] { run(); });
}

RecordRelay::~RecordRelay() {
  stopped_ = true;
  thread_.join();
  const Stream closes(listener_);
}

void RecordRelay::run() {
  std::list<Relayed> connections;
  std::vector<pollfd> polled;
  while (!stopped_) {
    for (int socket = 0; (socket = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;) {
      Stream front(socket);
      send_at_once(front);
      Stream back = connect(target_);
      if (back.native_handle() < 0) continue;
      const auto plain = [](Stream stream) { return std::make_unique<PlainTransport>(std::move(stream)); };
      if (layered_ == Side::front) {
        connections.emplace_back(layer_(std::move(front), {}), plain(std::move(back)));
      } else {
        connections.emplace_back(plain(std::move(front)), layer_(std::move(back), {}));
      }
    }
    connections.remove_if([](Relayed& connection) { return !connection.advance(); });
    polled.assign(1, {listener_, POLLIN, 0});
    for (const Relayed& connection : connections) connection.append_to(polled);
    ::poll(polled.data(), polled.size(), look_again_ms);
  }
}

}  // namespace logdist::net::test
