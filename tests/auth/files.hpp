// What the tests of the files of tokens have in common.
#pragma once

#include <string>
#include <vector>

#include "logdist/auth/token.hpp"
#include "logdist/config/yaml/report.hpp"

namespace logdist::auth {

inline std::string digest(const std::string& token) { return to_text(digest_of(token)); }

inline std::vector<std::string> lines(const std::vector<config::Error>& errors) {
  std::vector<std::string> texts;
  for (const config::Error& error : errors) texts.push_back(config::to_string(error));
  return texts;
}

}  // namespace logdist::auth
