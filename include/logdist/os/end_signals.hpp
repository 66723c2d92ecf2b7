// The signals of a process that is to end well.
#pragma once

#include <chrono>
#include <functional>
#include <optional>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

namespace logdist::os {

/// Hears TERM, INT, HUP and USR1 on an io_context. They are blocked from its
/// construction on, so there is no moment, early or late, in which one takes its default
/// action and ends the process with a code that says nothing. USR2, PIPE, XFSZ and ALRM
/// are ignored: none of them is a reason to lose a queue. Made before any thread is
/// started: threads inherit what is blocked. One a process; outlives the threads.
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
