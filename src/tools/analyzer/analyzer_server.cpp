#include "tools/analyzer/analyzer_server.hpp"

#include <utility>
#include <vector>

#include <boost/asio.hpp>

#include "logdist/net/as_tuple.hpp"
#include "logdist/net/listen.hpp"
#include "tools/analyzer/analyzer_session.hpp"

namespace logdist::tools {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr std::size_t kept_buffer_bytes = std::size_t{4} << 20;
/// A full table of open files must not turn accepting into a busy loop.
constexpr auto accept_pause = std::chrono::milliseconds(100);
}  // namespace

AnalyzerServer::AnalyzerServer(asio::io_context& io, ReferenceAnalyzerOptions options)
    : io_(io),
      options_(std::move(options)),
      acceptor_(io),
      accept_pause_(io),
      random_(options_.seed),
      buffers_(kept_buffer_bytes),
      behaviour_(options_.behaviour) {}

error_code AnalyzerServer::listen() {
  if (const error_code error = net::listen(acceptor_, {options_.host, options_.port})) return error;
  endpoint_ = acceptor_.local_endpoint();
  asio::co_spawn(io_, accept(shared_from_this()), asio::detached);
  return {};
}

void AnalyzerServer::stop() {
  error_code ignored;
  acceptor_.close(ignored);
  accept_pause_.cancel();
  for (AnalyzerSession* session : sessions_) session->close();
}

AnalyzerBehaviour AnalyzerServer::behaviour() const {
  const MutexLock lock(mutex_);
  return behaviour_;
}

void AnalyzerServer::behave(const AnalyzerBehaviour& behaviour) {
  const MutexLock lock(mutex_);
  behaviour_ = behaviour;
}

unsigned AnalyzerServer::draw_status(const AnalyzerBehaviour& behaviour) {
  constexpr unsigned internal_server_error = 500;
  const bool fails = behaviour.fail_rate > 0 && random_.uniform(0, 1) < behaviour.fail_rate;
  return fails && behaviour.status < 300 ? internal_server_error : behaviour.status;
}

codec::DecodeResult AnalyzerServer::decode(codec::Format format, std::string_view body) {
  core::Buffer padded = buffers_.take(body.size());
  padded.append(body);
  return decoder_.decode(format, padded);
}

asio::awaitable<void> AnalyzerServer::accept(std::shared_ptr<AnalyzerServer> self) {
  while (self->acceptor_.is_open()) {
    auto [error, socket] = co_await self->acceptor_.async_accept(net::as_tuple);
    if (!self->acceptor_.is_open()) co_return;  // stop() came between the connection and us
    if (error) {
      self->accept_pause_.expires_after(accept_pause);
      co_await self->accept_pause_.async_wait(net::as_tuple);
    } else {
      AnalyzerSession::start(std::move(socket), self);
    }
  }
}

}  // namespace logdist::tools
