// An HTTP server on the test's own loop that does what the test tells it to,
// right or wrong.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

namespace logdist::sink {

/// An answer that delivers.
inline constexpr auto no_content = "HTTP/1.1 204 No Content\r\n\r\n";

/// One whole request, as received.
struct ReceivedRequest {
  std::string head;  ///< up to and with the empty line
  std::string body;

  /// Value of a header, empty when there is none.
  std::string header(const std::string& name) const;
  std::string id() const { return header("Idempotency-Key"); }
};

class ScriptedServer;

/// One connection as the server sees it.
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(ScriptedServer& server, boost::asio::ip::tcp::socket socket, std::size_t number);

  std::size_t number() const { return number_; }      ///< in order of acceptance, from 0
  std::size_t requests() const { return requests_; }  ///< whole ones so far
  /// Bytes of the request that is not whole yet.
  const std::string& partial() const { return received_; }

  /// Sends `bytes` after what was given before.
  void send(std::string bytes);
  /// Sends `bytes` after `delay`, and reads no further request before.
  void send_later(std::string bytes, std::chrono::milliseconds delay);
  /// Sends `bytes` one a turn of the loop.
  void send_byte_by_byte(std::string bytes);
  /// Closes once all is sent.
  void close();
  /// Resets the connection now.
  void reset();
  /// Reads nothing more until resume().
  void pause() { paused_ = true; }
  void resume();

  void start();

 private:
  void read();
  void on_bytes();
  bool take_request();
  void write();
  void finish();

  ScriptedServer& server_;
  boost::asio::ip::tcp::socket socket_;
  boost::asio::steady_timer timer_;
  const std::size_t number_;
  std::size_t requests_ = 0;
  std::string received_;
  std::string input_;
  std::string unsent_;
  std::string sending_;
  bool paused_ = false;
  bool reading_ = false;
  bool closing_ = false;
};

/// Listens on a free loopback port. Hooks are called on the loop. Must outlive
/// the running of its loop.
class ScriptedServer {
 public:
  explicit ScriptedServer(boost::asio::io_context& io, int receive_buffer_bytes = 0);
  /// On that address and port.
  ScriptedServer(boost::asio::io_context& io, const boost::asio::ip::tcp::endpoint& endpoint,
                 int receive_buffer_bytes = 0);
  ~ScriptedServer();

  std::function<void(Session&)> on_accept = [](Session&) {};
  std::function<void(Session&)> on_bytes = [](Session&) {};
  std::function<void(Session&, const ReceivedRequest&)> on_request = [](Session& session, const ReceivedRequest&) {
    session.send("HTTP/1.1 204 No Content\r\n\r\n");
  };

  /// New connections are refused from now on.
  void stop_listening() { acceptor_.close(); }

  std::string port() const;
  const std::vector<ReceivedRequest>& requests() const { return requests_; }
  std::size_t accepted() const { return accepted_; }
  std::size_t open() const { return sessions_.size(); }  ///< sessions now
  std::size_t most_open() const { return most_open_; }   ///< sessions at once

 private:
  friend class Session;
  void accept();

  boost::asio::io_context& io_;
  boost::asio::ip::tcp::acceptor acceptor_;
  std::vector<ReceivedRequest> requests_;
  std::set<std::shared_ptr<Session>> sessions_;
  std::size_t accepted_ = 0;
  std::size_t most_open_ = 0;
};

}  // namespace logdist::sink
