// "did you mean": the command behind words that are none; and which command an error is about.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace logdist::cli {

/// "; did you mean `serve`?" for the first word that `app` has parsed and not understood: one with a mistake, one of a
/// command's own before it (`list analyzers`) or without it (`drain`), a flag likewise, or a configuration without its
/// `--config`. Empty when nothing is close.
std::string command_hint(const CLI::App& app);

/// The command that was given, with those above it: `log-distributor analyzers drain`.
std::string command_path(const CLI::App& app);

/// That the command that was given wants one of its own words.
std::string missing_word(const CLI::App& app);

}  // namespace logdist::cli
