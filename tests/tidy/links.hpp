// The link graph: what each module's CMakeLists.txt says it uses.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tests/tidy/fault.hpp"

namespace logdist::tidy {

/// One call of logdist_module().
struct ModuleCall {
  std::string name;
  std::vector<std::string> uses;  ///< modules of ours only, without logdist::
  bool asio = false;
  std::size_t line = 0;
};

/// The calls of logdist_module() in a CMakeLists.txt.
std::vector<ModuleCall> module_calls(std::string_view cmake);

/// Checks a src/<module>/CMakeLists.txt: only lower floors are linked, and no
/// pure floor links Asio.
Faults check_links(const std::string& path, std::string_view cmake);

}  // namespace logdist::tidy
