// The agent connections of one loop.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "logdist/ingest/connection_slots.hpp"
#include "logdist/ingest/eviction_times.hpp"
#include "logdist/ingest/session_environment.hpp"
#include "logdist/net/stream.hpp"

namespace logdist::ingest {

/// A connection, with its executor's type known so that nothing is dispatched
/// virtually.
using Socket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;

/// The bare connection: non-blocking, without Nagle's delay, and no executor's.
net::Stream stream_of(Socket socket);

/// Owns the sessions of one loop: opens, drains and closes them. Confined to the
/// loop's thread, except executor() and eviction_times(). Destroy it after the loop has stopped and
/// before what its context refers to.
class Sessions {
 public:
  explicit Sessions(const SessionEnvironment& context);
  ~Sessions();
  Sessions(const Sessions&) = delete;
  Sessions& operator=(const Sessions&) = delete;

  boost::asio::io_context::executor_type executor() const;

  /// Serves the connection until it closes.
  void open(net::Stream connection, ConnectionSlots::Slot slot);
  /// Answers 503 and closes: there are too many.
  void refuse(net::Stream connection);

  /// Of several loops the one with the least time has the connection that makes room first. Any thread may ask; by the
  /// time that it acts it may be otherwise.
  EvictionTimes eviction_times() const;
  /// Closes that connection, for the slot it has. One that is under way is closed after its time, or `early`: while
  /// there are others that are idle. None when there is none.
  std::optional<ConnectionSlots::Slot> make_room(bool early);

  /// From now on no packet is admitted: new ones are answered 503 and closed,
  /// idle connections are closed. Those that wait for their delivery go on. What is
  /// half received has a quarter of a second to be complete, else it is a 503 at once;
  /// an agent that does not read its last answer, or does not close, has half a second.
  void begin_drain();
  /// Closes every connection at once; packets that wait are abandoned.
  void close_all();

  /// Connections not yet closed, those that only linger after their answer included.
  std::size_t open_count() const;
  /// Those that owe an answer: a request was begun and is not answered in full. While
  /// draining also those whose agent may still read its last one.
  std::size_t busy_count() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace logdist::ingest
