// docs/operations.md lists every event that the daemon logs, and no other.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>

namespace logdist::log {
namespace {

std::string text_of(const std::filesystem::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/// The first group of each match of `pattern` in `text`.
std::set<std::string> all(const std::string& text, const std::regex& pattern) {
  std::set<std::string> found;
  for (std::sregex_iterator match(text.begin(), text.end(), pattern), end; match != end; ++match) {
    found.insert((*match)[1]);
  }
  return found;
}

TEST(Documented, EveryEventIsInTheTableOfEvents) {
  const std::filesystem::path root = LOGDIST_SOURCE_DIR;
  const std::regex call(R"x(log::(?:debug|info|warn|error|announce|(?:record|write)\([^",]*,)[\s(]*"([a-z_]+)")x");
  std::string sources;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root / "src")) {
    if (entry.path().extension() == ".cpp") sources += text_of(entry.path());
  }
  const std::set<std::string> logged = all(sources, call);
  const std::set<std::string> listed = all(text_of(root / "docs/operations.md"), std::regex(R"(\n\| `([a-z_]+)` \|)"));
  EXPECT_GE(logged.size(), 15u);
  for (const std::string& event : logged) EXPECT_TRUE(listed.contains(event)) << event << " is not in the table";
  for (const std::string& event : listed) {
    EXPECT_NE(sources.find('"' + event + '"'), std::string::npos) << event << " is nowhere logged";
  }
}

}  // namespace
}  // namespace logdist::log
