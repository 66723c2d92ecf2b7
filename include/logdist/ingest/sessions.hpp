// The agent connections of one loop.
#pragma once

#include <cstddef>
#include <memory>

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "logdist/ingest/connection_slots.hpp"
#include "logdist/ingest/loop_context.hpp"

namespace logdist::ingest {

/// A connection, with its executor's type known so that nothing is dispatched
/// virtually.
using Socket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;

/// Owns the sessions of one loop: opens, drains and closes them. Confined to the
/// loop's thread, except executor(). Destroy it after the loop has stopped and
/// before what its context refers to.
class Sessions {
 public:
  explicit Sessions(const LoopContext& context);
  ~Sessions();
  Sessions(const Sessions&) = delete;
  Sessions& operator=(const Sessions&) = delete;

  boost::asio::io_context::executor_type executor() const;

  /// Serves the connection until it closes.
  void open(Socket socket, ConnectionSlots::Slot slot);
  /// Answers 503 and closes: there are too many.
  void refuse(Socket socket);

  /// From now on no packet is admitted: new ones are answered 503 and closed,
  /// idle connections are closed. Those that wait for their delivery go on.
  void begin_drain();
  /// Closes every connection at once; packets that wait are abandoned.
  void close_all();

  /// Connections not yet closed, those that only linger after their answer included.
  std::size_t open_count() const;
  /// Those that owe an answer: a request was begun and is not answered in full.
  std::size_t busy_count() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace logdist::ingest
