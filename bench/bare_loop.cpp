// bare_loop PORT ANALYZER_PORT… — the floor under every proxy: only the system
// calls that a packet needs, from one loop.
//
// Reads each packet with one call, answers it with one, and sends all packets
// of a round to each analyzer with one gathered write, weighted 4:3:3:4:3:3….
// It validates nothing, counts nothing, survives nothing and keeps no queue.
// What it takes is what the kernel takes for the same traffic: bench/compare
// --floor measures it like the others.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace std::string_view_literals;

constexpr std::size_t max_request_bytes = 64 * 1024;
constexpr std::string_view answer =
    "HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\nContent-Length: 63\r\n\r\n"
    R"({"packet_id":"0123456789abcdef0123456789abcdef","messages":100})";

/// A kept connection, from an agent or to an analyzer.
struct Peer {
  int socket = -1;
  bool is_agent = false;
  std::size_t size = 0;               ///< bytes read of the request
  std::unique_ptr<char[]> request{};  ///< an agent's
  std::vector<iovec> pieces{};        ///< an analyzer's of this round
  std::string head{};                 ///< what stands before each body, an analyzer's
};

int check(int result, const char* what) {
  if (result >= 0) return result;
  std::perror(what);
  std::exit(1);
}

sockaddr_in loopback(std::string_view port) {
  std::uint16_t number = 0;
  const std::from_chars_result read = std::from_chars(port.begin(), port.end(), number);
  if (read.ec != std::errc{} || read.ptr != port.end()) {
    std::fputs("a port is a number from 1 to 65535\n", stderr);
    std::exit(2);
  }
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(number);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

void send_at_once(int socket) {
  const int on = 1;
  check(setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)), "TCP_NODELAY");
}

void watch(int poller, int socket, Peer* peer) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = peer;
  check(epoll_ctl(poller, EPOLL_CTL_ADD, socket, &event), "epoll_ctl");
}

/// The body of a request that is whole; nothing otherwise.
std::string_view body_of(std::string_view request) {
  constexpr auto length_is = "Content-Length: "sv;
  const std::size_t end = request.find("\r\n\r\n");
  const std::size_t field = request.substr(0, end).find(length_is);
  if (end == std::string_view::npos || field == std::string_view::npos) return {};
  std::size_t length = 0;
  std::from_chars(request.data() + field + length_is.size(), request.data() + end, length);
  const std::string_view body = request.substr(end + 4);
  return body.size() == length ? body : std::string_view{};
}

/// All pieces, in one call if the analyzer has room.
void flush(Peer& analyzer) {
  iovec* first = analyzer.pieces.data();
  std::size_t count = analyzer.pieces.size();
  while (count != 0) {
    ssize_t sent = writev(analyzer.socket, first, static_cast<int>(std::min<std::size_t>(count, IOV_MAX)));
    if (sent < 0) {
      pollfd room{.fd = analyzer.socket, .events = POLLOUT, .revents = 0};
      check(errno == EAGAIN ? poll(&room, 1, -1) : -1, "writev");
      continue;
    }
    for (auto left = static_cast<std::size_t>(sent); count != 0;) {
      const std::size_t of_first = std::min(left, first->iov_len);
      first->iov_base = static_cast<char*>(first->iov_base) + of_first;
      first->iov_len -= of_first;
      left -= of_first;
      if (first->iov_len != 0) break;
      ++first;
      --count;
    }
  }
  analyzer.pieces.clear();
}

class Loop {
 public:
  Loop(const char* port, std::vector<const char*> analyzers) {
    for (const char* analyzer : analyzers) {
      Peer& peer = *analyzers_.emplace_back(std::make_unique<Peer>());
      peer.socket = check(socket(AF_INET, SOCK_STREAM, 0), "socket");
      const sockaddr_in address = loopback(analyzer);
      check(connect(peer.socket, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), "connect");
      send_at_once(peer.socket);
      watch(poller_, peer.socket, &peer);
    }
    const int on = 1;
    check(setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)), "SO_REUSEADDR");
    const sockaddr_in address = loopback(port);
    check(bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), "bind");
    check(listen(listener_, SOMAXCONN), "listen");
    watch(poller_, listener_, nullptr);
  }

  [[noreturn]] void run() {
    for (std::array<epoll_event, 256> events;;) {
      const int count = check(epoll_wait(poller_, events.data(), static_cast<int>(events.size()), -1), "epoll_wait");
      std::for_each_n(events.begin(), count,
                      [&](const epoll_event& event) { ready(static_cast<Peer*>(event.data.ptr)); });
      for (const auto& analyzer : analyzers_) flush(*analyzer);
    }
  }

 private:
  void ready(Peer* peer) {
    if (peer == nullptr) return accept_agent();
    if (peer->is_agent) return read_request(*peer);
    std::array<char, max_request_bytes> answers;
    check(read(peer->socket, answers.data(), answers.size()) > 0 ? 0 : -1, "an analyzer's answers");
  }

  void accept_agent() {
    auto agent = std::make_unique<Peer>();
    agent->socket = check(accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK), "accept");
    agent->is_agent = true;
    agent->request = std::make_unique<char[]>(max_request_bytes);
    send_at_once(agent->socket);
    Peer* const peer = agent.release();  // until it leaves
    watch(poller_, peer->socket, peer);
  }

  void read_request(Peer& agent) {
    const ssize_t count = read(agent.socket, agent.request.get() + agent.size, max_request_bytes - agent.size);
    if (count <= 0) {
      close(agent.socket);
      delete &agent;
      return;
    }
    agent.size += static_cast<std::size_t>(count);
    const std::string_view body = body_of({agent.request.get(), agent.size});
    if (body.empty()) return;
    agent.size = 0;  // the bytes stay as they are until the round ends
    // An agent that has left meanwhile is noticed at the next read.
    static_cast<void>(send(agent.socket, answer.data(), answer.size(), MSG_NOSIGNAL));
    forward(body);
  }

  void forward(std::string_view body) {
    constexpr std::array<std::size_t, 10> turns{0, 1, 2, 0, 1, 2, 0, 1, 2, 0};
    Peer& analyzer = *analyzers_[turns[turn_++ % turns.size()] % analyzers_.size()];
    const std::string length = std::to_string(body.size());
    if (!analyzer.head.ends_with(length + "\r\n\r\n")) {
      analyzer.head =
          "POST / HTTP/1.1\r\nHost: analyzer\r\nContent-Type: application/json\r\nPacket-Messages: 100\r\n"
          "Idempotency-Key: 0123456789abcdef0123456789abcdef\r\nContent-Length: " +
          length + "\r\n\r\n";
    }
    analyzer.pieces.push_back({analyzer.head.data(), analyzer.head.size()});
    analyzer.pieces.push_back({const_cast<char*>(body.data()), body.size()});
  }

  int poller_ = check(epoll_create1(0), "epoll_create1");
  int listener_ = check(socket(AF_INET, SOCK_STREAM, 0), "socket");
  std::vector<std::unique_ptr<Peer>> analyzers_{};
  std::size_t turn_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fputs("usage: bare_loop PORT ANALYZER_PORT...\n", stderr);
    return 2;
  }
  Loop(argv[1], {argv + 2, argv + argc}).run();
}
