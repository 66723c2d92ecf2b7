#include "tests/net/record_transport.hpp"

#include <algorithm>
#include <utility>

#include <boost/asio/error.hpp>

namespace logdist::net::test {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr std::string_view greeting = "records, please\n";
constexpr std::size_t head_bytes = 2;
constexpr std::size_t most_read_ahead = 64 * 1024;

char changed(char byte) { return static_cast<char>(byte ^ 0x5a); }

std::size_t length_at(std::string_view head) {
  return static_cast<std::size_t>(static_cast<unsigned char>(head[0])) << 8 | static_cast<unsigned char>(head[1]);
}

}  // namespace

RecordTransport::RecordTransport(Stream stream, Role role, std::string_view received)
    : Transport(std::move(stream)),
      role_(role),
      greeting_(role == Role::client ? Greeting::to_send : Greeting::to_receive),
      received_(received) {}

TransportFactory RecordTransport::factory(Role role) {
  return [role](Stream stream, std::string_view received) {
    return std::make_unique<RecordTransport>(std::move(stream), role, received);
  };
}

error_code RecordTransport::handshake() {
  error_code error;
  while (greeting_ != Greeting::done && !error) error = greet();
  return error;
}

/// The client speaks first.
error_code RecordTransport::greet() {
  switch (greeting_) {
    case Greeting::to_send:
      unsent_ = greeting;
      greeting_ = Greeting::to_flush;
      return {};
    case Greeting::to_flush: {
      const error_code error = flush();
      if (!error) greeting_ = role_ == Role::client ? Greeting::to_receive : Greeting::done;
      return error;
    }
    case Greeting::to_receive: {
      if (received_.size() < greeting.size()) {
        const error_code error = fill();
        if (error || received_.size() < greeting.size()) return error ? error : asio::error::would_block;
      }
      if (!received_.starts_with(greeting)) return asio::error::invalid_argument;
      received_.erase(0, greeting.size());
      greeting_ = role_ == Role::client ? Greeting::done : Greeting::to_send;
      return {};
    }
    case Greeting::done: break;
  }
  return {};
}

Readiness RecordTransport::translate(Readiness of_socket) const {
  if (asked_ && of_socket.writable) of_socket.readable = true;
  return of_socket;
}

bool RecordTransport::holds_record() const {
  return received_.size() >= head_bytes && received_.size() >= head_bytes + length_at(received_);
}

/// Reads what the socket has, but does not hoard without end.
error_code RecordTransport::fill() {
  char bytes[4096];
  emptied_ = false;
  bool progress = false;
  while (received_.size() < most_read_ahead) {
    error_code error;
    const std::size_t count = stream_.read_some(bytes, error);
    emptied_ = error == asio::error::would_block;
    if (error) return progress ? error_code() : error;
    received_.append(bytes, count);
    progress = true;
  }
  return {};
}

/// Skips empty records, and answers them. False when the answer does not go out now.
bool RecordTransport::answer_questions(error_code& error) {
  while (holds_record() && length_at(received_) == 0) {
    received_.erase(0, head_bytes);
    asked_ = role_ == Role::server;
    if (asked_) append_record({});
  }
  if (!asked_) return true;
  error = flush();
  if (error) return false;
  asked_ = false;
  return true;
}

std::size_t RecordTransport::read_some(std::span<char> space, std::span<char>, error_code& error) {
  error.clear();
  emptied_ = false;  // more may have come since it was looked at
  if (!answer_questions(error)) return 0;
  while (!holds_record()) {
    error = fill();
    if (error) return 0;
    if (!holds_record() && emptied_) {
      error = asio::error::would_block;
      return 0;
    }
    if (!answer_questions(error)) return 0;
  }
  const std::size_t length = length_at(received_);
  const std::size_t count = std::min(space.size(), length - taken_);
  std::transform(received_.begin() + static_cast<std::ptrdiff_t>(head_bytes + taken_),
                 received_.begin() + static_cast<std::ptrdiff_t>(head_bytes + taken_ + count), space.begin(), changed);
  taken_ += count;
  if (taken_ == length) {
    received_.erase(0, head_bytes + length);
    taken_ = 0;
  }
  return count;
}

bool RecordTransport::drained() const { return emptied_ && !holds_record(); }

std::size_t RecordTransport::available() const {
  return holds_record() ? length_at(received_) - taken_ : stream_.available();
}

std::size_t RecordTransport::write_some(std::span<const asio::const_buffer> pieces, error_code& error) {
  error = flush();
  if (error) return 0;
  std::string record;
  for (const asio::const_buffer& piece : pieces) {
    record.append(static_cast<const char*>(piece.data()), std::min(piece.size(), max_record_bytes - record.size()));
  }
  if (!record.empty()) append_record(record);
  flush();  // what stays behind is not flushed
  return record.size();
}

void RecordTransport::append_record(std::string_view bytes) {
  unsent_ += static_cast<char>(bytes.size() >> 8);
  unsent_ += static_cast<char>(bytes.size() & 0xff);
  std::transform(bytes.begin(), bytes.end(), std::back_inserter(unsent_), changed);
}

error_code RecordTransport::flush() {
  error_code error;
  while (!unsent_.empty()) {
    const std::size_t count = stream_.write_some(unsent_, error);
    if (error) return error;
    unsent_.erase(0, count);
  }
  return error;
}

void RecordTransport::shutdown_send(error_code& error) {
  error = flush();
  if (!error) stream_.shutdown_send(error);
}

void RecordTransport::ask(error_code& error) {
  append_record({});
  error = flush();
}

}  // namespace logdist::net::test
