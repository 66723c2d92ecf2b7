// "did you mean": the command behind words that are none.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace logdist::cli {

/// "; did you mean `serve`?" for the first word that `app` has parsed and not understood: one with a mistake, one of a
/// command's own before it (`list analyzers`) or without it (`drain`). Empty when nothing is close.
std::string command_hint(const CLI::App& app);

}  // namespace logdist::cli
