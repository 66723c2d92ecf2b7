// The manual page and the completions know what --help knows.
#include <gmock/gmock.h>

#include <boost/algorithm/string/replace.hpp>
#include <regex>
#include <set>

#include "cli/command_line.hpp"
#include "tests/config/support.hpp"

namespace logdist::server {
namespace {

using config::project_file;
using testing::HasSubstr;

std::string help_of(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "log-distributor");
  arguments.push_back("--help");
  return std::get<cli::Exit>(cli::parse_command_line(static_cast<int>(arguments.size()), arguments.data())).output;
}

std::set<std::string> matches(const std::string& text, const std::string& pattern) {
  std::set<std::string> found;
  const std::regex expression(pattern, std::regex::multiline);
  for (std::sregex_iterator match(text.begin(), text.end(), expression), end; match != end; ++match) {
    found.insert((*match)[1]);
  }
  return found;
}

/// Those of the list that ends the help.
std::set<std::string> commands() {
  const std::string help = help_of({});
  return matches(help.substr(help.find("Subcommands:")), "^  ([a-z]+) ");
}

class CommandManual : public testing::Test {
 protected:
  /// In the page, and in the completions.
  void expect_known(const std::string& word) const {
    EXPECT_THAT(page_, HasSubstr(word)) << "config/man/log-distributor.1";
    EXPECT_THAT(bash_, HasSubstr(word)) << "config/completions/log-distributor.bash";
    EXPECT_THAT(zsh_, HasSubstr(word)) << "config/completions/_log-distributor";
  }

  const std::string page_ =
      boost::algorithm::replace_all_copy(project_file("config/man/log-distributor.1"), "\\-", "-");
  const std::string bash_ = project_file("config/completions/log-distributor.bash");
  const std::string zsh_ = project_file("config/completions/_log-distributor");
};

TEST_F(CommandManual, KnowsEveryCommand) {
  ASSERT_THAT(commands(), testing::IsSupersetOf({"serve", "check", "agent"}));
  for (const std::string& command : commands()) {
    EXPECT_THAT(page_, HasSubstr(".B " + command + "\n"));
    EXPECT_THAT(bash_, testing::ContainsRegex("[ (]" + command + "[ )]"));
    EXPECT_THAT(zsh_, HasSubstr("'" + command + ":"));
  }
}

TEST_F(CommandManual, KnowsEveryOption) {
  std::set<std::string> all;
  for (const std::string& command : commands()) {
    for (const std::string& option : matches(help_of({command.c_str()}), "(--[a-z-]+)")) {
      expect_known(option);
      all.insert(option);
    }
  }
  EXPECT_THAT(all, testing::IsSupersetOf({"--config", "--target", "--fail-rate"}));
}

}  // namespace
}  // namespace logdist::server
