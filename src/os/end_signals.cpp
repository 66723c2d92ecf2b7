#include "logdist/os/end_signals.hpp"

#include <pthread.h>
#include <sys/signalfd.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <initializer_list>
#include <system_error>
#include <utility>

namespace logdist::os {
namespace {

/// Read by the signal handler.
std::atomic<int> decided_exit_code{0};
static_assert(std::atomic<int>::is_always_lock_free);

void end_now(int) { ::_exit(decided_exit_code); }

sigset_t signal_set(std::initializer_list<int> numbers) {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : numbers) sigaddset(&set, number);
  return set;
}

}  // namespace

EndSignals::EndSignals() {
  for (const int number : {SIGUSR2, SIGPIPE, SIGXFSZ, SIGALRM}) std::signal(number, SIG_IGN);
  const sigset_t set = signal_set({SIGTERM, SIGINT, SIGHUP, SIGUSR1});
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

void EndSignals::listen(boost::asio::io_context& io, Heard heard) {
  heard_ = std::move(heard);
  const sigset_t set = signal_set({SIGTERM, SIGINT, SIGHUP, SIGUSR1});
  const int number = ::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  if (number < 0) throw std::system_error(errno, std::generic_category(), "cannot listen for signals");
  descriptor_.emplace(io, number);
  wait();
}

void EndSignals::wait() {
  descriptor_->async_wait(boost::asio::posix::stream_descriptor::wait_read, [this](boost::system::error_code error) {
    if (error) return;
    signalfd_siginfo info{};
    const bool came = ::read(descriptor_->native_handle(), &info, sizeof(info)) == sizeof(info);
    if (came) heard_(static_cast<int>(info.ssi_signo));
    if (descriptor_) wait();
  });
}

void EndSignals::end_with(int exit_code) {
  descriptor_.reset();  // here, for the io_context may end before we do
  decided_exit_code = exit_code;
  std::signal(SIGTERM, end_now);
  std::signal(SIGINT, end_now);
  const sigset_t set = signal_set({SIGTERM, SIGINT});
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

void EndSignals::end_within(int exit_code, std::chrono::milliseconds limit) {
  end_with(exit_code);
  std::signal(SIGALRM, end_now);
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(limit);
  itimerval timer{};
  timer.it_value.tv_sec = seconds.count();
  timer.it_value.tv_usec = std::chrono::microseconds(limit - seconds).count();
  ::setitimer(ITIMER_REAL, &timer, nullptr);
}

}  // namespace logdist::os
