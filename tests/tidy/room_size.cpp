#include "tests/tidy/room_size.hpp"

#include <map>
#include <sstream>
#include <string>

#include "tests/tidy/floors.hpp"

namespace logdist::tidy {

std::size_t code_lines(const SourceText& source) {
  std::istringstream lines(source.code());
  std::size_t count = 0;
  for (std::string line; std::getline(lines, line);) {
    if (line.find_first_not_of(" \t\r") != std::string::npos) ++count;
  }
  return count;
}

Faults check_room_sizes(const std::vector<SourceText>& sources) {
  std::map<std::string, std::size_t> lines_of_room;
  for (const SourceText& source : sources) {
    const std::string room(module_of(source.path()));
    if (!room.empty()) lines_of_room[room] += code_lines(source);
  }
  Faults faults;
  for (const auto& [room, lines] : lines_of_room) {
    if (lines > room_lines_max) {
      faults.push_back(
          {"src/" + room, 0, "has " + std::to_string(lines) + " lines of code, at most 2500: it is two rooms"});
    }
  }
  return faults;
}

}  // namespace logdist::tidy
