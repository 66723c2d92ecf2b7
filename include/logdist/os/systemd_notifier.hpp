// Messages to the service manager that started the daemon, and the socket it passes.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/datagram_protocol.hpp>
#include <boost/system/result.hpp>

#include "logdist/base/time.hpp"
#include "logdist/os/file_descriptor.hpp"

namespace logdist::os {

/// What a service manager says by the environment: NOTIFY_SOCKET, WATCHDOG_USEC,
/// WATCHDOG_PID, LISTEN_FDS, LISTEN_PID; those of them that are set.
using ServiceVariables = std::map<std::string, std::string>;
ServiceVariables read_service_variables();

/// systemd's protocol, sd_notify(3) and sd_watchdog_enabled(3): lines in a datagram to
/// the socket that NOTIFY_SOCKET names. Its manual calls the protocol stable and suggests
/// implementing it without libsystemd, which would bring six more libraries, compression
/// and cryptography among them, into a process that needs none of them. Sends nothing if
/// NOTIFY_SOCKET is not set. Belongs to the thread that runs `control`. A message that
/// cannot be sent is logged; there is no other effect.
class SystemdNotifier {
 public:
  SystemdNotifier(boost::asio::io_context& control, const ServiceVariables& variables);

  /// The service is up; `status` is a line for people.
  void ready(const std::string& status);

  /// It reads its configuration again, until reloaded().
  void reloading();
  void reloaded();

  /// It ends, and asks for so much time to do it, whatever the manager's own limit is.
  void stopping(Duration at_most);

  /// Asks whether all is well, and is called back once it is: never, if it is not.
  using Ask = std::function<void(std::function<void()> well)>;

  /// With a watchdog, asks twice in its interval, and says so each time all is well.
  /// What `ask` was given must not be called once the service manager is destroyed.
  void watch(Ask ask);

 private:
  void send(const std::string& lines);
  void wait();

  boost::asio::local::datagram_protocol::socket socket_;
  std::optional<boost::asio::local::datagram_protocol::endpoint> listener_;
  boost::asio::basic_waitable_timer<Clock> timer_;
  Duration interval_{};  ///< between two questions; 0: there is no watchdog
  Ask ask_;
  bool asking_ = false;
};

/// The listening socket that was handed over by sd_listen_fds(3), to be the packet
/// port; none when LISTEN_FDS is not set, or not meant for this process. The error
/// is one sentence: not exactly one socket, or one that does not listen for TCP.
boost::system::result<FileDescriptor, std::string> take_listening_socket(const ServiceVariables& variables);

}  // namespace logdist::os
