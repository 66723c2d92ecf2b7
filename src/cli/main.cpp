// log-distributor: reads the command line and runs the command it names.
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <exception>
#include <iostream>
#include <variant>

#include "cli/command_line.hpp"
#include "cli/serve_command.hpp"

namespace logdist::cli {
namespace {

int run(const ServeCommandOptions& options) { return run_serve(options.config_file); }
int run(const CheckCommandOptions& options) { return run_check(options, config::read_environment()); }
int run(const DiscoverCommandOptions& options) {
  return run_discover(options, config::read_environment(), std::cout, std::cerr);
}
int run(const tools::DemoCommandOptions& options) { return run_demo(options); }
int run(const tools::AnalyzerCommandOptions& options) { return run_analyzer(options); }
int run(const tools::AgentCommandOptions& options) { return run_agent(options); }
int run(const tools::HealthCommandOptions& options) { return run_health(options, config::read_environment()); }
int run(const tools::AnalyzersCommandOptions& options) { return run_analyzers(options, config::read_environment()); }
int run(const tools::TopCommandOptions& options) { return run_top(options, config::read_environment()); }
int run(const tools::ReloadCommandOptions& options) { return run_reload(options, config::read_environment()); }

int run(const tools::ReplayCommandOptions& options) { return run_replay(options, config::read_environment()); }
int run(const QueueCommandOptions& options) { return run_queue(options, std::cout, std::cerr); }
int run(const TokenCommandOptions& options) { return run_token(options, std::cout); }

int run(const Exit& exit) {
  std::fputs(exit.output.c_str(), exit.code == 0 ? stdout : stderr);
  return exit.code;
}

/// A standard stream that is closed would give its number to one of our sockets,
/// and what is printed would go there.
void open_standard_streams() {
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(stream, F_GETFD) == -1) static_cast<void>(::open("/dev/null", O_RDWR));
  }
}

/// Whether what was printed has arrived. A reader that has gone wants no more of it.
bool has_arrived() {
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return true;
  pollfd output{STDOUT_FILENO, POLLOUT, 0};
  return ::poll(&output, 1, 0) == 1 && (output.revents & (POLLERR | POLLHUP)) != 0;
}

}  // namespace
}  // namespace logdist::cli

int main(int argc, char** argv) {
  logdist::cli::open_standard_streams();
  // Who reads our output may go; that ends a write, not the daemon.
  std::signal(SIGPIPE, SIG_IGN);
  try {
    const int code = std::visit([](const auto& command) { return logdist::cli::run(command); },
                                logdist::cli::parse_command_line(argc, argv));
    if (code != 0 || logdist::cli::has_arrived()) return code;
    std::fputs("log-distributor: not all of the output could be written\n", stderr);
    return 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "log-distributor: %s\n", error.what());
    return 1;
  }
}
