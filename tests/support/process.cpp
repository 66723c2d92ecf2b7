#include "tests/support/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <regex>
#include <string_view>
#include <system_error>

namespace logdist::test {
namespace {

using os::FileDescriptor;

void check(int error, const std::string& what) {
  if (error != 0) throw std::system_error(error, std::generic_category(), what);
}

/// Read end and write end; both are closed in children.
std::pair<FileDescriptor, FileDescriptor> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) check(errno, "pipe");
  return {FileDescriptor(ends[0]), FileDescriptor(ends[1])};
}

std::vector<std::string> environment_of(const ProcessOptions& options) {
  std::vector<std::string> result;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    if (!std::string_view(*entry).starts_with("LOGDIST_")) result.emplace_back(*entry);
  }
  for (const auto& [name, value] : options.environment) result.push_back(name + "=" + value);
  return result;
}

/// As execve() wants them; `texts` must stay.
std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (std::string& text : texts) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

/// What the child does with its descriptors before it runs the program.
class FileActions {
 public:
  FileActions() { check(::posix_spawn_file_actions_init(&actions_), "posix_spawn_file_actions_init"); }
  ~FileActions() { ::posix_spawn_file_actions_destroy(&actions_); }
  FileActions(const FileActions&) = delete;
  FileActions& operator=(const FileActions&) = delete;

  void open(int number, const std::string& path) {
    check(::posix_spawn_file_actions_addopen(&actions_, number, path.c_str(), O_RDONLY, 0), path);
  }
  void duplicate(int from, int number) { check(::posix_spawn_file_actions_adddup2(&actions_, from, number), "dup2"); }
  void close_from(int number) { check(::posix_spawn_file_actions_addclosefrom_np(&actions_, number), "closefrom"); }
  const posix_spawn_file_actions_t* get() const { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_{};
};

std::optional<std::vector<std::string>> find_in_lines(const std::string& text, const std::regex& pattern) {
  std::size_t begin = 0;
  for (std::size_t end = text.find('\n'); end != text.npos; begin = end + 1, end = text.find('\n', begin)) {
    const std::string line = text.substr(begin, end - begin);
    std::smatch match;
    if (std::regex_search(line, match, pattern)) return std::vector<std::string>(match.begin(), match.end());
  }
  return std::nullopt;
}

}  // namespace

ProcessOptions Process::log_distributor(std::vector<std::string> arguments,
                                        std::map<std::string, std::string> environment) {
  return {LOGDIST_BINARY, std::move(arguments), std::move(environment)};
}

Process::Process(const ProcessOptions& options) {
  auto [output_end, output_in] = make_pipe();
  auto [errors_end, errors_in] = make_pipe();
  FileActions actions;
  actions.open(STDIN_FILENO, options.input_path);
  actions.duplicate(output_in.number(), STDOUT_FILENO);
  actions.duplicate(errors_in.number(), STDERR_FILENO);
  // Asio's sockets are inherited, and a port would stay open as long as the child.
  const int first_free = STDERR_FILENO + 1;
  if (options.handed_over >= 0) actions.duplicate(options.handed_over, first_free);
  actions.close_from(first_free + (options.handed_over >= 0 ? 1 : 0));
  std::vector<std::string> arguments = options.wrapper;
  arguments.push_back(options.program);
  arguments.insert(arguments.end(), options.arguments.begin(), options.arguments.end());
  std::vector<std::string> environment = environment_of(options);
  check(::posix_spawnp(&pid_, arguments[0].c_str(), actions.get(), nullptr, pointers(arguments).data(),
                       pointers(environment).data()),
        options.program);
  output_end_ = std::move(output_end);
  errors_end_ = std::move(errors_end);
  watcher_ = std::thread([this] { watch(); });
}

Process::~Process() {
  signal(SIGKILL);
  watcher_.join();
}

void Process::watch() {
  while (output_end_.is_open() || errors_end_.is_open()) {
    std::array<pollfd, 2> watched{{{output_end_.number(), POLLIN, 0}, {errors_end_.number(), POLLIN, 0}}};
    if (::poll(watched.data(), watched.size(), -1) < 0) continue;
    if (watched[0].revents != 0) take(output_, output_end_);
    if (watched[1].revents != 0) take(errors_, errors_end_);
  }
  // Awaited unlocked and reaped locked, so that no signal goes to a pid that is
  // somebody else's by now.
  siginfo_t ended{};
  while (::waitid(P_PID, static_cast<id_t>(pid_), &ended, WEXITED | WNOWAIT) != 0 && errno == EINTR) {
  }
  const std::lock_guard lock(mutex_);
  int status = 0;
  ::waitpid(pid_, &status, 0);
  exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  changed_.notify_all();
}

void Process::take(std::string& text, FileDescriptor& end) {
  std::array<char, 4096> bytes{};
  const ssize_t count = ::read(end.number(), bytes.data(), bytes.size());
  if (count < 0 && errno == EINTR) return;
  const std::lock_guard lock(mutex_);
  if (count > 0) {
    text.append(bytes.data(), static_cast<std::size_t>(count));
  } else {
    end.reset();
  }
  changed_.notify_all();
}

std::optional<std::vector<std::string>> Process::wait_for_line(const std::string& pattern,
                                                               std::chrono::milliseconds timeout) {
  const std::regex regex(pattern);
  std::optional<std::vector<std::string>> found;
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, timeout, [&] {
    found = find_in_lines(output_, regex);
    if (!found) found = find_in_lines(errors_, regex);
    return found || exit_code_;
  });
  return found;
}

void Process::signal(int number) {
  const std::lock_guard lock(mutex_);
  if (!exit_code_) ::kill(pid_, number);
}

std::optional<int> Process::wait_exit(std::chrono::milliseconds timeout) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, timeout, [this] { return exit_code_.has_value(); });
  return exit_code_;
}

std::string Process::output() const {
  const std::lock_guard lock(mutex_);
  return output_;
}

std::string Process::errors() const {
  const std::lock_guard lock(mutex_);
  return errors_;
}

}  // namespace logdist::test
