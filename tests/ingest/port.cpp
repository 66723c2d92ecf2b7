#include "port.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <stdexcept>

#include <fmt/format.h>
#include <boost/asio/connect.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http.hpp>

#include "tests/net/test_layer.hpp"

namespace logdist::ingest::test {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;

queue::Delivery& ScriptedSink::make() {
  if (free_.empty()) {
    free_.push_back(&all_.emplace_back());
    made_ += 1;
  }
  queue::Delivery& delivery = *free_.back();
  free_.pop_back();
  return delivery;
}

void ScriptedSink::recycle(queue::Delivery& delivery) {
  delivery.packet.recycle();
  delivery.attempt.answer.reset();
  free_.push_back(&delivery);
}

void ScriptedSink::discard(queue::Delivery& delivery) {
  discarded += 1;
  recycle(delivery);
}

queue::Admission ScriptedSink::admit(queue::Delivery& delivery, queue::Waiter& waiter, TimePoint) {
  const core::Packet& packet = delivery.packet;
  if (remember) {
    admitted.push_back({std::string(packet.body.view()), packet.id, packet.forwarded_headers, packet.messages,
                        packet.protocol, packet.receipt});
  }
  if (next_admission == queue::Admission::queued) {
    recycle(delivery);
  } else {
    delivery.waiter = &waiter;
    waiting.push_back(&delivery);
  }
  return next_admission;
}

void ScriptedSink::abandon(queue::Delivery& delivery, TimePoint) {
  abandoned += 1;
  std::erase(waiting, &delivery);
  recycle(delivery);
}

void ScriptedSink::settle(queue::Settlement settlement) {
  queue::Delivery& delivery = *waiting.front();
  waiting.erase(waiting.begin());
  delivery.waiter->settled(settlement);
  recycle(delivery);
}

void ScriptedSink::answer(core::AnalyzerAnswer answer) {
  waiting.front()->attempt.answer = std::make_unique<core::AnalyzerAnswer>(std::move(answer));
  settle(queue::Settlement::delivered);
}

void ScriptedSink::store() {
  queue::Delivery& delivery = *waiting.front();
  waiting.erase(waiting.begin());
  delivery.waiter->stored();
  recycle(delivery);
}

Client::Client(const asio::ip::tcp::endpoint& endpoint, int receive_buffer_bytes) {
  socket_.open(endpoint.protocol());
  if (receive_buffer_bytes != 0) socket_.set_option(asio::socket_base::receive_buffer_size(receive_buffer_bytes));
  socket_.connect(endpoint);
  socket_.set_option(asio::ip::tcp::no_delay(true));  // pieces are to arrive as pieces
}

void Client::send(std::string_view bytes) { asio::write(socket_, asio::buffer(bytes)); }

bool Client::try_send(std::string_view bytes) {
  // By the descriptor alone: Asio's socket is not to be used by two threads at a time.
  const int descriptor = socket_.native_handle();
  while (!bytes.empty()) {
    const ssize_t sent = ::send(descriptor, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
      continue;
    }
    pollfd writable{descriptor, POLLOUT, 0};
    if (errno != EAGAIN || ::poll(&writable, 1, 10'000) != 1) return false;
  }
  return true;
}

void Client::shutdown_send() { socket_.shutdown(asio::socket_base::shutdown_send); }

void Client::reset() {
  socket_.set_option(asio::socket_base::linger(true, 0));
  socket_.close();
}

void Client::close() { socket_.close(); }

void Client::run() {
  io_->restart();
  io_->run_for(patience);
  if (!io_->stopped()) throw std::runtime_error("no answer and no end in time");
}

std::optional<Answer> Client::read(bool to_head) {
  http::response_parser<http::string_body> parser;
  parser.skip(to_head);
  parser.body_limit(std::uint64_t{1} << 30);
  error_code error;
  http::async_read(socket_, buffer_, parser, [&](const error_code& result, std::size_t) { error = result; });
  run();
  if (error == http::error::end_of_stream || error == asio::error::connection_reset) return std::nullopt;
  if (error) throw std::runtime_error("broken answer: " + error.message());
  Answer answer;
  answer.status = parser.get().result_int();
  for (const auto& field : parser.get()) {
    std::string name(field.name_string());
    std::transform(name.begin(), name.end(), name.begin(), [](char c) { return static_cast<char>(std::tolower(c)); });
    answer.headers[name] = std::string(field.value());
  }
  answer.body = parser.get().body();
  return answer;
}

bool Client::ends() {
  if (buffer_.size() != 0) return false;
  char byte = 0;
  std::size_t count = 0;
  socket_.async_read_some(asio::buffer(&byte, 1), [&](const error_code&, std::size_t read) { count = read; });
  run();
  return count == 0;
}

Port::Port(const config::ServerOptions& options, Duration buffer_timeout, std::shared_ptr<queue::MemoryLimiter> memory,
           const PortTimes& times)
    : options_(options),
      memory_(memory ? std::move(memory) : std::make_shared<queue::MemoryLimiter>(options.max_buffered)),
      slots_(options.max_connections) {
  SessionEnvironment environment{
      loop_,
      sink,
      decoder_,
      buffers_,
      ledger_,
      *memory_,
      random_,
      options_,
      buffer_timeout,
      via_name,
      times.rate_window,
      times.kept_after_packet,
      times.stalled_after,
      net::test::test_layer() != nullptr ? net::test::test_layer()->server : net::TransportFactory()};
  environment.is_ready = [this] { return daemon_ready.value_or(sink.ready); };
  environment.relays_answers = [this] { return relays; };
  environment.clients = &clients;
  if (options_.acks) environment.acks = &acks;
  sessions_ = std::make_unique<Sessions>(environment);
  listener_ = std::make_unique<Listener>(loop_, std::vector{sessions_.get()}, slots_);
  if (const error_code error = listener_->open({"127.0.0.1", 0})) throw std::runtime_error(error.message());
  listener_->start();
  thread_ = std::thread([this] {
    const auto work = asio::make_work_guard(loop_);
    loop_.run();
  });
  if (const net::test::TestLayer* const layer = net::test::test_layer()) {
    relay_ = std::make_unique<net::test::RecordRelay>(listener_->endpoint(), net::test::RecordRelay::Side::back,
                                                      layer->client);
  }
}

Port::~Port() {
  relay_.reset();
  on_loop([this] {
    listener_->stop();
    sessions_->close_all();
  });
  loop_.stop();
  thread_.join();
}

bool Port::eventually(const std::function<bool()>& condition) {
  const auto give_up_at = std::chrono::steady_clock::now() + patience;
  while (!on_loop(condition)) {  // each question lets the loop do what is ready first
    if (std::chrono::steady_clock::now() > give_up_at) return false;
    std::this_thread::yield();
  }
  return true;
}

ledger::IngestCounts Port::counts() {
  return on_loop([this] { return ledger_.snapshot().ingest; });
}

std::uint64_t Port::rejected(RejectReason reason) {
  return counts().rejected_in_all()[static_cast<std::size_t>(reason)];
}

config::ServerOptions with_timeouts(Duration head, Duration body, Duration idle) {
  config::ServerOptions options;
  options.header_timeout = head;
  options.body_timeout = body;
  options.idle_timeout = idle;
  return options;
}

std::string post(std::string_view body, std::string_view headers) {
  return fmt::format("POST /v1/packets HTTP/1.1\r\nHost: test\r\n{}Content-Length: {}\r\n\r\n{}", headers, body.size(),
                     body);
}

}  // namespace logdist::ingest::test
