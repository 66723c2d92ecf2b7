#include "logdist/os/systemd_notifier.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <utility>

#include <fmt/format.h>

#include "logdist/telemetry/log.hpp"

namespace logdist::os {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

/// Where sd_listen_fds(3) puts the first socket.
constexpr int first_handed_over = 3;

std::optional<std::uint64_t> number_in(const ServiceVariables& variables, const std::string& name) {
  const auto found = variables.find(name);
  if (found == variables.end()) return std::nullopt;
  std::uint64_t value = 0;
  const char* const end = found->second.data() + found->second.size();
  const auto [rest, error] = std::from_chars(found->second.data(), end, value);
  if (error != std::errc() || rest != end) return std::nullopt;
  return value;
}

/// What is meant for one process is inherited by all it starts.
bool is_meant_for_us(const ServiceVariables& variables, const std::string& name) {
  return number_in(variables, name) == static_cast<std::uint64_t>(::getpid());
}

bool listens_for_tcp(int descriptor) {
  const auto option = [descriptor](int name) {
    int value = 0;
    socklen_t size = sizeof(value);
    return ::getsockopt(descriptor, SOL_SOCKET, name, &value, &size) == 0 ? value : -1;
  };
  const int domain = option(SO_DOMAIN);
  return option(SO_ACCEPTCONN) == 1 && option(SO_TYPE) == SOCK_STREAM && (domain == AF_INET || domain == AF_INET6);
}

Duration watchdog_interval(const ServiceVariables& variables) {
  if (variables.contains("WATCHDOG_PID") && !is_meant_for_us(variables, "WATCHDOG_PID")) return {};
  return std::chrono::microseconds(number_in(variables, "WATCHDOG_USEC").value_or(0) / 2);
}

}  // namespace

ServiceVariables read_service_variables() {
  ServiceVariables variables;
  for (const char* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_FDS", "LISTEN_PID"}) {
    if (const char* value = std::getenv(name); value != nullptr) variables.emplace(name, value);
  }
  return variables;
}

SystemdNotifier::SystemdNotifier(asio::io_context& control, const ServiceVariables& variables)
    : socket_(control), timer_(control), interval_(watchdog_interval(variables)) {
  const auto found = variables.find("NOTIFY_SOCKET");
  if (found == variables.end() || found->second.empty()) return;
  std::string path = found->second;
  if (path.front() == '@') path.front() = '\0';  // a name in Linux's abstract space
  try {
    listener_.emplace(path);
    socket_.open();
    socket_.non_blocking(true);
  } catch (const boost::system::system_error& error) {
    listener_.reset();
    const std::string why = error.code().message();
    log::warn("service_manager_unheard", fmt::format("NOTIFY_SOCKET {}: {}", found->second, why), {{"cause", why}});
  }
}

void SystemdNotifier::ready(const std::string& status) { send("READY=1\nSTATUS=" + status); }

void SystemdNotifier::reloading() {
  // Clock is CLOCK_MONOTONIC, by which a manager tells this reload from an earlier one.
  const auto now = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now().time_since_epoch());
  send(fmt::format("RELOADING=1\nMONOTONIC_USEC={}", now.count()));
}

void SystemdNotifier::reloaded() { send("READY=1"); }

void SystemdNotifier::stopping(Duration at_most) {
  const auto microseconds = std::chrono::duration_cast<std::chrono::microseconds>(at_most);
  send(fmt::format("STOPPING=1\nSTATUS=draining\nEXTEND_TIMEOUT_USEC={}", microseconds.count()));
}

void SystemdNotifier::watch(Ask ask) {
  if (!listener_ || interval_ <= Duration::zero()) return;
  ask_ = std::move(ask);
  wait();
}

void SystemdNotifier::wait() {
  timer_.expires_after(interval_);
  timer_.async_wait([this](const error_code& cancelled) {
    if (cancelled) return;
    if (!std::exchange(asking_, true)) {
      ask_([this] {
        asking_ = false;
        send("WATCHDOG=1");
      });
    }
    wait();
  });
}

void SystemdNotifier::send(const std::string& lines) {
  if (!listener_) return;
  error_code error;
  socket_.send_to(asio::buffer(lines), *listener_, 0, error);
  if (!error) return;
  const std::string what = lines.substr(0, lines.find('\n'));
  log::warn("service_manager_unheard",
            fmt::format("cannot notify the service manager of {}: {}", what, error.message()),
            {{"cause", error.message()}});
}

boost::system::result<FileDescriptor, std::string> take_listening_socket(const ServiceVariables& variables) {
  if (!variables.contains("LISTEN_FDS") || !is_meant_for_us(variables, "LISTEN_PID")) return FileDescriptor();
  const auto count = number_in(variables, "LISTEN_FDS");
  if (!count || *count != 1) {
    return fmt::format("LISTEN_FDS is {}: exactly one socket can be passed, the packet port",
                       variables.at("LISTEN_FDS"));
  }
  if (!listens_for_tcp(first_handed_over)) {
    return std::string("LISTEN_FDS: what was passed is not a listening TCP socket");
  }
  ::fcntl(first_handed_over, F_SETFD, FD_CLOEXEC);
  return FileDescriptor(first_handed_over);
}

}  // namespace logdist::os
