// `token`: what it prints, the file of admin.tokens takes.
#include "cli/token_command.hpp"

#include <gmock/gmock.h>

#include <sstream>

#include "cli/command_line.hpp"
#include "logdist/auth/admin_tokens.hpp"

namespace logdist::cli {
namespace {

TEST(TokenCommand, PrintsATokenAndItsDigest) {
  const char* arguments[] = {"log-distributor", "token"};
  EXPECT_TRUE(std::holds_alternative<TokenCommandOptions>(parse_command_line(2, arguments)));
  std::ostringstream out;
  EXPECT_EQ(run_token({}, out), 0);
  const std::string printed = out.str();
  ASSERT_THAT(printed, testing::MatchesRegex("token: ld_[0-9a-f]{64}\ntoken_sha256: [0-9a-f]{64}\n"));
  const std::size_t end = printed.find('\n');
  const std::string token = printed.substr(7, end - 7);
  const auth::AdminTokensFile file =
      auth::parse_admin_tokens("- name: a\n  role: operate\n  " + printed.substr(end + 1), "t.yaml");
  ASSERT_TRUE(file.errors.empty());
  ASSERT_NE(file.tokens.find(token), nullptr);
  EXPECT_EQ(file.tokens.find(token)->name, "a");
}

TEST(TokenCommand, FailsWhereNobodyReads) {
  std::ostringstream out;
  out.setstate(std::ios::badbit);
  EXPECT_EQ(run_token({}, out), 1);
}

}  // namespace
}  // namespace logdist::cli
