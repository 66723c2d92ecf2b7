// Agents that do with their connections what no agent should.
#pragma once

#include <atomic>
#include <list>
#include <memory>
#include <string>
#include <thread>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "logdist/base/time.hpp"
#include "tests/e2e/wait.hpp"

namespace logdist::e2e {

/// What one attacker does on each of its connections; when one has ended, there is another in its place.
struct Attack {
  enum class Port { packet, admin };
  enum class End { hold, close, reset, close_sending };

  std::string opening{};                                          ///< sent at once
  std::string again{};                                            ///< then this, until the daemon closes
  Duration pause = std::chrono::milliseconds(sanitized ? 5 : 1);  ///< before each time
  End end = End::hold;           ///< after the opening, if there is nothing to be sent again
  std::size_t connections = 10;  ///< at a time
  bool reads = true;             ///< what is answered
  Duration read_pause{};         ///< before each byte of an answer; 0: reads as it comes
  Duration rest = std::chrono::milliseconds(sanitized ? 200 : 50);  ///< before the next connection
  Port port = Port::packet;
};

/// Carries out attacks, on a thread of its own, until it is destroyed. Belongs to the test's thread.
class Attackers {
 public:
  Attackers(const std::string& packet_url, const std::string& admin_url);
  /// All connections end, with a reset where the daemon has sent something.
  ~Attackers();
  Attackers(const Attackers&) = delete;
  Attackers& operator=(const Attackers&) = delete;

  /// One more attack.
  void begin(const Attack& attack);
  /// Each connection of every attack has been made at least once.
  bool all_begun() const { return begun_ == wanted_; }
  /// Connections made so far.
  std::size_t connections() const { return connections_; }

 private:
  using Socket = std::shared_ptr<boost::asio::ip::tcp::socket>;

  boost::asio::awaitable<void> attack(const Attack& attack);
  boost::asio::awaitable<bool> connect(Socket socket, const Attack& attack);
  boost::asio::awaitable<void> converse(Socket socket, const Attack& attack);
  /// Reads and drops until the daemon closes.
  static boost::asio::awaitable<void> read(Socket socket, Duration pause);

  const boost::asio::ip::tcp::endpoint packet_port_;
  const boost::asio::ip::tcp::endpoint admin_port_;
  boost::asio::io_context io_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{io_.get_executor()};
  std::list<Attack> attacks_;  ///< grows only
  std::size_t wanted_ = 0;
  std::atomic<std::size_t> begun_{0};
  std::atomic<std::size_t> connections_{0};
  std::thread thread_;
};

}  // namespace logdist::e2e
