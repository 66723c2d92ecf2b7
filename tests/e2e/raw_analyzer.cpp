#include "tests/e2e/raw_analyzer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio.hpp>
#include <future>

#include "logdist/net/as_tuple.hpp"

namespace logdist::e2e {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

/// The value of a header in `head`; empty when there is none.
std::string header(std::string_view head, std::string_view name) {
  const std::string start = fmt::format("\r\n{}: ", name);
  const std::size_t found = head.find(start);
  if (found == head.npos) return {};
  const std::size_t value = found + start.size();
  return std::string(head.substr(value, head.find("\r\n", value) - value));
}

/// The length of the whole request that `input` begins with; 0 when it is not whole.
std::size_t request_length(std::string_view input) {
  const std::size_t end = input.find("\r\n\r\n");
  if (end == input.npos) return 0;
  const std::size_t length = end + 4 + std::stoul("0" + header(input.substr(0, end + 2), "Content-Length"));
  return input.size() < length ? 0 : length;
}

}  // namespace

RawAnalyzer::RawAnalyzer(const std::string& journal_path, const std::string& address, std::uint16_t port)
    : port_(address, port), journal_(journal_path) {
  listen();
  thread_ = std::thread([this] { io_.run(); });
}

RawAnalyzer::~RawAnalyzer() {
  io_.stop();
  thread_.join();
}

std::string RawAnalyzer::url() const {
  return fmt::format("http://{}:{}", port_.endpoint().address().to_string(), port());
}

void RawAnalyzer::behave(const Manner& manner) {
  std::promise<void> done;
  asio::post(io_, [&] {
    const bool restart = !manner.listens || !manner.reads || !manner.accepts || !manner.greeting.empty() ||
                         manner.greeted != Manner::Then::go_on || manner.answer == good_answer;
    if (!manner.listens || manner.accepts != manner_.accepts) acceptor_.reset();
    manner_ = manner;
    if (restart) {
      for (const Socket& socket : sockets_) socket->close();
      sockets_.clear();
    }
    if (manner_.listens && !acceptor_) listen();
    done.set_value();
  });
  done.get_future().wait();
}

void RawAnalyzer::behave_to(const std::string& prefix, const Manner& manner) {
  std::promise<void> done;
  asio::post(io_, [&] {
    manners_to_[prefix] = manner;
    done.set_value();
  });
  done.get_future().wait();
}

/// As it is when the request has come.
const Manner& RawAnalyzer::manner_for(std::string_view request) const {
  if (manners_to_.empty()) return manner_;
  const std::string id = header(request.substr(0, request.find("\r\n\r\n") + 2), "Idempotency-Key");
  for (const auto& [prefix, manner] : manners_to_) {
    if (id.starts_with(prefix)) return manner;
  }
  return manner_;
}

void RawAnalyzer::listen() {
  acceptor_.emplace(io_);
  acceptor_->open(port_.endpoint().protocol());
  acceptor_->set_option(asio::socket_base::reuse_address(true));
  acceptor_->bind(port_.endpoint());
  acceptor_->listen(manner_.accepts ? asio::socket_base::max_listen_connections : 0);
  if (manner_.accepts) asio::co_spawn(io_, accept(), asio::detached);
}

asio::awaitable<void> RawAnalyzer::accept() {
  for (;;) {
    auto [error, accepted] = co_await acceptor_->async_accept(net::as_tuple);
    if (error) co_return;
    const auto socket = std::make_shared<tcp::socket>(std::move(accepted));
    sockets_.insert(socket);
    asio::co_spawn(io_, serve(socket), asio::detached);
  }
}

asio::awaitable<void> RawAnalyzer::serve(Socket socket) {
  std::string input;
  std::array<char, 16384> bytes{};
  bool goes_on = co_await greet(socket);
  goes_on = goes_on && manner_.reads;
  while (goes_on) {
    const std::size_t length = request_length(input);
    if (length == 0) {
      const auto [error, count] = co_await socket->async_read_some(asio::buffer(bytes), net::as_tuple);
      if (error) break;
      input.append(bytes.data(), count);
      continue;
    }
    const Manner manner = manner_for(std::string_view(input).substr(0, length));
    note(std::string_view(input).substr(0, length), manner.takes);
    const bool ends = manner_.drops_pipelined && input.size() > length;
    const bool spared = manner_.spares_probes && input.starts_with("GET ");
    input.erase(0, length);
    if (spared) {
      goes_on = co_await send(socket, good_answer, {});
    } else {
      goes_on = co_await answer(socket, manner);
      goes_on = goes_on && !ends;
    }
  }
  // A connection that nobody reads from stays open until the next change of manners.
  if (!manner_.reads) co_return;
  boost::system::error_code ignored;
  socket->close(ignored);
  sockets_.erase(socket);
}

asio::awaitable<bool> RawAnalyzer::greet(Socket socket) {
  const Manner manner = manner_;
  const bool open = co_await send(socket, manner.greeting, {});
  if (!open) co_return false;
  const bool goes_on = co_await do_next(socket, manner.greeted);
  co_return goes_on;
}

asio::awaitable<bool> RawAnalyzer::answer(Socket socket, Manner manner) {
  asio::steady_timer pause(io_);
  if (manner.pause > Duration::zero()) {
    pause.expires_after(manner.pause);
    co_await pause.async_wait(net::as_tuple);
  }
  bool open = co_await send(socket, manner.answer, manner.byte_pause);
  while (open && !manner.forever.empty()) {
    pause.expires_after(manner.forever_pause);
    co_await pause.async_wait(net::as_tuple);
    open = co_await send(socket, manner.forever, {});
  }
  if (!open) co_return false;
  const bool goes_on = co_await do_next(socket, manner.then);
  co_return goes_on;
}

asio::awaitable<bool> RawAnalyzer::do_next(Socket socket, Manner::Then then) {
  boost::system::error_code ignored;
  if (then == Manner::Then::end_sending) socket->shutdown(tcp::socket::shutdown_send, ignored);
  if (then == Manner::Then::hold || then == Manner::Then::end_sending) co_await hold(socket);
  if (then == Manner::Then::reset) socket->set_option(asio::socket_base::linger(true, 0), ignored);
  co_return then == Manner::Then::go_on;
}

asio::awaitable<bool> RawAnalyzer::send(Socket socket, std::string bytes, Duration byte_pause) {
  const std::size_t at_once = byte_pause > Duration::zero() ? 1 : std::max<std::size_t>(bytes.size(), 1);
  asio::steady_timer pause(io_);
  for (std::size_t sent = 0; sent < bytes.size(); sent += at_once) {
    if (byte_pause > Duration::zero()) {
      pause.expires_after(byte_pause);
      co_await pause.async_wait(net::as_tuple);
    }
    const auto [error, count] = co_await asio::async_write(*socket, asio::buffer(&bytes[sent], at_once), net::as_tuple);
    if (error) co_return false;
  }
  co_return true;
}

asio::awaitable<void> RawAnalyzer::hold(Socket socket) {
  std::array<char, 4096> bytes{};
  for (;;) {
    const auto [error, count] = co_await socket->async_read_some(asio::buffer(bytes), net::as_tuple);
    if (error) co_return;
  }
}

void RawAnalyzer::note(std::string_view request, bool takes) {
  if (!request.starts_with("POST ")) return;
  const std::size_t end = request.find("\r\n\r\n") + 4;
  const std::string_view head = request.substr(0, end);
  const std::string_view body = request.substr(end);
  const auto messages = static_cast<std::uint32_t>(std::stoul("0" + header(head, "Packet-Messages")));
  Entry entry{header(head, "Idempotency-Key"), messages, body.size(), crc32_of(body), takes};
  entry.format = header(head, "Packet-Format");
  journal_.add(entry);
}

}  // namespace logdist::e2e
