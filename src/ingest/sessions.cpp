#include "logdist/ingest/sessions.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "ingest/session.hpp"

namespace logdist::ingest {

namespace {

/// Refused connections of a loop that may wait for their agent to read the answer.
/// They are not counted against `max_connections`, so they have a bound of their
/// own, and a small one where file descriptors are so few that it is small.
std::size_t max_refused_lingering(std::size_t max_connections) {
  return std::clamp<std::size_t>(max_connections / 16, 1, 256);
}

}  // namespace

struct Sessions::State {
  explicit State(const SessionEnvironment& context) : loop(context) {}

  boost::intrusive_ptr<Session> add(net::Stream connection, std::optional<ConnectionSlots::Slot> slot) {
    boost::intrusive_ptr<Session> session(new Session(loop, std::move(connection), std::move(slot)));
    loop.open.push_back(*session);
    intrusive_ptr_add_ref(session.get());  // the list's reference, until close()
    return session;
  }

  /// Sessions may close, and so leave the list, while it is walked.
  template <typename Action>
  void for_each(Action action) {
    for (auto at = loop.open.begin(); at != loop.open.end();) action(*at++);
  }

  SessionShared loop;
};

net::Stream stream_of(Socket socket) {
  boost::system::error_code ignored;  // a socket that refuses these fails at its first read
  socket.non_blocking(true, ignored);
  socket.set_option(boost::asio::ip::tcp::no_delay(true), ignored);
  return net::Stream(socket.release(ignored));
}

Sessions::Sessions(const SessionEnvironment& context) : state_(std::make_unique<State>(context)) {}

Sessions::~Sessions() { close_all(); }

boost::asio::io_context::executor_type Sessions::executor() const { return state_->loop.context.loop.get_executor(); }

void Sessions::open(net::Stream connection, ConnectionSlots::Slot slot) {
  state_->add(std::move(connection), std::move(slot))->start();
}

void Sessions::refuse(net::Stream connection) {
  const auto session = state_->add(std::move(connection), std::nullopt);
  session->refuse_connection();
  const std::size_t max_open = max_refused_lingering(state_->loop.context.server.max_connections);
  if (state_->loop.refused_open > max_open) session->close();
}

EvictionTimes Sessions::eviction_times() const { return state_->loop.evictions.times(); }

std::optional<ConnectionSlots::Slot> Sessions::make_room(bool early) {
  std::optional<ConnectionSlots::Slot> slot;
  const TimePoint now = Clock::now();
  state_->loop.evictions.take_first(now, early, [&slot, now](EvictionEntry& entry) {
    slot = static_cast<Session&>(entry).make_room(now);
    return slot.has_value();
  });
  return slot;
}

void Sessions::begin_drain() {
  state_->loop.draining = true;
  state_->loop.half_received_until = Clock::now() + drain_patience;
  state_->for_each([](Session& session) { session.drain(); });
}

void Sessions::close_all() {
  state_->for_each([](Session& session) { session.close(); });
}

std::size_t Sessions::open_count() const { return state_->loop.open.size(); }

std::size_t Sessions::busy_count() const {
  return static_cast<std::size_t>(std::count_if(state_->loop.open.begin(), state_->loop.open.end(),
                                                [](const Session& session) { return session.busy(); }));
}

}  // namespace logdist::ingest
