#include "logdist/net/listen.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstddef>
#include <string>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/v6_only.hpp>

#include "logdist/base/writable_folder.hpp"
#include "logdist/config/text.hpp"

namespace logdist::net {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

tcp::endpoint resolve(const tcp::acceptor::executor_type& executor, const config::ListenAddress& address,
                      error_code& error) {
  const asio::ip::address literal = asio::ip::make_address(address.host, error);
  if (!error) return {literal, address.port};
  tcp::resolver resolver(executor);
  const auto found = resolver.resolve(address.host, std::to_string(address.port), tcp::resolver::passive, error);
  return error ? tcp::endpoint() : found.begin()->endpoint();
}

/// After an error `acceptor` may be open.
error_code bind(tcp::acceptor& acceptor, const config::ListenAddress& address, bool v6_only) {
  error_code error;
  const tcp::endpoint wanted = resolve(acceptor.get_executor(), address, error);
  if (!error) acceptor.open(wanted.protocol(), error);
  if (!error) acceptor.set_option(asio::socket_base::reuse_address(true), error);
  if (!error && v6_only && wanted.address().is_v6()) acceptor.set_option(asio::ip::v6_only(true), error);
  if (!error) acceptor.bind(wanted, error);
  return error;
}

error_code last_error() { return {errno, boost::system::system_category()}; }

constexpr mode_t socket_mode = S_IRUSR | S_IWUSR | S_IRGRP | S_IWGRP;

/// `path` has to fit: config::parse_listen_addresses() sees to that.
sockaddr_un unix_address(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::copy_n(path.begin(), std::min(path.size(), sizeof(address.sun_path) - 1), address.sun_path);
  return address;
}

/// Whether `path` is the file of a socket that nobody listens on any more.
bool is_stale(const std::string& path, const sockaddr_un& address) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0 || !S_ISSOCK(status.st_mode)) return false;
  const int probe = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (probe < 0) return false;
  const bool refused =
      ::connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 && errno == ECONNREFUSED;
  ::close(probe);
  return refused;
}

/// Bound and listening, and nobody else may connect at any time.
error_code bind_and_listen(int socket, const std::string& path, SocketFile& file) {
  const sockaddr_un address = unix_address(path);
  const auto bind = [&] { return ::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof(address)); };
  int bound = bind();
  if (bound != 0 && errno == EADDRINUSE && is_stale(path, address)) {
    if (::unlink(path.c_str()) != 0) return last_error();
    bound = bind();
  }
  if (bound != 0) return last_error();
  file.take();
  if (::chmod(path.c_str(), socket_mode) != 0) return last_error();
  return ::listen(socket, SOMAXCONN) == 0 ? error_code() : last_error();
}

error_code listen_unix(tcp::acceptor& acceptor, const std::string& path, SocketFile& file) {
  error_code error = file.lock(path);
  const int socket = error ? -1 : ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (!error && socket < 0) error = last_error();
  if (!error) error = bind_and_listen(socket, path, file);
  if (!error) acceptor.assign(tcp::v4(), socket, error);
  if (error) file.remove();
  if (error && socket >= 0) ::close(socket);
  return error;
}

/// Whether the file at `path` is the one that is open. Its number is no other file's while it is.
bool is_file_of(int descriptor, const std::string& path) {
  struct stat own {};
  struct stat there {};
  return ::fstat(descriptor, &own) == 0 && ::lstat(path.c_str(), &there) == 0 && own.st_dev == there.st_dev &&
         own.st_ino == there.st_ino;
}

std::string lock_path(const std::string& path) { return path + ".lock"; }

error_code why_not_listen_unix(const std::string& path) {
  const std::string folder = path.substr(0, std::max<std::size_t>(1, path.rfind('/')));
  const int error = why_no_files_in(folder, W_OK | X_OK);
  if (error != 0) return {error, boost::system::system_category()};
  struct stat status {};
  const bool is_there = ::lstat(path.c_str(), &status) == 0;
  if (is_there && !S_ISSOCK(status.st_mode))
    return boost::system::errc::make_error_code(boost::system::errc::file_exists);
  const int lock = ::open(lock_path(path).c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW);
  if (lock < 0) return errno == ENOENT ? error_code() : last_error();
  ::close(lock);
  return {};
}

}  // namespace

error_code SocketFile::lock(const std::string& path) {
  remove();
  // One that lets go removes its file: the lock of a file that has gone is worth nothing.
  constexpr int attempts_max = 100;
  for (int attempt = 0; attempt < attempts_max; ++attempt) {
    const int lock = ::open(lock_path(path).c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR);
    if (lock < 0) return last_error();
    const bool is_locked = ::flock(lock, LOCK_EX | LOCK_NB) == 0;
    const error_code error = is_locked ? error_code() : last_error();
    if (is_locked && is_file_of(lock, lock_path(path))) {
      path_ = path;
      lock_ = lock;
      return {};
    }
    ::close(lock);
    if (error && error != asio::error::would_block) return error;
    if (error) break;
  }
  return asio::error::address_in_use;
}

void SocketFile::take() {
  struct stat status {};
  if (::lstat(path_.c_str(), &status) != 0) return;
  device_ = status.st_dev;
  inode_ = status.st_ino;
}

void SocketFile::remove() {
  if (lock_ < 0) return;
  struct stat status {};
  const bool there = ::lstat(path_.c_str(), &status) == 0;
  if (there && inode_ != 0 && status.st_dev == device_ && status.st_ino == inode_) ::unlink(path_.c_str());
  ::unlink(lock_path(path_).c_str());
  ::close(std::exchange(lock_, -1));
  device_ = 0;
  inode_ = 0;
}

error_code listen(tcp::acceptor& acceptor, const config::ListenAddress& address, bool v6_only) {
  error_code error = bind(acceptor, address, v6_only);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) {
    error_code ignored;
    acceptor.close(ignored);
  }
  return error;
}

error_code why_not_listen(const config::ListenAddress& address, bool v6_only) {
  if (address.is_unix()) return why_not_listen_unix(address.path);
  asio::io_context loop;
  tcp::acceptor acceptor(loop);
  const error_code error = bind(acceptor, address, v6_only);
  return error == asio::error::address_in_use ? error_code() : error;
}

config::ListenAddress resolve(const config::ListenAddress& address) {
  if (address.is_unix()) return address;
  asio::io_context loop;
  error_code error;
  const tcp::endpoint endpoint = resolve(loop.get_executor(), address, error);
  return error ? address : config::ListenAddress{endpoint.address().to_string(), address.port};
}

IpAddress peer_of(int connection) {
  sockaddr_storage storage{};
  auto size = static_cast<socklen_t>(sizeof(storage));
  if (::getpeername(connection, reinterpret_cast<sockaddr*>(&storage), &size) != 0) {
    size = static_cast<socklen_t>(sizeof(storage));
    const bool is_known = ::getsockname(connection, reinterpret_cast<sockaddr*>(&storage), &size) == 0;
    return is_known && storage.ss_family == AF_UNIX ? IpAddress() : IpAddress::from_v6({});
  }
  if (storage.ss_family == AF_INET) {
    return IpAddress::from_v4(
        std::bit_cast<std::array<std::uint8_t, 4>>(reinterpret_cast<const sockaddr_in&>(storage).sin_addr));
  }
  if (storage.ss_family == AF_INET6) {
    return IpAddress::from_v6(
        std::bit_cast<IpAddress::Bytes>(reinterpret_cast<const sockaddr_in6&>(storage).sin6_addr));
  }
  return {};
}

error_code ListeningSocket::open(const config::ListenAddress& address, bool v6_only) {
  unix_ = address.is_unix();
  path_ = address.path;
  return opened(unix_ ? listen_unix(acceptor_, path_, file_) : net::listen(acceptor_, address, v6_only));
}

error_code ListeningSocket::adopt(int listening_socket) {
  sockaddr_storage storage{};
  auto size = static_cast<socklen_t>(sizeof(storage));
  error_code error;
  if (::getsockname(listening_socket, reinterpret_cast<sockaddr*>(&storage), &size) != 0) error = last_error();
  unix_ = storage.ss_family == AF_UNIX;
  if (unix_) {
    const auto& address = reinterpret_cast<const sockaddr_un&>(storage);
    path_ = size > offsetof(sockaddr_un, sun_path) ? address.sun_path : "";
  }
  if (!error) acceptor_.assign(storage.ss_family == AF_INET6 ? tcp::v6() : tcp::v4(), listening_socket, error);
  if (error) ::close(listening_socket);
  return opened(error);
}

error_code ListeningSocket::opened(error_code error) {
  endpoint_ = {};
  if (!error && !unix_) endpoint_ = acceptor_.local_endpoint(error);
  if (error) close();
  return error;
}

void ListeningSocket::close() {
  file_.remove();
  error_code ignored;
  acceptor_.close(ignored);
}

config::ListenAddress ListeningSocket::address() const {
  if (unix_) return {"", 0, path_.empty() ? "?" : path_};  // one in the abstract space, handed over
  return {endpoint_.address().to_string(), endpoint_.port()};
}

std::string ListeningSocket::url(std::string_view scheme) const {
  const std::string text = config::format_listen_address(address());
  return unix_ ? text : std::string(scheme) + "://" + text;
}

}  // namespace logdist::net
