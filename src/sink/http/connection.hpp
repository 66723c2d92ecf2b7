// One connection to an analyzer: the socket, and what is under way on it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/intrusive/list.hpp>
#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>

#include "logdist/base/time.hpp"
#include "logdist/net/dial.hpp"
#include "logdist/net/host_addresses.hpp"
#include "logdist/net/poller.hpp"
#include "logdist/net/transport.hpp"
#include "logdist/sink/http/answer_reader.hpp"
#include "logdist/sink/http/native_answer.hpp"
#include "sink/http/pipeline.hpp"

namespace logdist::sink {

class Pool;

/// Why a connection came to its end.
enum class End : std::uint8_t {
  not_connected,  ///< not resolved, refused, unreachable
  lost,           ///< closed or reset by the peer
  broken_http,    ///< what it sent is no answer
  unsolicited,    ///< it sent bytes while nothing was asked
  surplus,        ///< likewise, and they are an answer that takes a packet
  timed_out,      ///< the front's time was up
  last_answer,    ///< the answer just taken was its last one
  cut_body,       ///< the body behind the last answer broke, is too long, or takes too long
};

/// Writes requests, reads answers, and tells its pool; decides nothing about
/// packets. Owned by its pool; handlers under way share the ownership, and do
/// nothing once it is closed. Confined to its loop's thread.
///
/// Asio connects it; from then on the loop's poller tells its readiness.
class Connection : public boost::intrusive_ref_counter<Connection, boost::thread_unsafe_counter>, private net::Watcher {
 public:
  enum class State : std::uint8_t { connecting, open, closed };

  /// `capacity`: most requests under way.
  Connection(Pool& pool, boost::asio::io_context& io, std::size_t capacity);

  /// Begins to connect; the pool is told opened() or ended(), never from within.
  void connect(net::HostAddresses& addresses, TimePoint now);
  /// Writes what is under way and unwritten, as far as the socket takes it; the
  /// rest goes out when it can. Never ends the connection: a write that fails
  /// leaves it to the read, which may find an answer that explains it.
  void write();
  /// Closes the socket. No handler touches the pool afterwards.
  void close();

  State state() const { return state_; }
  /// Whether requests can be written on it.
  bool usable() const { return state_ == State::open && !write_failed_; }
  /// Whether the body behind the last answer has not ended yet.
  bool in_body() const { return reader_.in_body(); }
  /// The body that comes now is read: it answers `packet`. answer_ended() has what it says in native_answer().
  void read_body_of(const core::Packet& packet);
  NativeAnswer& native_answer() { return native_answer_; }
  /// An attempt whose agent wants the answer's body: it is settled, and told once that has ended, whole or not. Not a
  /// request of the pipeline any more.
  struct Held {
    core::Attempt* attempt = nullptr;
    core::AttemptResult result;
  };
  std::optional<Held> held;
  /// While it connects: the addresses that have failed, or not answered so far.
  net::Endpoints unreached() const { return dial_ ? dial_->unreached() : net::Endpoints(); }
  Pool& pool() { return pool_; }
  Pipeline& pipeline() { return pipeline_; }
  const Pipeline& pipeline() const { return pipeline_; }

  /// The pool's notes on this connection.
  struct Notes {
    std::uint64_t answers = 0;               ///< whole answers read
    std::uint32_t depth = 1;                 ///< requests under way it has grown to
    std::uint32_t clean_answers = 0;         ///< since the depth last grew
    bool heard = false;                      ///< a byte came since it was last idle
    bool pipelined = false;                  ///< more than one was under way since it was last idle
    bool asked_before = true;                ///< the front was written in full when its answer's first byte was read
    bool last = false;                       ///< nothing more is asked on it: it closes when the body has ended
    TimePoint retire_at = never;             ///< it takes no more requests from then on
    TimePoint body_since{};                  ///< while in_body(): when its head was read
    boost::asio::ip::tcp::endpoint address;  ///< where it goes, or is on its way to
    bool has_address = false;
    TimePoint waiting_since{};  ///< the last answer, or the first request after idling
    TimePoint answered_at{};    ///< the last answer
    TimePoint idle_since{};
  };
  Notes notes;

  using Hook = boost::intrusive::list_member_hook<>;
  Hook idle_hook;   ///< of the pool's list of idle ones
  Hook write_hook;  ///< of the loop's list of those with something to write
  Hook body_hook;   ///< of the loop's list of those whose answer's body has not ended

 private:
  void on_resolved(const boost::system::error_code& error, const net::Endpoints& endpoints);
  void on_connected(const boost::system::error_code& error, net::Dial::Socket socket);
  boost::system::error_code open(net::Dial::Socket socket);
  void shake_hands(TimePoint now);
  void ready(net::Readiness of_socket) override;
  void read(TimePoint now);
  void take_answers(TimePoint now);
  bool is_surplus_answer();
  void end_of_stream(const boost::system::error_code& error, TimePoint now);

  Pool& pool_;
  net::Poller& poller_;
  boost::asio::io_context& io_;
  std::unique_ptr<net::Dial> dial_;            ///< until the socket is connected
  std::unique_ptr<net::Transport> transport_;  ///< from then on
  State state_ = State::connecting;
  bool unread_ = false;   ///< it stopped reading before the socket was empty
  bool full_ = false;     ///< the socket takes no more for now
  bool hung_up_ = false;  ///< the analyzer sends no more
  bool write_failed_ = false;
  Pipeline pipeline_;
  boost::beast::flat_buffer input_;
  AnswerReader reader_;
  NativeAnswer native_answer_;
};

using ConnectionPtr = boost::intrusive_ptr<Connection>;

}  // namespace logdist::sink
