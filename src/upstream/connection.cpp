#include "upstream/connection.hpp"

#include <utility>

#include <boost/asio/connect.hpp>

#include "upstream/answer_fault.hpp"
#include "upstream/loop.hpp"
#include "upstream/pool.hpp"

namespace logdist::upstream {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

/// Room for many short answers; a long one takes several reads.
constexpr std::size_t read_bytes = 4 * 1024;

}  // namespace

Connection::Connection(Pool& pool, asio::io_context& io, std::size_t capacity)
    : Watcher(Place::last),
      pool_(pool),
      poller_(net::Poller::of(io)),
      connecting_(io),
      pipeline_(capacity, this),
      input_(max_unparsed_bytes + read_bytes) {}

void Connection::connect(HostAddresses& addresses, TimePoint now) {
  addresses.resolve(now, [self = ConnectionPtr(this)](const error_code& error, const Endpoints& endpoints) {
    self->on_resolved(error, endpoints);
  });
}

void Connection::on_resolved(const error_code& error, const Endpoints& endpoints) {
  if (state_ == State::closed) return;
  if (error) return on_connected(error);
  asio::async_connect(connecting_, endpoints,
                      [self = ConnectionPtr(this)](const error_code& connect_error, const auto& /*endpoint*/) {
                        self->on_connected(connect_error);
                      });
}

void Connection::on_connected(const error_code& error) {
  if (state_ == State::closed) return;
  const TimePoint now = Clock::now();
  error_code failed = error;
  if (!failed) failed = open();
  if (failed) {
    pool_.ended(*this, End::not_connected, failed, now);
  } else {
    state_ = State::open;
    pool_.opened(*this, now);
    write();
  }
  pool_.loop().after_event(now);
}

error_code Connection::open() {
  error_code error;
  connecting_.set_option(asio::ip::tcp::no_delay(true), error);
  if (!error) connecting_.non_blocking(true, error);
  if (!error) stream_ = net::Stream(connecting_.release(error));
  if (!error) error = poller_.add(stream_.native_handle(), *this);
  return error;
}

void Connection::write() {
  while (usable() && !full_ && !pipeline_.all_written()) {
    error_code error;
    const std::size_t bytes = stream_.write_some(pipeline_.gather(), error);
    ++pool_.loop().statistics.writes;
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
  error_code ignored;  // the descriptor is gone either way
  connecting_.close(ignored);
  poller_.remove(stream_.native_handle(), *this);
  stream_.close();
}

void Connection::ready(net::Readiness readiness) {
  const ConnectionPtr self(this);
  const TimePoint now = Clock::now();
  hung_up_ = hung_up_ || readiness.closed;
  if (readiness.writable && std::exchange(full_, false)) write();
  if (readiness.readable) read(now);
  pool_.loop().after_event(now);
}

/// Reads until a read is short, which has emptied the socket unless the end comes next.
void Connection::read(TimePoint now) {
  for (bool more = true; more && state_ == State::open;) {
    const asio::mutable_buffer space = input_.prepare(read_bytes);
    error_code error;
    const std::size_t bytes = stream_.read_some({static_cast<char*>(space.data()), space.size()}, error);
    if (error == asio::error::would_block) return;
    if (error) return end_of_stream(error, now);
    ++pool_.loop().statistics.reads;
    input_.commit(bytes);
    const std::uint64_t answers_before = notes.answers;
    take_answers(now);
    more = bytes == space.size() || hung_up_;
    // One answer alone while others are due: it may be Nagle's algorithm over there that
    // keeps the rest until this one is acknowledged.
    if (notes.answers == answers_before + 1 && state_ == State::open && pipeline_.begun() > 0)
      stream_.acknowledge_now();
  }
}

void Connection::take_answers(TimePoint now) {
  while (input_.size() > 0) {
    if (pipeline_.begun() == 0) return pool_.ended(*this, End::unasked, make_error_code(AnswerFault::unasked), now);
    notes.heard = true;
    const AnswerReader::Result result = reader_.read(input_);
    if (result == AnswerReader::Result::broken) return pool_.ended(*this, End::broken_http, reader_.fault(), now);
    if (result == AnswerReader::Result::need_more) break;
    if (!pool_.answered(*this, reader_.answer(), now)) return;
  }
  pool_.caught_up(*this, now);
}

void Connection::end_of_stream(const error_code& error, TimePoint now) {
  const bool has_answer =
      error == asio::error::eof && pipeline_.begun() > 0 && reader_.end_of_stream() == AnswerReader::Result::answer;
  // A body that lasts until the end makes its answer the last one: answered() ends us.
  if (has_answer) {
    pool_.answered(*this, reader_.answer(), now);
  } else {
    pool_.ended(*this, End::lost, error, now);
  }
}

}  // namespace logdist::upstream
