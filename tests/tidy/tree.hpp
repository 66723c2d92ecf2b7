// The files of this repository that the house rules speak of.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "tests/tidy/source_text.hpp"

namespace logdist::tidy {

/// Reads a whole file; an unreadable one fails the test.
std::string read_file(const std::filesystem::path& path);

/// Every .cpp and .hpp under include/, src/, tests/ and bench/ of `root`.
std::vector<SourceText> sources_of(const std::filesystem::path& root);

/// Every file under `root`/`folder` with that ending, relative to `root`.
std::vector<std::filesystem::path> files_ending(const std::filesystem::path& root, std::string_view folder,
                                                std::string_view ending);

/// Every file under `root`/`folder` of that name, relative to `root`.
std::vector<std::filesystem::path> files_named(const std::filesystem::path& root, std::string_view folder,
                                               std::string_view name);

}  // namespace logdist::tidy
