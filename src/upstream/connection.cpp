#include "upstream/connection.hpp"

#include <boost/asio/connect.hpp>

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
    : pool_(pool), socket_(io), pipeline_(capacity, this), input_(max_unparsed_bytes + read_bytes) {}

void Connection::connect(HostAddresses& addresses, TimePoint now) {
  addresses.resolve(now, [self = ConnectionPtr(this)](const error_code& error, const Endpoints& endpoints) {
    self->on_resolved(error, endpoints);
  });
}

void Connection::on_resolved(const error_code& error, const Endpoints& endpoints) {
  if (state_ == State::closed) return;
  if (error) return on_connected(error);
  asio::async_connect(socket_, endpoints,
                      [self = ConnectionPtr(this)](const error_code& connect_error, const auto& /*endpoint*/) {
                        self->on_connected(connect_error);
                      });
}

void Connection::on_connected(const error_code& error) {
  if (state_ == State::closed) return;
  const TimePoint now = Clock::now();
  error_code failed = error;
  if (!failed) socket_.set_option(asio::ip::tcp::no_delay(true), failed);
  if (!failed) socket_.non_blocking(true, failed);
  if (failed) {
    pool_.ended(*this, End::not_connected, now);
  } else {
    state_ = State::open;
    pool_.opened(*this, now);
    write();
    read();
  }
  pool_.loop().after_event(now);
}

void Connection::write() {
  while (usable() && !awaits_writable_ && !pipeline_.all_written()) {
    error_code error;
    const std::size_t bytes = socket_.write_some(pipeline_.gather(), error);
    ++pool_.loop().statistics.writes;
    if (error == asio::error::would_block) return await_writable();
    if (error) {
      write_failed_ = true;
      return;
    }
    pipeline_.wrote(bytes);
  }
}

void Connection::await_writable() {
  awaits_writable_ = true;
  socket_.async_wait(Socket::wait_write, [self = ConnectionPtr(this)](const error_code&) {
    self->awaits_writable_ = false;
    self->write();
  });
}

void Connection::close() {
  state_ = State::closed;
  error_code ignored;  // the descriptor is gone either way
  socket_.close(ignored);
}

void Connection::read() {
  if (state_ != State::open) return;
  socket_.async_read_some(
      input_.prepare(read_bytes),
      [self = ConnectionPtr(this)](const error_code& error, std::size_t bytes) { self->on_read(error, bytes); });
}

void Connection::on_read(const error_code& error, std::size_t bytes) {
  if (state_ == State::closed) return;
  const TimePoint now = Clock::now();
  if (error) {
    end_of_stream(error, now);
  } else {
    ++pool_.loop().statistics.reads;
    input_.commit(bytes);
    take_answers(now);
    read();
  }
  pool_.loop().after_event(now);
}

void Connection::take_answers(TimePoint now) {
  while (input_.size() > 0) {
    if (pipeline_.begun() == 0) return pool_.ended(*this, End::unasked, now);
    notes.heard = true;
    const AnswerReader::Result result = reader_.read(input_);
    if (result == AnswerReader::Result::broken) return pool_.ended(*this, End::broken_http, now);
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
    pool_.ended(*this, End::lost, now);
  }
}

}  // namespace logdist::upstream
