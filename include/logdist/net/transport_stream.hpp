// A Transport for what speaks by Asio's and Beast's operations.
#pragma once

#include <array>
#include <memory>
#include <utility>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/compose.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>

#include "logdist/net/transport.hpp"

namespace logdist::net {

/// A connection with or without a layer, as an AsyncReadStream and AsyncWriteStream. For control connections: it waits
/// for readiness by Asio, not by the loop's Poller. At most one read and one write at a time. Confined to its loop.
/// Must outlive its operations; close() ends them as aborted.
class TransportStream {
 public:
  using executor_type = boost::asio::any_io_executor;
  using Wait = boost::asio::posix::descriptor_base::wait_type;

  /// Takes over `socket`, which is connected. `layer` may be empty.
  template <typename Socket>
  TransportStream(Socket socket, const TransportFactory& layer) : waiter_(socket.get_executor()) {
    boost::system::error_code ignored;
    socket.non_blocking(true, ignored);
    Stream stream(socket.release(ignored));
    transport_ = layer ? layer(std::move(stream), {}) : std::make_unique<PlainTransport>(std::move(stream));
    waiter_.assign(transport_->native_handle(), ignored);
  }
  ~TransportStream() { close(); }
  TransportStream(const TransportStream&) = delete;
  TransportStream& operator=(const TransportStream&) = delete;

  executor_type get_executor() { return waiter_.get_executor(); }
  /// -1 once closed.
  int native_handle() const { return transport_->native_handle(); }
  /// Whether a layer is on it that begins with a handshake.
  bool needs_handshake() const { return transport_->needs_handshake(); }

  /// Before the first read or write; at once without a layer.
  template <typename Token>
  auto async_handshake(Token&& token) {
    return start<void(boost::system::error_code)>(
        [this](boost::system::error_code& error) { error = transport_->handshake(); }, std::forward<Token>(token));
  }

  template <typename Buffers, typename Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    const boost::asio::mutable_buffer space = *boost::asio::buffer_sequence_begin(buffers);
    return start<void(boost::system::error_code, std::size_t)>(
        [this, space](boost::system::error_code& error) {
          return transport_->read_some({static_cast<char*>(space.data()), space.size()}, error);
        },
        std::forward<Token>(token));
  }

  /// Ends once the socket has what was taken.
  template <typename Buffers, typename Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    std::array<boost::asio::const_buffer, Transport::max_pieces> pieces;
    std::size_t count = 0;
    for (auto piece = boost::asio::buffer_sequence_begin(buffers);
         piece != boost::asio::buffer_sequence_end(buffers) && count < pieces.size(); ++piece) {
      pieces[count++] = *piece;
    }
    return start<void(boost::system::error_code, std::size_t)>(
        [this, pieces, count, taken = std::size_t{0}](boost::system::error_code& error) mutable {
          if (taken == 0) taken = transport_->write_some({pieces.data(), count}, error);
          if (!error && !transport_->flushed()) {
            transport_->write_some(std::span<const boost::asio::const_buffer>(), error);
          }
          return taken;
        },
        std::forward<Token>(token), Wait::wait_write);
  }

  /// Ends what is under way, as aborted.
  void cancel() {
    boost::system::error_code ignored;
    waiter_.cancel(ignored);
  }
  void shutdown_send() {
    boost::system::error_code ignored;
    transport_->shutdown_send(ignored);
  }
  void close() {
    if (waiter_.is_open()) waiter_.release();  // the transport's to close
    transport_->close();
  }

 private:
  /// Tries again each time the socket is ready. Never ends within its own beginning.
  template <typename Try, bool counts>
  struct Operation {
    TransportStream& stream;
    Try attempt;
    Wait wait;
    bool begun = false;

    template <typename Self>
    void operator()(Self& self, boost::system::error_code error = {}) {
      if (!std::exchange(begun, true)) return boost::asio::post(stream.get_executor(), std::move(self));
      std::size_t count = 0;
      if (!error && stream.native_handle() < 0) error = boost::asio::error::operation_aborted;
      if (!error) {
        if constexpr (counts) {
          count = attempt(error);
        } else {
          attempt(error);
        }
      }
      if (error == boost::asio::error::would_block) {
        // What is held may have to leave before the peer says more.
        return stream.waiter_.async_wait(stream.transport_->flushed() ? wait : Wait::wait_write, std::move(self));
      }
      if constexpr (counts) {
        self.complete(error, error ? 0 : count);
      } else {
        self.complete(error);
      }
    }
  };

  template <typename Signature, typename Try, typename Token>
  auto start(Try attempt, Token&& token, Wait wait = Wait::wait_read) {
    constexpr bool counts = !std::is_same_v<Signature, void(boost::system::error_code)>;
    return boost::asio::async_compose<Token, Signature>(Operation<Try, counts>{*this, std::move(attempt), wait}, token,
                                                        waiter_);
  }

  std::unique_ptr<Transport> transport_;
  boost::asio::posix::stream_descriptor waiter_;
};

}  // namespace logdist::net
