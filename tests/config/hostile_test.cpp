// Whatever the file holds: faults or options, soon, and never an exception.
#include <gmock/gmock.h>

#include <algorithm>
#include <iostream>

#include "logdist/base/random.hpp"
#include "logdist/config/load.hpp"
#include "logdist/config/yaml/report.hpp"
#include "logdist/config/yaml/tree.hpp"
#include "support.hpp"
#include "tests/support/seed.hpp"

namespace logdist::config {
namespace {

using testing::HasSubstr;

std::string repeat(const std::string& piece, std::size_t bytes) {
  std::string text;
  while (text.size() + piece.size() <= bytes) text += piece;
  return text;
}

TEST(Hostile, SizeIsLimited) {
  EXPECT_EQ(error_of("# " + std::string(text_bytes_max, 'x')), "f.yaml: is larger than 1MiB");
  EXPECT_EQ(error_of("# " + std::string(text_bytes_max - 2, 'x')), "");
}

TEST(Hostile, NestingIsLimited) {
  EXPECT_EQ(error_of(repeat("[", 17) + repeat("]", 17)), "f.yaml:1: is not valid YAML: nested deeper than 16 levels");
  EXPECT_THAT(error_of(repeat("[", 16) + repeat("]", 16)), HasSubstr("is a list; allowed: "));
}

TEST(Hostile, PilesOfOnePiece) {
  const std::vector<std::string> pieces{"[",
                                        "{",
                                        "[{",
                                        "- ",
                                        "? ",
                                        "a: ",
                                        "a: {",
                                        "&a ",
                                        "*a ",
                                        "!",
                                        "!!a",
                                        "\"",
                                        "'",
                                        "|\n",
                                        ">\n ",
                                        "---\n",
                                        "%A\n",
                                        "\xff",
                                        "\\",
                                        ":",
                                        ": ",
                                        "\r\n",
                                        "\t",
                                        "#",
                                        "[a,",
                                        "[a: b,",
                                        "<<: ",
                                        "- - ",
                                        "a:\n",
                                        "...\n",
                                        ",",
                                        "%TAG ! !\n",
                                        "\xef\xbb\xbf",
                                        "@",
                                        "`",
                                        "{?",
                                        "[:",
                                        "- :\n",
                                        "!<",
                                        "{a: [",
                                        std::string(1, '\0')};
  for (const std::string& piece : pieces) {
    for (const std::size_t bytes : {piece.size(), 3 * piece.size(), std::size_t{1000}, text_bytes_max / 4}) {
      const Loaded loaded = load_text(repeat(piece, bytes), "f.yaml", one_analyzer);
      EXPECT_LE(loaded.errors.size(), Report::errors_max + 1) << testing::PrintToString(piece);
    }
  }
}

TEST(Hostile, AliasBombIsDefused) {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int level = 1; level < 12; ++level) {
    const std::string below = "*a" + std::to_string(level - 1);
    const std::string name = "a" + std::to_string(level);
    text += name + ": &" + name + " [" + repeat(below + ",", 10 * (below.size() + 1)) + "]\n";
  }
  EXPECT_THAT(error_of(text), HasSubstr("is not valid YAML: too many values"));
}

TEST(Hostile, AliasOfLongTextIsDefused) {
  const std::string text = "a: &a " + std::string(500'000, 'x') + "\nb: [" + repeat("*a,", 300'000) + "]\n";
  EXPECT_THAT(error_of(text), HasSubstr("is not valid YAML: too many values"));
}

TEST(Hostile, AliasOfItsParent) {
  EXPECT_THAT(error_of("a: &a [1, *a]\n"), HasSubstr("is not valid YAML: an alias inside its own anchor"));
}

TEST(Hostile, BytesThatAreNoText) {
  EXPECT_EQ(error_of("threads: 1\nserver: {}\x04\nqueue: x\n"),
            "f.yaml:2: has the control character 0x04; allowed: text");
  EXPECT_EQ(error_of("threads: 1\n# \xff\n"), "f.yaml:2: is not valid UTF-8");
  EXPECT_EQ(error_of("# gr\xc3\xbc\xc3\x9f dich\n"), "");
}

TEST(Hostile, EscapesCannotSmuggleLineBreaks) {
  const std::string url = "analyzers: [{name: a, url: http://h, headers: {X-A: ";
  EXPECT_THAT(error_of(url + "\"b\\r\\nHost: c\"}}]", {}),
              HasSubstr("analyzers[0].headers.X-A: has a line break or control character in its value"));
  EXPECT_THAT(error_of("\"a\\nb\": 1"), HasSubstr("f.yaml:1: a\\x0ab: unknown key"));
}

TEST(Hostile, FaultsAreCounted) {
  std::string text;
  for (int i = 0; i < 20'000; ++i) text += "max_" + std::to_string(i) + ": 1\n";
  const Loaded loaded = load_text(text, "f.yaml", {{"LOGDIST_THREADS", "x"}});
  ASSERT_EQ(loaded.errors.size(), Report::errors_max + 1);
  EXPECT_EQ(to_string(loaded.errors.back()), "f.yaml: there are more errors; only these are shown");
}

TEST(Hostile, ManyValues) {
  EXPECT_THAT(error_of("analyzers: [" + repeat("{},", 900'000) + "]"), HasSubstr("too many values"));
  const Loaded loaded = load_text("analyzers: [" + repeat("{},", 3 * 2000) + "]", "f.yaml", {});
  EXPECT_EQ(loaded.options.analyzers.size(), 1024u);
}

/// `text` with one to eight random edits.
std::string mutated(std::string text, Random& random) {
  static const std::string bytes =
      ":-[]{}&*!|>'\"%@`,?#\n\t ~<=\\\x80\xc3"
      "0aA";
  for (std::uint64_t edits = 1 + random.below(8); edits > 0; --edits) {
    const std::size_t at = random.below(text.size());
    const std::size_t length = std::min<std::size_t>(random.below(40), text.size() - at - 1);
    switch (random.below(5)) {
      case 0: text[at] = bytes[random.below(bytes.size())]; break;
      case 1: text.insert(at, 1, bytes[random.below(bytes.size())]); break;
      case 2: text.erase(at, length); break;
      case 3: text.insert(random.below(text.size()), text.substr(at, length)); break;
      default: text[at] = static_cast<char>(random.below(256)); break;
    }
  }
  return text;
}

TEST(Hostile, MutationsOfTheExampleNeverThrow) {
  Random random(logdist::test::draw_seed());
  const std::string example = project_file("config/log-distributor.yaml");
  ASSERT_FALSE(example.empty());
  std::size_t faulty = 0;
  for (int round = 0; round < 3000; ++round) {
    const std::string text = mutated(example, random);
    const Loaded loaded = load_text(text, "f.yaml", {});
    const auto lines_of_text = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 1;
    for (const Error& error : loaded.errors) EXPECT_LE(error.line, lines_of_text + 1) << to_string(error);
    if (!loaded.errors.empty()) ++faulty;
  }
  EXPECT_GT(faulty, 300u);   // edits hit keys and values,
  EXPECT_LT(faulty, 2990u);  // and comments
}

}  // namespace
}  // namespace logdist::config
