#include "logdist/net/tls/tls_transport.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <boost/asio/error.hpp>

#include "logdist/base/check.hpp"
#include "logdist/net/tls/tls_error.hpp"
#include "net/tls/certificate_names.hpp"

namespace logdist::net {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

/// Of a peer whose handshake failed: so much is read away, or closing would reset the connection, and the alert that
/// says why would be lost.
constexpr std::size_t read_away_max = 64 * 1024;

}  // namespace

void FreeSsl::operator()(ssl_st* ssl) const { SSL_free(ssl); }

/// The socket as OpenSSL sees it.
struct TlsTransport::Wire {
  static BIO_METHOD* method() {
    static BIO_METHOD* const made = [] {
      BIO_METHOD* const bio = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "log-distributor");
      LOGDIST_CHECK(bio != nullptr);
      BIO_meth_set_read_ex(bio, &Wire::read);
      BIO_meth_set_write_ex(bio, &Wire::write);
      BIO_meth_set_ctrl(bio, &Wire::control);
      return bio;
    }();
    return made;
  }

  static TlsTransport& transport_of(BIO* bio) { return *static_cast<TlsTransport*>(BIO_get_data(bio)); }

  static int read(BIO* bio, char* space, std::size_t size, std::size_t* count) {
    TlsTransport& self = transport_of(bio);
    BIO_clear_retry_flags(bio);
    *count = 0;
    if (!self.received_.empty()) {
      *count = std::min(size, self.received_.size());
      std::memcpy(space, self.received_.data(), *count);
      self.received_.erase(0, *count);
      return 1;
    }
    error_code error;
    *count = self.stream_.read_some({space, size}, error);
    self.emptied_ = *count < size;
    if (!error) return 1;
    if (error == asio::error::would_block) {
      BIO_set_retry_read(bio);
    } else if (error == asio::error::eof) {
      self.at_end_ = true;
    } else {
      self.read_error_ = error;
    }
    return 0;
  }

  /// Takes all, unless the connection is broken.
  static int write(BIO* bio, const char* bytes, std::size_t size, std::size_t* count) {
    TlsTransport& self = transport_of(bio);
    BIO_clear_retry_flags(bio);
    *count = 0;
    std::string_view rest(bytes, size);
    error_code error = self.flush();
    while (!error && !rest.empty()) rest.remove_prefix(self.stream_.write_some(rest, error));
    if (error && error != asio::error::would_block) {
      self.write_error_ = error;
      return 0;
    }
    self.held_.append(rest);
    *count = size;
    return 1;
  }

  static long control(BIO* bio, int command, long, void*) {
    switch (command) {
      case BIO_CTRL_FLUSH: return 1;
      case BIO_CTRL_EOF: return transport_of(bio).at_end_ ? 1 : 0;
      default: return 0;
    }
  }
};

TlsTransport::TlsTransport(Stream stream, SslHandle ssl, std::string_view received,
                           std::unique_ptr<HandshakeWatch> watch)
    : Transport(std::move(stream)), ssl_(std::move(ssl)), watch_(std::move(watch)), received_(received) {
  BIO* const bio = BIO_new(Wire::method());
  LOGDIST_CHECK(ssl_ != nullptr && bio != nullptr);
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_.get(), bio, bio);
  SSL_set_mode(ssl_.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_RELEASE_BUFFERS);
  SSL_set_options(ssl_.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_set_read_ahead(ssl_.get(), 1);  // one call for what has come, not two for each record
}

TlsTransport::~TlsTransport() {
  // Or OpenSSL forgets the session: it takes a connection without a farewell for one that was cut off.
  SSL_set_shutdown(ssl_.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
}

/// What the last call to OpenSSL came to, which was no success. A socket that takes nothing more may still be read.
error_code TlsTransport::why(int result) {
  const int error = SSL_get_error(ssl_.get(), result);
  if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) return asio::error::would_block;
  if (error == SSL_ERROR_ZERO_RETURN) return asio::error::eof;
  if (error == SSL_ERROR_SYSCALL && write_error_ && !read_error_) return write_error_;
  broken_ = true;
  if (read_error_) return read_error_;
  const long verified = SSL_get_verify_result(ssl_.get());
  const bool is_of_chain = ERR_GET_REASON(ERR_peek_last_error()) == SSL_R_CERTIFICATE_VERIFY_FAILED;
  read_error_ = take_openssl_error();
  if (is_of_chain && verified != X509_V_OK) read_error_ = certificate_error(verified);
  return read_error_;
}

/// A peer that refuses us, our certificate most of all, says so and closes: a better reason than a write that fails
/// behind it.
error_code TlsTransport::explain(const error_code& failed) {
  if (failed.category() != boost::system::system_category() || failed == asio::error::would_block || broken_) {
    return failed;
  }
  char next = 0;
  std::size_t count = 0;
  ERR_clear_error();
  const int result = SSL_peek_ex(ssl_.get(), &next, 1, &count);
  if (result == 1) return failed;
  const error_code found = why(result);
  return found.category() == tls_category() ? found : failed;
}

error_code TlsTransport::handshake() {
  if (shaken_hands_) return {};
  if (broken_) return asio::error::not_connected;
  if (watch_) {
    if (const error_code refused = watch_->refused()) return handshake_failed(refused);
  }
  flush();
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_.get());
  if (result == 1) {
    shaken_hands_ = true;
    if (watch_) watch_->ended(*ssl_, {});
    watch_.reset();
    return {};
  }
  error_code error = why(result);
  if (error == asio::error::would_block) return error;
  if (error == asio::error::eof || (at_end_ && !is_certificate_error(error))) error = TlsError::closed;
  return handshake_failed(error);
}

error_code TlsTransport::handshake_failed(const error_code& error) {
  broken_ = true;
  if (watch_) watch_->ended(*ssl_, error);
  watch_.reset();
  flush();
  error_code ignored;
  stream_.shutdown_send(ignored);
  std::array<char, 4096> space;
  for (std::size_t total = 0; total < read_away_max && !ignored;) total += stream_.read_some(space, ignored);
  return error;
}

/// A session that was resumed has the certificate of its first handshake.
const core::CertificateNames* TlsTransport::peer_certificate() {
  if (peer_names_ || broken_ || !shaken_hands_) return peer_names_.get();
  const X509* const certificate = SSL_get0_peer_certificate(ssl_.get());
  if (certificate == nullptr || SSL_get_verify_result(ssl_.get()) != X509_V_OK) return nullptr;
  peer_names_ = std::make_unique<const core::CertificateNames>(names_of(*certificate));
  return peer_names_.get();
}

/// What is held may wait for the socket, and be gone before a reader looks.
Readiness TlsTransport::translate(Readiness of_socket) const {
  if (of_socket.writable && !held_.empty()) of_socket.readable = true;
  return of_socket;
}

/// Of an edge-triggered socket nothing may be left unread without a word, so a read goes on until the space is full or
/// the socket is empty.
std::size_t TlsTransport::read_some(std::span<char> space, std::span<char> more, error_code& error) {
  error.clear();
  emptied_ = false;
  drained_ = false;
  std::size_t count = 0;
  flush();
  if (broken_) {
    error = read_error_ ? read_error_ : error_code(asio::error::connection_aborted);
  } else if (held_.size() > held_bytes_max) {
    error = asio::error::would_block;
  } else if (fill(space, count, error) && !more.empty()) {
    fill(more, count, error);
  }
  if (count > 0) error.clear();
  return count;
}

/// True when `space` is full.
bool TlsTransport::fill(std::span<char> space, std::size_t& count, error_code& error) {
  while (!space.empty()) {
    std::size_t bytes = 0;
    ERR_clear_error();
    const int result = SSL_read_ex(ssl_.get(), space.data(), space.size(), &bytes);
    if (result != 1) {
      error = why(result);
      drained_ = error == asio::error::would_block;
      return false;
    }
    count += bytes;
    space = space.subspan(bytes);
    if (SSL_has_pending(ssl_.get()) == 0) {
      drained_ = emptied_;
      return false;
    }
  }
  return true;
}

std::size_t TlsTransport::available() const {
  const int pending = SSL_pending(ssl_.get());
  if (pending > 0) return static_cast<std::size_t>(pending);
  return received_.size() + stream_.available() + (SSL_has_pending(ssl_.get()) != 0 ? 1 : 0);
}

/// Sends what is held; would_block when not all of it goes now.
error_code TlsTransport::flush() {
  error_code error = write_error_;
  while (!held_.empty() && !error) held_.erase(0, stream_.write_some(held_, error));
  if (held_.empty()) std::string().swap(held_);
  if (error && error != asio::error::would_block) write_error_ = error;
  return error;
}

/// One record, or the first of several; 0 with an error.
std::size_t TlsTransport::write_record(std::string_view bytes, error_code& error) {
  std::size_t count = 0;
  ERR_clear_error();
  const int result = SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &count);
  if (result != 1) error = explain(why(result));
  return result == 1 ? count : 0;
}

std::size_t TlsTransport::write_some(std::span<const asio::const_buffer> pieces, error_code& error) {
  error = explain(flush());
  if (!error && broken_) error = read_error_ ? read_error_ : error_code(asio::error::broken_pipe);
  if (error) return 0;
  std::size_t taken = 0;
  std::size_t skipped = 0;  // of the first piece
  std::array<char, record_bytes_max> record;
  while (held_.empty() && !error) {
    while (!pieces.empty() && skipped == pieces.front().size()) {
      pieces = pieces.subspan(1);
      skipped = 0;
    }
    if (pieces.empty()) break;
    std::string_view bytes(static_cast<const char*>(pieces.front().data()) + skipped, pieces.front().size() - skipped);
    if (bytes.size() < record.size() && pieces.size() > 1) {
      std::size_t size = 0;
      std::size_t from = skipped;
      for (const asio::const_buffer& piece : pieces) {
        const std::size_t part = std::min(piece.size() - from, record.size() - size);
        std::memcpy(record.data() + size, static_cast<const char*>(piece.data()) + from, part);
        size += part;
        from = 0;
        if (size == record.size()) break;
      }
      bytes = {record.data(), size};
    }
    std::size_t count = write_record(bytes, error);
    taken += count;
    while (count > 0) {
      const std::size_t part = std::min(count, pieces.front().size() - skipped);
      count -= part;
      skipped += part;
      if (skipped < pieces.front().size()) break;
      pieces = pieces.subspan(1);
      skipped = 0;
    }
  }
  if (taken > 0) error.clear();
  return taken;
}

void TlsTransport::shutdown_send(error_code& error) {
  error.clear();
  if (shaken_hands_ && !broken_ && !std::exchange(said_farewell_, true)) {
    ERR_clear_error();
    SSL_shutdown(ssl_.get());
  }
  flush();
  if (write_error_) {
    error = write_error_;
  } else {
    stream_.shutdown_send(error);
  }
}

void TlsTransport::close() {
  if (native_handle() >= 0 && shaken_hands_ && !broken_ && held_.empty() && !std::exchange(said_farewell_, true)) {
    ERR_clear_error();
    SSL_shutdown(ssl_.get());
  }
  watch_.reset();
  Transport::close();
}

}  // namespace logdist::net
