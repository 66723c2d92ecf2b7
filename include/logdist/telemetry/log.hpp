// The daemon's log: one line per event, to stderr, as text or as JSON (log.format).
// docs/operations.md lists every event.
//
// Free functions, thread-safe except set_up() and shut_down(). They never block their
// caller: a separate thread writes the lines, and when their reader has stopped reading,
// the oldest are dropped. Still, do not log per packet: a line costs memory and a lock.
//
// Texts may contain anything: what would break a line or affect a terminal is escaped.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include <nlohmann/json.hpp>

#include "logdist/config/options.hpp"

namespace spdlog::sinks {
class sink;
}

namespace logdist::log {

using Level = config::LogLevel;

/// The fields of an event, each a key in JSON; in the text format they are part of the
/// message: `{{"analyzer", name}, {"packets", 3}}`.
using Fields = nlohmann::ordered_json;

/// Writes as configured from now on. To be called once, before threads are started;
/// until then lines go to stderr as text.
void set_up(const config::LogOptions& options);
/// Into `sink`, from within the call that logs: for tests.
void set_up(const config::LogOptions& options, std::shared_ptr<spdlog::sinks::sink> sink);

/// log.level from now on. Any thread.
void set_level(Level level);

/// Writes the remaining lines, as far as their reader takes them in time; the last thing that a process does.
void shut_down();

/// Lines that were never written, because their reader had stopped reading or has gone. Any thread.
std::uint64_t lines_dropped();

/// Whether lines of `level` are written: to be checked before a costly message.
bool writes(Level level);

/// One event, unless log.level leaves it out. `event` names it, in words joined by
/// `_`; `message` is one line for people, complete without the fields.
///
/// Repetitions are limited: of the lines of one event (and one analyzer, if a field names
/// it) five are written in ten seconds, the rest are counted, and then one line has their
/// number and the last of them.
void write(Level level, std::string_view event, std::string_view message, const Fields& fields = {});

void debug(std::string_view event, std::string_view message, const Fields& fields = {});
void info(std::string_view event, std::string_view message, const Fields& fields = {});
void warn(std::string_view event, std::string_view message, const Fields& fields = {});
void error(std::string_view event, std::string_view message, const Fields& fields = {});

/// As write(), but never limited: for what is recorded nowhere else.
void record(Level level, std::string_view event, std::string_view message, const Fields& fields = {});

/// As info(), but always written, whatever log.level is: what starts the daemon waits for
/// its addresses.
void announce(std::string_view event, std::string_view message, const Fields& fields = {});

}  // namespace logdist::log
