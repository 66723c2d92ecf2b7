// Everything hostile that we know how to do: the tables, one for each side.
#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "tests/e2e/attackers.hpp"
#include "tests/e2e/raw_analyzer.hpp"

namespace logdist::e2e {

struct HostileAgent {
  std::string name;
  std::string does;  ///< in a few words: "it …"
  Attack attack;
  bool fills = false;  ///< all of server.max_connections, with requests under way
};

struct HostileAnalyzer {
  std::string name;
  std::string does;
  Manner manner;
};

std::vector<HostileAgent> hostile_agents();
std::vector<HostileAnalyzer> hostile_analyzers();

}  // namespace logdist::e2e
