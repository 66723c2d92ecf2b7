// A connection of a port that speaks TLS, to OpenSSL's own client, over a wire that the input rules: it passes on bytes
// by ones or by thousands, changes them, puts others between, ends either direction, while the client asks for new
// keys, for another handshake, or leaves. What arrives is what was sent, as far as it arrives; the port waits only for
// what can come, and does nothing while nothing has; and each handshake has its end and gives its place back.
#define OPENSSL_SUPPRESS_DEPRECATED  // a source of "randomness" that is the same each time
#include <fuzzer/FuzzedDataProvider.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <numeric>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <boost/asio/error.hpp>

#include "logdist/base/check.hpp"
#include "logdist/net/tls/server_tls.hpp"
#include "logdist/net/tls/tls_transport.hpp"
#include "tests/support/certificates.hpp"

namespace logdist::net {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr std::size_t buffer_bytes = 4096;  ///< of the sockets: large writes are taken in parts

/// Else an input could not be tried again.
std::uint64_t randomness = 0;

int give_bytes(unsigned char* bytes, int count) {
  for (int i = 0; i < count; ++i) {
    randomness = randomness * 6364136223846793005U + 1442695040888963407U;
    bytes[i] = static_cast<unsigned char>(randomness >> 56);
  }
  return 1;
}
int is_ready() { return 1; }

void make_randomness_the_same() {
  static const RAND_METHOD method{nullptr, give_bytes, nullptr, nullptr, give_bytes, is_ready};
  LOGDIST_CHECK(RAND_set_rand_method(&method) == 1);
}

/// One place for handshakes, so that one that is not given back shows at the next input.
ServerTls& port() {
  static const std::unique_ptr<ServerTls> port = [] {
    std::string folder = "/tmp/fuzz-records-XXXXXX";
    LOGDIST_CHECK(::mkdtemp(folder.data()) != nullptr);
    const logdist::test::CertificateAuthority authority;
    const auto issued = authority.issue();
    config::PortTlsOptions options;
    options.certificate = folder + "/a.pem";
    options.key = folder + "/a.key";
    options.max_handshakes = 1;
    std::ofstream(options.certificate) << issued.certificate;
    std::ofstream(options.key) << issued.key;
    auto contexts = ServerTls::prepare(options, 1);
    std::filesystem::remove_all(folder);
    LOGDIST_CHECK(contexts.has_value());
    auto made = std::make_unique<ServerTls>("packet");
    made->use(*contexts);
    return made;
  }();
  return *port;
}

std::array<Stream, 2> connected_sockets() {
  std::array<int, 2> ends{};
  LOGDIST_CHECK(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends.data()) == 0);
  for (const int end : ends) ::setsockopt(end, SOL_SOCKET, SO_SNDBUF, &buffer_bytes, sizeof(int));
  return {Stream(ends[0]), Stream(ends[1])};
}

std::size_t unread(int socket) {
  int count = 0;
  return socket >= 0 && ::ioctl(socket, FIONREAD, &count) == 0 ? static_cast<std::size_t>(count) : 0;
}

SslHandle client_of(int version) {
  static SSL_CTX* const context = SSL_CTX_new(TLS_client_method());
  SslHandle ssl(SSL_new(context));
  SSL_set_connect_state(ssl.get());
  SSL_set_min_proto_version(ssl.get(), version);
  SSL_set_max_proto_version(ssl.get(), version);
  return ssl;
}

/// One of both ends: what it has sent and received.
struct End {
  std::unique_ptr<Transport> transport;
  bool shaken_hands = false;
  bool is_over = false;
  std::string sent{};
  std::string received{};
};

class Conversation {
 public:
  Conversation(Stream near, Stream far, int version) {
    port_.transport = port().factory(0)(std::move(near), {});
    auto client = std::make_unique<TlsTransport>(std::move(far), client_of(version));
    client_ssl_ = &client->ssl();
    SSL_clear_options(client_ssl_, SSL_OP_NO_RENEGOTIATION);
    client_.transport = std::move(client);
  }

  /// What readiness would make of both, and what must hold then.
  void turn() {
    step(client_, port_);
    if (is_left_) client_.is_over = true;
    step(port_, client_);
    expect_rest();
  }

  void write_from(End& end, std::size_t count) {
    if (!end.shaken_hands || end.is_over) return;
    const std::string bytes(count, static_cast<char>('a' + end.sent.size() % 26));
    error_code error;
    const std::size_t taken = end.transport->write_some(bytes, error);
    LOGDIST_CHECK(taken <= count && (taken > 0 || error || count == 0));
    end.sent.append(bytes, 0, taken);
  }
  void leave() {
    if (!client_.transport->flushed()) return;  // what is held would be lost
    error_code ignored;
    client_.transport->shutdown_send(ignored);
    is_left_ = true;
  }
  void ask_for_keys() {
    if (client_.shaken_hands && SSL_version(client_ssl_) == TLS1_3_VERSION) {
      SSL_key_update(client_ssl_, SSL_KEY_UPDATE_REQUESTED);
    } else if (client_.shaken_hands) {
      SSL_renegotiate(client_ssl_);
      SSL_do_handshake(client_ssl_);
    }
  }

  End& port_end() { return port_; }
  End& client_end() { return client_; }

 private:
  static void step(End& end, const End& peer) {
    error_code error;
    if (!end.shaken_hands && !end.is_over) {
      error = end.transport->handshake();
      end.shaken_hands = !error;
      end.is_over = error && error != asio::error::would_block;
    }
    if (!end.shaken_hands || end.is_over) return;
    if (!end.transport->flushed()) end.transport->write_some(std::string_view(), error);
    std::array<char, 1500> space;
    for (error.clear(); !error;) {
      const std::size_t count = end.transport->read_some(space, error);
      LOGDIST_CHECK(count > 0 || error);
      end.received.append(space.data(), count);
    }
    LOGDIST_CHECK(peer.sent.starts_with(end.received));
    end.is_over = error != asio::error::would_block;
  }

  /// A port that waits has read all, or cannot before what it holds is gone; and goes on waiting.
  void expect_rest() {
    if (port_.is_over) {
      std::array<char, 1> space;
      error_code error;
      LOGDIST_CHECK(!port_.shaken_hands || port_.transport->read_some(space, error) == 0);
      return;
    }
    const int socket = port_.transport->native_handle();
    LOGDIST_CHECK(unread(socket) == 0 || !port_.transport->flushed());
    const bool was_flushed = port_.transport->flushed();
    const std::size_t received = port_.received.size();
    step(port_, client_);
    LOGDIST_CHECK(port_.received.size() == received && !port_.is_over);
    LOGDIST_CHECK(port_.transport->flushed() == was_flushed);
  }

  End port_;
  End client_;
  SSL* client_ssl_ = nullptr;
  bool is_left_ = false;
};

/// Passes bytes on, as the input says.
class Wire {
 public:
  Wire(Stream near, Stream far) : ends_{std::move(near), std::move(far)} {}

  void pass(std::size_t from, std::size_t count_max) {
    std::string& waits = waiting_[from];
    std::array<char, 65536> space;
    error_code error;
    if (waits.empty()) {
      const std::size_t count = ends_[from].read_some({space.data(), std::min(count_max, space.size())}, error);
      waits.assign(space.data(), count);
      if (change_ && count > 0) waits[0] = static_cast<char>(waits[0] ^ *std::exchange(change_, std::nullopt));
    }
    error.clear();
    if (!waits.empty()) waits.erase(0, ends_[1 - from].write_some(waits, error));
  }
  void change_next(std::uint8_t bits) {
    change_ = static_cast<char>(bits);
    is_whole_ = is_whole_ && bits == 0;
  }
  void put(std::size_t to, std::string_view bytes) {
    error_code error;
    if (!bytes.empty()) is_whole_ = false;
    ends_[to].write_some(bytes, error);
  }
  void end_towards(std::size_t to) {
    error_code error;
    ends_[to].shutdown_send(error);
    is_whole_ = false;
  }
  void cut(std::size_t end) {
    ends_[end].close();
    is_whole_ = false;
  }
  bool is_whole() const { return is_whole_; }

 private:
  std::array<Stream, 2> ends_;  ///< towards the port, towards the client
  std::array<std::string, 2> waiting_;
  std::optional<char> change_;
  bool is_whole_ = true;
};

std::size_t draw_count(FuzzedDataProvider& input) {
  switch (input.ConsumeIntegralInRange(0, 3)) {
    case 0: return 1;
    case 1: return input.ConsumeIntegralInRange<std::size_t>(1, 40);
    case 2: return input.ConsumeIntegralInRange<std::size_t>(1, 20'000);
    default: return 65'536;
  }
}

void do_something(FuzzedDataProvider& input, Conversation& both, Wire& wire) {
  constexpr std::size_t port_side = 0;
  constexpr std::size_t client_side = 1;
  switch (input.ConsumeIntegralInRange(0, 13)) {
    case 0:
    case 1:
    case 2: return wire.pass(client_side, draw_count(input));
    case 3:
    case 4: return wire.pass(port_side, draw_count(input));
    case 5:
    case 6: return both.write_from(both.client_end(), draw_count(input));
    case 7: return both.write_from(both.port_end(), draw_count(input));
    case 8: return wire.change_next(input.ConsumeIntegral<std::uint8_t>());
    case 9: return wire.put(input.ConsumeIntegralInRange<std::size_t>(0, 1), input.ConsumeRandomLengthString(300));
    case 10: return both.leave();
    case 11: return both.ask_for_keys();
    case 12: return wire.end_towards(input.ConsumeIntegralInRange<std::size_t>(0, 1));
    default: return wire.cut(input.ConsumeIntegralInRange<std::size_t>(0, 1));
  }
}

std::uint64_t handshakes_counted() {
  const TlsCounts counts = port().counts();
  LOGDIST_CHECK(counts.handshakes[static_cast<std::size_t>(HandshakeResult::refused)] == 0);
  return std::accumulate(counts.handshakes.begin(), counts.handshakes.end(), std::uint64_t{0});
}

void converse(FuzzedDataProvider& input) {
  auto [near, near_wire] = connected_sockets();
  auto [far, far_wire] = connected_sockets();
  const int version = input.ConsumeBool() ? TLS1_3_VERSION : TLS1_2_VERSION;
  const bool is_shaken = input.ConsumeBool();
  Conversation both(std::move(near), std::move(far), version);
  Wire wire(std::move(near_wire), std::move(far_wire));
  for (int i = 0; is_shaken && i < 8; ++i) {
    both.turn();
    for (const std::size_t side : {0U, 1U}) wire.pass(side, 65'536);
  }
  LOGDIST_CHECK(!is_shaken || both.port_end().shaken_hands);
  for (int i = 0; i < 200 && input.remaining_bytes() > 0; ++i) {
    do_something(input, both, wire);
    both.turn();
  }
  for (int i = 0; wire.is_whole() && i < 400 && both.port_end().received.size() < both.client_end().sent.size(); ++i) {
    for (const std::size_t side : {0U, 1U}) wire.pass(side, 65'536);
    both.turn();
  }
  const bool is_one_handshake = version == TLS1_3_VERSION;  // the port has refused another one
  if (wire.is_whole() && is_one_handshake) LOGDIST_CHECK(both.port_end().received == both.client_end().sent);
}

}  // namespace
}  // namespace logdist::net

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace logdist::net;
  static const bool is_prepared = [] {
    make_randomness_the_same();
    port();
    return true;
  }();
  static_cast<void>(is_prepared);
  randomness = 1;
  FuzzedDataProvider input(data, size);
  const std::uint64_t before = handshakes_counted();
  converse(input);
  LOGDIST_CHECK(handshakes_counted() == before + 1);
  return 0;
}
