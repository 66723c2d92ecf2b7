#include "telemetry/process.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <system_error>
#include <vector>

namespace logdist::telemetry {
namespace {

double seconds_of(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
}

/// The fields of /proc/self/stat from the third on: the second, the program's
/// name in brackets, may hold spaces and brackets itself.
std::vector<std::string> read_stat_fields() {
  std::ifstream file("/proc/self/stat");
  const std::string line{std::istreambuf_iterator<char>(file), {}};
  std::istringstream rest(line.substr(line.rfind(')') + 1));
  return {std::istream_iterator<std::string>(rest), {}};
}

/// When the machine was started, in seconds since 1970; NaN when unknown.
double read_boot_time() {
  std::ifstream file("/proc/stat");
  for (std::string word; file >> word;) {
    double seconds = 0;
    if (word == "btime" && file >> seconds) return seconds;
  }
  return ProcessFacts::unknown;
}

double count_open_fds() {
  std::error_code error;
  const auto entries = std::filesystem::directory_iterator("/proc/self/fd", error);
  if (error) return ProcessFacts::unknown;
  return static_cast<double>(std::distance(begin(entries), end(entries))) - 1;  // the listing itself holds one
}

}  // namespace

ProcessFacts read_process_facts() {
  ProcessFacts facts;
  if (rusage usage{}; getrusage(RUSAGE_SELF, &usage) == 0) {
    facts.cpu_seconds = seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
  }
  if (rlimit limit{}; getrlimit(RLIMIT_NOFILE, &limit) == 0) facts.max_fds = static_cast<double>(limit.rlim_cur);
  facts.open_fds = count_open_fds();

  // Numbered as in proc(5), minus the three that start at the process's state.
  constexpr std::size_t num_threads = 20 - 3, starttime = 22 - 3, vsize = 23 - 3, rss = 24 - 3;
  const std::vector<std::string> fields = read_stat_fields();
  if (fields.size() > rss) {
    facts.threads = std::stod(fields[num_threads]);
    facts.start_time_seconds =
        read_boot_time() + std::stod(fields[starttime]) / static_cast<double>(sysconf(_SC_CLK_TCK));
    facts.virtual_memory_bytes = std::stod(fields[vsize]);
    facts.resident_memory_bytes = std::stod(fields[rss]) * static_cast<double>(sysconf(_SC_PAGESIZE));
  }
  return facts;
}

}  // namespace logdist::telemetry
