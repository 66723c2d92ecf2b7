#include "logdist/ingest/listener.hpp"

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include <boost/asio/post.hpp>

#include "logdist/base/check.hpp"
#include "logdist/telemetry/log.hpp"

namespace logdist::ingest {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr Duration error_pause = std::chrono::milliseconds(100);

/// On any thread: the connection is `loop`'s from now on.
void open_on(Sessions& loop, net::Stream connection, ConnectionSlots::Slot slot) {
  asio::post(loop.executor(), [&loop, connection = std::move(connection), slot = std::move(slot)]() mutable {
    loop.open(std::move(connection), std::move(slot));
  });
}

/// A connection that came when all slots were taken.
struct Newcomer {
  net::Stream connection;
  Sessions* loop;                 ///< which is to serve it, or to refuse it
  std::function<void()> settled;  ///< on any thread: that loop has it
};

/// On any thread: the newcomer is its loop's, with the slot that was found for it, if any.
void settle(Newcomer newcomer, std::optional<ConnectionSlots::Slot> slot) {
  Sessions& loop = *newcomer.loop;
  asio::post(loop.executor(), [&loop, newcomer = std::move(newcomer), slot = std::move(slot)]() mutable {
    if (slot) {
      loop.open(std::move(newcomer.connection), *std::move(slot));
    } else {
      loop.refuse(std::move(newcomer.connection));
    }
    newcomer.settled();
  });
}

/// Whose connection makes room first, and whether before its time; no loop if none may be closed.
struct First {
  Sessions* loop = nullptr;
  bool early = false;

  bool operator==(const First&) const = default;
};

First first_to_make_room(const std::vector<Sessions*>& loops) {
  First first;
  TimePoint from = never;
  for (Sessions* const loop : loops) {
    const EvictionTimes times = loop->eviction_times();
    if (times.idle != never) first.early = true;
    if (times.first() >= from) continue;
    first.loop = loop;
    from = times.first();
  }
  return first.early || from <= Clock::now() ? first : First{};
}

/// So often the loops are asked before a connection is refused: connections that came just
/// before may not have reached their loops, and those that are idle there may have requests
/// in their sockets.
constexpr int attempts_max = 8;

using Loops = std::shared_ptr<const std::vector<Sessions*>>;

/// On any thread: the newcomer is its loop's once one of `loops` has made room for it.
void make_room(Loops loops, Newcomer newcomer, int attempts = attempts_max) {
  const First first = first_to_make_room(*loops);
  Sessions& asked = first.loop == nullptr ? *newcomer.loop : *first.loop;
  asio::post(asked.executor(),
             [&asked, first, loops = std::move(loops), newcomer = std::move(newcomer), attempts]() mutable {
               // It was so when this was posted. What was posted before has come first.
               std::optional<ConnectionSlots::Slot> slot;
               const bool still_first = first.loop != nullptr && first_to_make_room(*loops) == first;
               if (still_first || attempts == 1) slot = asked.make_room(first.early);
               if (!slot && attempts > 1) return make_room(std::move(loops), std::move(newcomer), attempts - 1);
               settle(std::move(newcomer), std::move(slot));
             });
}

/// A connection that went away before it was accepted says nothing of the next.
bool concerns_one_connection(const error_code& error) {
  return error == asio::error::would_block || error == asio::error::connection_aborted ||
         error == asio::error::connection_reset || error == asio::error::interrupted;
}

}  // namespace

Listener::Listener(asio::io_context& home, std::vector<Sessions*> loops, ConnectionSlots& slots)
    : socket_(home.get_executor()),
      pause_(home.get_executor()),
      loops_(std::make_shared<const std::vector<Sessions*>>(std::move(loops))),
      slots_(slots) {
  LOGDIST_CHECK(!loops_->empty());
}

error_code Listener::open(const config::ListenAddress& address, bool v6_only) {
  return never_block(socket_.open(address, v6_only));
}

error_code Listener::open(int listening_socket) { return never_block(socket_.adopt(listening_socket)); }

/// accept() is never to wait: neither for the next nor in place of one that went away.
error_code Listener::never_block(error_code error) {
  asio::ip::tcp::acceptor& acceptor = socket_.acceptor();
  if (!error) acceptor.non_blocking(true, error);
  if (!error) acceptor.set_option(asio::socket_base::enable_connection_aborted(true), error);
  if (error) socket_.close();
  return error;
}

void Listener::start() { wait_for_connection(); }

void Listener::stop() {
  socket_.close();
  pause_.cancel();
}

/// Waits, and accepts only then: an accept under way would hold a socket of a loop
/// on `home`, which may outlive the loop.
void Listener::wait_for_connection() {
  socket_.acceptor().async_wait(asio::socket_base::wait_read, [this](const error_code& error) {
    if (!socket_.is_open()) return;
    if (error) return pause_after(error);
    accept();
  });
}

void Listener::accept() {
  Sessions& loop = *(*loops_)[next_];
  Socket socket(loop.executor());
  error_code error;
  socket_.acceptor().accept(socket, error);
  if (error && !concerns_one_connection(error)) return pause_after(error);
  if (!error) {
    next_ = (next_ + 1) % loops_->size();
    if (!hand_over(stream_of(std::move(socket)), loop)) return;
  }
  wait_for_connection();
}

/// False while the connection looks for room. No other is accepted until it is settled: they
/// would have no slots, so nothing else bounds them, and those that make room for them still
/// have their descriptors.
bool Listener::hand_over(net::Stream connection, Sessions& loop) {
  if (auto slot = slots_.try_take()) {
    open_on(loop, std::move(connection), *std::move(slot));
    return true;
  }
  const auto go_on = [this] {
    asio::post(pause_.get_executor(), [this] {
      if (socket_.is_open()) wait_for_connection();
    });
  };
  make_room(loops_, {std::move(connection), &loop, go_on});
  return false;
}

void Listener::pause_after(const error_code& error) {
  log::warn("accept_failed", "packet port: cannot accept a connection: " + error.message(),
            {{"cause", error.message()}});
  pause_.expires_after(error_pause);
  pause_.async_wait([this](const error_code& cancelled) {
    if (!cancelled && socket_.is_open()) wait_for_connection();
  });
}

}  // namespace logdist::ingest
