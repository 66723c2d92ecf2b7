// The durable queue of this daemon, from its configuration.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "logdist/config/options.hpp"
#include "logdist/queue/disk/durable_log.hpp"
#include "logdist/storage/disk_storage.hpp"

namespace logdist::server {

/// What `queue` asks of the log. `seed` names a new one.
queue::DurableLogOptions log_options(const config::Options& options, std::size_t loops, std::uint64_t seed);

/// The line of the log that a notice is.
void log_notice(const queue::LogNotice& notice);

/// The line of the log that a step of a recovery is.
void log_recovery(const storage::RecoveryProgress& progress);

/// Of a directory that others than its owner may read or write, and that was there before: a warning.
void warn_of_rights(const std::string& directory);

}  // namespace logdist::server
