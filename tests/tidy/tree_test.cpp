// The house rules, held against the tree itself. That each rule bites is tested
// beside it, on planted samples.
#include "tests/tidy/tree.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <ostream>

#include "tests/tidy/awaits.hpp"
#include "tests/tidy/banned.hpp"
#include "tests/tidy/floors.hpp"
#include "tests/tidy/links.hpp"
#include "tests/tidy/room_size.hpp"
#include "tests/tidy/shape.hpp"
#include "tests/tidy/words.hpp"

namespace logdist::tidy {
namespace {

namespace fs = std::filesystem;

const fs::path root = LOGDIST_SOURCE_DIR;

testing::AssertionResult none(const Faults& faults) {
  auto result = faults.empty() ? testing::AssertionSuccess() : testing::AssertionFailure();
  for (const Fault& fault : faults) result << '\n' << fault;
  return result;
}

Faults over_all_sources(Faults (*check)(const SourceText&)) {
  Faults faults;
  for (const SourceText& source : sources_of(root)) append(faults, check(source));
  return faults;
}

TEST(Tree, IsFound) {
  const auto sources = sources_of(root);
  const auto here = [](const SourceText& source) { return source.path() == "tests/tidy/tree_test.cpp"; };
  EXPECT_EQ(std::count_if(sources.begin(), sources.end(), here), 1);
  EXPECT_FALSE(files_named(root, "src", "CMakeLists.txt").empty());
}

TEST(Tree, KeepsItsFloors) { EXPECT_TRUE(none(over_all_sources(check_includes))); }

TEST(Tree, LinksDownwards) {
  Faults faults;
  for (const fs::path& path : files_named(root, "src", "CMakeLists.txt")) {
    append(faults, check_links(path.generic_string(), read_file(root / path)));
  }
  EXPECT_TRUE(none(faults));
}

TEST(Tree, KeepsItsShape) { EXPECT_TRUE(none(over_all_sources(check_shape))); }

TEST(Tree, SaysNothingBanned) { EXPECT_TRUE(none(over_all_sources(check_banned))); }

TEST(Tree, KeepsItsRoomsSmall) { EXPECT_TRUE(none(check_room_sizes(sources_of(root)))); }

TEST(Tree, CallsThingsByTheTermsOfTheField) {
  Faults faults = over_all_sources(check_words);
  for (const fs::path& path : files_ending(root, "docs", ".md")) {
    append(faults, check_words_of_prose(path.generic_string(), read_file(root / path)));
  }
  append(faults, check_words_of_prose("README.md", read_file(root / "README.md")));
  EXPECT_TRUE(none(faults));
}

TEST(Tree, AwaitsOneThingAtATime) { EXPECT_TRUE(none(over_all_sources(check_awaits))); }

TEST(Tree, ScriptsAreExecutable) {
  Faults faults;
  std::size_t scripts = 0;
  for (const std::string_view folder : {"scripts", ".ci"}) {
    for (const auto& entry : fs::directory_iterator(root / folder)) {
      const bool script = read_file(entry.path()).starts_with("#!");
      const bool executable = (entry.status().permissions() & fs::perms::owner_exec) != fs::perms::none;
      scripts += script ? 1U : 0U;
      if (script != executable)
        faults.push_back({entry.path().generic_string(), 1, "a #! and the right to run go together"});
    }
  }
  EXPECT_TRUE(none(faults));
  EXPECT_GE(scripts, 3U) << "build, run and test";
}

}  // namespace
}  // namespace logdist::tidy
