#include "logdist/os/cpu_limit.hpp"

#include <sched.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fstream>
#include <iterator>
#include <sstream>
#include <thread>
#include <vector>

#include <fmt/format.h>

namespace logdist::os {
namespace {

namespace fs = std::filesystem;

std::string read_text(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

std::vector<std::string> words_of(std::string_view text, char separator) {
  std::vector<std::string> words;
  std::istringstream stream{std::string(text)};
  for (std::string word; std::getline(stream, word, separator);) words.push_back(word);
  return words;
}

bool contains(const std::vector<std::string>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

std::optional<double> parse_positive(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || number <= 0) return std::nullopt;
  if (end != text.data() + text.size() && *end != '\n') return std::nullopt;
  return static_cast<double>(number);
}

std::optional<double> least(std::optional<double> one, std::optional<double> other) {
  if (!one || !other) return one ? one : other;
  return std::min(*one, *other);
}

/// Where a hierarchy of cgroups is to be seen.
struct Mount {
  bool is_v2 = false;
  fs::path root;   ///< the cgroup that is mounted
  fs::path point;  ///< where
};

/// /proc/self/mountinfo, see proc(5): "36 35 98:0 /root /point options - type source super-options".
std::vector<Mount> cpu_mounts(const fs::path& root) {
  std::vector<Mount> mounts;
  std::ifstream stream(root / "proc/self/mountinfo");
  for (std::string line; std::getline(stream, line);) {
    const std::vector<std::string> words = words_of(line, ' ');
    const auto dash = std::find(words.begin(), words.end(), "-");
    if (words.size() < 6 || words.end() - dash < 4) continue;
    const bool is_v2 = dash[1] == "cgroup2";
    if (is_v2 || (dash[1] == "cgroup" && contains(words_of(dash[3], ','), "cpu"))) {
      mounts.push_back({is_v2, words[3], words[4]});
    }
  }
  return mounts;
}

/// /proc/self/cgroup, see cgroups(7): "0::/path" or "4:cpu,cpuacct:/path".
std::optional<fs::path> own_cgroup(const fs::path& root, bool is_v2) {
  std::ifstream stream(root / "proc/self/cgroup");
  for (std::string line; std::getline(stream, line);) {
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    if (is_v2 ? controllers.empty() : contains(words_of(controllers, ','), "cpu")) return line.substr(second + 1);
  }
  return std::nullopt;
}

std::optional<double> quota_of(const fs::path& folder, bool is_v2) {
  if (is_v2) return parse_cpu_max(read_text(folder / "cpu.max"));
  return parse_cfs_quota(read_text(folder / "cpu.cfs_quota_us"), read_text(folder / "cpu.cfs_period_us"));
}

unsigned allowed_cores(unsigned machine) {
  cpu_set_t set;
  CPU_ZERO(&set);
  // More cores than a cpu_set_t has room for: all are taken for allowed.
  if (sched_getaffinity(0, sizeof(set), &set) != 0) return machine;
  return static_cast<unsigned>(CPU_COUNT(&set));
}

}  // namespace

std::optional<double> parse_cpu_max(std::string_view cpu_max) {
  const std::size_t space = cpu_max.find(' ');
  if (space == std::string_view::npos) return std::nullopt;
  return parse_cfs_quota(cpu_max.substr(0, space), cpu_max.substr(space + 1));
}

std::optional<double> parse_cfs_quota(std::string_view quota_us, std::string_view period_us) {
  const auto quota = parse_positive(quota_us);  // "max" and -1 are none
  const auto period = parse_positive(period_us);
  if (!quota || !period) return std::nullopt;
  return *quota / *period;
}

std::optional<double> read_cpu_quota(const fs::path& root) {
  std::optional<double> quota;
  for (const Mount& mount : cpu_mounts(root)) {
    const std::optional<fs::path> own = own_cgroup(root, mount.is_v2);
    if (!own) continue;
    fs::path below = own->lexically_relative(mount.root);
    // Outside of what is mounted, as in a container without a namespace of its own:
    // the mount shows the container's cgroup as its root.
    if (below.empty() || *below.begin() == "..") below = ".";
    const fs::path top = root / mount.point.relative_path();
    for (fs::path folder = (top / below).lexically_normal();; folder = folder.parent_path()) {
      quota = least(quota, quota_of(folder, mount.is_v2));
      if (folder.lexically_relative(top.lexically_normal()).native().size() <= 1) break;  // "." or not below it
    }
  }
  return quota;
}

CpuLimit decide_cpu_limit(unsigned machine, unsigned allowed, std::optional<double> quota) {
  CpuLimit limit;
  limit.cores = std::max(1u, std::min(machine, allowed));
  limit.reason = fmt::format("one per core, {} in total", machine);
  if (allowed < machine) limit.reason = fmt::format("of {} cores, the CPU affinity allows {}", machine, allowed);
  if (quota && std::ceil(*quota) < limit.cores) {
    limit.cores = std::max(1u, static_cast<unsigned>(std::ceil(*quota)));
    limit.reason = fmt::format("of {} cores, the cgroup's CPU quota allows {:.3g}", machine, *quota);
  }
  return limit;
}

CpuLimit read_cpu_limit() {
  const unsigned machine = std::max(1u, std::thread::hardware_concurrency());
  return decide_cpu_limit(machine, allowed_cores(machine), read_cpu_quota());
}

}  // namespace logdist::os
