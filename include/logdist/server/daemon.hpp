// The daemon: built from the configuration, run, reloaded, drained.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/system/result.hpp>

#include "logdist/base/time.hpp"
#include "logdist/config/load.hpp"
#include "logdist/config/options.hpp"
#include "logdist/os/file_descriptor.hpp"
#include "logdist/telemetry/scrape.hpp"

namespace logdist::server {

/// How a drain ended.
struct DrainResult {
  std::size_t packets_left = 0;  ///< accepted, but not delivered within the grace: dead letters, or still in the queue
  std::string kept_in{};         ///< the durable queue's directory, where those are; empty: there is none
  bool queue_stuck = false;      ///< the disk did not take the durable queue's last writes in time
  std::size_t letters_lost = 0;  ///< dead letters that a stuck disk has not taken
};

/// Reads the configuration again, from where the daemon's came.
using ConfigurationSource = std::function<config::Loaded()>;

/// One running daemon. All its functions belong to the control thread, the one
/// that runs the io_context it was started on; the loops have threads of their
/// own, which end with it.
class Daemon {
 public:
  /// Opens both ports and starts the loops. The error is one sentence that says what
  /// failed. `control` must outlive the daemon, and run no more
  /// of its handlers once the daemon is destroyed. `packet_socket`, when it is
  /// open, listens already and is the packet port in place of server.listen. Where
  /// there is a `source`, the configuration can be reloaded. Makes as many
  /// connections possible as it is allowed to (fit_connections()).
  static boost::system::result<std::unique_ptr<Daemon>, std::string> start(boost::asio::io_context& control,
                                                                           const config::Options& options,
                                                                           os::FileDescriptor packet_socket = {},
                                                                           ConfigurationSource source = {});
  ~Daemon();

  /// The first address of the packet port that is no unix socket.
  boost::asio::ip::tcp::endpoint packet_endpoint() const;
  /// Where the packet port is, free ports known.
  std::vector<config::ListenAddress> packet_addresses() const;
  /// The same as URLs, with blanks between: `http://HOST:PORT`, `unix:/PATH`.
  std::string packet_urls() const;
  /// Likewise of the admin port.
  boost::asio::ip::tcp::endpoint admin_endpoint() const;
  std::string admin_urls() const;

  /// Packets that hold a place in the queue now; in a durable queue all that are not settled.
  std::size_t queued_packets() const;
  /// Whether the queue is durable: what is in it outlives the process.
  bool keeps_packets() const;
  /// Dead letters that are not written yet.
  std::size_t letters_waiting() const;

  /// Calls `done` on the control thread with the sum of all loops' counters.
  void request_scrape(std::function<void(telemetry::Scrape)> done);

  /// Reads the configuration again and applies or refuses it as a whole, while packets
  /// flow; the log has the result. `who` is where the request comes from, for the log:
  /// "HUP". Then calls `done` on the control thread.
  void reload(const std::string& who, std::function<void()> done);
  /// shutdown.grace, as it is now.
  Duration grace() const;

  /// Accepts no more, delivers what was accepted, for at most shutdown.grace;
  /// what is left then is dead-lettered, or stays in the durable queue. `done` is called once, on the control
  /// thread. The admin port stays up until the daemon is destroyed.
  void drain(std::function<void(DrainResult)> done);
  /// During a drain: the grace is over now.
  void hurry();

  /// Opens the dead-letter file again by its name, after logrotate has renamed it.
  void reopen_files();

 private:
  class Impl;
  explicit Daemon(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace logdist::server
