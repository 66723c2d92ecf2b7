#include "tests/tidy/tree.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>

namespace logdist::tidy {
namespace {

namespace fs = std::filesystem;

/// All regular files under `root`/`folder`, sorted, relative to `root`.
std::vector<fs::path> files_under(const fs::path& root, std::string_view folder) {
  std::vector<fs::path> files;
  if (!fs::exists(root / folder)) return files;
  for (const auto& entry : fs::recursive_directory_iterator(root / folder)) {
    if (entry.is_regular_file()) files.push_back(entry.path().lexically_relative(root));
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file.is_open()) << path;
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::vector<SourceText> sources_of(const fs::path& root) {
  std::vector<SourceText> sources;
  for (const std::string_view folder : {"include", "src", "tests", "bench"}) {
    for (const fs::path& path : files_under(root, folder)) {
      if (path.extension() != ".cpp" && path.extension() != ".hpp") continue;
      sources.emplace_back(path.generic_string(), read_file(root / path));
    }
  }
  return sources;
}

std::vector<fs::path> files_ending(const fs::path& root, std::string_view folder, std::string_view ending) {
  std::vector<fs::path> files = files_under(root, folder);
  std::erase_if(files, [&](const fs::path& path) { return path.extension() != ending; });
  return files;
}

std::vector<fs::path> files_named(const fs::path& root, std::string_view folder, std::string_view name) {
  std::vector<fs::path> files = files_under(root, folder);
  std::erase_if(files, [&](const fs::path& path) { return path.filename() != name; });
  return files;
}

}  // namespace logdist::tidy
