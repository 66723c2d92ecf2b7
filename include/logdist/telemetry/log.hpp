// The daemon's log: one line an event, to stderr, as text for people or as JSON
// for machines (log.format). docs/operations.md lists every event.
//
// Free functions, thread-safe but for set_up() and shut_down(). They never block
// their caller: lines are written by a thread of the log's own, and when their
// reader has stopped reading, the oldest give way. Not for the packet's way all
// the same: a line costs memory and a lock.
//
// Whatever is said may contain anything: what would break a line or change a
// terminal is escaped.
#pragma once

#include <memory>
#include <string_view>

#include <nlohmann/json.hpp>

#include "logdist/config/options.hpp"

namespace spdlog::sinks {
class sink;
}

namespace logdist::log {

using Level = config::LogLevel;

/// What an event tells machines, each a key of its own in JSON. People read it in
/// the message: `{{"analyzer", name}, {"packets", 3}}`.
using Fields = nlohmann::ordered_json;

/// Writes as configured from now on. To be called once, before threads are
/// started; until then lines go to stderr as text.
void set_up(const config::LogOptions& options);
/// Into `sink`, from within the call that says something: for tests.
void set_up(const config::LogOptions& options, std::shared_ptr<spdlog::sinks::sink> sink);

/// log.level from now on. Any thread.
void set_level(Level level);

/// Writes what is still to be written; the last thing a process does.
void shut_down();

/// Whether lines of `level` are written: asks before what is costly to say.
bool writes(Level level);

/// One event, unless log.level leaves it out. `event` names it, in words joined by
/// `_`; `message` is one line for people, complete without the fields.
///
/// What repeats is cut short: of the lines of one event (and one analyzer, when
/// a field names it) five are written in ten seconds, the rest are counted, and
/// then one line tells how many more there were, and the last of them.
void write(Level level, std::string_view event, std::string_view message, const Fields& fields = {});

void debug(std::string_view event, std::string_view message, const Fields& fields = {});
void info(std::string_view event, std::string_view message, const Fields& fields = {});
void warn(std::string_view event, std::string_view message, const Fields& fields = {});
void error(std::string_view event, std::string_view message, const Fields& fields = {});

/// As write(), but every single one is written: for what is told nowhere else.
void record(Level level, std::string_view event, std::string_view message, const Fields& fields = {});

/// As info(), but every single one is written, whatever log.level is: who starts
/// the daemon waits for its addresses.
void announce(std::string_view event, std::string_view message, const Fields& fields = {});

}  // namespace logdist::log
