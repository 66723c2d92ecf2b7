// An analyzer made of bytes: it does with a request what it is told, right or wrong.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "logdist/base/time.hpp"
#include "tests/e2e/journal.hpp"
#include "tests/e2e/port_reservation.hpp"

namespace logdist::e2e {

inline const std::string good_answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

/// What every request meets, probes as well as packets.
struct Manner {
  enum class Then { go_on, close, reset, hold, end_sending };

  std::string answer = good_answer;
  Then then = Then::go_on;
  std::string forever{};         ///< sent after the answer, again and again
  Duration forever_pause{};      ///< before each time
  Duration pause{};              ///< before the answer
  Duration byte_pause{};         ///< before each byte of the answer
  bool takes = true;             ///< the answer is a whole 2xx
  bool listens = true;           ///< else the port is closed
  bool reads = true;             ///< else connections are accepted, and that is all
  bool drops_pipelined = false;  ///< when requests came together: answers the first, and closes
  bool accepts = true;           ///< else connections stay in the kernel's queue, which is a short one
  bool spares_probes = false;    ///< a GET gets the good answer
  std::string greeting{};        ///< sent to a connection before it asks for anything
  Then greeted = Then::go_on;    ///< what follows that
};

/// Listens on a thread of its own. What comes whole goes into the journal before it
/// is answered. Belongs to the test's thread.
class RawAnalyzer {
 public:
  RawAnalyzer(const std::string& journal_path, const std::string& address = "127.0.0.1", std::uint16_t port = 0);
  ~RawAnalyzer();
  RawAnalyzer(const RawAnalyzer&) = delete;
  RawAnalyzer& operator=(const RawAnalyzer&) = delete;

  std::uint16_t port() const { return port_.port(); }
  std::string url() const;

  /// From the next request on. Back to `{}` closes all connections, as a restart does.
  void behave(const Manner& manner);
  /// The same for packets whose id begins with `prefix`; those that begin with none meet the manner above.
  void behave_to(const std::string& prefix, const Manner& manner);

 private:
  using Socket = std::shared_ptr<boost::asio::ip::tcp::socket>;

  void listen();
  boost::asio::awaitable<void> accept();
  boost::asio::awaitable<void> serve(Socket socket);
  /// Each does what the manner says; false when the connection is to end.
  boost::asio::awaitable<bool> greet(Socket socket);
  boost::asio::awaitable<bool> answer(Socket socket, Manner manner);
  boost::asio::awaitable<bool> do_next(Socket socket, Manner::Then then);
  const Manner& manner_for(std::string_view request) const;
  boost::asio::awaitable<bool> send(Socket socket, std::string bytes, Duration byte_pause);
  /// Reads and drops until the peer has gone.
  static boost::asio::awaitable<void> hold(Socket socket);
  void note(std::string_view request, bool takes);

  const PortReservation port_;
  Journal journal_;
  boost::asio::io_context io_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{io_.get_executor()};
  // The thread's, once it runs.
  Manner manner_;
  std::map<std::string, Manner> manners_to_;  ///< by the prefix of the packets that meet them
  std::optional<boost::asio::ip::tcp::acceptor> acceptor_;
  std::set<Socket> sockets_;

  std::thread thread_;
};

}  // namespace logdist::e2e
