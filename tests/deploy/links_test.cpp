// Links of the documentation lead to a file, and to a heading in it.
#include <gtest/gtest.h>

#include <cctype>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <set>
#include <string>

namespace logdist {
namespace {

const std::filesystem::path root = LOGDIST_SOURCE_DIR;

std::string text_of(const std::filesystem::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/// As GitHub makes it: in lower case, a `-` for each blank, without punctuation.
std::string anchor_of(const std::string& heading) {
  std::string anchor;
  for (const char byte : heading) {
    const auto code = static_cast<unsigned char>(byte);
    if (byte == ' ') anchor += '-';
    if (std::isalnum(code) != 0 || byte == '-' || byte == '_' || code >= 0x80) {
      anchor += static_cast<char>(code < 0x80 ? std::tolower(code) : code);
    }
  }
  return anchor;
}

std::set<std::string> anchors_in(const std::string& text) {
  static const std::regex heading("\n#+ ([^\n]*)");
  std::set<std::string> anchors;
  for (std::sregex_iterator match(text.begin(), text.end(), heading), end; match != end; ++match) {
    anchors.insert(anchor_of((*match)[1]));
  }
  return anchors;
}

TEST(Links, LeadSomewhere) {
  std::map<std::filesystem::path, std::string> pages{{root / "README.md", text_of(root / "README.md")}};
  for (const auto& entry : std::filesystem::directory_iterator(root / "docs")) {
    if (entry.path().extension() == ".md") pages[entry.path()] = text_of(entry.path());
  }
  static const std::regex link(R"(\]\(([^)#\s]*)(?:#([^)\s]*))?\))");
  std::size_t links = 0;
  for (const auto& [page, text] : pages) {
    for (std::sregex_iterator match(text.begin(), text.end(), link), end; match != end; ++match) {
      const std::string file = (*match)[1];
      if (file.find("://") != file.npos) continue;
      ++links;
      const std::filesystem::path target = file.empty() ? page : (page.parent_path() / file).lexically_normal();
      EXPECT_TRUE(std::filesystem::exists(target)) << page << ": " << match->str();
      if (!(*match)[2].matched || !pages.contains(target)) continue;
      EXPECT_TRUE(anchors_in("\n" + pages[target]).contains((*match)[2])) << page << ": " << match->str();
    }
  }
  EXPECT_GT(links, 50u);
}

}  // namespace
}  // namespace logdist
