// What the tests of the configuration share.
#pragma once

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "logdist/config/load.hpp"

namespace logdist::config {

/// A list of analyzers that nothing is wrong with.
inline const Environment one_analyzer{{"LOGDIST_ANALYZERS", "a=http://localhost:9101/analyze"}};

/// As `check` prints them.
inline std::vector<std::string> lines(const std::vector<Error>& errors) {
  std::vector<std::string> texts;
  for (const Error& error : errors) texts.push_back(to_string(error));
  return texts;
}

/// The only fault of `text`, as `check` prints it, or all of them.
inline std::string error_of(const std::string& text, const Environment& environment = one_analyzer) {
  std::string joined;
  for (const std::string& line : lines(load_text(text, "f.yaml", environment).errors)) {
    joined += (joined.empty() ? "" : "\n") + line;
  }
  return joined;
}

/// The file's text; `path` from the project's root.
inline std::string project_file(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(std::filesystem::path(LOGDIST_SOURCE_DIR) / path).rdbuf();
  return text.str();
}

}  // namespace logdist::config
