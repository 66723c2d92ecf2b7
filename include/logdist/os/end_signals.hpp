// The signals that end or reload the daemon.
#pragma once

#include <chrono>
#include <functional>
#include <optional>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

namespace logdist::os {

/// Receives TERM, INT, HUP and USR1 on an io_context. They are blocked from its
/// construction on, so at no moment does one take its default action and end the process
/// with an exit status that means nothing. USR2, PIPE, XFSZ and ALRM are ignored: none of
/// them is a reason to lose a queue. Construct it before any thread is started, because
/// threads inherit the blocked signals. One per process; outlives the threads.
class EndSignals {
 public:
  using Heard = std::function<void(int number)>;

  EndSignals();

  /// Calls `heard` on `io` for each signal, until it is destroyed or end_with().
  /// `io` must last until then.
  void listen(boost::asio::io_context& io, Heard heard);

  /// The exit code is decided: from now on TERM and INT, one that has come already
  /// included, end the process with it at once, whatever its threads wait for.
  void end_with(int exit_code);
  /// As end_with(), and in any case within `limit`, whatever hangs.
  void end_within(int exit_code, std::chrono::milliseconds limit);

 private:
  void wait();

  std::optional<boost::asio::posix::stream_descriptor> descriptor_;
  Heard heard_;
};

}  // namespace logdist::os
