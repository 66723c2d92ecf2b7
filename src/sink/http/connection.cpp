#include "sink/http/connection.hpp"

#include <utility>

#include "logdist/core/packet.hpp"
#include "sink/http/answer_error.hpp"
#include "sink/http/pool.hpp"
#include "sink/http/pool_manager.hpp"

namespace logdist::sink {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

/// Room for many short answers; a long one takes several reads.
constexpr std::size_t read_bytes = 4 * 1024;
/// Most reads of one connection before others of the loop have their turn.
constexpr std::size_t max_reads = 16;

}  // namespace

Connection::Connection(Pool& pool, asio::io_context& io, std::size_t capacity)
    : Watcher(Side::egress),
      pool_(pool),
      poller_(net::Poller::of(io)),
      io_(io),
      pipeline_(capacity, this),
      input_(max_unparsed_bytes + read_bytes) {
  if (pool.is_native()) reader_.keep_content_fields();
}

void Connection::connect(net::HostAddresses& addresses, TimePoint now) {
  addresses.resolve(now, [self = ConnectionPtr(this)](const error_code& error, const net::Endpoints& endpoints) {
    self->on_resolved(error, endpoints);
  });
}

void Connection::on_resolved(const error_code& error, const net::Endpoints& endpoints) {
  if (state_ == State::closed) return;
  if (error) return on_connected(error, net::Dial::Socket(io_));
  dial_ = std::make_unique<net::Dial>(io_, pool_.assign_address(*this, endpoints, Clock::now()),
                                      [self = ConnectionPtr(this)](const error_code& failed, net::Dial::Socket socket) {
                                        self->on_connected(failed, std::move(socket));
                                      });
}

void Connection::on_connected(const error_code& error, net::Dial::Socket socket) {
  if (state_ == State::closed) return;
  const TimePoint now = Clock::now();
  error_code failed = error;
  if (!failed) pool_.reached(*this, socket.remote_endpoint(failed), now);
  if (!failed) failed = open(std::move(socket));
  if (failed) {
    pool_.ended(*this, End::not_connected, failed, now);
  } else {
    dial_.reset();
    shake_hands(now);
  }
  pool_.manager().after_event(now);
}

error_code Connection::open(net::Dial::Socket socket) {
  error_code error;
  socket.set_option(asio::ip::tcp::no_delay(true), error);
  if (!error) socket.non_blocking(true, error);
  if (error) return error;
  net::Stream stream(socket.release(error));
  if (error) return error;
  const net::TransportFactory& layer = pool_.layer();
  transport_ = layer ? layer(std::move(stream), {}) : std::make_unique<net::PlainTransport>(std::move(stream));
  return poller_.add(transport_->native_handle(), *this);
}

/// Opens the connection once the handshake is over.
void Connection::shake_hands(TimePoint now) {
  const error_code error = transport_->handshake();
  if (error == asio::error::would_block) return;
  if (error) return pool_.ended(*this, End::not_connected, error, now);
  state_ = State::open;
  pool_.opened(*this, now);
  write();
}

void Connection::write() {
  while (usable() && !full_ && !(pipeline_.all_written() && transport_->flushed())) {
    error_code error;
    const std::size_t bytes = transport_->write_some(pipeline_.gather(), error);
    ++pool_.manager().statistics.writes;
    if (error == asio::error::would_block) {
      full_ = true;
    } else if (error) {
      write_failed_ = true;
    } else {
      pipeline_.wrote(bytes);
    }
  }
}

void Connection::close() {
  state_ = State::closed;
  if (dial_) dial_->cancel();
  if (!transport_) return;
  poller_.remove(transport_->native_handle(), *this);
  transport_->close();
}

void Connection::ready(net::Readiness of_socket) {
  const ConnectionPtr self(this);
  const TimePoint now = Clock::now();
  const net::Readiness readiness = transport_->translate(of_socket);
  hung_up_ = hung_up_ || readiness.closed;
  const bool was_connecting = state_ == State::connecting;
  if (was_connecting) shake_hands(now);
  if (readiness.writable && std::exchange(full_, false)) write();
  if (readiness.readable || unread_ || was_connecting) read(now);
  pool_.manager().after_event(now);
}

/// Reads until nothing is left, and on to the end if that has come; but others of the loop have their turn
/// in between.
void Connection::read(TimePoint now) {
  unread_ = false;
  std::size_t reads = 0;
  for (bool more = true; more && state_ == State::open;) {
    if (reads++ == max_reads) {
      unread_ = true;
      return poller_.requeue(*this);
    }
    const asio::mutable_buffer space = input_.prepare(read_bytes);
    error_code error;
    const std::size_t bytes = transport_->read_some({static_cast<char*>(space.data()), space.size()}, error);
    if (error == asio::error::would_block) return;
    if (error) return end_of_stream(error, now);
    ++pool_.manager().statistics.reads;
    input_.commit(bytes);
    const std::uint64_t answers_before = notes.answers;
    take_answers(now);
    more = !transport_->drained() || hung_up_;
    // One answer alone while others are due: it may be Nagle's algorithm over there that
    // keeps the rest until this one is acknowledged.
    if (notes.answers == answers_before + 1 && state_ == State::open && pipeline_.begun() > 0)
      transport_->acknowledge_now();
  }
}

void Connection::take_answers(TimePoint now) {
  while (input_.size() > 0 || in_body()) {
    if (!in_body() && pipeline_.begun() == 0) {
      const End why = is_surplus_answer() ? End::surplus : End::unsolicited;
      return pool_.ended(*this, why, make_error_code(AnswerError::unsolicited), now);
    }
    notes.heard = true;
    if (!in_body() && !reader_.head_begun()) notes.asked_before = pipeline_.front_written();
    switch (reader_.read(input_)) {
      case AnswerReader::Result::need_more: return pool_.on_drained(*this, now);
      case AnswerReader::Result::head:
        if (!pool_.answered(*this, reader_.head(), now)) return;
        break;
      case AnswerReader::Result::end:
        if (!pool_.answer_ended(*this, now)) return;
        break;
      case AnswerReader::Result::broken:
        return pool_.ended(*this, in_body() ? End::cut_body : End::broken_http, reader_.fault(), now);
    }
  }
  pool_.on_drained(*this, now);
}

bool Connection::is_surplus_answer() {
  return reader_.read(input_) == AnswerReader::Result::head && reader_.head().status / 100 == 2;
}

void Connection::read_body_of(const core::Packet& packet) {
  native_answer_.begin(packet, reader_.head());
  reader_.pass_body_to(&native_answer_);
}

void Connection::end_of_stream(const error_code& error, TimePoint now) {
  // A body that lasts until the end makes its answer the last one: answer_ended() ends us.
  if (error == asio::error::eof && reader_.end_of_stream() == AnswerReader::Result::end) {
    pool_.answer_ended(*this, now);
  } else {
    pool_.ended(*this, in_body() ? End::cut_body : End::lost, error, now);
  }
}

}  // namespace logdist::sink
