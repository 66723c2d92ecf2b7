// Listening sockets.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

#include <boost/asio/ip/tcp.hpp>

#include "logdist/base/ip_address.hpp"
#include "logdist/config/options.hpp"

namespace logdist::net {

/// The path of a listening unix socket, which is one process's at a time: it holds the lock of
/// `<path>.lock` (flock), from before it looks whether a socket file there is stale. So of
/// several that start together one takes the path. Socket file and lock file are removed at the
/// end; the socket file is not when another process has put its own there meanwhile.
class SocketFile {
 public:
  SocketFile() = default;
  SocketFile(const SocketFile&) = delete;
  SocketFile& operator=(const SocketFile&) = delete;
  ~SocketFile() { remove(); }

  /// Takes the lock: address_in_use when another process has it. Never waits.
  boost::system::error_code lock(const std::string& path);
  /// The file at the path is ours from now on.
  void take();
  /// Best while the socket is still open: its file's number is not given to another one until then.
  void remove();

 private:
  std::string path_;
  int lock_ = -1;
  dev_t device_ = 0;  ///< of the socket file, once it is ours
  ino_t inode_ = 0;
};

/// Opens `acceptor` and listens on `address`, which is no unix socket; port 0 takes any
/// free one, which acceptor.local_endpoint() tells. A host that is no address is looked
/// up, which may block, and the first of its addresses is taken. `v6_only`: an IPv6
/// address takes no IPv4 connections, so that another socket may have the port for those.
/// After an error, which says why the port cannot be had, `acceptor` is closed and can be
/// opened again.
boost::system::error_code listen(boost::asio::ip::tcp::acceptor& acceptor, const config::ListenAddress& address,
                                 bool v6_only = false);

/// Why ListeningSocket::open() would fail, as far as can be seen without listening, and without
/// making a file. That another process listens there already is no reason. May block, as
/// listen() does.
boost::system::error_code why_not_listen(const config::ListenAddress& address, bool v6_only = false);

/// The same with the address that listen() would take for its host; unchanged if there is none. May block, as listen()
/// does.
config::ListenAddress resolve(const config::ListenAddress& address);

/// The address at the other end of a connection; none of a unix socket. When it has gone it
/// is `::`: one that reset the connection before it was accepted may have sent a request, and
/// is not to be taken for one that came by a unix socket.
IpAddress peer_of(int connection);

/// A socket that listens, of TCP or unix. Confined to the loop of its executor. Its file,
/// if it has one, goes with it.
class ListeningSocket {
 public:
  explicit ListeningSocket(const boost::asio::ip::tcp::acceptor::executor_type& executor) : acceptor_(executor) {}

  /// Listens on `address`, as listen() does. User and group may connect to a unix socket; a
  /// file of one that nobody listens on any more is replaced. After an error it is closed
  /// and can be opened again.
  boost::system::error_code open(const config::ListenAddress& address, bool v6_only = false);

  /// Takes over a socket that listens already, as open() does with one of its own; its
  /// file, if it has one, stays whoever's it is. After an error it is closed.
  boost::system::error_code adopt(int listening_socket);

  /// Accepts no more; the file of a unix socket goes.
  void close();

  bool is_open() const { return acceptor_.is_open(); }
  bool is_unix() const { return unix_; }
  /// Where it listens, once open; nothing of a unix socket.
  const boost::asio::ip::tcp::endpoint& endpoint() const { return endpoint_; }
  /// Likewise, of a unix socket, too.
  config::ListenAddress address() const;
  /// `SCHEME://HOST:PORT` or `unix:/PATH`.
  std::string url(std::string_view scheme = "http") const;

  /// To wait and accept with. A unix socket is one like those of TCP to it, but that its
  /// endpoints mean nothing, nor do those of what it accepts.
  boost::asio::ip::tcp::acceptor& acceptor() { return acceptor_; }

 private:
  boost::system::error_code opened(boost::system::error_code error);

  boost::asio::ip::tcp::acceptor acceptor_;
  boost::asio::ip::tcp::endpoint endpoint_;
  bool unix_ = false;
  std::string path_;  ///< of a unix socket
  SocketFile file_;
};

}  // namespace logdist::net
