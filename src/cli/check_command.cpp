#include "cli/check_command.hpp"

#include <algorithm>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "logdist/auth/admin_tokens.hpp"
#include "logdist/auth/clients.hpp"
#include "logdist/base/counted.hpp"
#include "logdist/config/text.hpp"
#include "logdist/net/listen.hpp"
#include "logdist/net/tls/check_tls.hpp"
#include "logdist/queue/disk/directory_check.hpp"
#include "logdist/queue/disk/files/posix_file_system.hpp"
#include "logdist/registry/loop_check.hpp"
#include "logdist/sink/dead_letters/dead_letter_file.hpp"

namespace logdist::cli {
namespace {

using config::ListenAddress;

void check_listening(config::Loaded& loaded, const char* key, const std::vector<ListenAddress>& addresses) {
  for (const ListenAddress& address : addresses) {
    const auto error = net::why_not_listen(address, config::is_v6_only(address, addresses));
    if (!error) continue;
    const std::string where = config::format_listen_address(address);
    loaded.errors.push_back(loaded.error_of(key, fmt::format("cannot listen on {}: {}", where, error.message())));
  }
}

/// Of what only a look-up tells: `localhost` and 127.0.0.1. The rest, the configuration alone has told.
void check_conflicts(config::Loaded& loaded) {
  struct Planned {
    const char* key;
    ListenAddress given;
    ListenAddress resolved;
    bool v6_only;
  };
  std::vector<Planned> all;
  const auto plan = [&all](const char* key, const std::vector<ListenAddress>& addresses) {
    for (const ListenAddress& address : addresses) {
      all.push_back({key, address, net::resolve(address), config::is_v6_only(address, addresses)});
    }
  };
  plan("server.listen", loaded.options.server.listen);
  plan("admin.listen", loaded.options.admin.listen);
  for (auto other = all.begin(); other != all.end(); ++other) {
    for (auto one = all.begin(); one != other; ++one) {
      if (config::conflict(one->given, one->v6_only, other->given, other->v6_only)) continue;
      if (!config::conflict(one->resolved, one->v6_only, other->resolved, other->v6_only)) continue;
      loaded.errors.push_back(loaded.error_of(
          other->key,
          fmt::format("{} and {} conflict: both are {}; allowed: two ports", config::format_listen_address(one->given),
                      config::format_listen_address(other->given), config::format_listen_address(other->resolved))));
    }
  }
}

void check_queue(config::Loaded& loaded) {
  if (loaded.options.queue.storage != config::StorageMode::disk) return;
  std::error_code error;
  std::string directory = std::filesystem::absolute(loaded.options.queue.directory, error).lexically_normal().string();
  while (directory.size() > 1 && directory.ends_with('/')) directory.pop_back();
  const auto files = queue::make_posix_file_system();
  if (const std::string why = queue::why_not_open(directory, *files); !why.empty()) {
    loaded.errors.push_back(loaded.error_of("queue.directory", why));
  }
}

void check_dead_letters(config::Loaded& loaded) {
  const std::string& path = loaded.options.delivery.dead_letter;
  if (const std::string why = sink::DeadLetterFile::why_not(path); !why.empty()) {
    loaded.errors.push_back(loaded.error_of("delivery.dead_letter", fmt::format("cannot append to {}: {}", path, why)));
  }
}

}  // namespace

int run_check(const CheckCommandOptions& options, const config::Environment& environment) {
  const std::string source = options.config_file.value_or("environment");
  config::Loaded loaded = config::load(options.config_file, environment);
  registry::check_loops(loaded, std::nullopt);
  check_dead_letters(loaded);
  net::check_tls(loaded);
  auth::check_admin_tokens(loaded);
  auth::check_clients(loaded);
  // A reload does not listen and opens no queue.
  if (!options.reload) {
    check_listening(loaded, "server.listen", loaded.options.server.listen);
    check_listening(loaded, "admin.listen", loaded.options.admin.listen);
    check_conflicts(loaded);
    check_queue(loaded);
  }
  std::ranges::stable_sort(loaded.errors, {}, [&](const config::Error& fault) {
    return std::pair(fault.source != source, fault.line);  // the file's by line, then the environment's
  });
  for (const auto& warning : loaded.warnings) fmt::print(stderr, "warning: {}\n", to_string(warning));
  for (const auto& fault : loaded.errors) fmt::print("{}\n", to_string(fault));
  const std::size_t analyzers = loaded.options.analyzers.size();
  if (loaded.errors.empty()) {
    fmt::print("{}: ok, {}\n", source, counted(analyzers, "analyzer"));
  }
  std::fflush(stdout);
  return loaded.errors.empty() ? 0 : 1;
}

}  // namespace logdist::cli
