#include "tests/sink/http/scripted_server.hpp"

#include <algorithm>
#include <utility>

#include <boost/asio/socket_base.hpp>
#include <boost/asio/write.hpp>

namespace logdist::sink {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

std::string ReceivedRequest::header(const std::string& name) const {
  const std::string start = "\r\n" + name + ": ";
  const std::size_t found = head.find(start);
  if (found == std::string::npos) return {};
  const std::size_t value = found + start.size();
  return head.substr(value, head.find("\r\n", value) - value);
}

Session::Session(ScriptedServer& server, tcp::socket socket, std::size_t number)
    : server_(server), socket_(std::move(socket)), timer_(socket_.get_executor()), number_(number) {
  input_.resize(64 * 1024);
  socket_.set_option(tcp::no_delay(true));
}

void Session::start() {
  server_.on_accept(*this);
  read();
}

void Session::read() {
  if (paused_ || reading_ || !socket_.is_open()) return;
  reading_ = true;
  socket_.async_read_some(asio::buffer(input_),
                          [self = shared_from_this()](const error_code& error, std::size_t bytes) {
                            self->reading_ = false;
                            if (error) return self->finish();
                            self->received_.append(self->input_, 0, bytes);
                            self->on_bytes();
                            self->read();
                          });
}

void Session::on_bytes() {
  if (socket_.is_open()) server_.on_bytes(*this);
  while (!paused_ && socket_.is_open() && take_request()) {
  }
}

bool Session::take_request() {
  const std::size_t end = received_.find("\r\n\r\n");
  if (end == std::string::npos) return false;
  ReceivedRequest request{received_.substr(0, end + 4), {}};
  const std::size_t length = std::stoul("0" + request.header("Content-Length"));
  if (received_.size() < request.head.size() + length) return false;
  request.body = received_.substr(request.head.size(), length);
  received_.erase(0, request.head.size() + length);
  ++requests_;
  server_.requests_.push_back(request);
  server_.on_request(*this, request);
  return true;
}

void Session::send(std::string bytes) {
  unsent_ += bytes;
  if (sending_.empty()) write();
}

void Session::send_later(std::string bytes, std::chrono::milliseconds delay) {
  pause();
  timer_.expires_after(delay);
  timer_.async_wait([self = shared_from_this(), bytes = std::move(bytes)](const error_code& error) {
    if (error) return;
    self->send(bytes);
    self->resume();
  });
}

void Session::send_byte_by_byte(std::string bytes) {
  if (bytes.empty()) return;
  send(bytes.substr(0, 1));
  timer_.expires_after(std::chrono::microseconds(1));
  timer_.async_wait([self = shared_from_this(), rest = bytes.substr(1)](const error_code& error) {
    if (!error) self->send_byte_by_byte(rest);
  });
}

void Session::write() {
  if (unsent_.empty()) {
    if (closing_) finish();
    return;
  }
  sending_ = std::exchange(unsent_, {});
  asio::async_write(socket_, asio::buffer(sending_), [self = shared_from_this()](const error_code& error, std::size_t) {
    self->sending_.clear();
    if (!error) self->write();
  });
}

void Session::close() {
  closing_ = true;
  if (sending_.empty()) write();
}

void Session::reset() {
  error_code ignored;
  if (socket_.is_open()) socket_.set_option(asio::socket_base::linger(true, 0), ignored);
  finish();
}

void Session::resume() {
  paused_ = false;
  on_bytes();
  read();
}

void Session::finish() {
  if (!socket_.is_open()) return;
  error_code ignored;
  socket_.close(ignored);
  timer_.cancel();
  server_.sessions_.erase(shared_from_this());
}

ScriptedServer::ScriptedServer(asio::io_context& io, int receive_buffer_bytes)
    : ScriptedServer(io, {asio::ip::address_v4::loopback(), 0}, receive_buffer_bytes) {}

ScriptedServer::ScriptedServer(asio::io_context& io, const tcp::endpoint& endpoint, int receive_buffer_bytes)
    : io_(io), acceptor_(io) {
  acceptor_.open(endpoint.protocol());
  acceptor_.set_option(tcp::acceptor::reuse_address(true));
  if (receive_buffer_bytes > 0) {
    acceptor_.set_option(asio::socket_base::receive_buffer_size(receive_buffer_bytes));
  }
  acceptor_.bind(endpoint);
  acceptor_.listen();
  accept();
}

ScriptedServer::~ScriptedServer() {
  while (!sessions_.empty()) std::shared_ptr<Session>(*sessions_.begin())->reset();
}

std::string ScriptedServer::port() const { return std::to_string(acceptor_.local_endpoint().port()); }

void ScriptedServer::accept() {
  acceptor_.async_accept([this](const error_code& error, tcp::socket socket) {
    if (error) return;
    const auto session = std::make_shared<Session>(*this, std::move(socket), accepted_++);
    sessions_.insert(session);
    most_open_ = std::max(most_open_, sessions_.size());
    session->start();
    accept();
  });
}

}  // namespace logdist::sink
