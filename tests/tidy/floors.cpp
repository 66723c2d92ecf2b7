#include "tests/tidy/floors.hpp"

#include <array>
#include <string>
#include <utility>

namespace logdist::tidy {
namespace {

constexpr std::array<std::pair<std::string_view, int>, 45> floors{{
    {"base", 0},
    {"config/yaml", 1},
    {"core", 1},
    {"codec/compression", 2},
    {"codec/json", 2},
    {"codec/protobuf", 2},
    {"codec", 2},
    {"http", 2},
    {"config/text", 2},
    {"config", 2},
    {"balance", 2},
    {"health", 2},
    {"health/outlier", 2},
    {"retry", 2},
    {"ledger", 2},
    {"queue/log", 2},
    {"balance/groups", 3},
    {"balance/hash", 3},
    {"config/schema", 3},
    {"auth", 3},
    {"net", 3},
    {"telemetry", 3},
    {"os", 4},
    {"net/tls", 4},
    {"queue", 4},
    {"sink", 4},
    {"ingest/clients", 4},
    {"ingest/dialects", 4},
    {"ingest", 5},
    {"dispatch", 5},
    {"admin", 5},
    {"sink/http", 5},
    {"sink/dead_letters", 5},
    {"queue/disk", 5},
    {"queue/disk/files", 5},
    {"registry/discovery", 5},
    {"registry", 6},
    {"storage", 6},
    {"tools/agent", 6},
    {"tools/analyzer", 6},
    {"server", 7},
    {"tools/control", 7},
    {"tools/top", 8},
    {"tools/demo", 8},
    {"cli", 9},
}};

/// What the pure floors see nothing of.
constexpr std::array<std::string_view, 16> impure{
    "boost/asio", "boost/beast", "condition_variable", "future",  "mutex",      "netdb.h",     "netinet/",
    "poll.h",     "semaphore",   "shared_mutex",       "spdlog/", "stop_token", "sys/epoll.h", "sys/socket",
    "thread",     "pthread.h"};

std::string_view first_folder(std::string_view path) { return path.substr(0, path.find('/')); }

/// The room that `path`, from src/ or include/logdist/ on, is in: `sink/http` rather than `sink`. The first
/// folder when that is no room.
std::string_view room_of(std::string_view path) {
  for (std::string_view folder = path; folder.find('/') != std::string_view::npos;) {
    folder = folder.substr(0, folder.rfind('/'));
    if (floor_of(folder)) return folder;
  }
  return first_folder(path);
}

/// What is wrong with `module` including `name`; empty when nothing is.
std::string judge(std::string_view module, std::string_view name, bool quoted, bool public_header) {
  if (!quoted) {
    if (*floor_of(module) > pure_floor_max) return {};
    for (const std::string_view prefix : impure) {
      if (name == "mutex" && public_header && module == "base") continue;  // for the rooms above: base/mutex.hpp
      if (name.starts_with(prefix)) return "floors 0 to 2 are pure: no <" + std::string(name) + ">";
    }
    return {};
  }
  if (name.starts_with("logdist/")) {
    const std::string_view used = room_of(name.substr(8));
    if (!floor_of(used)) return "no such module: " + std::string(used);
    if (!may_use(module, used))
      return std::string(module) + " may not use " + std::string(used) + ": not a lower floor";
    return {};
  }
  if (public_header) return "a public header includes no private one: \"" + std::string(name) + "\"";
  if (name.find('/') == std::string_view::npos)
    return "named from src/: \"" + std::string(module) + "/" + std::string(name) + "\"";
  if (room_of(name) != module) return "private header of another module: \"" + std::string(name) + "\"";
  return {};
}

}  // namespace

std::optional<int> floor_of(std::string_view module) {
  for (const auto& [name, floor] : floors) {
    if (name == module) return floor;
  }
  return std::nullopt;
}

bool may_use(std::string_view user, std::string_view used) {
  const int user_floor = floor_of(user).value_or(0);
  const int used_floor = floor_of(used).value_or(0);
  const bool nested = used.size() > user.size() && used.starts_with(user) && used[user.size()] == '/';
  return user == used || used_floor < user_floor || (nested && used_floor == user_floor);
}

std::string_view module_of(std::string_view path) {
  for (const std::string_view root : {"include/logdist/", "src/"}) {
    if (path.starts_with(root)) return room_of(path.substr(root.size()));
  }
  return {};
}

Faults check_includes(const SourceText& source) {
  const bool test = source.is_under("tests/");
  const std::string_view path = source.path();
  const std::string_view module = test ? room_of(path.substr(6)) : module_of(path);
  if (!test && !module.empty() && !floor_of(module))
    return {{source.path(), 0, "no such module: " + std::string(module)}};
  if (!floor_of(module)) return {};

  Faults faults;
  constexpr std::string_view directive = "#include ";
  const std::string_view code = source.code();
  for (std::size_t at = code.find(directive); at != std::string_view::npos; at = code.find(directive, at + 1)) {
    const std::size_t open = at + directive.size();
    const bool quoted = code.substr(open, 1) == "\"";
    const std::size_t close = code.find(quoted ? '"' : '>', open + 1);
    const std::string_view name = code.substr(open + 1, close - open - 1);
    // Tests use whatever floor helps them; only other modules' insides are closed.
    const bool insides = quoted && floor_of(room_of(name)).has_value();
    if (test && !insides) continue;
    std::string what = judge(module, name, quoted, source.is_under("include/"));
    if (!what.empty()) faults.push_back({source.path(), source.line_of(at), std::move(what)});
  }
  return faults;
}

}  // namespace logdist::tidy
