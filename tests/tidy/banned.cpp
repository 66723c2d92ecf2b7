#include "tests/tidy/banned.hpp"

#include <algorithm>
#include <regex>
#include <string>
#include <string_view>
#include <vector>

#include "tests/tidy/floors.hpp"

namespace logdist::tidy {
namespace {

enum class Where { everywhere, pure_floors, below_programs, outside_log };
enum class Look { code, prose };

struct Ban {
  Where where;
  Look look;
  std::vector<std::string_view> parts;  ///< whatever the pattern matches contains one of these
  std::regex pattern;
  std::string_view why;
  std::vector<std::string_view> except{};  ///< files with a reason, which they tell
};

const std::vector<Ban>& bans() {
  static const std::vector<Ban> all = [] {
    std::vector<Ban> list;
    using Parts = std::vector<std::string_view>;
    const auto ban = [&](Where where, Look look, const Parts& parts, const char* pattern, std::string_view why) {
      list.push_back({where, look, parts, std::regex(pattern, std::regex::ECMAScript | std::regex::optimize), why});
    };
    const auto everywhere = [&](const Parts& parts, const char* pattern, std::string_view why) {
      ban(Where::everywhere, Look::code, parts, pattern, why);
    };
    everywhere({"rand"}, R"(\b(std::rand|s?rand|[dlm]rand48)\s*\()", "randomness comes from a seeded logdist::Random");
    everywhere({"sleep"}, R"(\b(sleep_for|sleep_until|usleep|nanosleep|sleep)\s*\()",
               "wait on the state, not for a time");
    everywhere({"strcpy", "strcat", "sprintf", "gets", "strtok", "ato"},
               R"(\b(strcpy|strcat|v?sprintf|gets|strtok|atoi|atol|atof)\s*\()", "unbounded or blind to errors");
    everywhere({"namespace std"}, R"(\busing\s+namespace\s+std\s*;)", "names of the library are said in full");
    everywhere({"assert"}, R"(\bassert\s*\()",
               "LOGDIST_CHECK for invariants, which release builds keep; errors are values");
    everywhere({"detach"}, R"(thread\w*([({].*[)}])?(\.|->)detach\s*\(\))", "a thread is joined by its owner");
    list.back().except = {"src/net/name_resolver.cpp", "src/sink/dead_letters/letter_writer.cpp",
                          "src/telemetry/line_writer.cpp"};
    everywhere({"volatile"}, R"(\bvolatile\b)", "std::atomic says what is meant");
    ban(Where::everywhere, Look::prose, {"TODO", "FIXME", "XXX", "HACK"}, R"(\b(TODO|FIXME|XXX|HACK)\b)",
        "finish it, or leave it out");
    ban(Where::pure_floors, Look::code, {"lock::now", "gettimeofday", "clock_gettime", "localtime", "gmtime", "time("},
        R"(\b\w*[Cc]lock::now\s*\(|\b(gettimeofday|clock_gettime|localtime|gmtime)(_r)?\s*\(|\btime\(\s*(nullptr|NULL|0|&))",
        "floors 0 to 2 take `now` as an argument");
    ban(Where::pure_floors, Look::code, {"thread_local", "std::c"},
        R"(\b(thread_local|std::cout|std::cerr|std::clog)\b)", "floors 0 to 2 have no thread and no log");
    ban(Where::below_programs, Look::code, {"random_device"}, R"(\brandom_device\b)",
        "the seed is drawn once, by the program, and handed down");
    ban(Where::outside_log, Look::code, {"spdlog::"}, R"(\bspdlog::)",
        "logdist::log has fields, and counts what repeats");
    return list;
  }();
  return all;
}

bool contains_any(std::string_view text, const std::vector<std::string_view>& parts) {
  return std::any_of(parts.begin(), parts.end(),
                     [&](std::string_view part) { return text.find(part) != std::string_view::npos; });
}

bool applies(const Ban& ban, const SourceText& source) {
  if (std::find(ban.except.begin(), ban.except.end(), source.path()) != ban.except.end()) return false;
  const std::string_view module = module_of(source.path());
  switch (ban.where) {
    case Where::everywhere: return true;
    case Where::pure_floors: return floor_of(module).value_or(9) <= pure_floor_max;
    case Where::below_programs: return floor_of(module).value_or(9) < floor_of("tools/agent");
    case Where::outside_log: return floor_of(module).has_value() && module != "telemetry";
  }
  return true;
}

bool is_space(char character) { return character == ' ' || character == '\n'; }

/// Position before `at` that is no space; npos at the beginning.
std::size_t back_over_spaces(std::string_view code, std::size_t at) {
  while (at > 0 && is_space(code[at - 1])) --at;
  return at == 0 ? std::string_view::npos : at - 1;
}

/// The opening partner of the bracket that closes at `at`; npos if it has none.
std::size_t partner(std::string_view code, std::size_t at, char opening, char closing) {
  int depth = 0;
  for (std::size_t here = at + 1; here-- > 0;) {
    if (code[here] == closing) ++depth;
    if (code[here] == opening && --depth == 0) return here;
  }
  return std::string_view::npos;
}

/// Whether the `->` at `arrow` follows the head of a lambda that captures.
bool follows_capture(std::string_view code, std::size_t arrow) {
  std::size_t at = back_over_spaces(code, arrow);
  for (const std::string_view word : {"noexcept", "mutable"}) {
    if (at != std::string_view::npos && code.substr(0, at + 1).ends_with(word)) {
      at = back_over_spaces(code, at + 1 - word.size());
    }
  }
  if (at == std::string_view::npos) return false;
  if (code[at] == ')') {
    const std::size_t open = partner(code, at, '(', ')');
    if (open == std::string_view::npos) return false;
    at = back_over_spaces(code, open);
  }
  if (at == std::string_view::npos || code[at] != ']') return false;
  const std::size_t open = partner(code, at, '[', ']');
  return open != std::string_view::npos &&
         code.substr(open + 1, at - open - 1).find_first_not_of(" \n") != std::string_view::npos;
}

/// A lambda that is a coroutine outlives its captures: they live in the closure,
/// which is gone at the first suspension.
Faults check_coroutine_lambdas(const SourceText& source) {
  static const std::regex returns_awaitable(R"(->\s*(\w+::)*awaitable\b)");
  Faults faults;
  const std::string& code = source.code();
  if (code.find("awaitable") == std::string::npos) return faults;
  for (std::sregex_iterator match(code.begin(), code.end(), returns_awaitable), end; match != end; ++match) {
    const auto arrow = static_cast<std::size_t>(match->position());
    if (!follows_capture(code, arrow)) continue;
    faults.push_back({source.path(), source.line_of(arrow), "a coroutine lambda captures nothing: pass arguments"});
  }
  return faults;
}

}  // namespace

Faults check_banned(const SourceText& source) {
  Faults faults = check_coroutine_lambdas(source);
  for (const Ban& ban : bans()) {
    if (!applies(ban, source)) continue;
    const std::string& view = ban.look == Look::code ? source.code() : source.prose();
    if (!contains_any(view, ban.parts)) continue;
    for (std::sregex_iterator match(view.begin(), view.end(), ban.pattern), end; match != end; ++match) {
      faults.push_back({source.path(), source.line_of(static_cast<std::size_t>(match->position())),
                        match->str() + ": " + std::string(ban.why)});
    }
  }
  return faults;
}

}  // namespace logdist::tidy
