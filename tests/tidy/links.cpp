#include "tests/tidy/links.hpp"

#include <algorithm>
#include <regex>
#include <sstream>

#include "tests/tidy/floors.hpp"

namespace logdist::tidy {
namespace {

constexpr std::string_view ours = "logdist::";

/// The room whose library is called `target`: sink/http is sink_http, tools/top is tools_top. Names have underscores of
/// their own.
std::string room_named(const std::string& target, std::size_t from = 0) {
  if (floor_of(target)) return target;
  for (std::size_t at = target.find('_', from); at != std::string::npos; at = target.find('_', at + 1)) {
    std::string room = target;
    room[at] = '/';
    if (room = room_named(room, at + 1); floor_of(room)) return room;
  }
  return target;
}

ModuleCall parse(const std::string& arguments) {
  ModuleCall call;
  std::istringstream words(arguments);
  words >> call.name;
  call.name = room_named(call.name);
  bool in_uses = false;
  for (std::string word; words >> word;) {
    if (word == "SOURCES" || word == "USES" || word == "ASIO") {
      in_uses = word == "USES";
      call.asio |= word == "ASIO";
    } else if (in_uses && word.starts_with(ours)) {
      call.uses.push_back(room_named(word.substr(ours.size())));
    }
  }
  return call;
}

}  // namespace

std::vector<ModuleCall> module_calls(std::string_view cmake) {
  const std::string text = std::regex_replace(std::string(cmake), std::regex("#[^\n]*"), "");
  const std::regex pattern(R"(logdist_module\s*\(([^)]*)\))");
  std::vector<ModuleCall> calls;
  for (std::sregex_iterator match(text.begin(), text.end(), pattern), end; match != end; ++match) {
    calls.push_back(parse((*match)[1]));
    calls.back().line = static_cast<std::size_t>(std::count(text.begin(), text.begin() + match->position(), '\n')) + 1;
  }
  return calls;
}

Faults check_links(const std::string& path, std::string_view cmake) {
  Faults faults;
  for (const ModuleCall& call : module_calls(cmake)) {
    const auto report = [&](const std::string& what) { faults.push_back({path, call.line, what}); };
    if (call.name != module_of(path)) report("module " + call.name + " is not named as its folder");
    for (const std::string& used : call.uses) {
      if (!floor_of(used)) {
        report("no such module: " + used);
      } else if (used == call.name || !may_use(call.name, used)) {
        report(call.name + " may not link " + used + ": not a lower floor");
      }
    }
    if (call.asio && floor_of(call.name).value_or(0) <= pure_floor_max) report(call.name + " is pure: no ASIO");
  }
  return faults;
}

}  // namespace logdist::tidy
